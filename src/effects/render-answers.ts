import type { DeploymentRequest, DeploymentReview } from '../domain/deployment-facts.ts';
import type { ExplainedApproval } from './explained-decision.ts';
import { block, type Section } from './fit-sections.ts';
import { code, escape, sentence } from './markdown.ts';
import { header, moment, person, row, short } from './phrases.ts';

/** Each person's yes or no to this deployment, and whether a yes counts. */
export function answersSection(
  reviews: readonly DeploymentReview[],
  approvals: readonly ExplainedApproval[],
  { sha }: DeploymentRequest,
): Section {
  if (reviews.length === 0) return block(70, '');
  const spoken = reviews.some(({ comment }) => comment !== '');
  return {
    ...block(
      70,
      `### Answers to this deployment\n\n${header('', 'Who', 'By', 'When', 'Counts', ...(spoken ? ['Comment'] : []))}`,
    ),
    items: reviews.map(({ via, reviewer, state, sha: answered, at, comment }) => {
      const judged =
        state === 'approved' ? approvals.find(({ login }) => login === (reviewer?.login ?? null)) : undefined;
      return row(
        `${state === 'approved' ? '👍\u00a0approve' : '👎\u00a0reject'}${answered === sha ? '' : `, of ${code(short(answered))}`}`,
        `**${person(reviewer)}**`,
        via === 'environment' ? 'the environment’s review' : 'a\u00a0button',
        at === null ? '' : moment(at),
        judged === undefined ? '' : judged.counted ? '✅' : `🚫 ${sentence(judged.why, 300)}`,
        ...(spoken ? [escape(comment, 300)] : []),
      );
    }),
    floor: 20,
    more: (left) => `\n…and ${left} more.`,
  };
}
