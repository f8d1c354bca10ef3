/**
 * The policy's form: what may stand in `.github/countersign.yml`, in one place. The parser, the types and the JSON
 * Schema for editors all come from here. A key that isn't here is refused, never ignored: a policy that asks for more
 * than we enforce must not approve anything.
 */
import { z } from 'zod';
import { afterProblems, baselineAfterProblems } from './after-problems.ts';
import { branchGlobProblem } from './branch-glob.ts';
import { emergencySchemas } from './emergency-schema.ts';
import { after, freeze, identity, NOTHING } from './timing-schema.ts';
import { pathGlobProblem } from './path-glob.ts';
import { ruleProblems, rulesSchemas } from './rules-schema.ts';

const MOST_REQUIRED = 20;

const branches = z
  .array(
    z.string().superRefine((glob, context) => {
      const problem = branchGlobProblem(glob);
      if (problem !== null) context.addIssue({ code: 'custom', message: problem });
    }),
  )
  .min(1)
  .max(100)
  .describe(
    'Branch names or patterns: * within one part of the name, ** for whole parts, ? for one character.',
  );

const pathGlob = z.string().superRefine((glob, context) => {
  const problem = pathGlobProblem(glob);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
});

const team = z
  .string()
  .max(255)
  .regex(
    /^[a-z0-9][a-z0-9._-]*$/,
    'is no team’s slug; write it as in the team’s address, lower case and without the organisation',
  )
  .describe("A team's slug in the repository's organisation.");

const login = z
  .string()
  .max(100)
  .regex(/^[a-z0-9][a-z0-9_-]*(?:\[bot\])?$/i, 'is no GitHub login; write it without @')
  .describe('A GitHub login.');

const teams = z.array(team).min(1).max(100);
const user = z.union([
  login,
  z.strictObject({
    login,
    id: z.int().min(1).describe('The account’s id, for somebody else can take a login that is given up.'),
  }),
]);
const users = z
  .array(user)
  .min(1)
  .max(100)
  .describe(
    'Logins, or logins with the ids of their accounts; each counts only with write permission on the repository.',
  );
const permission = z
  .enum(['write', 'maintain', 'admin'])
  .describe('Everyone with at least this permission on the repository.');

/** How a problem begins where nobody is named. */
export const NOBODY = 'names nobody; ';

const people = z
  .strictObject({ teams: teams.optional(), users: users.optional(), permission: permission.optional() })
  .refine(
    (from) => from.teams !== undefined || from.users !== undefined || from.permission !== undefined,
    `${NOBODY}give teams, users or permission`,
  )
  .describe('Whoever is in one of the teams, is one of the users, or has the permission.');

const approvers = z
  .strictObject({
    ...people.shape,
    codeowners: z
      .literal(true)
      .optional()
      .describe(
        'Each changed file that has owners in the base branch’s CODEOWNERS needs the approval of one of them; of a rule with when.paths: each file that those mean.',
      ),
  })
  .refine(
    (from) => Object.values(from).some((each) => each !== undefined),
    `${NOBODY}give teams, users, permission or codeowners`,
  )
  .describe(
    'Whoever is in one of the teams, is one of the users, or has the permission; and the code owners.',
  );

const reviewers = z
  .strictObject({ teams: teams.optional(), users: users.optional() })
  .refine((from) => from.teams !== undefined || from.users !== undefined, `${NOBODY}give teams or users`);

const required = z.int().min(1).max(MOST_REQUIRED).describe('How many different people have to approve.');

/** Nobody else can be asked where only users are named, so fewer of them than are required can never be enough. */
function enough(
  approvals: { required: number; from: z.output<typeof approvers> | 'environment' },
  context: z.RefinementCtx,
): void {
  const { required, from } = approvals;
  if (from === 'environment' || from.users === undefined) return;
  if (from.teams !== undefined || from.permission !== undefined || from.codeowners === true) return;
  const named = new Set(
    from.users.map((each) => (typeof each === 'string' ? each : each.login).toLowerCase()),
  ).size;
  if (named >= required) return;
  const message = `asks for ${required} approvals, but only ${named === 1 ? 'one person' : `${named} people`} could give them`;
  context.addIssue({ code: 'custom', path: ['required'], message });
}

const checkName = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\p{C}]+$/u, 'has an invisible character in it');

