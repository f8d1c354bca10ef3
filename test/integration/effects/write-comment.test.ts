import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Effect } from '../../../src/domain/effect.ts';
import { writeComment } from '../../../src/effects/write-comment.ts';
import { writeReaction } from '../../../src/effects/write-reaction.ts';
import { type Acme, openAcme } from '../facts/acme.ts';

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;

const at = { owner: 'acme', repo: 'shop' };
const POST_COMMENT = 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments';
let acme: Acme;
let number: number;

beforeAll(async () => {
  acme = await openAcme();
});
/** Throws where a call of ours did not conform to GitHub's descriptions. */
afterAll(async () => {
  await acme.github.close();
});
let pulls = 0;
beforeEach(async () => {
  pulls += 1;
  await acme.commit(acme.alice, { branch: `feature-${pulls}`, message: 'Add a till' });
  number = await acme.open(acme.alice, `feature-${pulls}`);
  acme.github.resetRequests();
});

const effect = (key = 'comment:1'): Of<'comment'> => ({
  kind: 'comment',
  key,
  repository: acme.repository,
  number,
  body: '✅ Done',
  plannedAt: new Date().toISOString(),
});
const say = async (body: string, user = acme.bob) =>
  (await acme.as(user).rest.issues.createComment({ ...at, issue_number: number, body })).data.id;
const bodies = async () =>
  (await acme.ours.rest.issues.listComments({ ...at, issue_number: number, per_page: 100 })).data.map(
    ({ id, body }) => [id, body],
  );

describe('a comment', () => {
  test('is written, with its key where nobody reads it', async () => {
    const { remoteId } = await writeComment(acme.ours, effect());
    expect(await bodies()).toEqual([[remoteId, '✅ Done\n<!-- countersign comment:1 -->']]);
  });

  test('whose answer got lost is found and not written twice', async () => {
    acme.github.faults.requests({
      kind: 'error',
      count: 1,
      match: { operation: POST_COMMENT },
      afterDoing: true,
    });
    await expect(writeComment(acme.ours, effect())).rejects.toMatchObject({ status: 502 });
    const { remoteId } = await writeComment(acme.ours, effect());
    expect((await bodies()).map(([id]) => id)).toEqual([remoteId]);
  });

  test('is found among more than a page of others’', async () => {
    for (let each = 0; each < 101; each += 1) await say(`${each}`);
    const first = await writeComment(acme.ours, effect());
    await expect(writeComment(acme.ours, effect())).resolves.toEqual(first);
  });

  test('is written though a person wrote its key, or an App quotes it', async () => {
    await say('<!-- countersign comment:1 -->');
    await writeComment(acme.ours, effect('comment:2'));
    const { remoteId } = await writeComment(acme.ours, effect());
    expect((await bodies()).map(([id]) => id)).toContain(remoteId);
    expect(await bodies()).toHaveLength(3);
  });
});

describe('a reaction', () => {
  const reaction = (commentId: number, content: '+1' | '-1' = '+1'): Of<'reaction'> => ({
    kind: 'reaction',
    key: 'reaction:1',
    repository: acme.repository,
    number,
    commentId,
    content,
  });

  test('written twice is one', async () => {
    const commentId = await say('/countersign help');
    const first = await writeReaction(acme.ours, reaction(commentId));
    await expect(writeReaction(acme.ours, reaction(commentId))).resolves.toEqual(first);
    await writeReaction(acme.ours, reaction(commentId, '-1'));
    const { data } = await acme.ours.rest.reactions.listForIssueComment({ ...at, comment_id: commentId });
    expect(data.map(({ content, user }) => [content, user?.type])).toEqual([
      ['+1', 'Bot'],
      ['-1', 'Bot'],
    ]);
  });

  test('to a comment that is gone is done with', async () => {
    await expect(writeReaction(acme.ours, reaction(999_999))).resolves.toEqual({ remoteId: null });
  });

  test('that GitHub fails to take is told', async () => {
    const commentId = await say('/countersign help');
    acme.github.faults.requests({ kind: 'unavailable', count: 1, match: {} });
    await expect(writeReaction(acme.ours, reaction(commentId))).rejects.toMatchObject({ status: 503 });
  });
});
