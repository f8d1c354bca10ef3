/** The check runs that are kept as golden Markdown, from the best case to the worst. */
import { known } from '../../../src/domain/known.ts';
import { appendProof, type EntryProof } from '../../../src/effects/append-proof.ts';
import type { CheckRunContent, Effect } from '../../../src/domain/effect.ts';
import type { ExplainedDecision } from '../../../src/effects/explained-decision.ts';
import { planChange } from '../../../src/effects/plan-change.ts';
import { type DeploymentPlanInput, planDeployment } from '../../../src/effects/plan-deployment.ts';
import { planAltered } from '../../../src/effects/plan-altered.ts';
import { planUnreviewed } from '../../../src/effects/plan-merge.ts';
import { planOutcome } from '../../../src/effects/plan-outcome.ts';
import { freezeGate } from '../../../src/policy/deployment/freeze.ts';
import { explain } from '../../../src/policy/explain.ts';
import { lookAgainOf } from '../../../src/policy/look-again.ts';
import { whoCanMend } from '../../../src/policy/who-can-mend.ts';
import { evaluateDeployment } from '../../../src/policy/evaluate-deployment.ts';
import { explainDecision } from '../../../src/pipeline/explain-decision.ts';
import { policyOf } from '../../support/make-facts.ts';
import { urgent, withEmergency } from '../policy/emergency-cases.ts';
import { ownedDecision, ownedExplained, ownedFacts } from './example-code-owners.ts';
import { mergeGroups } from './example-merge-groups.ts';
import * as example from './example-facts.ts';

const { alice, bob, carol, dave, decision, entryId, explained, reason, repository, review, sha, webUrl } =
  example;

export const proof: EntryProof = {
  entryId,
  index: 389,
  origin: 'audit.example.com/ledger/1',
  proof: [
    'c2sp.org/tlog-proof@v1',
    'index 389',
    ...Array.from({ length: 9 }, (_, index) => `${String.fromCharCode(65 + index).repeat(43)}=`),
    '',
    'audit.example.com/ledger/1',
    '1000',
    'FCczqV7A9S8R7Bs1NwFf8srdbgowjAK6L8pP/j3RaWU=',
    '',
    '— audit.example.com/ledger/1 QQpYMmecETq99FheXJCkYpqHc4GrLjTQ+mPH9mX5AgniDutbijjxIZLkrp2fVv4kWYRu4ShZ+L/ndhj6tB7qE6MB9gk=',
    '',
  ].join('\n'),
};

/** The check run among some effects, with its proof where it is finished: just as it is written to GitHub. */
export function checkRunOf(effects: readonly Effect[]): CheckRunContent {
  const [shown] = effects.flatMap((effect) => (effect.kind === 'check_run' ? [effect.checkRun] : []));
  if (shown === undefined) throw new Error('no check run was planned');
  return shown.status === 'completed' ? appendProof(shown, proof) : shown;
}

const notAsked: ExplainedDecision['gates'] = [
  { gate: 'codeowners', outcome: 'not_applicable', sentences: [] },
];

const change = (input: Partial<Parameters<typeof planChange>[0]>) =>
  checkRunOf(
    planChange({
      decision: decision('approved', []),
      explained: explained(),
      facts: example.changeFacts(),
      entryId,
      repository,
      number: 12,
      headSha: sha('1a2b3c4'),
      webUrl,
      ...input,
    }),
  );

export const deploymentInput = (input: Partial<DeploymentPlanInput> = {}): DeploymentPlanInput => ({
  decision: decision('approved', [], { subject: 'deployment' }),
  explained: explained(),
  facts: example.deploymentFacts(),
  request: example.request(),
  entryId,
  requestEntryId: example.requestEntryId,
  repository,
  webUrl,
  reports: { sent: 0, last: null },
  hasTarget: true,
  ...input,
});

/** Of a deployment that was approved, for the stages after that. */
export function stageInput() {
  const { reports: _, requestEntryId: __, hasTarget: ___, ...input } = deploymentInput();
  return input;
}

