import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { run } from '../../../src/cli/entry.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase } from '../../support/database.ts';
import { integrateAll, makeEntry, makeSigner, recordOne } from './ledger-fixture.ts';

let database: TestDatabase;
let signer: LedgerSigner;
let ids: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  signer = makeSigner();
  const request = await recordOne(
    database.db,
    makeEntry(1, { kind: 'deployment.requested', outcome: 'api', reasons: [], documents: [] }),
  );
  const held = await recordOne(
    database.db,
    makeEntry(2, {
      kind: 'deployment.held',
      outcome: 'held',
      hosts: ['web1:22', 'web2:22'],
      delivery: '0d4f5b0e-0000-4000-8000-000000000000',
      answers: request,
      reasons: ['deployment_approvals_missing', 'branch_allowed'],
      documents: [
        { name: 'facts', mediaType: 'application/json', body: Buffer.from('{"number":2}') },
        { name: 'policy', mediaType: 'text/yaml', body: Buffer.from('v'.repeat(2_500)) },
      ],
    }),
  );
  const nobody = await recordOne(
    database.db,
    makeEntry(3, { who: [], answers: held, outcome: 'not_compliant' }),
  );
  await integrateAll(database.writerUrl, signer);
  ids = [request, held, nobody];
  ids.push(await recordOne(database.db, makeEntry(4)));
});
afterAll(() => database.drop());

async function show(args: string[], tty = false) {
  const told = { out: '', err: '' };
  const code = await run(args, {
    stdout: { isTTY: tty, write: (text: string) => (told.out += text) },
    stderr: { write: (text: string) => (told.err += text) },
    env: { DATABASE_URL: database.readerUrl },
  });
  return { code, ...told };
}

describe('countersign entry', () => {
  test('shows one for a person', async () => {
    const { code, out } = await show(['1']);
    expect(code).toBe(0);
    const steady = out.replaceAll(/(recorded {6}|signed at |held, |api, |compliant, )\d{4}-\S+/g, '$1TIME');
    expect(steady).toBe(`Entry 1 of ${signer.origin}

  what          deployment.held  held
                deployment_approvals_missing  Fewer reviewers than required approved this deployment of this commit.
                branch_allowed                The commit is on a branch that may be deployed there.
  occurred      2026-03-01T12:00:00.000Z
  recorded      TIME
  repository    acme/shop
  pull request  #2
  commit        ${'2'.padStart(40, '0')}
  environment   production
  hosts         web1:22
                web2:22
  who           requester: carol (GitHub id 102)
  delivery      0d4f5b0e-0000-4000-8000-000000000000
  documents     facts   application/json, 12 bytes
                policy  text/yaml, 2.5 kB
  answers       entry 0  deployment.requested, api, TIME
  answered by   entry 2  deployment.approved, not_compliant, TIME
  id            ${ids[1]}
  holds         yes, as it was recorded
                first under checkpoint 3, said to be signed at TIME
                \`countersign prove 1\` prints its proof
`);
  });

  test('takes an id as well, of an entry that has no index yet', async () => {
    const { code, out } = await show([(ids[3] ?? '').toUpperCase()]);
    expect(code).toBe(0);
    expect(out).toContain('An entry without an index yet\n');
    expect(out).toContain('holds         it waits for its index: does `countersign start` run?\n');
  });

  test('is coloured on a terminal only', async () => {
    expect((await show(['2'])).out).not.toContain('\u001b');
    const { out } = await show(['2'], true);
    expect(out).toContain('\u001b[31mnot_compliant\u001b[0m');
    expect(out).toContain('\u001b[32myes, as it was recorded\u001b[0m');
  });

  test('prints a document as it was sealed', async () => {
    expect(await show(['1', '--document', 'facts'])).toEqual({ code: 0, out: '{"number":2}', err: '' });
    await expect(show(['1', '--document', 'fakts'])).rejects.toMatchObject({
      code: 'document_gone',
      message: 'entry 1 has no document fakts: it has facts, policy.',
    });
    await expect(show(['0', '--document', 'facts'])).rejects.toThrow('it has none');
  });

  test('is JSON for machines', async () => {
    const { out } = await show(['1', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      id: ids[1],
      index: 1,
      origin: signer.origin,
      holds: true,
      checkpoint: { size: 3 },
      people: [{ role: 'requester', actor: { id: 102, login: 'carol' }, erased: null }],
      documents: [{ name: 'facts', size: 12, erased: null }, { name: 'policy' }],
      answers: { index: 0, kind: 'deployment.requested' },
      answeredBy: [{ index: 2 }],
    });
  });

  test.each<[string[], object]>([
    [['99'], { code: 2, out: '', err: 'countersign: there is no entry 99.\n' }],
    [['x'], { code: 2, err: expect.stringContaining('x is neither an index nor an id') }],
    [[], { code: 2, err: expect.stringContaining('INDEX is missing') }],
    [['1', '2'], { code: 2, err: expect.stringContaining('one argument too many: 2') }],
    [['1', '--fast'], { code: 2, err: expect.stringContaining('there is no option --fast') }],
    [['--help'], { code: 0, out: expect.stringContaining('countersign entry INDEX | ID') }],
  ])('%j is answered', async (args, told) => {
    expect(await show(args)).toMatchObject(told);
  });
});
