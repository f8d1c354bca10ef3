import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ControlSettings } from '../../../src/domain/control-facts.ts';
import type { ChangeFacts } from '../../../src/domain/change-facts.ts';
import type { ProtectionRules } from '../../../src/domain/protection-facts.ts';
import { classicByRule } from '../../../src/facts/classic-by-rule.ts';
import { gatherChange } from '../../../src/facts/gather-change.ts';
import { CLASSIC, enforcedOn } from '../../../src/facts/read-branch-controls.ts';
import { readChange } from '../../../src/facts/read-change.ts';
import { readProtection } from '../../../src/facts/read-protection.ts';
import { evaluateChange } from '../../../src/policy/evaluate-change.ts';
import { readingOf } from '../../../src/policy/reading-of.ts';
import { agreeingTrees } from '../../support/agreeing-trees.ts';
import { type Acme, openAcme } from './acme.ts';

const NOW = '2026-11-02T10:00:00.000Z';
const at = { owner: 'acme', repo: 'shop', branch: 'main' };
const PROTECTION = 'GET /repos/{owner}/{repo}/branches/{branch}/protection';
const reading = readingOf({
  path: '.github/countersign.yml',
  ref: 'main',
  commit: null,
  text: `version: 1
changes:
  branches: [main]
  approvals: { required: 1, from: { teams: [maintainers] } }
  protection: { pull_request: true, admins: true, dismiss_stale: true, force_push: blocked }
environments: {}
`,
});

let acme: Acme;
let number = 0;
beforeAll(async () => {
  acme = await openAcme();
  await acme.commit(acme.alice, { branch: 'till', message: 'Add a till' });
  number = await acme.open(acme.alice, 'till');
  await acme.review(acme.carol, number, 'APPROVE');
});
/** Throws where a call of ours did not conform to GitHub's descriptions. */
afterAll(async () => {
  await acme.github.close();
});

type Update = Parameters<ReturnType<Acme['as']>['rest']['repos']['updateBranchProtection']>[0];
type Settings = Partial<
  Pick<NonNullable<Update>, 'allow_force_pushes' | 'allow_deletions' | 'enforce_admins'>
> & {
  readonly required_linear_history?: boolean;
  readonly required_status_checks?: object;
  readonly required_pull_request_reviews?: object;
};

async function protect(settings: Settings): Promise<void> {
  await acme.as(acme.dave).rest.repos.updateBranchProtection({
    ...at,
    required_status_checks: null,
    enforce_admins: false,
    required_pull_request_reviews: null,
    restrictions: null,
    ...settings,
  } as unknown as NonNullable<Update>);
}

async function look(): Promise<ControlSettings | null> {
  const protection = await readProtection(acme.ours, acme.repository, { branch: 'main', appId: acme.appId });
  const part = enforcedOn(protection).parts[CLASSIC];
  return part?.known === true ? part.value : null;
}

const read = () => readChange(acme.ours, acme.repository, number, ['maintainers']);

async function gather(classic: ProtectionRules | null, came?: Awaited<ReturnType<typeof read>>) {
  return gatherChange(acme.ours, {
    repository: acme.repository,
    number,
    ...(came === undefined ? {} : { read: came }),
    ...(classic === null ? {} : { classic }),
    appId: acme.appId,
    pushes: [],
    roles: { teams: ['maintainers'], permissions: false },
    paths: false,
    trees: agreeingTrees,
    now: NOW,
  });
}

const asked = () => acme.github.requests.filter(({ route }) => route === PROTECTION).length;

/** All but GitHub's own words, which are each way's own. */
function withoutRaw(facts: ChangeFacts): unknown {
  const { classic } = facts.protection;
  if (!classic.known || classic.value === null) return facts;
  const { raw: _, ...value } = classic.value;
  return { ...facts, protection: { ...facts.protection, classic: { ...classic, value } } };
}

const reviews = (over: object = {}) => ({
  required_pull_request_reviews: { required_approving_review_count: 1, ...over },
});
const checks = (app: number | undefined, strict = true) => ({
  required_status_checks: {
    strict,
    contexts: [],
    checks: ['ci', 'countersign/change'].map((context) => ({
      context,
      ...(app === undefined ? {} : { app_id: app }),
    })),
  },
});

