import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { Reason } from '../../domain/reason.ts';
import { namesOf } from '../eligibility.ts';
import { reason } from '../reasons.ts';
import type { Requirement } from '../rules-schema.ts';
import type { ChangesPolicy, Policy, Rule } from '../schema.ts';
import { patternOf } from '../path-glob.ts';
import { checkProblems, requiredCheck } from './checks.ts';
import { judgeOwners } from './code-owners.ts';
import { approvalJudge, type JudgedApproval } from './judge-approvals.ts';
import { type Applies, applies } from './when.ts';

/** What one rule says of a change. */
export interface JudgedRule {
  readonly rule: Rule;
  readonly applies: Applies;
  /** Each person's approval, and whether it counts for this rule. Empty where the rule asks for none. */
  readonly approvals: readonly JudgedApproval[];
  /** What it asks for and doesn't have, whether or not it holds for this change. */
  readonly missing: readonly Reason[];
}

export interface RulesAsked {
  /** Of a merged change, checks can't be read any more as they were then. */
  readonly checks: boolean;
}

/** Every rule of the policy, by itself. One approval may count for several; a person counts once for each. */
export function judgeRules(policy: Policy, facts: ChangeFacts, asked: RulesAsked): readonly JudgedRule[] {
  const { rules = [] } = policy.changes;
  if (rules.length === 0) return [];
  const judge = approvalJudge(facts);
  return rules.map((rule): JudgedRule => {
    const holds = applies(rule.when, policy, facts);
    const approvals = rule.approvals === undefined ? [] : judge(rule.approvals.from, concernsOf(rule));
    return { rule, applies: holds, approvals, missing: missingOf(rule, holds, approvals, facts, asked) };
  });
}

/** Which files a rule asks the code owners of: those that its paths mean, or all. */
export function concernsOf({ when }: Rule): ((path: string) => boolean) | undefined {
  const { paths } = when ?? {};
  return paths === undefined ? undefined : (path) => patternOf(paths, path) !== undefined;
}

/** Those who approved and count for this rule. */
export const approversOf = ({ approvals }: JudgedRule): readonly string[] =>
  approvals.flatMap(({ actor, disqualified }) =>
    actor !== null && disqualified === null ? [actor.login] : [],
  );

function missingOf(
  rule: Rule,
  holds: Applies,
  approvals: readonly JudgedApproval[],
  facts: ChangeFacts,
  { checks: withChecks }: RulesAsked,
): readonly Reason[] {
  const { name, approvals: asked, checks = [] } = rule;
  const head = facts.pullRequest.headSha;
  const because = holds.is === 'no' ? {} : holds.because;
  // An owner's may count for their files alone.
  const given = approvals.filter((each) => each.disqualified === null && each.isRequired).length;
  return [
    ...(asked === undefined || given >= asked.required
      ? []
      : [
          reason('rule_approvals_missing', {
            rule: name,
            required: asked.required,
            given,
            head,
            asked: namesOf(asked.from),
            ...because,
          }),
        ]),
    ...[
      ...(asked?.from.codeowners === true
        ? judgeOwners(asked.from, approvals, facts, concernsOf(rule)).against
        : []),
      ...(withChecks ? checkProblems(checks.map(requiredCheck), facts) : []),
    ].map(({ code, about }) => ({ code, about: { ...about, rule: name } })),
  ];
}

/** How the rules stand together. */
export interface JoinedRules {
  /** By name: the rules in the way, each with those that would do in its place. */
  readonly inTheWay: ReadonlyMap<string, readonly string[]>;
}

/**
 * Joins the rules as the policy says, or all of them where it doesn't. A rule that doesn't hold for a change asks for nothing;
 * and the rules of one `any` all hold for the same changes, so that none of them passes because another one isn't asked.
 */
export function joinRules(
  { require: tree, rules = [] }: ChangesPolicy,
  judged: readonly JudgedRule[],
): JoinedRules {
  const byName = new Map(judged.map((each) => [each.rule.name, each]));
  const inTheWay = new Map<string, readonly string[]>();
  const stands = (node: Requirement): boolean => {
    if (typeof node === 'string') {
      const each = byName.get(node);
      // Only a policy that was refused names a rule that isn't there.
      return each !== undefined && (each.applies.is === 'no' || each.missing.length === 0);
    }
    return 'all' in node ? node.all.every(stands) : node.any.some(stands);
  };
  const blame = (node: Requirement, instead: readonly string[]): void => {
    if (stands(node)) return;
    if (typeof node === 'string')
      inTheWay.set(node, [...new Set([...(inTheWay.get(node) ?? []), ...instead])]);
    else if ('all' in node) for (const each of node.all) blame(each, instead);
    else {
      for (const each of node.any) {
        const others = node.any.filter((other) => other !== each).map(nameOf);
        blame(each, [...instead, ...others]);
      }
    }
  };
  const root = tree ?? { all: rules.map(({ name }) => name) };
  blame(root, []);
  return { inTheWay };
}

/** `payments`, `payments and legal`, `payments or legal` */
function nameOf(node: Requirement): string {
  if (typeof node === 'string') return node;
  return 'all' in node ? node.all.map(nameOf).join(' and ') : node.any.map(nameOf).join(' or ');
}
