import { CodedError } from '../../domain/coded-error.ts';
import { fullName } from '../../domain/repository.ts';
import { planUnreviewed } from '../../effects/plan-merge.ts';
import { gatherRange } from '../../facts/gather-range.ts';
import { explain } from '../../policy/explain.ts';
import { policiesGuarding } from '../../policy/organisation-policy.ts';
import { pathsAsked } from '../../policy/paths-asked.ts';
import { rolesAsked } from '../../policy/roles-asked.ts';
import { type CommitTrace, traceCommits } from '../../policy/trace-commits.ts';
import { jsonDocument, policyDocument } from '../documents.ts';
import { PushJob } from '../jobs.ts';
import { notePolicy } from '../policy/note-policy.ts';
import type { Pipeline } from '../pipeline.ts';
import { policyBeforePush } from './policy-before-push.ts';
import { policyInForce } from '../policy/policy-in-force.ts';
import { pushesTo } from './pushes-to.ts';
import { recordOnce } from '../record-once.ts';
import { NO_COMMIT, recordRewrite } from './record-rewrite.ts';

/**
 * Looks at what a push brought to a guarded branch, and what it took away. Each commit that came from no approved pull request gets its
 * `change.unreviewed` and a failed check run, and holds every deployment whose range has it.
 */
export async function judgePush(pipeline: Pipeline, data: unknown): Promise<void> {
  const push = PushJob.parse(data);
  const { repository, branch, before, after, forced, pusher, delivery, looks } = push;
  const github = await pipeline.github(repository.installationId);
  const policy = await policyInForce(pipeline, github, repository);
  const { trunk } = policy;
  const again = async (): Promise<boolean> => {
    if (looks >= pipeline.patience.attempts) return false;
    await pipeline.queue.send(
      pipeline.db,
      'push',
      { repository, branch, before, after, forced, pusher, delivery, looks: looks + 1 },
      { key: `${repository.id}:${branch}:${after}`, startAfterSeconds: pipeline.patience.seconds },
    );
    return true;
  };
  if (policy.standing === 'unreviewed' && branch === trunk && (await again())) return;
  await notePolicy(pipeline, repository, policy, { delivery, sure: true });
  const version = await policyBeforePush(pipeline, github, repository, { branch, trunk, before, delivery });
  const guarding = version === null ? [] : policiesGuarding(version.policy, branch);
  if (version === null || guarding.length === 0) return;
  await recordRewrite(pipeline, github, push);
  // A branch that is gone has no commits to look at.
  if (after === NO_COMMIT) return;

  const { range, changes } = await gatherRange(github, {
    repository,
    // A branch that is new has no "before": what it has beyond the default branch is what came with it.
    base: before === NO_COMMIT ? null : before,
    head: after,
    pushesOf: (number: number) => pushesTo(pipeline.db, repository, number),
    roles: rolesAsked(version.policy, 'change'),
    paths: pathsAsked(version.policy),
    trees: pipeline.trees(repository),
    now: pipeline.now(),
  });
  const traced = { commits: range.commits.items, changes, branches: [branch], landings: false };
  const unreviewed = unreviewedBy(guarding.map((each) => traceCommits(each, traced)));
  // What can't be compared, or not to its end, may hide a commit: that isn't "nothing came past review".
  const seen = range.status !== 'unknown' && range.commits.complete;
  if ((unreviewed.length > 0 || !seen) && (await again())) return;

  for (const { sha, reasons } of unreviewed) {
    await recordOnce(pipeline, {
      subject: `unreviewed:${repository.id}:${sha}`,
      basis: sha,
      verdict: 'unreviewed',
      entry: () => ({
        kind: 'change.unreviewed',
        occurredAt: pipeline.now(),
        who: pusher === null ? [] : [{ role: 'pusher', actor: pusher }],
        repository: { id: repository.id, fullName: fullName(repository) },
        commit: sha,
        pullRequest: null,
        environment: null,
        hosts: [],
        outcome: forced ? 'force_pushed' : 'pushed',
        reasons: [...new Set(reasons.map(({ code }) => code))],
        delivery,
        answers: null,
        documents: [
          jsonDocument('push', { branch, before, after, forced }),
          jsonDocument('facts', { range, changes }),
          policyDocument(version.source),
        ],
      }),
      effects: (entryId) =>
        planUnreviewed({
          commit: { sha, branch, pusher, forced, why: reasons.map(explain) },
          entryId,
          repository,
          webUrl: pipeline.webUrl,
        }),
      also: async (tx, entryId) => {
        await tx
          .insertInto('countersign.unreviewed_commit')
          .values({ repository_id: repository.id, sha, branch, entry_id: entryId })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      },
    });
  }
  if (!seen) throw unseen(fullName(repository), { branch, before, after });
}

/** Each commit that one policy or the other objects to, with what both say, each thing once. */
function unreviewedBy(
  sides: readonly (readonly CommitTrace[])[],
): readonly Pick<CommitTrace, 'sha' | 'reasons'>[] {
  const [first = [], ...others] = sides;
  return first.flatMap(({ sha, reasons }, index) => {
    const all = [reasons, ...others.map((side) => side[index]?.reasons ?? [])].flat();
    const said = new Map(all.map((each) => [JSON.stringify(each), each]));
    return said.size === 0 ? [] : [{ sha, reasons: [...said.values()] }];
  });
}

/** The job is done again, for hours; then it is given up, which is said at error, and waits for somebody to redrive it. */
function unseen(
  name: string,
  { branch, before, after }: { readonly branch: string; readonly before: string; readonly after: string },
): CodedError<'push_unreadable'> {
  return new CodedError(
    'push_unreadable',
    `GitHub doesn't show every commit of the push to ${branch} of ${name} (${before}...${after}), so nobody can tell what came past review: look at its history by hand, and run \`countersign redrive\` once GitHub can compare the two.`,
  );
}
