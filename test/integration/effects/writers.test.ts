import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { CheckRunContent, Effect } from '../../../src/domain/effect.ts';
import { answerProtectionRule } from '../../../src/effects/answer-protection-rule.ts';
import { createDeployment } from '../../../src/effects/create-deployment.ts';
import type { GitHubWriter } from '../../../src/effects/github-writer.ts';
import type { KnownCheckRun } from '../../../src/effects/write-check-run.ts';
import { writeCheckRun } from '../../../src/effects/write-check-run.ts';
import { writeDeploymentStatus } from '../../../src/effects/write-deployment-status.ts';
import { type Acme, openAcme } from '../facts/acme.ts';

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;

const at = { owner: 'acme', repo: 'shop' };
const requestId = '6b1f4a52-7e0c-4a63-9d7e-2a8d6f1c0b11';
let acme: Acme;

beforeAll(async () => {
  acme = await openAcme();
});
/** Throws where a call of ours did not conform to GitHub's descriptions. */
afterAll(async () => {
  await acme.github.close();
});
beforeEach(() => {
  acme.github.resetRequests();
});

const asked = () =>
  acme.github.requests.filter(({ by }) => by.startsWith('installation')).map((request) => request.method);
/** GitHub did it, but we hear of a failure: as if we had died before we noted it. */
const loseTheAnswerOf = (operation: string) => {
  acme.github.faults.requests({ kind: 'error', count: 1, match: { operation }, afterDoing: true });
};
let commits = 0;
const freshCommit = () =>
  acme.commit(acme.alice, { branch: `feature-${(commits += 1)}`, message: 'Add a till' });

