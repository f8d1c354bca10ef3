import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Actor } from '../../../src/domain/actor.ts';
import type { Deploying } from '../../support/waiting-deployment.ts';
import { known } from '../../../src/domain/known.ts';
import { listEntries } from '../../../src/ledger/store/read.ts';
import { recordBypass, type Bypass } from '../../../src/pipeline/emergency/record-bypass.ts';
import { reviewEmergency } from '../../../src/pipeline/emergency/record-emergency.ts';
import { MOST_SHOWN, readOpenReviews } from '../../../src/pipeline/emergency/read-open-reviews.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { carol, dave, erin, frank, sha } from '../../support/make-facts.ts';
import { pipelineOn } from '../../support/pipeline.ts';
import { waitingDeployment } from '../../support/waiting-deployment.ts';
import { scriptedGitHub } from '../../unit/facts/scripted-github.ts';
import { urgent } from '../../unit/policy/emergency-cases.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const repository = { id: 500, owner: 'acme', name: 'shop', installationId: 9 };
const START = Date.parse('2026-03-03T09:30:00.000Z');
const at = (minutes: number): string => new Date(START + minutes * 60_000).toISOString();

type Tx = Parameters<typeof recordBypass>[0];
const inTransaction = <T>(run: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction().execute(run);

/** Everything at one moment; `later` moves it. */
function clocked() {
  let minutes = 0;
  const pipeline = pipelineOn(database, scriptedGitHub({}), { now: () => at(minutes) });
  return { pipeline, later: (to: number) => void (minutes = to) };
}
type Clock = ReturnType<typeof clocked>;

const reported = (actor: Actor): Bypass => ({
  how: 'reported',
  who: { role: 'reporter', actor },
  delivery: randomUUID(),
  answers: null,
});

async function bypass(
  tx: Tx,
  { pipeline }: Clock,
  place: Deploying,
  {
    how = 'reported',
    by = dave,
    makers = [],
  }: { how?: Bypass['how']; by?: Actor; makers?: readonly Actor[] } = {},
) {
  const row = await waitingDeployment(tx, place);
  const facts = urgent();
  const [change] = facts.changes;
  const changes =
    change === undefined ? [] : [{ ...change, pushers: known(makers) }, ...facts.changes.slice(1)];
  return recordBypass(
    tx,
    pipeline,
    row,
    { reading: { kind: 'absent' }, facts: makers.length === 0 ? facts : { ...facts, changes } },
    { ...reported(by), how },
  );
}

const review = (
  tx: Tx,
  { pipeline }: Clock,
  place: Pick<Deploying, 'repository' | 'environment'>,
  emergency: string,
  commit: string,
) =>
  reviewEmergency(
    tx,
    pipeline,
    {
      kind: 'review',
      environment: place.environment,
      emergency,
      sha: commit,
      verdict: 'justified',
      why: 'it was',
    },
    { repository: place.repository, number: 12, by: frank, delivery: randomUUID(), answers: randomUUID() },
  );

const bypasses = (environment: string) =>
  listEntries(database.db, { repositoryId: repository.id, environment, kinds: ['emergency.bypassed'] });

describe('a bypass that somebody reports again and again', () => {
  test('is recorded once while its review is open, and anew after it', async () => {
    const clock = clocked();
    const place = { repository, environment: 'again', sha: sha('merge') };
    const first = await inTransaction((tx) => bypass(tx, clock, place));
    clock.later(5);
    const second = await inTransaction((tx) => bypass(tx, clock, place));
    expect(second).toEqual({ ...first, fresh: false });
    expect(await bypasses('again')).toHaveLength(1);
    await inTransaction((tx) => review(tx, clock, place, first.entryId, place.sha));
    expect(await inTransaction((tx) => bypass(tx, clock, place))).toMatchObject({ fresh: true });
    expect(await bypasses('again')).toHaveLength(2);
  });

  test('is recorded once also where two say so at one moment', async () => {
    const clock = clocked();
    const place = { repository, environment: 'at once', sha: sha('merge') };
    await Promise.all([1, 2, 3, 4].map(() => inTransaction((tx) => bypass(tx, clock, place))));
    expect(await bypasses('at once')).toHaveLength(1);
  });

  test.each<[string, Parameters<typeof bypass>[3], string]>([
    ['by somebody else, who could review it otherwise', { by: carol }, 'merge'],
    ['of another commit', {}, 'another'],
    ['by a job', { how: 'job' }, 'merge'],
    ['with a part that somebody else made, who could review it otherwise', { makers: [erin] }, 'merge'],
  ])('is another one %s', async (name, over, commit) => {
    const clock = clocked();
    const place = { repository, environment: name, sha: sha('merge') };
    await inTransaction((tx) => bypass(tx, clock, place));
    const other = await inTransaction((tx) => bypass(tx, clock, { ...place, sha: sha(commit) }, over));
    expect(other.fresh).toBe(true);
    expect(await bypasses(name)).toHaveLength(2);
  });
});

describe('more bypasses than anybody counts', () => {
  const COUNT = 1_001;
  const commitOf = (at: number): string => String(at).padStart(40, '0');

  test('are all found while they are open, what is due first before the rest; and hold nothing once they are reviewed', async () => {
    const many = { ...repository, id: 501, name: 'stall' };
    const inMany = { repository: many, environment: 'many' };
    const clock = clocked();
    const made: string[] = [];
    await inTransaction(async (tx) => {
      for (let index = 0; index < COUNT; index += 1) {
        // The last one is due before all the others.
        clock.later(index === COUNT - 1 ? -1 : index);
        const place = { ...inMany, sha: commitOf(index) };
        made.push((await bypass(tx, clock, place)).entryId);
      }
    });
    const open = await readOpenReviews(database.db, many.id);
    expect(open).toMatchObject({ known: true });
    const shown = open.known ? open.value : [];
    expect(shown).toHaveLength(MOST_SHOWN);
    expect(shown.map(({ entry }) => entry)).toEqual([made.at(-1), ...made.slice(0, MOST_SHOWN - 1)]);

    const left = 777;
    await inTransaction(async (tx) => {
      for (const [index, entry] of made.entries())
        if (index !== left) await review(tx, clock, inMany, entry, commitOf(index));
    });
    expect(await readOpenReviews(database.db, many.id)).toMatchObject({
      value: [{ entry: made[left], commit: commitOf(left) }],
    });
    await inTransaction((tx) => review(tx, clock, inMany, made[left] ?? '', commitOf(left)));
    expect(await readOpenReviews(database.db, many.id)).toEqual(known([]));
  }, 120_000);
});