/** Ours wait for this very decision, so it would wait for ever; to leave it out would keep less than was asked. */
const otherCheck = checkName.refine(
  (name) => !name.startsWith('countersign/'),
  'is one of Countersign’s own, which waits for this decision; remove it, and ask for it on GitHub with protection: { checks: required }',
);

const check = z.union([
  otherCheck,
  z.strictObject({
    name: otherCheck,
    app: z.int().min(1).describe('Id of the GitHub App that has to report it.'),
  }),
]);

const protection = z
  .strictObject({
    pull_request: z
      .literal('required')
      .optional()
      .describe('Nothing reaches the branch without a pull request.'),
    stale_approvals: z
      .literal('dismissed')
      .optional()
      .describe('A push to the pull request dismisses its approvals.'),
    last_push: z
      .literal('approved')
      .optional()
      .describe('Whoever pushed last can’t be the only one who approved.'),
    code_owners: z
      .literal('required')
      .optional()
      .describe('GitHub asks for the approval of the code owners of what was changed.'),
    conversations: z
      .literal('resolved')
      .optional()
      .describe('Every conversation on the code has to be resolved.'),
    linear_history: z.literal('required').optional().describe('No merge commits.'),
    signed_commits: z.literal('required').optional().describe('Every commit has a verified signature.'),
    up_to_date: z
      .literal('required')
      .optional()
      .describe('The required checks have to be of a head that has the newest base in it.'),
    merge_queue: z
      .literal('required')
      .optional()
      .describe(
        'Merges go through a merge queue (a ruleset’s: of classic protection GitHub doesn’t tell it).',
      ),
    force_push: z.literal('blocked').optional().describe('The branch can’t be force-pushed.'),
    deletion: z.literal('blocked').optional().describe('The branch can’t be deleted.'),
    admins: z
      .literal('included')
      .optional()
      .describe('Nobody can bypass any of this, administrators included.'),
    checks: z
      .literal('required')
      .optional()
      .describe('GitHub requires countersign/change and every check of changes.checks.'),
  })
  .describe('What GitHub itself has to enforce on these branches, by branch protection or rulesets.');

const bot = z.strictObject({
  login: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*\[bot\]$/i, 'is no bot’s login; write it with [bot] at its end')
    .refine(
      (name) => name.toLowerCase() !== 'github-actions[bot]',
      'is GitHub Actions, behind which is everyone who can write a workflow; name the bot of an App',
    )
    .describe('The login of an App’s bot, as in dependabot[bot].'),
  id: z
    .int()
    .min(1)
    .optional()
    .describe('The account’s id, for another App can take a login that is given up.'),
  paths: z
    .array(pathGlob)
    .min(1)
    .max(100)
    .describe('All that it may change: * within one name, ** for whole parts, ? for one character.'),
});

const bots = z
  .array(bot)
  .max(100)
  .superRefine((entries, context) => {
    const logins = entries.map(({ login }) => login.toLowerCase());
    for (const [index, name] of logins.entries()) {
      if (logins.indexOf(name) === index) continue;
      context.addIssue({ code: 'custom', path: [index, 'login'], message: 'is here twice; join the paths' });
    }
  })
  .describe('The only bots that may open pull requests, and what they may change. Without this key any may.');

const checks = z.array(check).max(100);
const rules = rulesSchemas({
  approvals: z.strictObject({ required, from: approvers }).superRefine(enough),
  checks,
  branches,
  teams,
  users,
});

const changes = z
  .strictObject({
    branches: branches.describe('The guarded branches.'),
    approvals: z.strictObject({ required, from: approvers }).superRefine(enough),
    rules: rules.rules.optional(),
    require: rules.require.optional(),
    block: rules.block.optional(),
    checks: checks.optional().describe('Checks that have to succeed on the head commit.'),
    protection: protection.optional(),
    bots: bots.optional(),
  })
  .superRefine(ruleProblems)
  .describe('What a change to a guarded branch needs.');

const { emergency, baselineEmergency } = emergencySchemas(people);