describe('a check run', () => {
  const content = (sha: string, over: Partial<CheckRunContent> = {}): CheckRunContent => ({
    name: 'countersign/change',
    sha,
    externalId: 'change:1',
    status: 'in_progress',
    conclusion: null,
    title: 'Held',
    summary: 'One approval is missing.',
    text: 'More of it.',
    actions: [],
    ...over,
  });
  const write = (
    checkRun: CheckRunContent,
    known: KnownCheckRun | null = null,
    github: GitHubWriter = acme.ours,
  ) => {
    const effect: Of<'check_run'> = {
      kind: 'check_run',
      key: 'k',
      repository: acme.repository,
      checkRun,
      entryId: requestId,
    };
    return writeCheckRun(github, effect, { appId: acme.appId, known, tried: true });
  };
  const approve = { label: 'Approve', description: 'Approve this deployment', identifier: 'approve' };
  const all = async (ref: string) =>
    (await acme.ours.rest.checks.listForRef({ ...at, ref, filter: 'all' })).data.check_runs;

  test('is made, then brought up to date, with buttons once it is completed', async () => {
    const sha = await freshCommit();
    const { remoteId } = await write(content(sha, { actions: [approve] }));
    expect(await all(sha)).toMatchObject([
      { id: remoteId, status: 'in_progress', conclusion: null, external_id: 'change:1' },
    ]);

    const done = content(sha, {
      status: 'completed',
      conclusion: 'success',
      title: 'Approved',
      text: null,
      actions: [approve],
    });
    await expect(write(done, { id: remoteId, conclusion: null })).resolves.toEqual({ remoteId });
    const [run] = await all(sha);
    expect(run).toMatchObject({
      status: 'completed',
      conclusion: 'success',
      output: { title: 'Approved', summary: 'One approval is missing.' },
    });
    expect(run?.output.text ?? '').toBe('');
    expect(() => acme.github.pressButton(acme.shop, remoteId, 'approve', acme.bob)).not.toThrow();
  });

  test('that passed and does so no more is made anew, once, for GitHub keeps what was concluded', async () => {
    const sha = await freshCommit();
    const passed = content(sha, { status: 'completed', conclusion: 'success', title: 'Approved' });
    const first = { id: (await write(passed)).remoteId, conclusion: 'success' };
    loseTheAnswerOf('POST /repos/{owner}/{repo}/check-runs');
    await expect(write(content(sha), first)).rejects.toMatchObject({ status: 502 });
    const { remoteId: second } = await write(content(sha), first);
    expect(second).toBeGreaterThan(first.id);
    expect((await all(sha)).map((run) => [run.id, run.status, run.conclusion, run.output.title])).toEqual([
      [second, 'in_progress', null, 'Held'],
      [first.id, 'completed', 'success', 'Approved'],
    ]);
    await expect(write(passed, { id: second, conclusion: null })).resolves.toEqual({ remoteId: second });
    // The same conclusion in other words is the same check run; another conclusion isn't.
    const reworded = { ...passed, title: 'Approved again' };
    await expect(write(reworded, { id: second, conclusion: 'success' })).resolves.toEqual({
      remoteId: second,
    });
    const failed = content(sha, { status: 'completed', conclusion: 'failure' });
    const { remoteId: third } = await write(failed, { id: second, conclusion: 'success' });
    expect(third).toBeGreaterThan(second);
  });

  test('that was made, but whose answer got lost, is found and not made twice', async () => {
    const sha = await freshCommit();
    loseTheAnswerOf('POST /repos/{owner}/{repo}/check-runs');
    await expect(write(content(sha))).rejects.toMatchObject({ status: 502 });
    const { remoteId } = await write(content(sha, { title: 'Still held' }));
    expect((await all(sha)).map((run) => [run.id, run.output.title])).toEqual([[remoteId, 'Still held']]);
  });

  test('is asked for once only, even by a client that repeats what failed', async () => {
    const retrying = await acme.retrying();
    const sha = await freshCommit();
    acme.github.resetRequests();
    const operation = 'POST /repos/{owner}/{repo}/check-runs';
    acme.github.faults.requests({ kind: 'unavailable', count: 1, match: { operation } });
    await expect(write(content(sha), null, retrying)).rejects.toMatchObject({ status: 503 });
    expect(asked()).toEqual(['GET', 'POST']);
  });

  test("another subject's of the same name on the same commit is left alone", async () => {
    const sha = await freshCommit();
    const first = await write(content(sha));
    const second = await write(content(sha, { externalId: 'change:2' }));
    expect(second.remoteId).not.toBe(first.remoteId);
    await expect(write(content(sha))).resolves.toEqual(first);
  });

  test("another App's, with the same name and external id, is left alone", async () => {
    const sha = await freshCommit();
    const impostor = await acme.otherApp('impostor');
    const forged = { ...at, head_sha: sha, name: 'countersign/change', external_id: 'change:1' };
    const { data } = await impostor.rest.checks.create({
      ...forged,
      status: 'completed',
      conclusion: 'success',
    });
    const { remoteId } = await write(content(sha));
    expect(remoteId).not.toBe(data.id);
    expect(await all(sha)).toHaveLength(2);
  });

  test('that GitHub deleted meanwhile is made anew', async () => {
    const sha = await freshCommit();
    const { remoteId } = await write(content(sha), { id: 999_999_999, conclusion: null });
    expect((await all(sha)).map((run) => run.id)).toEqual([remoteId]);
  });
});

