import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run as exportRun } from '../../../src/cli/export.ts';
import { run as keygen } from '../../../src/cli/keygen.ts';
import { run as prove } from '../../../src/cli/prove.ts';
import { run as verify } from '../../../src/cli/verify.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { createSigner } from '../../../src/ledger/sequence/signer.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createEmptyDatabase, createTestDatabase } from '../../support/database.ts';
import { integrateAll, makeSigner, recordSome, tamper } from './ledger-fixture.ts';

let database: TestDatabase;
let signer: LedgerSigner;
let directory = '';

beforeAll(async () => {
  database = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'countersign-cli-'));
  signer = makeSigner();
  await recordSome(database.db, 12);
  await integrateAll(database.writerUrl, signer);
});
afterAll(async () => {
  await database.drop();
  await rm(directory, { recursive: true });
});

interface Told {
  readonly code: number | string;
  readonly out: string;
  readonly err: string;
}

type Run = typeof verify;

/** As `main.ts` does: a coded error's message goes to stderr, and the command ends with 2. */
async function command(
  run: Run,
  args: string[],
  options: { url?: string; tty?: boolean } = {},
): Promise<Told> {
  const told = { out: '', err: '' };
  const isTTY = options.tty ?? false;
  const env = { DATABASE_URL: options.url ?? database.readerUrl };
  const io = {
    stdout: { isTTY, write: (text: string) => (told.out += text) },
    stderr: { isTTY, write: (text: string) => (told.err += text) },
    env,
  };
  try {
    return { code: await run(args, io), ...told };
  } catch (error) {
    return { ...told, code: (error as { code: string }).code, err: (error as Error).message };
  }
}

describe('countersign verify', () => {
  test('says that the ledger holds, and whose word was taken for the key', async () => {
    const { code, out, err } = await command(verify, []);
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(out.replace(/signed at \S+/, 'signed at TIME')).toBe(`The ledger holds.

  log          ${signer.origin}
  key          ${signer.vkey}
               (the log's own statement: compare it with the key you know, or give that with --vkey)
  entries      12 are as recorded
  checkpoints  1 signature and root holds; the newest is checkpoint 12, said to be signed at TIME
  documents    12 are as sealed
  people       4 are known
`);
  });

  test('takes the key that is given, as text or as a file', async () => {
    await writeFile(join(directory, 'vkey'), `${signer.vkey}\n`);
    for (const vkey of [signer.vkey, join(directory, 'vkey')]) {
      const { code, out } = await command(verify, ['--vkey', vkey]);
      expect(code).toBe(0);
      expect(out).not.toContain('own statement');
    }
    expect(await command(verify, ['--vkey', makeSigner().vkey])).toMatchObject({ code: 1 });
    expect(await command(verify, ['--vkey', join(directory, 'none')])).toMatchObject({
      code: 'vkey_unreadable',
    });
  });

  test('is coloured, and shows how far it is, on a terminal only', async () => {
    const terminal = await command(verify, [], { tty: true });
    expect(terminal.out).toContain('\u001b[32mThe ledger holds.\u001b[39m');
    expect(terminal.err).toBe('\rverifying 12 of 12 entries (100 %)\r\u001b[K');
  });

  test('names the entry that was altered, and ends with 1', async () => {
    const change = (from: string, to: string): string =>
      `UPDATE ledger.entry SET canonical = convert_to(replace(convert_from(canonical, 'UTF8'), '"outcome":"${from}"', '"outcome":"${to}"'), 'UTF8')
       WHERE id = (SELECT entry_id FROM ledger.integration WHERE index = 7)`;
    await tamper(database.ownerUrl, ['entry'], change('approved', 'rejected'));
    const { code, out } = await command(verify, []);
    const proof = await command(prove, ['7']);
    await tamper(database.ownerUrl, ['entry'], change('rejected', 'approved'));
    expect(code).toBe(1);
    expect(out).toMatch(
      /^The ledger audit\.example\.com\/ledger\/1 does NOT hold: 1 thing is wrong\.\n\n {2}Entry 7 \(.*\) was altered \(.*\); it was last known good under checkpoint 12, said to be signed at .*\.\n$/,
    );
    expect(proof).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining("entry 7 can't be proven"),
    });
    expect((await command(verify, [])).code).toBe(0);
  });

  test.each<[string, string[], object]>([
    ['an unknown option', ['--fast'], { code: 2, err: expect.stringContaining('there is no option --fast') }],
    ['two places', ['a', 'b'], { code: 2, err: expect.stringContaining('one argument too many: b') }],
    [
      'a place that is not there',
      ['/nowhere/at/all'],
      { code: 'export_unreadable', err: '/nowhere/at/all does not exist.' },
    ],
    ['a place without an export', [import.meta.dirname], { code: 'export_unreadable' }],
    [
      'a file that is neither a proof nor a check run',
      ['README.md'],
      {
        code: 'check_run_unreadable',
        err: expect.stringMatching(/^README\.md is neither a proof .* nor a check run/),
      },
    ],
    ['a key that is none', ['--vkey', 'a+b+c'], { code: 'verifier_key_unreadable' }],
  ])('can not read %s', async (_, args, told) => {
    expect(await command(verify, args)).toMatchObject(told);
  });

  test('can not read a database that is not there, holds no ledger, or is not named', async () => {
    const gone = Object.assign(new URL(database.readerUrl), { port: '1' }).toString();
    const unreachable = await command(verify, [], { url: gone });
    expect(unreachable).toMatchObject({
      code: 'database_unreachable',
      err: expect.stringContaining("DATABASE_URL: 127.0.0.1:1 can't be reached"),
    });
    expect(unreachable.err).not.toContain(new URL(gone).password);
    expect(await command(verify, [], { url: '' })).toMatchObject({ code: 'database_absent' });
    const empty = await createEmptyDatabase();
    expect(await command(verify, [], { url: empty.readerUrl })).toMatchObject({ code: 'ledger_absent' });
    await empty.drop();
  });

  test('says of a ledger of which too little is left that it does not hold', async () => {
    const robbed = await createTestDatabase();
    await recordSome(robbed.db, 2);
    await integrateAll(robbed.writerUrl, makeSigner());
    const emptied = ['log', 'log_key', 'head', 'tile', 'checkpoint', 'witness'];
    await tamper(robbed.ownerUrl, emptied, 'TRUNCATE ledger.log CASCADE');
    expect(await command(verify, [], { url: robbed.readerUrl })).toEqual({
      code: 1,
      out:
        'The ledger does NOT hold: the row that says whose log this is was taken away; ' +
        'left of the log are 2 indices and 0 checkpoints.\n',
      err: '',
    });
    await robbed.drop();
  });

  test('tells how it is used', async () => {
    expect(await command(verify, ['--help'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('countersign verify [DIRECTORY | PROOF]'),
    });
  });
});

