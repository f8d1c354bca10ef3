import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { run as entryRun } from '../../../src/cli/entry.ts';
import { run as eraseRun } from '../../../src/cli/erase.ts';
import { run as prove } from '../../../src/cli/prove.ts';
import { run as verify } from '../../../src/cli/verify.ts';
import { openDatabase } from '../../../src/db/open-database.ts';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { erase } from '../../../src/ledger/erase/erase.ts';
import { exportLog } from '../../../src/ledger/export/export.ts';
import { planPersonErasure } from '../../../src/ledger/erase/plan-erasure.ts';
import { readEntry, readEntryAt } from '../../../src/ledger/store/read.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { verifyDatabase } from '../../../src/ledger/verify/verify-database.ts';
import { verifyDirectory } from '../../../src/ledger/verify/verify-directory.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase } from '../../support/database.ts';
import {
  act,
  copyDatabase,
  integrateAll,
  makeEntry,
  makeSigner,
  recordOne,
  recordSome,
  sizeOf,
} from './ledger-fixture.ts';

let built: TestDatabase;
let database: TestDatabase;
let signer: LedgerSigner;
let folder = '';

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
/** The day on which an erasure was recorded: it may be another one than that on which the test began. */
const dayOf = async (index: number) => (await readEntryAt(database.db, index))!.content.recorded.slice(0, 10);
const json = (name: string, value: unknown) => ({
  name,
  mediaType: 'application/json' as const,
  body: Buffer.from(JSON.stringify(value)),
});
const by = (login: string, id = 101) => [
  { role: 'author' as const, actor: { id, login, kind: 'user' as const } },
];

/** 12 entries of alice (100), bob (101), carol (102), dave (103); then bob under another login, with documents about him. */
beforeAll(async () => {
  built = await createTestDatabase();
  signer = makeSigner();
  folder = await mkdtemp(join(tmpdir(), 'countersign-erase-'));
  await recordSome(built.db, 12);
  await recordOne(
    built.db,
    makeEntry(12, {
      who: by('bob-the-second'),
      documents: [
        json('facts', { message: 'Mend it\nbob did' }),
        json('policy', { text: 'users: [carol]' }),
        json('reviews', { reviewer: { id: 101 }, number: 7 }),
        json('unrelated', { number: 101, login: 'bobby', branch: 'bob-branch' }),
      ],
    }),
  );
  await recordOne(
    built.db,
    makeEntry(13, {
      kind: 'policy.changed',
      outcome: 'adopted',
      documents: [json('policy', { commit: 'c', text: 'users: [bob]' })],
    }),
  );
  await integrateAll(built.writerUrl, signer);
  await built.db.destroy();
});
afterAll(async () => {
  await built.drop();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  database = await copyDatabase(built);
});
afterEach(() => database.drop());

interface Told {
  readonly code: number | string;
  readonly out: string;
  readonly err: string;
}

/** As `main.ts` does; `answer` is what is typed at a terminal, null where there is none. */
async function command(
  run: typeof eraseRun,
  args: string[],
  options: { url?: string; answer?: string | null } = {},
): Promise<Told> {
  const told = { out: '', err: '' };
  const answer = options.answer ?? null;
  const io = {
    stdout: { write: (text: string) => (told.out += text) },
    stderr: { write: (text: string) => (told.err += text) },
    ...(answer === null
      ? {}
      : { ask: (question: string) => ((told.out += question), Promise.resolve(answer)) }),
    env: { DATABASE_URL: options.url ?? (run === eraseRun ? database.eraserUrl : database.readerUrl) },
  };
  try {
    return { code: await run(args, io), ...told };
  } catch (error) {
    return { ...told, code: (error as { code: string }).code, err: (error as Error).message };
  }
}

