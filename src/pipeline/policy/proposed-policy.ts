import type { ChangeFacts } from '../../domain/change-facts.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { ProposedPolicy } from '../../effects/explained-decision.ts';
import { simulate } from '../../evidence/simulate.ts';
import { POLICY_PATH } from '../../facts/wire-policy.ts';
import { readPolicyAt } from '../../facts/read-policy-at.ts';
import { readingOf } from '../../policy/reading-of.ts';
import type { Pipeline } from '../pipeline.ts';
import type { PolicyInForce } from './policy-in-force.ts';

/** How far back it is looked, in days. */
const DAYS = 90;
const DAY_MILLISECONDS = 86_400_000;

/**
 * What the policy that a pull request brings would have decided otherwise, so that its reviewers see what they approve. Null
 * where it brings none. It is only shown: whatever goes wrong with it is said, and changes no decision.
 */
export async function proposedPolicy(
  pipeline: Pick<Pipeline, 'db' | 'github' | 'now'>,
  { repository, pullRequest, files }: ChangeFacts,
  { tip }: PolicyInForce,
): Promise<ProposedPolicy | null> {
  const brings = files.items.some(
    ({ path, previousPath }) => path === POLICY_PATH || previousPath === POLICY_PATH,
  );
  const intoTrunk = tip.source.ref === `refs/heads/${pullRequest.baseRef}`;
  if (!brings || !intoTrunk || pullRequest.state !== 'open') return null;
  const common = { days: DAYS, problems: [], decisions: 0, otherwise: [], unknown: 0 };
  try {
    const github = await pipeline.github(repository.installationId);
    const source = await readPolicyAt(github, repository, pullRequest.headSha);
    const { baseline } = tip.source;
    const reading = readingOf(baseline === undefined ? source : { ...source, baseline });
    if (reading.kind === 'absent') return { ...common, problems: ['It takes the policy away.'] };
    if (reading.kind === 'invalid') return { ...common, problems: reading.problems };
    if (reading.kind === 'unreadable') return { ...common, problems: [reading.why] };
    const since = new Date(Date.parse(pipeline.now()) - DAYS * DAY_MILLISECONDS).toISOString();
    const found = await simulate(pipeline.db, reading.policy, { repositoryId: repository.id, since });
    return {
      ...common,
      decisions: found.decisions,
      unknown: found.unknown,
      otherwise: found.otherwise.map(({ entry: { content }, was, wouldBe, gates }) => ({
        at: content.occurred,
        pullRequest: content.pullRequest ?? null,
        environment: content.environment ?? null,
        commit: content.commit ?? null,
        was,
        wouldBe,
        gates,
      })),
    };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { ...common, problems: [`What it would have decided could not be found out: ${error.message}`] };
  }
}
