import type { ChangeFacts } from '../domain/change-facts.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import type { LandingFacts } from '../domain/landing-facts.ts';
import type { GroupCommit } from '../domain/merge-group-facts.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import type { GitHubReader } from './github-reader.ts';
import { makeStepsAnew } from './make-steps-anew.ts';
import type { TreeReader } from './tree-reader.ts';

const NOT_COMPARED = unknown('it was not compared');

type Merged = Pick<ChangeFacts, 'pullRequest' | 'commits'>;

/**
 * What a merged pull request left on its base, with what merging (or replaying) its head there makes, computed anew. Null
 * where there is nothing to compare: it isn't merged, or its head itself is what landed.
 */
export async function makeLandingAnew(
  github: GitHubReader,
  repository: RepositoryRef,
  change: Merged,
  trees: TreeReader,
): Promise<Known<LandingFacts> | null> {
  const { merged, headSha, number } = change.pullRequest;
  if (merged === null || merged.commit.sha === headSha) return null;
  const landed = await landedBy(change, trees);
  if (!landed.known) return landed;
  const quick = await bySharedCommit(change, landed.value, trees);
  if (quick !== null) return known(quick);
  const { method, base, commits } = landed.value;
  const [step] = await makeStepsAnew(github, repository, {
    before: base,
    steps: [{ pullRequest: number, method, commits }],
    changes: [change],
    trees,
  });
  return known({ method, base, commits: step?.commits ?? [] });
}

/** Which commits the merge made, by the form of the last one; nothing is compared yet. */
async function landedBy(
  { pullRequest: { merged, headSha }, commits }: Merged,
  trees: TreeReader,
): Promise<Known<LandingFacts>> {
  if (merged === null) return unknown('it is not merged');
  const { sha, parents, signedByGitHub } = merged.commit;
  const last: GroupCommit = { sha, parents, signedByGitHub, tree: NOT_COMPARED, expected: NOT_COMPARED };
  const [base = '', second, ...more] = parents;
  if (second !== undefined) {
    if (second === headSha && more.length === 0) return known({ method: 'merge', base, commits: [last] });
    return unknown('what GitHub calls its merge is a merge of something else than its head');
  }
  if (base === '') return unknown('what GitHub calls its merge stands on nothing');
  if (commits.items.some((own) => own.sha === sha))
    return unknown('what GitHub calls its merge is one of its own commits, and not its head');
  if (signedByGitHub) return known({ method: 'squash', base, commits: [last] });
  if (!commits.complete) return unknown('its commits could not be read to the end');
  // As many copies as it has commits: only the last one is told by GitHub, and each names the one before it.
  const copies = [last];
  let before = base;
  for (let left = commits.items.length - 1; left > 0; left -= 1) {
    const found = await trees.parentsOf(before);
    if (!found.known) return found;
    const copy = { ...last, sha: before, parents: found.value };
    copies.unshift(copy);
    before = found.value[0] ?? '';
  }
  return known({ method: 'rebase', base: before, commits: copies });
}

/**
 * The usual case without asking GitHub: all that lies under the pull request's own commits is one commit, which it then has
 * in common with its base. Null where that isn't so, or doesn't give what landed: then GitHub is asked what they have in common.
 */
async function bySharedCommit(
  { commits, pullRequest }: Merged,
  { method, base, commits: landed }: LandingFacts,
  trees: TreeReader,
): Promise<LandingFacts | null> {
  const [last] = landed;
  if (method === 'rebase' || last === undefined || !commits.complete) return null;
  const own = new Set(commits.items.map(({ sha }) => sha));
  const under = new Set(commits.items.flatMap(({ parents }) => parents.filter((sha) => !own.has(sha))));
  const [shared] = under;
  if (shared === undefined || under.size > 1) return null;
  const tree = await trees.treeOf(last.sha);
  if (!tree.known) return { method, base, commits: [{ ...last, tree }] };
  const expected = await trees.mergedTree({ base: shared, ours: base, theirs: pullRequest.headSha });
  if (!expected.known || expected.value !== tree.value) return null;
  return { method, base, commits: [{ ...last, tree, expected }] };
}
