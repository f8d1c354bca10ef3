/**
 * The form of what some changes need besides what all of them do: rules with conditions, how they are joined, and what blocks. Its
 * parts that the rest of the policy has too are given by `schema.ts`.
 */
import { z } from 'zod';
import { pathGlobProblem } from './path-glob.ts';
import { NOTHING } from './timing-schema.ts';

const visible = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\p{C}]+$/u, 'has an invisible character in it');

const path = z.string().superRefine((glob, context) => {
  const problem = pathGlobProblem(glob);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
});

const labels = z
  .array(visible)
  .min(1)
  .max(100)
  .describe('Names of labels; capital and small letters are the same, as on GitHub.');

const over = z.int().min(0).max(1_000_000);

/** What a rule, and what it is joined by, may hold. */
export function rulesSchemas<
  Approvals extends z.ZodType,
  Checks extends z.ZodType,
  Branches extends z.ZodType,
  Teams extends z.ZodType,
  Users extends z.ZodType,
>(parts: {
  readonly approvals: Approvals;
  readonly checks: Checks;
  readonly branches: Branches;
  readonly teams: Teams;
  readonly users: Users;
}) {
  const someone = { teams: parts.teams.optional(), users: parts.users.optional() };
  const when = z
    .strictObject({
      paths: z
        .array(path)
        .min(1)
        .max(200)
        .optional()
        .describe(
          'A file that one of these patterns means is changed, or was renamed away: * within one part, ** whole parts, ? one character.',
        ),
      labels: labels.optional().describe('The pull request has one of these labels.'),
      title: z
        .array(visible)
        .min(1)
        .max(50)
        .optional()
        .describe('The whole title is as one of these patterns: * any run of characters, ? one character.'),
      branches: parts.branches.optional().describe('The base is one of these branches.'),
      authors: z
        .strictObject({
          ...someone,
          bots: z.literal(true).optional().describe('Any bot.'),
        })
        .refine(
          (authors) => Object.values(authors).some((each) => each !== undefined),
          'names nobody; give teams, users or bots',
        )
        .optional()
        .describe(
          'One of those who made any part of it is in one of the teams, is one of the users, or is a bot.',
        ),
      size: z
        .strictObject({ lines_over: over.optional(), files_over: over.optional() })
        .refine(
          (size) => Object.values(size).some((each) => each !== undefined),
          `${NOTHING}give lines_over or files_over`,
        )
        .optional()
        .describe('More lines (added and deleted together) or more files are changed than this.'),
    })
    .refine(
      (conditions) => Object.values(conditions).some((each) => each !== undefined),
      `${NOTHING}leave when out, and the rule holds for every change`,
    )
    .describe('For which changes the rule holds: all of these have to be so. Left out: for every change.');

  const rule = z
    .strictObject({
      name: visible.describe('How it is called, in check runs and in require.'),
      when: when.optional(),
      approvals: parts.approvals.optional(),
      checks: parts.checks.optional(),
    })
    .refine(
      ({ approvals, checks }) => approvals !== undefined || (Array.isArray(checks) && checks.length > 0),
      `${NOTHING}give approvals or checks`,
    );

  return {
    rules: z
      .array(rule)
      .min(1)
      .max(50)
      .superRefine(uniqueNames)
      .describe(
        'What some changes need besides: each rule that holds for a change asks in addition to approvals and checks.',
      ),
    require: root.describe('How the rules are joined. Left out: all of them.'),
    block: z
      .strictObject({
        labels: labels.optional().describe('With one of these labels nothing is approved.'),
        by: z
          .strictObject(someone)
          .refine(
            ({ teams, users }) => teams !== undefined || users !== undefined,
            'names nobody; give teams or users',
          )
          .optional()
          .describe(
            'Who may veto: their request for changes stands until they approve, or one of them who made nothing of the change dismisses it.',
          ),
      })
      .refine(({ labels: some, by }) => some !== undefined || by !== undefined, `${NOTHING}give labels or by`)
      .describe('What blocks a change whatever else is given.'),
  };
}

/** A rule's name, or rules joined by all or any. */
export type Requirement =
  string | { readonly all: readonly Requirement[] } | { readonly any: readonly Requirement[] };

const name = visible.describe('The name of a rule.');
const joined = <Member extends z.ZodType>(member: Member) => {
  const members = z.array(member).min(1).max(50);
  return z.union([z.strictObject({ all: members }), z.strictObject({ any: members })]);
};
/** Three deep: what needs more is a policy that nobody can read. */
const innermost = joined(name);
const middle = joined(z.union([name, innermost]));
const root = joined(z.union([name, middle]));

function uniqueNames(rules: readonly { readonly name: string }[], context: z.RefinementCtx): void {
  const first = new Map<string, number>();
  for (const [index, { name: each }] of rules.entries()) {
    const before = first.get(each);
    if (before === undefined) first.set(each, index);
    else
      context.addIssue({
        code: 'custom',
        path: [index, 'name'],
        message: `is the name of changes.rules[${before}] too; give each rule its own`,
      });
  }
}

interface Joined {
  readonly rules?: readonly { readonly name: string; readonly when?: unknown }[] | undefined;
  readonly require?: Requirement | undefined;
}

/**
 * Every rule that `require` names exists, each is named (one that isn't would ask for nothing), and those of one `any` hold for
 * the same changes: else a change could be made to fall under a rule that asks for less, and so get past the one that asks
 * for more.
 */
export function ruleProblems({ rules = [], require: tree }: Joined, context: z.RefinementCtx): void {
  if (tree === undefined) return;
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  const used = new Set<string>();
  const problem = (at: readonly (string | number)[], message: string) => {
    context.addIssue({ code: 'custom', path: ['require', ...at], message });
  };
  const visit = (node: Requirement, at: readonly (string | number)[]): void => {
    if (typeof node === 'string') {
      used.add(node);
      if (!byName.has(node)) {
        const known = [...byName.keys()].join(', ');
        problem(
          at,
          `is no rule; ${known === '' ? 'there are none in changes.rules' : `changes.rules has ${known}`}`,
        );
      }
      return;
    }
    const [how, members] = 'all' in node ? (['all', node.all] as const) : (['any', node.any] as const);
    for (const [index, member] of members.entries()) visit(member, [...at, how, index]);
    if (how !== 'any') return;
    const [first, ...others] = namesIn(node).flatMap((each) => byName.get(each) ?? []);
    const other = others.find(({ when }) => JSON.stringify(when) !== JSON.stringify(first?.when));
    if (first !== undefined && other !== undefined) {
      problem(
        [...at, how],
        `joins ${first.name} and ${other.name}, which hold for different changes; give the rules of one any the same when`,
      );
    }
  };
  visit(tree, []);
  for (const [index, { name: each }] of rules.entries()) {
    if (used.has(each)) continue;
    context.addIssue({
      code: 'custom',
      path: ['rules', index, 'name'],
      message:
        'is not in changes.require, so the rule would ask for nothing; add it there, or remove the rule',
    });
  }
}

/** The names that a requirement has in it, each once. */
export function namesIn(node: Requirement): readonly string[] {
  if (typeof node === 'string') return [node];
  return [...new Set(('all' in node ? node.all : node.any).flatMap(namesIn))];
}
