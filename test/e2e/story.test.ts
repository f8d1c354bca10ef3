import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { PEOPLE, setStage, type Stage } from '../../demo/stage/stage.ts';
import { tellStory } from '../../demo/story.ts';
import { SHOP_FILES } from '../../demo/stage/shop-files.ts';
import { run as eraseRun } from '../../src/cli/erase.ts';
import { run as entryRun } from '../../src/cli/entry.ts';
import { run as exportRun } from '../../src/cli/export.ts';
import { run as verifyRun } from '../../src/cli/verify.ts';
import { deployCheck } from '../../demo/stage/acts.ts';
import { seeCheckRun } from '../../demo/stage/watch.ts';
import { proofAtIndex } from '../../src/ledger/prove/entry-proof.ts';
import { createSigner, generateLedgerKey } from '../../src/ledger/sequence/signer.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, query, type TestDatabase } from '../support/database.ts';
import { allEntries, wordsIn } from '../support/recorded-words.ts';

let dir: string;
let database: TestDatabase;
let stage: Stage;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-e2e-'));
  database = await createTestDatabase();
  stage = await setStage({
    dir,
    database,
    log:
      process.env['COUNTERSIGN_TEST_LOG'] === undefined
        ? pino({ level: 'silent' })
        : pino({ level: 'debug' }, pino.destination(process.env['COUNTERSIGN_TEST_LOG'])),
  });
});