describe('classic protection that came with the pull request', () => {
  const matrix: readonly (readonly [string, () => Settings])[] = [
    ['nothing of it', () => ({})],
    ['a pull request', () => reviews()],
    ['no approval of it', () => reviews({ required_approving_review_count: 0 })],
    [
      'two approvals, dismissed when stale',
      () => reviews({ required_approving_review_count: 2, dismiss_stale_reviews: true }),
    ],
    ['code owners', () => reviews({ require_code_owner_reviews: true })],
    ['somebody else than who pushed last', () => reviews({ require_last_push_approval: true })],
    [
      'who needs no pull request',
      () => reviews({ bypass_pull_request_allowances: { users: ['bob'], teams: [], apps: [] } }),
    ],
    [
      'a team that needs none',
      () => reviews({ bypass_pull_request_allowances: { users: [], teams: ['maintainers'], apps: [] } }),
    ],
    [
      'a list of those that is empty',
      () => reviews({ bypass_pull_request_allowances: { users: [], teams: [], apps: [] } }),
    ],
    ['checks of an App', () => checks(acme.appId)],
    ['checks, of whatever base', () => checks(acme.appId, false)],
    ['administrators too', () => ({ enforce_admins: true })],
    ['a linear history', () => ({ required_linear_history: true })],
    ['force pushes let through', () => ({ allow_force_pushes: true })],
    ['deletion let through', () => ({ allow_deletions: true })],
    [
      'all of it',
      () => ({
        ...reviews({
          required_approving_review_count: 6,
          dismiss_stale_reviews: true,
          require_code_owner_reviews: true,
          require_last_push_approval: true,
        }),
        ...checks(acme.appId),
        enforce_admins: true,
        required_linear_history: true,
      }),
    ],
  ];

  test.each(matrix)('is what REST tells, and decides alike: %s', async (_, settings) => {
    await protect(settings());
    const looked = await look();
    acme.github.resetRequests();
    const came = await read();
    const classic = classicByRule(came.base.rule, looked);
    expect(classic).not.toBeNull();
    const together = await gather(classic, came);
    expect(asked()).toBe(0);
    const apart = await gather(null);
    expect(asked()).toBe(1);
    expect(withoutRaw(together)).toEqual(withoutRaw(apart));
    expect(evaluateChange(reading, together)).toEqual(evaluateChange(reading, apart));
  });

  test('is asked of REST where it was changed since the last look: each change is seen at once', async () => {
    for (const [, before] of matrix.slice(0, 6)) {
      await protect(before());
      const looked = await look();
      for (const [, after] of matrix) {
        await protect(after());
        const [facts, classic] = [await gather(null), classicByRule((await read()).base.rule, looked)];
        if (classic === null) continue;
        const { raw: _, ...now } = classic;
        // What is taken all the same is what REST says now.
        expect(facts.protection.classic).toMatchObject({ known: true, value: now });
      }
    }
  });

  test('is asked of REST where any App may report a check', async () => {
    await protect(checks(undefined));
    const looked = await look();
    expect(classicByRule((await read()).base.rule, looked)).toBeNull();
  });

  test('is asked of REST where there is none, or nobody has looked', async () => {
    await protect(reviews());
    expect(classicByRule((await read()).base.rule, null)).toBeNull();
    const looked = await look();
    await acme.as(acme.dave).rest.repos.deleteBranchProtection(at);
    const came = await read();
    expect(came.base.rule).toBeNull();
    expect(classicByRule(came.base.rule, looked)).toBeNull();
    expect((await gather(null, came)).protection.classic).toEqual({ known: true, value: null });
  });

  test('is asked of REST where more had to be asked since', async () => {
    await protect(reviews());
    const classic = classicByRule((await read()).base.rule, await look());
    await protect({});
    // Nothing was read before: what came with an earlier reading is older than this one.
    expect((await gather(classic)).protection.classic).toMatchObject({
      value: { pullRequestRequired: false },
    });
  });

  test('comes to no App that may not read administration: the rest does, and it is unknown', async () => {
    const other = await openAcme({
      contents: 'read',
      pull_requests: 'read',
      statuses: 'read',
      checks: 'read',
      members: 'read',
    });
    await other.as(other.dave).rest.repos.updateBranchProtection({
      ...at,
      required_status_checks: null,
      enforce_admins: true,
      required_pull_request_reviews: null,
      restrictions: null,
    });
    await other.commit(other.alice, { branch: 'till', message: 'Add a till' });
    const opened = await other.open(other.alice, 'till');
    const came = await readChange(other.ours, other.repository, opened, ['maintainers']);
    expect(came.base.rule).toBeNull();
    expect(came.pullRequest.number).toBe(opened);
    expect([...came.teams.keys()]).toEqual(['maintainers']);
    const { classic } = await readProtection(other.ours, other.repository, {
      branch: 'main',
      appId: other.appId,
    });
    expect(classic.known).toBe(false);
    await other.github.close();
  });
});