describe('countersign erase --subject', () => {
  test('takes a person with every login they had, and the log still holds and says when', async () => {
    const before = await command(prove, ['1']);
    const told = await command(eraseRun, ['--subject', 'BOB', '--reason', 'asked to', '--yes']);
    expect(told).toMatchObject({ code: 0, err: '' });
    expect(told.out).toMatch(
      new RegExp(
        String.raw`^To be erased:\n\nThe person bob, also bob-the-second \(GitHub id 101\)\n  5 entries name them; they stay and name nobody then\.\nSealed documents may name them too: .*\n\nErased, and recorded as entry [-0-9a-f]{36}, which gets its index as soon as .*\n$`,
      ),
    );
    // Between the erasure and its index nothing is wrong either.
    expect((await verifyDatabase(database.db)).found).toBe(0);
    await integrateAll(database.writerUrl, signer);

    expect((await readEntryAt(database.db, 1))?.people).toEqual([
      { role: 'requester', type: 'user', actor: null },
    ]);
    expect((await readEntryAt(database.db, 12))?.people[0]?.actor).toBeNull();
    const recorded = await readEntryAt(database.db, 14);
    expect(recorded?.content).toMatchObject({
      kind: 'ledger.erased',
      ledger: { act: 'erased', subjects: [recordedReference(before.out)], documents: [] },
    });
    const reason = await command(entryRun, ['14', '--document', 'reason']);
    expect(JSON.parse(reason.out)).toEqual({ by: 'countersign_erasure', reason: 'asked to' });

    const verified = await command(verify, []);
    expect(verified.code).toBe(0);
    expect(verified.out).toContain(
      `people       3 are known; 1 was erased (the last on ${await dayOf(14)}), and the entries hold without`,
    );
    // A proof that somebody kept from before is as good as ever, and so is a new one.
    for (const proof of [before.out, (await command(prove, ['1'])).out]) {
      const file = join(folder, 'kept.tlog-proof');
      await writeFile(file, proof);
      expect(await command(verify, [file, '--vkey', signer.vkey])).toMatchObject({ code: 0 });
    }
    const shown = await command(entryRun, ['12']);
    expect(shown.out).toContain(`author: erased on ${await dayOf(14)} (entry 14)`);
  });

  test('with documents, takes those that name the person and keeps the policy in force', async () => {
    const told = await command(eraseRun, ['--subject', '101', '--with-documents', '--yes']);
    expect(told.code).toBe(0);
    expect(told.out).toContain(
      '2 sealed documents with their name or id in it\n  entry 12  deployment.approved: facts, reviews\nKept, though they name the person: policies in force, without which nothing could be decided. Change the policy first.\n  entry 13  policy.changed: policy\n',
    );
    await integrateAll(database.writerUrl, signer);
    const report = await verifyDatabase(database.db);
    expect(report).toMatchObject({
      found: 0,
      documents: { erased: 2, lastErased: expect.stringContaining(await dayOf(14)) },
    });
    const shown = await command(entryRun, ['12']);
    expect(shown.out).toMatch(/facts {6}application\/json, erased on .* \(entry 14\)\n/);
    expect(shown.out).toMatch(/unrelated {2}application\/json, \d+ bytes\n/);
    expect(await command(entryRun, ['12', '--document', 'facts'])).toMatchObject({
      code: 'document_gone',
      err: expect.stringMatching(
        new RegExp(`^the document facts of entry 12 was erased on ${TIME}, as entry 14 records\\.$`),
      ),
    });
  });

  test('keeps the policy that is in force by the order of the log, though a clock was set back before it', async () => {
    const id = await recordOne(
      database.db,
      makeEntry(15, {
        kind: 'policy.changed',
        outcome: 'reviewed',
        documents: [json('policy', { commit: 'd', text: 'users: [bob, carol]' })],
      }),
      newEntryId('2025-06-01T00:00:00.000Z', randomBytes),
      '2025-06-01T00:00:00.000Z',
    );
    await integrateAll(database.writerUrl, signer);
    const told = await command(eraseRun, ['--subject', '101', '--with-documents', '--yes']);
    expect(told.out).toContain(
      'without which nothing could be decided. Change the policy first.\n  entry 14  policy.changed: policy\n',
    );
    expect((await readEntry(database.db, id))?.content.documents).toHaveLength(1);
    expect(await command(entryRun, ['14', '--document', 'policy'])).toMatchObject({ code: 0 });
    expect(await command(entryRun, ['13', '--document', 'policy'])).toMatchObject({ code: 'document_gone' });
  });

  test('finds documents by other words that are given', async () => {
    const told = await command(eraseRun, ['--subject', 'bob', '--with-documents', '--also', 'Mend it'], {
      answer: 'erase',
    });
    expect(told).toMatchObject({ code: 0, out: expect.stringContaining('Type erase to go on: ') });
    expect(told.out).toContain('facts, reviews');
  });

  test('asks first, and where nobody can be asked wants --yes', async () => {
    expect(await command(eraseRun, ['--subject', 'bob'], { answer: 'yes' })).toMatchObject({
      code: 1,
      out: expect.stringContaining('Nothing was erased.\n'),
    });
    expect(await command(eraseRun, ['--subject', 'bob'])).toMatchObject({
      code: 2,
      err: 'countersign: nothing was erased: there is nobody to ask, so it needs --yes.\n',
    });
    expect((await verifyDatabase(database.db)).people).toEqual({
      held: 4,
      erased: 0,
      lastErased: null,
      absent: 0,
    });
  });

  test('twice says that it is gone, and by the reference since when', async () => {
    const reference = (await readEntryAt(database.db, 1))!.content.who[0]!.actor;
    await command(eraseRun, ['--subject', 'bob', '--yes']);
    await integrateAll(database.writerUrl, signer);
    expect(await command(eraseRun, ['--subject', 'bob', '--yes'])).toMatchObject({
      code: 'person_unknown',
      err: 'there is nothing to erase for bob: nobody is known by it, since whoever had it was erased before or was never named.',
    });
    // It may begin with a dash, which is no option's.
    const again = await command(eraseRun, [`--subject=${reference}`, '--yes']);
    expect(again.err).toMatch(new RegExp(`was erased on ${TIME}, as entry 14 records\\.$`));
  });

  test('wants to know which, where a login had two people', async () => {
    await recordOne(database.db, makeEntry(1, { who: by('bob', 205) }));
    expect(await command(eraseRun, ['--subject', 'bob', '--yes'])).toMatchObject({
      code: 'person_ambiguous',
      err: expect.stringContaining('2 people, with the GitHub ids 101, 205'),
    });
    expect(await command(eraseRun, ['--subject', '205', '--yes'])).toMatchObject({ code: 0 });
  });

  test('a writer that runs on names whoever was erased anew', async () => {
    const writer = openDatabase(database.writerUrl);
    const before = await recordOne(writer, makeEntry(1));
    await command(eraseRun, ['--subject', 'bob', '--yes']);
    const after = await recordOne(writer, makeEntry(1));
    const [was, is] = [await readEntry(writer, before), await readEntry(writer, after)];
    expect(was?.people[0]?.actor).toBeNull();
    expect(is?.people[0]?.actor).toEqual({ id: 101, login: 'bob' });
    expect(is?.content.who[0]?.actor).not.toBe(was?.content.who[0]?.actor);
    expect(is?.content.who[0]?.login).not.toBe(was?.content.who[0]?.login);
    await integrateAll(database.writerUrl, signer);
    expect((await verifyDatabase(writer)).found).toBe(0);
    await writer.destroy();
  });

  test('leaves nothing unaccounted for when writers name the person at the same moment', async () => {
    const writer = openDatabase(database.writerUrl, { max: 8 });
    // Under many logins, so that new rows of the person are made while they are erased.
    const writing = Array.from({ length: 40 }, (_, number) =>
      recordOne(writer, makeEntry(1, { who: by(`bob-${number % 10}`) })).catch(() => null),
    );
    const erasing = command(eraseRun, ['--subject', 'bob', '--yes']);
    await Promise.all(writing);
    expect(await erasing).toMatchObject({ code: 0 });
    await integrateAll(database.writerUrl, signer);
    expect(await verifyDatabase(writer)).toMatchObject({ found: 0, people: { erased: 1 } });
    await writer.destroy();
  });

  test('that fails half way leaves the person, and no record of an erasure', async () => {
    const eraser = openDatabase(database.eraserUrl);
    const needs = { policyOutcomes: [], underWay: [] };
    const plan = await planPersonErasure(eraser, { who: 'bob', alsoDocuments: [], needs });
    const size = plan.documents.length;
    expect(size).toBeGreaterThan(0);
    const at = { now: new Date().toISOString(), newId: () => 'no id', random: randomBytes };
    await expect(erase(eraser, plan, null, at)).rejects.toThrow();
    await eraser.destroy();
    await integrateAll(database.writerUrl, signer);
    expect(await sizeOf(database.db)).toBe(14);
    expect(await verifyDatabase(database.db)).toMatchObject({
      found: 0,
      people: { erased: 0 },
      documents: { erased: 0 },
    });
  });

  test('with more documents than fit into one entry is recorded in several', async () => {
    const documents = Array.from({ length: 1400 }, (_, number) => json(`d${number}`, { login: 'erika' }));
    for (const part of [documents.slice(0, 500), documents.slice(500, 1000), documents.slice(1000)])
      await recordOne(database.db, makeEntry(20, { who: by('erika', 300), documents: part }));
    const told = await command(eraseRun, ['--subject', 'erika', '--with-documents', '--yes']);
    expect(told.out).toContain(' and 1 that answer it');
    await integrateAll(database.writerUrl, signer);
    expect(await verifyDatabase(database.db)).toMatchObject({ found: 0, documents: { erased: 1400 } });
  });
});