const environment = z.strictObject({
  branches: branches.describe('Only commits on these branches may be deployed here.'),
  baseline: z
    .string()
    .regex(/^[0-9a-f]{40}$/, 'is no full commit id: 40 hexadecimal digits, lower case')
    .optional()
    .describe(
      'This commit and all before it are accepted as they are; what comes after needs its pull request.',
    ),
  deploy: z.strictObject({
    on: z
      .enum(['merge', 'request'])
      .describe('merge: every merge asks for a deployment. request: somebody has to ask.'),
    by: people.describe('Who may ask for a deployment; with on: merge, whose merge does.'),
  }),
  approvals: z
    .strictObject({
      required,
      from: z
        .union([z.literal('environment'), reviewers])
        .describe('environment: the reviewers that the GitHub environment names.'),
    })
    .superRefine(enough)
    .optional()
    .describe('Approvals of each deployment, by people who made nothing of it and did not ask for it.'),
  after: after.optional(),
  freeze: freeze.optional(),
  lock: z
    .strictObject({ by: people.describe('Who may lock the environment, and unlock it.') })
    .optional()
    .describe('Somebody may lock the environment, so that nothing or only one change is deployed there.'),
  rollback: z
    .strictObject({ by: people.describe('Who may go back to what was approved and ran here before.') })
    .optional()
    .describe('Somebody may go back, without approvals, order, soak and freezes.'),
  identity: identity.optional(),
  emergency: emergency.optional(),
});

const environmentName = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\p{C}]+$/u, 'has an invisible character in it');

/** The whole policy, version 1. */
export const policySchemaV1 = z.strictObject({
  version: z.literal(1),
  mode: z
    .enum(['enforce', 'observe'])
    .default('enforce')
    .describe('observe: decide, record and show, but block nothing.'),
  changes,
  environments: z
    .record(environmentName, environment)
    .superRefine((environments, context) => {
      for (const { path, message } of afterProblems(environments))
        context.addIssue({ code: 'custom', path: [...path], message });
    })
    .default({})
    .describe('By the names of the GitHub environments.'),
});

/**
 * An organisation's baseline, version 1: the same asks, each optional, on every repository of the organisation. It holds beside
 * a repository's own policy and never instead of it, so it can only tighten.
 */
export const baselineSchemaV1 = z.strictObject({
  version: z.literal(1),
  changes: changes.optional(),
  environments: z
    .record(
      environmentName,
      environment
        .omit({ baseline: true })
        .extend({
          deploy: z.strictObject({ by: environment.shape.deploy.shape.by }),
          emergency: baselineEmergency,
        })
        .partial()
        .refine((asked) => Object.keys(asked).length > 0, `${NOTHING}remove it`),
    )
    .superRefine((environments, context) => {
      for (const { path, message } of baselineAfterProblems(environments))
        context.addIssue({ code: 'custom', path: [...path], message });
    })
    .default({})
    .describe(
      'By the names of the GitHub environments; of a repository that has none of that name, nothing is asked.',
    ),
});

export type Baseline = z.output<typeof baselineSchemaV1>;

/** A repository's policy, with the baseline of its organisation where there is one. */
export type Policy = z.output<typeof policySchemaV1> & {
  readonly baseline?: Baseline;
  /** It is what the baseline asks for: of what that says nothing of, it asks nothing. See `policy/organisation-policy.ts`. */
  readonly fromOrganisation?: true;
};
export type User = z.output<typeof user>;
export type People = z.output<typeof people>;
export type Approvers = z.output<typeof approvers>;
export type BotPolicy = z.output<typeof bot>;
export type ChangesPolicy = Policy['changes'];
export type Rule = NonNullable<ChangesPolicy['rules']>[number];
export type When = NonNullable<Rule['when']>;
export type EnvironmentPolicy = z.output<typeof environment>;
export type EmergencyPolicy = z.output<typeof emergency>;
export type ProtectionPolicy = z.output<typeof protection>;

/** Both files as JSON Schema, so that editors complete and check them; the names are those that they are published by. */
export function policySchemas(): Readonly<Record<string, Record<string, unknown>>> {
  const schema = (title: string, of: z.ZodType) => ({ title, ...z.toJSONSchema(of, { io: 'input' }) });
  return {
    'countersign.schema.json': schema('Countersign policy (.github/countersign.yml)', policySchemaV1),
    'countersign-baseline.schema.json': schema(
      'Countersign baseline of an organisation (countersign.yml in its .github repository)',
      baselineSchemaV1,
    ),
  };
}