describe('countersign export', () => {
  test('writes what verify then reads, without the database', async () => {
    const out = join(directory, 'log');
    const exported = await command(exportRun, ['--out', out]);
    expect(exported).toEqual({
      code: 0,
      out: `Exported 12 entries, 12 documents, 4 people to ${out}: copied, not verified. To verify it, here or anywhere, run:\nnpx countersign verify ${out}\n`,
      err: '',
    });
    expect(await command(verify, [out, '--vkey', signer.vkey], { url: '' })).toMatchObject({ code: 0 });
    expect(await command(exportRun, ['--out', out])).toMatchObject({ code: 'export_exists' });
    expect(await command(exportRun, [])).toMatchObject({ code: 2 });
  });
});

test('an export is for whoever made it, and a path with a blank can be pasted', async () => {
  const out = join(directory, 'an export');
  const told = await command(exportRun, ['--out', out]);
  expect(told.out).toContain(`npx countersign verify '${out}'\n`);
  const found = await readdir(out, { recursive: true, withFileTypes: true });
  const modes = await Promise.all(
    found.map(async (each) => {
      const { mode } = await stat(join(each.parentPath, each.name));
      return `${each.isDirectory() ? 'directory' : 'file'} ${(mode & 0o777).toString(8)}`;
    }),
  );
  expect([...new Set(modes)].toSorted()).toEqual(['directory 700', 'file 600']);
  expect(((await stat(out)).mode & 0o777).toString(8)).toBe('700');
  const stranger = makeSigner().vkey;
  expect(await command(verify, [out, '--vkey', stranger])).toMatchObject({
    code: 1,
    out: expect.stringContaining(`The file checkpoint is not signed by the key that was given (${stranger})`),
  });
});

describe('countersign prove', () => {
  test('prints a proof that needs nothing but the key', async () => {
    const { code, out } = await command(prove, ['5']);
    expect(code).toBe(0);
    const file = join(directory, '5.tlog-proof');
    await writeFile(file, out);
    const verified = await command(verify, [file, '--vkey', signer.vkey], { url: '' });
    expect(verified).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^The proof holds: this is entry 5 of audit\.example\.com\/ledger\/1, under checkpoint 12\.\n\{"commit":/,
      ),
    });

    await writeFile(file, out.replace('index 5', 'index 4'));
    expect(await command(verify, [file, '--vkey', signer.vkey])).toMatchObject({
      code: 1,
      out: expect.stringContaining('it is not entry 4'),
    });
    await writeFile(file, out.replace('\n12\n', '\n13\n'));
    expect(await command(verify, [file, '--vkey', signer.vkey])).toMatchObject({
      code: 1,
      out: expect.stringContaining('does not have'),
    });
    expect(await command(verify, [file])).toMatchObject({ code: 'vkey_missing' });
  });

  test.each([
    [['12'], 'no checkpoint covers an entry 12'],
    [[], 'INDEX is missing'],
    [['-1'], 'there is no option -1'],
    [['x'], 'INDEX is no number'],
  ])('%j is refused', async (args, told) => {
    expect(await command(prove, args)).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining(told),
    });
  });
});

describe('countersign keygen', () => {
  test('makes a key in a file that only its owner reads, and prints what to publish', async () => {
    const file = join(directory, 'keys/ledger.pem');
    const { code, out } = await command(keygen, ['--origin', 'log.example.com/1', '--out', file]);
    expect(code).toBe(0);
    const privateKey = await readFile(file, 'utf8');
    expect(out).toBe(`${createSigner({ origin: 'log.example.com/1', privateKey }).vkey}\n`);
    expect(((await stat(file)).mode % 0o1000).toString(8)).toBe('600');
    expect(await command(keygen, ['--origin', 'log.example.com/1', '--out', file])).toMatchObject({
      code: 'key_not_written',
      err: `${file} exists already, and a key is never overwritten: name another file.`,
    });
    expect(await readFile(file, 'utf8')).toBe(privateKey);
  });

  test('prints the key alone to stdout, when there is no file', async () => {
    const { out, err } = await command(keygen, ['--origin', 'log.example.com/1']);
    expect(err).toBe(`public key: ${createSigner({ origin: 'log.example.com/1', privateKey: out }).vkey}\n`);
  });

  test('needs a name that a log can have', async () => {
    expect(await command(keygen, [])).toMatchObject({ code: 2 });
    expect(await command(keygen, ['--origin', 'my log'])).toMatchObject({ code: 'origin_invalid' });
  });
});
