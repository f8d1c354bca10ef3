import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { run as entryRun } from '../../../src/cli/entry.ts';
import { run as eraseRun } from '../../../src/cli/erase.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import { act, integrateAll, makeEntry, makeSigner, recordOne, tamper } from './ledger-fixture.ts';

let database: TestDatabase;
let signer: LedgerSigner;
const ids: string[] = [];

const HOSTILE = 'a\u0000b \\u0000 \\\\\u0000\u0000 \'"; DROP \u001b[31m';

/** 0: plain. 1: answers it, with hostile text. 2: bytes that are no text. 3: by a bot, about nothing. 4: nobody's. */
beforeAll(async () => {
  database = await createTestDatabase();
  signer = makeSigner();
  ids.push(await recordOne(database.db, makeEntry(1)));
  ids.push(
    await recordOne(
      database.db,
      makeEntry(2, {
        repository: { id: 5, fullName: HOSTILE },
        hosts: ['web1:22', HOSTILE],
        answers: ids[0] ?? null,
        outcome: 'not_compliant',
        reasons: ['approvals_missing', 'pull_request_draft'],
        documents: [
          { name: 'facts', mediaType: 'application/json', body: Buffer.from(JSON.stringify({ HOSTILE })) },
          { name: 'output', mediaType: 'text/plain', body: Buffer.from(`zero \u0000 byte`) },
        ],
      }),
    ),
  );
  ids.push(
    await recordOne(
      database.db,
      makeEntry(3, {
        documents: [
          { name: 'bytes', mediaType: 'application/octet-stream', body: Buffer.from([0xff, 0]) },
          { name: 'broken', mediaType: 'text/plain', body: Buffer.from([0x61, 0xff]) },
        ],
      }),
    ),
  );
  const bot = { id: 900, login: 'helper[bot]', kind: 'bot' as const };
  ids.push(
    await recordOne(
      database.db,
      makeEntry(4, {
        who: [{ role: 'requester', actor: bot }],
        repository: null,
        commit: null,
        pullRequest: null,
        environment: null,
        documents: [],
        answers: ids[0] ?? null,
      }),
    ),
  );
  ids.push(await recordOne(database.db, makeEntry(5, { who: [], documents: [] })));
  await integrateAll(database.writerUrl, signer);
});
afterAll(() => database.drop());

const read = (index: number) =>
  query(database.readerUrl, 'SELECT * FROM ledger.reading WHERE index = $1', [index]);