describe('countersign erase --document', () => {
  test('takes one by its name and entry, or by its commitment', async () => {
    const { commitment } = (await readEntryAt(database.db, 5))!.content.documents[0]!;
    const hex = Buffer.from(commitment, 'base64url').toString('hex');
    expect(await command(eraseRun, ['--document', 'facts', '--entry', '3', '--yes'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('1 sealed document\n  entry 3  deployment.approved: facts\n'),
    });
    expect(await command(eraseRun, ['--document', hex, '--yes'])).toMatchObject({ code: 0 });
    await integrateAll(database.writerUrl, signer);
    expect(await command(eraseRun, ['--document', commitment, '--yes'])).toMatchObject({
      code: 'document_gone',
      err: expect.stringMatching(
        new RegExp(`can't be erased: it was erased on ${TIME}, as entry 15 records\\.$`),
      ),
    });
    expect(await verifyDatabase(database.db)).toMatchObject({ found: 0, documents: { erased: 2 } });
  });

  test.each([
    ['a document', (commitment: string) => ['--document', commitment]],
    ['a person and their documents', () => ['--subject', '101', '--with-documents']],
  ])('takes %s though somebody recorded what is no entry and names it', async (_, which) => {
    const sealed = (await readEntryAt(database.db, 12))!.content.documents.find(
      ({ name }) => name === 'facts',
    )!;
    const id = newEntryId('2026-03-01T00:00:00.000Z', randomBytes);
    await act(
      database.writerUrl,
      `INSERT INTO ledger.entry (id, canonical) VALUES ('${id}', '{"commitment":"${sealed.commitment}"}')`,
    );
    expect(await command(eraseRun, [...which(sealed.commitment), '--yes'])).toMatchObject({ code: 0 });
    const hex = Buffer.from(sealed.commitment, 'base64url').toString('hex');
    const { rows } = await sql`SELECT FROM ledger.document WHERE commitment = decode(${hex}, 'hex')`.execute(
      database.db,
    );
    expect(rows).toEqual([]);
  });

  test('does not take the policy in force, and does once another one is', async () => {
    const told = { code: 'document_needed', err: expect.stringContaining('Change the policy first') };
    const call = ['--document', 'policy', '--entry', '13', '--yes'];
    expect(await command(eraseRun, call)).toMatchObject(told);
    await recordOne(
      database.db,
      makeEntry(15, {
        kind: 'policy.changed',
        outcome: 'reviewed',
        documents: [json('policy', { commit: 'd', text: 'users: [carol]' })],
      }),
    );
    expect(await command(eraseRun, call)).toMatchObject({ code: 0 });
  });

  describe('of a deployment', () => {
    const underWay = async (state: string, started: boolean): Promise<void> => {
      const entry = await database.db
        .selectFrom('ledger.integration')
        .select('entry_id')
        .where('index', '=', 12)
        .executeTakeFirstOrThrow();
      await act(
        database.superuserUrl,
        `INSERT INTO countersign.deployment (id, subject_key, repository_id, installation_id, owner, name, environment, source, ref, sha,
           requested_at, state, request_entry, decision_entry, started_entry, updated_at)
         VALUES (gen_random_uuid(), 'x', 5, 1, 'acme', 'shop', 'production', 'merge', 'main', 'x', now(), '${state}', gen_random_uuid(),
           ${started ? 'gen_random_uuid()' : `'${entry.entry_id}'`}, ${started ? `'${entry.entry_id}'` : 'NULL'}, now())`,
      );
    };
    const ONE = ['--document', 'facts', '--entry', '12', '--yes'];
    const ALL = ['--subject', 'bob', '--with-documents', '--yes'];

    test.each([
      ['running', true],
      ['approved', false],
      ['held', false],
    ] as const)('that is %s takes none, and says why', async (state, started) => {
      await underWay(state, started);
      for (const call of [ONE, ALL])
        expect(await command(eraseRun, call)).toMatchObject({
          code: 'document_needed',
          out: '',
          err:
            `the document "facts" of entry 12 can't be erased yet: a deployment of acme/shop to production is ${state}, and what becomes of it is recorded from this. ` +
            'Nothing was erased. Erase it when that deployment has ended, was rejected, or a newer one has taken its place.',
        });
      expect(await verifyDatabase(database.db)).toMatchObject({ found: 0, documents: { erased: 0 } });
      // The name alone can go: it is recorded anew, under another reference.
      expect(await command(eraseRun, ['--subject', 'bob', '--yes'])).toMatchObject({ code: 0 });
    });

    test.each(['succeeded', 'unknown'])('that is %s takes them', async (state) => {
      await underWay(state, true);
      expect(await command(eraseRun, ONE)).toMatchObject({ code: 0 });
    });
  });

  test.each<[string[], object]>([
    [
      ['--document', 'facts', '--entry', '99', '--yes'],
      { code: 'document_gone', err: expect.stringContaining('there is no entry 99') },
    ],
    [
      ['--document', 'fakts', '--entry', '12', '--yes'],
      {
        code: 'document_gone',
        err: expect.stringContaining('it has facts, policy, reviews, unrelated'),
      },
    ],
    [
      ['--document', 'facts', '--yes'],
      { code: 'document_gone', err: expect.stringContaining('is no commitment') },
    ],
    [
      ['--document', 'a'.repeat(64), '--yes'],
      { code: 'document_gone', err: expect.stringContaining('there is none of this commitment') },
    ],
    [['--subject', 'a', '--document', 'b'], { code: 2, err: expect.stringContaining('either') }],
    [[], { code: 2, err: expect.stringContaining('either') }],
    [['--subject', 'bob', '--also', 'x'], { code: 2, err: expect.stringContaining('--with-documents') }],
    [['--help'], { code: 0, out: expect.stringContaining('countersign erase --subject WHO') }],
  ])('%j is answered', async (args, told) => {
    expect(await command(eraseRun, args)).toMatchObject(told);
  });
});

test.each([
  ['writerUrl', /^countersign_app may not erase: give in DATABASE_URL a login/],
  ['readerUrl', /^countersign_auditor may not erase/],
  ['superuserUrl', /^countersign_bootstrap is a superuser/],
] as const)('nobody erases as %s', async (login, told) => {
  expect(await command(eraseRun, ['--subject', 'bob', '--yes'], { url: database[login] })).toMatchObject({
    code: 'eraser_needed',
    err: expect.stringMatching(told),
  });
});

describe('verify names what is gone without a record:', () => {
  test('a person', async () => {
    await act(database.eraserUrl, 'DELETE FROM ledger.subject WHERE github_id = 101');
    const { found, findings } = await verifyDatabase(database.db);
    expect(found).toBe(1);
    expect(findings[0]).toEqual({
      code: 'erasure_unrecorded',
      index: 1,
      sentence: expect.stringMatching(
        new RegExp(
          `^Somebody who is named in entry 1 \\(deployment\\.approved, [-0-9a-f]+, recorded ${TIME}\\) is gone, and no entry says that it was erased\\.$`,
        ),
      ),
    });
    expect((await command(verify, [])).code).toBe(1);
    expect((await command(entryRun, ['1'])).out).toContain('requester: gone, and no entry says');
  });

  test('the name of a person', async () => {
    await act(database.eraserUrl, "DELETE FROM ledger.subject_login WHERE login = 'carol'");
    expect((await verifyDatabase(database.db)).findings[0]?.sentence).toMatch(
      /^The name that somebody had in entry 2 /,
    );
  });

  test('a document, even beside one whose erasure is recorded', async () => {
    await command(eraseRun, ['--document', 'facts', '--entry', '3', '--yes']);
    const { commitment } = (await readEntryAt(database.db, 12))!.content.documents[0]!;
    const hex = Buffer.from(commitment, 'base64url').toString('hex');
    await act(database.eraserUrl, `DELETE FROM ledger.document WHERE commitment = '\\x${hex}'`);
    await integrateAll(database.writerUrl, signer);
    expect((await verifyDatabase(database.db)).findings.map(({ sentence }) => sentence)).toEqual([
      expect.stringMatching(
        /^The sealed document "facts" of entry 12 \(.*\) is gone, and no entry says that it was erased\.$/,
      ),
    ]);
  });
});

describe('an export after an erasure', () => {
  let directory = '';
  beforeEach(async () => {
    directory = join(folder, randomBytes(4).toString('hex'));
    await command(eraseRun, ['--subject', 'bob', '--with-documents', '--yes']);
  });
  const read = (name: string): Promise<string> => readFile(join(directory, name), 'utf8');

  test('waits until a checkpoint covers the record of it', async () => {
    await expect(exportLog(database.db, { directory, now: '' })).rejects.toMatchObject({
      code: 'erasure_unsigned',
    });
  });

  test('says what was erased, when, by which entry; and holds', async () => {
    await integrateAll(database.writerUrl, signer);
    await exportLog(database.db, { directory, now: '' });
    const lines = (await read('erased.jsonl')).trimEnd().split('\n');
    const entry = await readEntryAt(database.db, 14);
    const { recorded, ledger } = entry!.content;
    const fact = ledger as { subjects: string[]; documents: string[] };
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { reference: fact.subjects[0], what: 'person', entry: 14, recorded },
      ...fact.documents.map((reference) => ({ reference, what: 'document', entry: 14, recorded })),
    ]);
    expect(await verifyDirectory(directory)).toMatchObject({
      found: 0,
      people: { held: 3, erased: 1, lastErased: recorded },
      documents: { held: 16, erased: 2, lastErased: recorded },
    });
    expect((await command(verify, [directory])).out).toContain(
      `2 were erased (the last on ${recorded.slice(0, 10)})`,
    );
  });

  test('does not hold where more is missing, or its list was changed', async () => {
    await integrateAll(database.writerUrl, signer);
    await exportLog(database.db, { directory, now: '' });
    const subjects = await read('subjects.jsonl');
    await writeFile(join(directory, 'subjects.jsonl'), subjects.split('\n').slice(1).join('\n'));
    const erased = await read('erased.jsonl');
    await writeFile(join(directory, 'erased.jsonl'), erased.replace('"entry":14', '"entry":13') + 'x\n');
    const { findings } = await verifyDirectory(directory);
    expect(findings.map(({ code, sentence }) => [code, sentence.slice(0, 40)])).toEqual([
      ['erasure_unrecorded', 'Somebody who is named in entry 0 (deploy'],
      ['erasure_unrecorded', 'A line of erased.jsonl says what no entr'],
      ['erasure_unrecorded', 'A line of erased.jsonl says what no entr'],
    ]);
  });
});

/** The reference that the entry in a proof's `extra` line names. */
function recordedReference(proof: string): string {
  const extra = /^extra (.*)$/m.exec(proof)?.[1] ?? '';
  const content = JSON.parse(Buffer.from(extra, 'base64').toString()) as { who: { actor: string }[] };
  return content.who[0]?.actor ?? '';
}
