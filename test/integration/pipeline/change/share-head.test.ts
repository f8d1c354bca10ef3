import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Verdict } from '../../../../src/domain/decision.ts';
import {
  giveHeadBack,
  groupSubject,
  isShownOnHead,
  sharedHead,
} from '../../../../src/pipeline/change/share-head.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { sha } from '../../../support/make-facts.ts';
import { pipelineOn } from '../../../support/pipeline.ts';
import { scriptedGitHub } from '../../../unit/facts/scripted-github.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const headSha = sha('group');
let repositories = 700;

/** A repository in whose queue for main a group with #12 waits; `verdict`: how it was decided. */
async function queue(verdict: Verdict | null = 'approved') {
  repositories += 1;
  const repository = { id: repositories, owner: 'acme', name: 'shop', installationId: 9 };
  await database.db
    .insertInto('countersign.merge_group')
    .values({
      repository_id: repository.id,
      head_sha: headSha,
      head_ref: `gh-readonly-queue/main/pr-12-${sha('base')}`,
      base_sha: sha('base'),
      base_ref: 'main',
      pull_request: 12,
      pull_requests: [11, 12],
      state: 'open',
    })
    .execute();
  if (verdict !== null) {
    const subject = groupSubject(repository, headSha);
    const entry_id = '0199c0de-0000-7000-8000-0000a1b2c3d4';
    await database.db
      .insertInto('countersign.last_decision')
      .values({ subject, basis: 'a', verdict, entry_id })
      .execute();
  }
  const pipeline = pipelineOn(database, scriptedGitHub({}));
  const judged = (number: number, baseRef: string, standing: Verdict | 'closed') =>
    database.db
      .transaction()
      .execute((tx) =>
        isShownOnHead(tx, pipeline.queue, { repository, number, headSha, baseRef, verdict: standing }, null),
      );
  const shared = () => database.db.transaction().execute((tx) => sharedHead(tx, repository, headSha));
  return { repository, pipeline, judged, shared };
}

describe('a pull request with the very commit of a merge group', () => {
  test.each<[string, number, string, Verdict, boolean]>([
    ['into the queue’s branch, held', 66, 'main', 'held', false],
    ['into the queue’s branch, rejected', 66, 'main', 'rejected', false],
    ['into the queue’s branch, approved', 66, 'main', 'approved', false],
    ['into another branch, held', 66, 'release', 'held', true],
    ['into another branch, approved', 66, 'release', 'approved', true],
    ['that the group is made of, held', 12, 'main', 'held', true],
    ['that the group has too, held', 11, 'main', 'held', true],
  ])('%s', async (_, number, baseRef, verdict, shown) => {
    const { judged } = await queue();
    expect(await judged(number, baseRef, verdict)).toBe(shown);
  });

  test('that is approved opens nothing while the group isn’t', async () => {
    for (const verdict of ['held', 'waiting', null] as const) {
      const { judged } = await queue(verdict as Verdict | null);
      expect(await judged(66, 'release', 'approved')).toBe(false);
    }
  });

  test('blocks the group’s approval only where it could be merged on it', async () => {
    const { judged, shared } = await queue();
    await judged(66, 'main', 'held');
    expect(await shared()).toEqual({ blocking: [], beside: [66] });
    await judged(67, 'release', 'held');
    await judged(68, 'release', 'approved');
    expect(await shared()).toEqual({ blocking: [67], beside: [66] });
    await judged(66, 'release', 'held');
    expect(await shared()).toEqual({ blocking: [66, 67], beside: [] });
    await judged(66, 'main', 'closed');
    await judged(67, 'main', 'held');
    expect(await shared()).toEqual({ blocking: [], beside: [67] });
    await judged(12, 'main', 'held');
    expect(await shared()).toEqual({ blocking: [12], beside: [67] });
  });

  test('that was judged before its branch was noted blocks it', async () => {
    const { repository, judged, shared } = await queue();
    await judged(66, 'main', 'held');
    await database.db
      .updateTable('countersign.judged_change')
      .set({ base_ref: null })
      .where('repository_id', '=', repository.id)
      .execute();
    expect(await shared()).toEqual({ blocking: [66], beside: [] });
  });

  test('has the group looked at again when it comes or changes, and is looked at again when the group is over', async () => {
    const { repository, pipeline, judged } = await queue();
    await judged(66, 'main', 'held');
    await judged(66, 'main', 'held');
    const group = { queue: 'merge_group', data: { repository, headSha, delivery: null } };
    expect(pipeline.sent).toMatchObject([group]);
    await database.db
      .updateTable('countersign.merge_group')
      .set({ state: 'dequeued' })
      .where('repository_id', '=', repository.id)
      .execute();
    await database.db
      .transaction()
      .execute((tx) => giveHeadBack(tx, pipeline.queue, repository, { headSha, delivery: null }));
    expect(pipeline.sent.at(-1)).toMatchObject({ queue: 'change', data: { repository, number: 66 } });
    expect(await judged(66, 'main', 'held')).toBe(true);
  });
});