const rangeTraced = {
  gate: 'range',
  outcome: 'passed',
  sentences: ['All 2 commits since `9f8e7d6` came in through an approved pull request.'],
} as const;
const requester = {
  gate: 'requester',
  outcome: 'passed',
  sentences: ['alice is in the team `leads`.'],
} as const;
const branch = { gate: 'branch', outcome: 'passed', sentences: ['`b4c5d6e` is on `main`.'] } as const;
const deploymentApproved = {
  gate: 'approvals',
  outcome: 'passed',
  sentences: ['carol approved this deployment as a reviewer of the environment.'],
} as const;

const carolApproved = {
  login: 'carol',
  commit: sha('1a2b3c4'),
  at: '2026-11-20T10:30:00Z',
  counted: true,
  why: 'in the team maintainers',
};
const bobInVain = {
  login: 'bob',
  commit: sha('1a2b3c4'),
  at: '2026-11-20T10:10:00Z',
  counted: false,
  why: 'disqualified: commit 1a2b3c4 names bob as its co-author',
};

export const checkRuns: Readonly<Record<string, () => CheckRunContent>> = {
  'change-of-policy': () =>
    change({
      explained: explained({
        gates: [
          {
            gate: 'approvals',
            outcome: 'passed',
            sentences: ['carol approved `1a2b3c4`.'],
          },
          {
            gate: 'approvals',
            outcome: 'passed',
            sentences: ['carol and dave approved `1a2b3c4`.'],
            byOrganisation: true,
          },
        ],
        approvals: [carolApproved],
      }),
      proposed: {
        days: 90,
        problems: [],
        decisions: 41,
        unknown: 3,
        otherwise: [
          {
            at: '2026-11-20T10:00:00.000Z',
            pullRequest: null,
            environment: 'production',
            commit: sha('b4c5d6e'),
            was: 'approved',
            wouldBe: 'held',
            gates: ['range', 'environment_approvals'],
          },
          {
            at: '2026-11-19T09:00:00.000Z',
            pullRequest: 7,
            environment: null,
            commit: sha('9f8e7d6'),
            was: 'held',
            wouldBe: 'approved',
            gates: [],
          },
        ],
      },
    }),
  'change-of-policy-with-problems': () =>
    change({
      proposed: {
        days: 90,
        problems: ['.github/countersign.yml:12:5 changes.aprovals: unknown key; did you mean approvals?'],
        decisions: 0,
        otherwise: [],
        unknown: 0,
      },
    }),
  'change-approved': () =>
    change({
      explained: explained({
        gates: [
          {
            gate: 'approvals',
            outcome: 'passed',
            sentences: ['1 of 1 approvals from `@acme/maintainers` is given, by carol.'],
          },
          {
            gate: 'identities',
            outcome: 'passed',
            sentences: ['Everyone who made a commit is known to GitHub.'],
          },
          { gate: 'checks', outcome: 'passed', sentences: ['`ci/test` succeeded.'] },
          {
            gate: 'protection',
            outcome: 'passed',
            sentences: ['GitHub enforces on `main` all that the policy asks for.'],
          },
          ...notAsked,
        ],
        approvals: [carolApproved, bobInVain],
      }),
      facts: example.changeFacts({
        reviews: {
          complete: true,
          items: [review(bob, '1a2b3c4', 'approved', 1), review(carol, '1a2b3c4', 'approved', 2)],
        },
      }),
    }),
  'change-held': () =>
    change({
      decision: decision('held', [
        [
          'approvals',
          'pending',
          reason('approver_is_author', { login: 'bob' }),
          reason('approvals_missing', { required: 1 }),
        ],
        ['checks', 'pending', reason('check_pending', { check: 'ci/test' })],
      ]),
      explained: explained({
        gates: [
          {
            gate: 'approvals',
            outcome: 'pending',
            sentences: [
              '1 approval is missing: 1 is required from `@acme/maintainers`, 0 are given.',
              'The approval by bob doesn’t count: commit `1a2b3c4` names bob as its co-author.',
            ],
          },
          { gate: 'checks', outcome: 'pending', sentences: ['`ci/test` has not finished.'] },
          {
            gate: 'identities',
            outcome: 'passed',
            sentences: ['Everyone who made a commit is known to GitHub.'],
          },
          ...notAsked,
        ],
        missing: [
          { what: '1 approval is missing', who: ['@acme/maintainers'] },
          { what: 'ci/test has to succeed', who: [] },
        ],
        approvals: [bobInVain],
      }),
    }),
  'change-code-owners': () =>
    change({
      decision: ownedDecision,
      explained: explained(ownedExplained),
      facts: ownedFacts,
      headSha: ownedFacts.pullRequest.headSha,
    }),
  'change-rejected': () =>
    change({
      decision: decision('rejected', [['state', 'failed', reason('pull_request_closed')]]),
      explained: explained({
        gates: [{ gate: 'state', outcome: 'failed', sentences: ['The pull request is closed.'] }],
      }),
    }),
  'change-error': () =>
    change({
      decision: decision('error', [['policy', 'pending', reason('policy_invalid')]]),
      explained: explained({
        gates: [{ gate: 'policy', outcome: 'pending', sentences: ['The policy can’t be read.'] }],
        policy: {
          ...example.policy,
          problems: [
            '.github/countersign.yml:4:3: unknown key "aprovals" in changes: did you mean "approvals"?',
          ],
        },
      }),
    }),
  'change-observed': () =>
    change({
      decision: decision('held', [['approvals', 'pending', reason('approvals_missing')]], {
        mode: 'observe',
      }),
      explained: explained({
        gates: [{ gate: 'approvals', outcome: 'pending', sentences: ['1 approval is missing.'] }],
        missing: [{ what: '1 approval is missing', who: ['@acme/maintainers', 'dave'] }],
      }),
    }),
  'change-not-guarded': () =>
    change({
      decision: decision('not_guarded', [
        ['branch', 'not_applicable', reason('branch_not_guarded', { branch: 'docs' })],
      ]),
      explained: explained({
        gates: [
          {
            gate: 'branch',
            outcome: 'not_applicable',
            sentences: ['The policy guards `main`, and not `docs`.'],
          },
        ],
      }),
    }),
  'change-300-commits': () =>
    change({
      decision: decision('held', [
        ['identities', 'pending', reason('identity_unmapped', { commit: sha('c0123') })],
      ]),
      explained: explained({
        gates: [
          {
            gate: 'identities',
            outcome: 'pending',
            sentences: ['`c012300` is from `stranger@example.com`, which belongs to no GitHub account.'],
          },
        ],
        missing: [{ what: 'commit c012300 has to name a GitHub account', who: ['whoever made it'] }],
      }),
      facts: example.changeFacts({
        commits: {
          complete: true,
          items: Array.from({ length: 300 }, (_, index) =>
            example.commit(
              `c${String(index).padStart(4, '0')}`,
              `Move the ${index}th call over to the new price list, which knows of currencies`,
              index === 123 ? null : alice,
            ),
          ),
        },
      }),
    }),
  altered: () =>
    checkRunOf(
      planAltered({
        landing: {
          sha: sha('badc0de'),
          pullRequest: 12,
          branch: 'main',
          head: sha('feed123'),
          merger: dave,
          landing: {
            method: 'squash',
            base: sha('ba5e000'),
            commits: [
              {
                sha: sha('badc0de'),
                parents: [sha('ba5e000')],
                signedByGitHub: true,
                tree: known(sha('7ee1')),
                expected: known(sha('7ee2')),
              },
            ],
          },
        },
        entryId,
        repository,
        webUrl,
      }),
    ),
  unreviewed: () =>
    checkRunOf(
      planUnreviewed({
        commit: {
          sha: sha('badc0de'),
          branch: 'main',
          pusher: dave,
          forced: false,
          why: ['Commit `badc0de` came from no merged pull request.'],
        },
        entryId,
        repository,
        webUrl,
      }),
    ),
  'deploy-held': () =>
    checkRunOf(
      planDeployment(
        deploymentInput({
          decision: decision(
            'held',
            [['approvals', 'pending', reason('deployment_approvals_missing', { required: 1 })]],
            { subject: 'deployment' },
          ),
          explained: explained({
            gates: [
              {
                gate: 'approvals',
                outcome: 'pending',
                sentences: ['1 approval of this deployment is missing, from a reviewer of the environment.'],
              },
              rangeTraced,
              branch,
              requester,
            ],
            missing: [{ what: '1 approval is missing', who: ['carol', 'dave'] }],
          }),
        }),
      ),
    ),
  'deploy-held-by-time': () => {
    const gates = [
      freezeGate(
        {
          ...policyOf().environments['production']!,
          freeze: [
            { name: 'year end', from: '2026-12-20', until: '2027-01-04', timezone: 'Europe/London' },
            {
              name: 'weekend',
              weekly: { from: 'friday 16:00', until: 'monday 08:00' },
              timezone: 'Europe/London',
            },
          ],
        },
        { ...example.deploymentFacts(), gatheredAt: '2027-01-02T10:00:00.000Z' },
      ),
    ];
    const held = { ...decision('held', [], { subject: 'deployment' }), gates };
    const facts = example.deploymentFacts();
    return checkRunOf(
      planDeployment(
        deploymentInput({
          decision: held,
          explained: explained({
            gates: [
              ...gates.map(({ gate, outcome, reasons }) => ({
                gate,
                outcome,
                sentences: reasons.map(explain),
              })),
              rangeTraced,
              branch,
              requester,
            ],
            missing: whoCanMend(held, facts).map(({ what, who }) => ({ what, who })),
            lookAgain: lookAgainOf(gates)?.shown ?? '',
          }),
          facts,
        }),
      ),
    );
  },
  'deploy-held-by-a-commit': () => {
    const pushed = example.commit('badc0de', 'Turn the price check off', dave);
    const facts = example.deploymentFacts();
    const { commits } = facts.range;
    return checkRunOf(
      planDeployment(
        deploymentInput({
          request: example.request({ source: 'merge', githubDeploymentId: null }),
          decision: decision(
            'held',
            [['range', 'pending', reason('commit_unreviewed', { commit: pushed.sha })]],
            { subject: 'deployment' },
          ),
          explained: explained({
            gates: [
              {
                gate: 'range',
                outcome: 'pending',
                sentences: [
                  '`badc0de` was pushed to `main` past review by dave, and no approved pull request has it.',
                ],
              },
              branch,
              requester,
            ],
            missing: [{ what: 'commit badc0de was never reviewed', who: [] }],
          }),
          facts: {
            ...facts,
            range: {
              ...facts.range,
              commits: {
                ...commits,
                items: [...commits.items, { commit: pushed, pullRequests: [], recordedUnreviewed: true }],
              },
            },
          },
        }),
      ),
    );
  },
  'deploy-emergency': () => {
    const facts = urgent();
    const reading = { kind: 'valid', policy: withEmergency() } as const;
    const lifted = evaluateDeployment(reading, facts);
    const source = { path: '.github/countersign.yml', ref: 'main', commit: sha('0a1b2c3'), text: '' };
    return checkRunOf(
      planDeployment(
        deploymentInput({
          decision: lifted,
          explained: explainDecision(lifted, reading, facts, source),
          facts,
          request: facts.request,
        }),
      ),
    );
  },
  'deploy-succeeded': () => {
    const input = stageInput();
    return checkRunOf(
      planOutcome({
        ...input,
        explained: explained({
          gates: [rangeTraced, deploymentApproved, branch, requester],
          approvals: [
            {
              login: 'carol',
              commit: sha('b4c5d6e'),
              at: null,
              counted: true,
              why: 'one of the environment’s reviewers',
            },
            {
              login: 'alice',
              commit: sha('b4c5d6e'),
              at: null,
              counted: false,
              why: 'alice’s approval of the deployment doesn’t count: commit `b4c5d6e` is theirs.',
            },
          ],
        }),
        facts: example.deploymentFacts({
          reviews: {
            complete: true,
            items: [
              {
                via: 'check_run',
                reviewer: alice,
                state: 'approved',
                sha: sha('b4c5d6e'),
                at: '2026-11-20T11:01:12Z',
                comment: '',
              },
              {
                via: 'check_run',
                reviewer: carol,
                state: 'approved',
                sha: sha('b4c5d6e'),
                at: '2026-11-20T11:04:58Z',
                comment: '',
              },
            ],
          },
        }),
        outcome: { outcome: 'success', deployed: example.deployOutcome(), message: null },
      }),
    );
  },
  'deploy-failed': () => {
    const input = stageInput();
    return checkRunOf(
      planOutcome({
        ...input,
        explained: explained({ gates: [rangeTraced, deploymentApproved, branch, requester] }),
        outcome: {
          outcome: 'failure',
          message: null,
          showOutput: true,
          deployed: example.deployOutcome({
            outcome: 'failure',
            hosts: [
              example.hostOutcome('web1.internal', {
                outcome: 'rolled_back',
                failedAt: 'health',
                message: 'the health command ended with exit code 22',
                commands: [
                  {
                    step: 'before_switch',
                    exitCode: 0,
                    signal: null,
                    output: 'migrated\n',
                    truncated: false,
                    milliseconds: 640,
                  },
                  {
                    step: 'health',
                    exitCode: 22,
                    signal: null,
                    output:
                      'curl: (22) The requested URL returned error: 500\n```\n<b>not bold</b> @everyone\n',
                    truncated: false,
                    milliseconds: 3_210,
                  },
                ],
              }),
              example.hostOutcome('web2.internal', {
                outcome: 'not_reached',
                failedAt: null,
                message: 'the batch before failed',
                files: { total: 0, transferred: 0, verified: 0 },
                finishedAt: '2026-11-20T11:05:00.000Z',
              }),
            ],
          }),
        },
      }),
    );
  },
  'deploy-cancelled': () => {
    const input = stageInput();
    return checkRunOf(
      planOutcome({
        ...input,
        explained: explained({ gates: [rangeTraced, deploymentApproved, branch, requester] }),
        outcome: {
          outcome: 'cancelled',
          message: null,
          cancelledBy: carol,
          deployed: example.deployOutcome({
            outcome: 'cancelled',
            hosts: [
              example.hostOutcome('web1.internal', {
                outcome: 'rolled_back',
                failedAt: 'switch_back',
                message: 'It runs 0199aaaa-9f8e7d600000 again. It was cancelled.',
              }),
              example.hostOutcome('web2.internal', {
                outcome: 'not_reached',
                message: 'Not switched. It was cancelled.',
              }),
            ],
          }),
        },
      }),
    );
  },
  'deploy-300-commits': () => {
    const changes = Array.from({ length: 300 }, (_, index) =>
      example.landed(
        `d${String(index).padStart(4, '0')}`,
        `Move the ${index}th call over to the new price list, which knows of currencies`,
        index % 2 === 0 ? alice : bob,
        1000 + index,
        carol,
      ),
    );
    const input = stageInput();
    const facts = example.deploymentFacts({
      range: {
        running: sha('9f8e7d6'),
        baseline: null,
        status: 'ahead',
        commits: { complete: true, items: changes.map(({ range }) => range) },
      },
      changes: changes.map(({ change }) => change),
    });
    return checkRunOf(
      planOutcome({
        ...input,
        explained: explained({
          gates: [rangeTraced, deploymentApproved, branch, requester],
          changeApprovals: example.approvalsOf(facts),
        }),
        facts,
        outcome: {
          outcome: 'success',
          message: null,
          showOutput: true,
          deployed: example.deployOutcome({
            difference: {
              added: [],
              removed: [],
              total: 900,
              changed: Array.from({ length: 412 }, (_, index) => example.file(`src/prices/call-${index}.ts`)),
            },
          }),
        },
      }),
    );
  },
  ...Object.fromEntries(Object.entries(mergeGroups).map(([name, plan]) => [name, () => checkRunOf(plan())])),
};