afterAll(async () => {
  await stage.close();
  await assertReperformed(database.db);
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

test('the demo’s story: held, approved in vain, approved, merged, deployed; production held, pushed past, reviewed, deployed', async () => {
  const shown: string[] = [];
  await tellStory(stage, {
    scene: (title) => void shown.push(title),
    act: (_who, _doing, work) => work(),
    shows: (what, verdict, line) => void shown.push(`${verdict} ${what}: ${line}`),
    say: () => undefined,
  });
  expect(await stage.served('production', 'public/index.html')).toContain('rounded');
  expect(await stage.served('staging', 'public/index.html')).toContain('rounded');
  expect(stage.github.violations).toEqual([]);
}, 120_000);

/** Everything that the story's people are called, wrote and touched, beside what an entry holds by design. */
const PERSONAL = [
  ...PEOPLE,
  ...PEOPLE.map((login) => `${login}@example.com`),
  'noreply',
  ...Object.keys(SHOP_FILES),
  '.github/countersign.yml',
  'countersign.yml',
  'Add the policy',
  'Show prices with tax',
  'Quick fix',
  'Accept the quick fix, and round the prices',
  'Co-authored-by',
  'refs/heads',
  'tax',
  'accept',
];

test('no login, name, e-mail, message, branch or path of it stands in the bytes of any entry', async () => {
  const entries = await allEntries(database.db);
  expect(entries.length).toBeGreaterThan(50);
  expect(wordsIn(entries, PERSONAL)).toEqual([]);
  // The search finds what is there: the repository and the environment are, by design.
  expect(wordsIn(entries, ['acme/shop', 'production']).length).toBeGreaterThan(50);
  // And the documents beside them do name people: else there would be nothing to seal.
  const documents = await database.db.selectFrom('ledger.document').select('body').execute();
  expect(
    wordsIn(
      documents.map(({ body }) => body.toString()),
      ['alice', 'erin'],
    ).length,
  ).toBeGreaterThan(10);
});

type Run = typeof verifyRun;

async function command(run: Run, args: string[], url = database.readerUrl) {
  const told = { out: '', err: '' };
  const code = await run(args, {
    stdout: { write: (text: string) => (told.out += text) },
    stderr: { write: (text: string) => (told.err += text) },
    env: { DATABASE_URL: url },
  });
  return { code, ...told };
}

describe('a finished check run that somebody saved', () => {
  let saved: Record<string, unknown> & { output: Record<'title' | 'summary' | 'text', string> };
  let held: typeof saved;
  let log = '';

  const fetchRun = async (sha: string, name: string): Promise<typeof saved> => {
    const seen = await seeCheckRun(stage, sha, name);
    const { data } = await stage.as('alice').rest.checks.get({
      owner: stage.owner,
      repo: stage.repo,
      check_run_id: seen?.id ?? 0,
    });
    return JSON.parse(JSON.stringify(data)) as typeof saved;
  };

  const check = async (content: string | object, ...more: string[]) => {
    const file = join(dir, 'saved');
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
    return command(verifyRun, [file, ...more]);
  };

  beforeAll(async () => {
    const { data: commits } = await stage
      .as('alice')
      .rest.repos.listCommits({ owner: stage.owner, repo: stage.repo, sha: 'main' });
    saved = await fetchRun(commits[0]?.sha ?? '', deployCheck('production'));
    held = await fetchRun(commits[1]?.sha ?? '', deployCheck('production'));
    log = join(dir, 'log');
    expect(await command(exportRun, ['--out', log])).toMatchObject({ code: 0 });
  });

  test('says what was recorded, by the database and by an export, as JSON and as Markdown', async () => {
    expect(saved['conclusion']).toBe('success');
    const { title, summary, text } = saved.output;
    const held = /^This check run says what was recorded \(entry \d+\)\.\n/;
    const forms = [
      saved,
      `${summary}\n\n${text}`,
      `${title}\r\n${summary.replaceAll('\n', '  \r\n')}\r\n${text.replaceAll('\n', '\r\n')}\r\n\r\n`,
      text,
    ];
    for (const form of forms) {
      expect(await check(form)).toMatchObject({ code: 0, err: '', out: expect.stringMatching(held) });
      expect(await check(form, '--log', log)).toMatchObject({ code: 0, out: expect.stringMatching(held) });
    }
    expect((await check(text)).out).toContain('Its summary is not in this file');
    expect((await check(saved)).out).toContain("By the log's own statement of its key");
  });

  test.each<[string, (run: typeof saved) => void, RegExp]>([
    [
      'a word of its text',
      ({ output }) => (output.text = output.text.replace('alice', 'carol')),
      /^The check run's text was edited: it is not what entry \d+ recorded; the first difference is in line \d+ of its text: it says ".*carol.*", and ".*alice.*" was recorded\.\n$/,
    ],
    [
      'a sign that nobody sees',
      ({ output }) => (output.summary = output.summary.replace(' ', ' \u200b')),
      /in line 1 of its summary: it says ".*\\u200b.*", and/,
    ],
    ['its title', ({ output }) => (output.title = 'Held'), /in its title: it says "Held", and "Deployed/],
    ['its conclusion', (run) => (run['conclusion'] = 'failure'), /in its conclusion: it says "failure"/],
    ['its commit', (run) => (run['head_sha'] = 'f'.repeat(40)), /in its commit: it says "f/],
    [
      'lines at its end',
      ({ output }) => (output.text += '\n\nApproved by the board.'),
      /in line \d+ of its text: it says "", where what was recorded has ended/,
    ],
  ])('of which somebody edited %s is told', async (_, edit, told) => {
    const edited = structuredClone(saved);
    edit(edited);
    expect(await check(edited)).toMatchObject({ code: 1, out: expect.stringMatching(told) });
    expect(await check(edited, '--log', log)).toMatchObject({ code: 1, out: expect.stringMatching(told) });
  });

  test('as Markdown tells the line of the file', async () => {
    const lines = `${saved.output.summary}\n\n${saved.output.text}`.split('\n');
    lines[6] = 'Nothing of the sort.';
    expect((await check(lines.join('\n'))).out).toContain('is in line 7: it says "Nothing of the sort."');
  });

  const PROOF = /c2sp\.org\/tlog-proof@v1[\s\S]*?\n(?=```)/;
  const NAMED = /Entry \*\*\d+\*\* of .*/;

  test('with a proof for another entry is told', async () => {
    // The older commit's deployment is judged anew once the newer one runs: the check run may say that already, or not yet.
    const edited = structuredClone(saved);
    edited.output.text = saved.output.text.replace(PROOF, PROOF.exec(held.output.text)?.[0] ?? '');
    expect(await check(edited)).toMatchObject({
      code: 1,
      out: expect.stringMatching(
        /^The check run was edited: it says that it follows from entry \d+ \([-0-9a-f]+\), and the proof in it is that of entry \d+ \(deployment\.(?:held|rejected), [-0-9a-f]+\)\.\n$/,
      ),
    });
    // Even where the entry's name was put there with it.
    edited.output.text = edited.output.text.replace(NAMED, NAMED.exec(held.output.text)?.[0] ?? '');
    expect((await check(edited)).out).toMatch(
      /^The check run's text was edited: it is not what entry \d+ recorded/,
    );
  });

  test('with a proof of an entry that no check run follows from is told', async () => {
    const edited = structuredClone(saved);
    const other = await proofAtIndex(database.db, 0, false);
    edited.output.text = saved.output.text.replace(PROOF, other?.proof ?? '').replace(NAMED, '');
    expect((await check(edited)).out).toMatch(/^No check run was recorded that follows from entry 0 \(/);
  });

  test('with a proof that is broken, of another log, or gone, is told', async () => {
    const text = saved.output.text;
    expect((await check(text.replace(/^index (\d+)$/m, 'index 3'))).out).toMatch(
      /^The proof in this check run does not hold: /,
    );
    expect((await check(text.replace(/^index (\d+)$/m, 'index 999999'))).out).toContain(
      'it was cut, or it is an older',
    );
    expect((await check(text.replace(PROOF, ''))).out).toContain('There is no proof in this check run.');
    await expect(check(text.replaceAll(stage.origin, 'other.example/log'))).rejects.toMatchObject({
      code: 'other_log',
    });
    await expect(check('{"a":1}')).rejects.toMatchObject({ code: 'check_run_unreadable' });
    const { vkey } = createSigner({ origin: stage.origin, privateKey: generateLedgerKey() });
    expect(await check(saved, '--vkey', vkey)).toMatchObject({
      code: 1,
      out: expect.stringContaining('which is not the key that was given'),
    });
    await expect(check(saved, '--vkey', vkey.slice(0, -4))).rejects.toMatchObject({
      code: 'verifier_key_unreadable',
    });
    expect((await check(text.replace(/^index (\d+)$/m, 'index x'))).out).toContain("the proof can't be read");
  });

  test('of which there is a newer one says so', async () => {
    const { data: commits } = await stage
      .as('alice')
      .rest.repos.listCommits({ owner: stage.owner, repo: stage.repo, sha: 'main' });
    const rows = await database.db.selectFrom('ledger.document').select('body').execute();
    const earlier = rows
      .map(({ body }) => body.toString())
      .filter(
        (body) => body.includes(`"name":"${deployCheck('production')}"`) && body.includes('"externalId"'),
      )
      .map((body) => JSON.parse(body) as { sha: string; title: string; summary: string; text: string })
      .find(({ sha, title }) => sha === commits[0]?.sha && title.startsWith('Held'));
    const { code, out } = await check(`${earlier?.summary}\n\n${earlier?.text}`);
    expect(code).toBe(0);
    expect(out).toMatch(/It is not the newest: entry \d+ recorded other words for the same check run on /);
  });
});

test('after a person of the story was erased, everything is still proven, and an entry says since when', async () => {
  const erased = await command(
    eraseRun,
    ['--subject', 'erin', '--with-documents', '--also', 'erin@example.com', '--yes'],
    database.eraserUrl,
  );
  expect(erased).toMatchObject({ code: 0, out: expect.stringMatching(/recorded as entry \d+ \(/) });
  const verified = await command(verifyRun, []);
  expect(verified.out).toMatch(/people .* 1 was erased \(the last on \d{4}-\d\d-\d\d\)/);
  expect(verified.code).toBe(0);
  const rows = await database.db.selectFrom('ledger.document').select('body').execute();
  expect(
    wordsIn(
      rows.map(({ body }) => body.toString()),
      ['erin'],
    ),
  ).toEqual([]);
  const index = /entry (\d+) {2}deployment\.reviewed/.exec(erased.out)?.[1];
  const reviewed = await query(
    database.readerUrl,
    `SELECT index FROM ledger.reading WHERE kind = 'deployment.reviewed' AND people @> '[{"erased": true}]'`,
  );
  expect(reviewed.length).toBeGreaterThan(0);
  const shown = await command(entryRun, [String(index ?? reviewed[0]?.['index'])]);
  expect(shown.out).toMatch(/reviewer: erased on \d{4}-\d\d-\d\d \(entry \d+\)/);
});