describe('a deployment', () => {
  const effect = (sha: string, over: Partial<Of<'create_deployment'>> = {}): Of<'create_deployment'> => ({
    kind: 'create_deployment',
    key: 'k',
    repository: acme.repository,
    requestId,
    sha,
    environment: 'production',
    description: 'By merge of #1',
    ...over,
  });
  const all = async (sha: string) => (await acme.ours.rest.repos.listDeployments({ ...at, sha })).data;

  test('is created on its commit as it is, whatever its statuses say', async () => {
    const sha = await freshCommit();
    await acme
      .as(acme.alice)
      .rest.repos.createCommitStatus({ ...at, sha, state: 'failure', context: 'ci/test' });
    const { remoteId } = await createDeployment(acme.ours, effect(sha), { appId: acme.appId, tried: true });
    expect(await all(sha)).toMatchObject([
      {
        id: remoteId,
        sha,
        ref: sha,
        environment: 'production',
        payload: { countersign: requestId },
        creator: { login: 'countersign[bot]' },
      },
    ]);
  });

  test('whose answer got lost is found by its payload and not created twice', async () => {
    const sha = await freshCommit();
    loseTheAnswerOf('POST /repos/{owner}/{repo}/deployments');
    await expect(
      createDeployment(acme.ours, effect(sha), { appId: acme.appId, tried: true }),
    ).rejects.toMatchObject({
      status: 502,
    });
    const { remoteId } = await createDeployment(acme.ours, effect(sha), { appId: acme.appId, tried: true });
    expect((await all(sha)).map((deployment) => deployment.id)).toEqual([remoteId]);
  });

  test('that nobody can have tried is made without a look, and found by who looks', async () => {
    const sha = await freshCommit();
    acme.github.resetRequests();
    const made = await createDeployment(acme.ours, effect(sha), { appId: acme.appId, tried: false });
    expect(acme.github.requests.map(({ route }) => route)).toEqual([
      'POST /repos/{owner}/{repo}/deployments',
    ]);
    await expect(
      createDeployment(acme.ours, effect(sha), { appId: acme.appId, tried: true }),
    ).resolves.toEqual(made);
  });

  test('of another request, or to another environment, is another', async () => {
    const sha = await freshCommit();
    const ids = [
      await createDeployment(acme.ours, effect(sha), { appId: acme.appId, tried: true }),
      await createDeployment(acme.ours, effect(sha, { environment: 'staging' }), {
        appId: acme.appId,
        tried: true,
      }),
      await createDeployment(acme.ours, effect(sha, { requestId: '00000000-0000-4000-8000-000000000000' }), {
        appId: acme.appId,
        tried: true,
      }),
    ].map(({ remoteId }) => remoteId);
    expect(new Set(ids).size).toBe(3);
  });

  test("a person's with our payload is not taken for ours", async () => {
    const sha = await freshCommit();
    const payload = { countersign: requestId };
    const theirs = await acme.as(acme.alice).rest.repos.createDeployment({
      ...at,
      ref: sha,
      environment: 'production',
      payload,
      auto_merge: false,
      required_contexts: [],
    });
    const { remoteId } = await createDeployment(acme.ours, effect(sha), { appId: acme.appId, tried: true });
    expect(theirs.status === 201 && theirs.data.id).not.toBe(remoteId);
  });
});

describe("a deployment's status", () => {
  const effect = (over: Partial<Of<'deployment_status'>> = {}): Of<'deployment_status'> => ({
    kind: 'deployment_status',
    key: 'k',
    repository: acme.repository,
    requestId,
    state: 'pending',
    description: 'Held: one approval is missing',
    ...over,
  });
  const deployment = async () => {
    const { data } = await acme.as(acme.alice).rest.repos.createDeployment({
      ...at,
      ref: await freshCommit(),
      auto_merge: false,
      required_contexts: [],
    });
    if (!('id' in data)) throw new Error('not created');
    return data.id;
  };
  const all = async (deployment_id: number) =>
    (await acme.ours.rest.repos.listDeploymentStatuses({ ...at, deployment_id })).data.map(
      ({ state, description }) => [state, description],
    );

  test('is added, and not twice in a row', async () => {
    const id = await deployment();
    const first = await writeDeploymentStatus(acme.ours, effect(), id, { tried: true });
    await expect(writeDeploymentStatus(acme.ours, effect(), id, { tried: true })).resolves.toEqual(first);
    await writeDeploymentStatus(acme.ours, effect({ state: 'in_progress', description: 'Deploying' }), id, {
      tried: true,
    });
    await writeDeploymentStatus(acme.ours, effect(), id, { tried: true });
    expect(await all(id)).toEqual([
      ['pending', 'Held: one approval is missing'],
      ['in_progress', 'Deploying'],
      ['pending', 'Held: one approval is missing'],
    ]);
  });

  test('whose answer got lost is not added again', async () => {
    const id = await deployment();
    loseTheAnswerOf('POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses');
    await expect(writeDeploymentStatus(acme.ours, effect(), id, { tried: true })).rejects.toMatchObject({
      status: 502,
    });
    await writeDeploymentStatus(acme.ours, effect(), id, { tried: true });
    expect(await all(id)).toHaveLength(1);
  });

  test('that nobody can have tried is added without a look', async () => {
    const id = await deployment();
    acme.github.resetRequests();
    const first = await writeDeploymentStatus(acme.ours, effect(), id, { tried: false });
    const route = 'deployments/{deployment_id}/statuses';
    expect(acme.github.requests.map((each) => each.route)).toEqual([`POST /repos/{owner}/{repo}/${route}`]);
    await expect(writeDeploymentStatus(acme.ours, effect(), id, { tried: true })).resolves.toEqual(first);
  });

  test('is cut to what GitHub takes, and is still the same the next time', async () => {
    const id = await deployment();
    const long = effect({ description: '😀'.repeat(200) });
    await writeDeploymentStatus(acme.ours, long, id, { tried: true });
    await writeDeploymentStatus(acme.ours, long, id, { tried: true });
    expect(await all(id)).toEqual([['pending', `${'😀'.repeat(69)}…`]]);
  });
});