describe('ledger.reading', () => {
  test('says what the bytes say, with people and documents', async () => {
    expect(await read(0)).toEqual([
      {
        index: '0',
        id: ids[0],
        log: signer.origin,
        kind: 'deployment.approved',
        recorded: expect.any(Date),
        occurred: new Date('2026-03-01T12:00:00.000Z'),
        repository: 'acme/shop',
        commit: '1'.padStart(40, '0'),
        pull_request: '1',
        environment: 'production',
        outcome: 'approved',
        reasons: ['approvals_given'],
        delivery: null,
        answers: null,
        hosts: [],
        people: [{ role: 'requester', type: 'user', id: 101, login: 'bob' }],
        documents: [
          {
            name: 'facts',
            type: 'application/json',
            commitment: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
            size: 12,
            text: '{"number":1}',
          },
        ],
        ledger: null,
      },
    ]);
  });

  test('reads whatever an entry and its documents hold', async () => {
    const [row] = await read(1);
    expect(row).toMatchObject({
      repository: HOSTILE.replaceAll('\u0000', '\ufffd'),
      hosts: ['web1:22', HOSTILE.replaceAll('\u0000', '\ufffd')],
      answers: ids[0],
      documents: [{ text: JSON.stringify({ HOSTILE }) }, { text: String.raw`zero \000 byte` }],
    });
    const [bytes] = await read(2);
    expect(bytes?.['documents']).toMatchObject([{ size: 2, text: null }, { text: String.raw`a\377` }]);
    const [bot] = await read(3);
    expect(bot).toMatchObject({
      people: [{ type: 'bot', login: 'helper[bot]' }],
      commit: null,
      documents: [],
    });
  });

  test('shows an entry without an index too', async () => {
    const id = await recordOne(database.db, makeEntry(9, { outcome: 'rejected' }));
    const found = await query(
      database.readerUrl,
      'SELECT index, log, kind FROM ledger.reading WHERE id = $1',
      [id],
    );
    expect(found).toEqual([{ index: null, log: null, kind: 'deployment.approved' }]);
    await integrateAll(database.writerUrl, signer);
  });

  test('says who and what was erased', async () => {
    const io = {
      stdout: { write: () => 0 },
      stderr: { write: () => 0 },
      env: { DATABASE_URL: database.eraserUrl },
    };
    expect(await eraseRun(['--subject', 'carol', '--yes'], io)).toBe(0);
    expect(await eraseRun(['--document', 'output', '--entry', '1', '--yes'], io)).toBe(0);
    await integrateAll(database.writerUrl, signer);
    const [row] = await read(1);
    expect(row).toMatchObject({
      people: [{ role: 'requester', type: 'user', erased: true }],
      documents: [
        { name: 'facts', size: expect.any(Number) },
        { name: 'output', erased: true },
      ],
    });
    const erased = await query(
      database.readerUrl,
      `SELECT ledger ->> 'act' AS act, people FROM ledger.reading WHERE kind = 'ledger.erased' ORDER BY index`,
    );
    expect(erased).toEqual([
      { act: 'erased', people: [] },
      { act: 'erased', people: [] },
    ]);
  });

  test('is not taken in by rows that do not open what the bytes say, nor by bytes that are no entry', async () => {
    const row = (index: number) => `(SELECT entry_id FROM ledger.integration WHERE index = ${index})`;
    const bytes = (index: number, to: string) =>
      `UPDATE ledger.entry SET canonical = ${to} WHERE id = ${row(index)}`;
    await tamper(
      database.ownerUrl,
      ['entry', 'subject', 'subject_login', 'document'],
      'UPDATE ledger.subject SET github_id = 666 WHERE github_id = 101',
      `UPDATE ledger.document SET body = 'forged' WHERE body = '{"number":1}'`,
      bytes(2, String.raw`'\xff00'`),
      bytes(
        3,
        `'{"kind":7,"who":"all","documents":[1,{"commitment":"x"}],"pullRequest":1e99,"answers":"y","recorded":"never","reasons":{}}'`,
      ),
      bytes(4, `convert_to(repeat('[', 60000), 'UTF8')`),
    );
    expect(await read(0)).toMatchObject([
      { people: [{ role: 'requester', type: 'user', erased: true }], documents: [{ altered: true }] },
    ]);
    expect(await read(2)).toMatchObject([{ id: ids[2], kind: null, people: [], documents: [] }]);
    expect(await read(3)).toMatchObject([
      { kind: '7', people: [], pull_request: null, answers: null, recorded: null, reasons: [] },
    ]);
    expect(await read(4)).toMatchObject([{ kind: null }]);
    const [all] = await query(database.readerUrl, 'SELECT count(documents)::int AS n FROM ledger.reading');
    expect(all).toEqual({ n: 8 });
  });

  test('is for the reader and the program, not for the eraser', async () => {
    expect(await query(database.writerUrl, 'SELECT index FROM ledger.reading LIMIT 1')).toHaveLength(1);
    await expect(act(database.eraserUrl, 'SELECT FROM ledger.reading')).rejects.toMatchObject({
      code: '42501',
    });
  });
});

test('countersign entry shows what was altered, and says so', async () => {
  const told = { out: '' };
  const io = {
    stdout: { write: (text: string) => (told.out += text) },
    stderr: { write: () => 0 },
    env: { DATABASE_URL: database.readerUrl },
  };
  await tamper(
    database.ownerUrl,
    ['entry'],
    `UPDATE ledger.entry SET canonical = convert_to(replace(convert_from(canonical, 'UTF8'), 'web1', 'web9'), 'UTF8') WHERE id = '${ids[1]}'`,
  );
  expect(await entryRun(['1'], io)).toBe(1);
  expect(told.out).toContain('web9:22');
  expect(told.out).toContain('holds         NO: its bytes are not those that were signed.');
});