describe('an answer to our protection rule', () => {
  const effect = (
    runId: number,
    over: Partial<Of<'answer_protection_rule'>> = {},
  ): Of<'answer_protection_rule'> => ({
    kind: 'answer_protection_rule',
    key: 'k',
    repository: acme.repository,
    requestId,
    runId,
    environment: 'production',
    state: 'approved',
    comment: 'All gates passed.',
    ...over,
  });
  const started = async (over: { readonly reviewed?: boolean } = {}) => {
    const { github, shop, alice, bob, app } = acme;
    github.setEnvironment(shop, 'production', {
      reviewers: over.reviewed === true ? [bob] : [],
      rules: [app],
    });
    return github.actions.startRun(shop, { branch: 'main', actor: alice, environment: 'production' });
  };

  test('a report leaves the job waiting; an approval lets it start', async () => {
    const run = await started();
    await expect(
      answerProtectionRule(acme.ours, effect(run.id, { state: null, comment: 'Held.' })),
    ).resolves.toMatchObject({ outcome: 'reported' });
    expect(run.jobs[0]?.status).toBe('waiting');
    await expect(answerProtectionRule(acme.ours, effect(run.id))).resolves.toEqual({
      remoteId: null,
      outcome: 'answered',
      standing: null,
    });
    expect(run.jobs[0]?.status).not.toBe('waiting');
  });

  test.each([
    ['approved', true, 'waiting'],
    ['approved', false, 'passed'],
    ['rejected', false, 'ended'],
  ] as const)(
    '%s whose answer got lost (other reviewers: %s): it has been answered, and the job is %s',
    async (state, reviewed, standing) => {
      const run = await started({ reviewed });
      loseTheAnswerOf('deployment_protection_rule');
      await expect(answerProtectionRule(acme.ours, effect(run.id, { state }))).rejects.toMatchObject({
        status: 502,
      });
      await expect(answerProtectionRule(acme.ours, effect(run.id, { state }))).resolves.toEqual({
        remoteId: null,
        outcome: 'already_answered',
        standing,
      });
    },
  );

  test('a comment is cut to what GitHub takes', async () => {
    const run = await started();
    await expect(
      answerProtectionRule(acme.ours, effect(run.id, { comment: 'x'.repeat(3000) })),
    ).resolves.toMatchObject({ outcome: 'answered' });
  });

  test('for a run that is not there is an error', async () => {
    await expect(answerProtectionRule(acme.ours, effect(999_999_999))).rejects.toMatchObject({ status: 404 });
  });
});
