import { describe, expect, test } from '@jest/globals';
import { readRunProgress } from '../../../src/facts/read-run-progress.ts';
import { readRunReviews } from '../../../src/facts/read-run-reviews.ts';
import { type Scripted, scriptedGitHub } from './scripted-github.ts';

const repository = { id: 5, owner: 'acme', name: 'shop', installationId: 9 };
const sha = 'a'.repeat(40);
const RUN = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}';
const APPROVALS = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals';
const PENDING = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments';
const STATUSES = 'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses';

describe('what people said to a run', () => {
  const user = { id: 2, login: 'bob', type: 'User' };
  const said = (state: string, ...names: string[]) => ({
    state,
    comment: 'Ship it',
    user,
    environments: names.map((name) => ({ name })),
  });
  const ofRun: Scripted = { data: { head_sha: sha, head_repository: { id: 5 } } };
  const read = (approvals: Scripted, run = ofRun) =>
    readRunReviews(scriptedGitHub({ rest: { [RUN]: () => run, [APPROVALS]: () => approvals } }), repository, {
      id: 11,
      sha,
      environment: 'Production',
    });

  test('is what it said to this environment', async () => {
    const approvals = [
      said('approved', 'staging'),
      said('rejected', 'production', 'staging'),
      said('pending', 'production'),
    ];
    await expect(read({ data: approvals })).resolves.toEqual({
      complete: true,
      items: [
        {
          via: 'environment',
          reviewer: { id: 2, login: 'bob', kind: 'user' },
          state: 'rejected',
          sha,
          at: null,
          comment: 'Ship it',
        },
      ],
    });
  });

  test('is incomplete where GitHub refuses to tell', async () => {
    await expect(read({ fails: 403 })).resolves.toEqual({ complete: false, items: [] });
  });

  test.each([
    ['of another commit', { head_sha: 'b'.repeat(40), head_repository: { id: 5 } }],
    ['of a fork', { head_sha: sha, head_repository: { id: 6 } }],
    ['of a fork that is gone', { head_sha: sha, head_repository: null }],
  ])('a run %s is not the one that was asked about', async (_, data) => {
    await expect(read({ data: [] }, { data })).rejects.toMatchObject({ code: 'run_of_another_commit' });
  });
});

describe('how far a run is', () => {
  const read = (run: object, script: Readonly<Record<string, Scripted>>, githubDeploymentId: number | null) =>
    readRunProgress(
      scriptedGitHub({
        rest: {
          [RUN]: () => ({ data: run }),
          ...Object.fromEntries(Object.entries(script).map(([route, answer]) => [route, () => answer])),
        },
      }),
      repository,
      { runId: 11, environment: 'production', githubDeploymentId },
    );
  const running = { status: 'in_progress', conclusion: null };
  const ended = (conclusion: string) => ({ status: 'completed', conclusion });
  const statuses = (...states: string[]): Scripted => ({
    data: states.map((state, index) => ({ id: 100 - index, state })),
  });

  test.each([
    [running, [], 'waiting', false],
    [running, ['waiting'], 'waiting', false],
    [running, ['queued', 'waiting'], 'waiting', false],
    [running, ['in_progress', 'queued', 'waiting'], 'started', true],
    [running, ['success', 'in_progress'], 'success', true],
    [running, ['failure', 'in_progress'], 'failure', true],
    [ended('success'), ['inactive', 'success', 'in_progress'], 'success', true],
    [ended('failure'), ['error', 'waiting'], 'failure', false],
    [ended('cancelled'), ['waiting'], 'failure', false],
    [ended('cancelled'), ['in_progress'], 'unknown', true],
    [ended('success'), ['waiting'], 'unknown', false],
  ])('by its deployment: %j with %j is %s, let through: %s', async (run, states, state, passed) => {
    await expect(read(run, { [STATUSES]: statuses(...states) }, 21)).resolves.toEqual({ state, passed });
  });

  test.each([
    [running, ['production'], 'waiting'],
    [running, ['staging'], 'started'],
    [ended('success'), [], 'unknown'],
    [ended('failure'), ['production'], 'failure'],
  ])(
    'without one: %j, waiting for %j, is %s, and nothing proves that it was let through',
    async (run, names, state) => {
      const pending: Scripted = { data: names.map((name) => ({ environment: { name } })) };
      await expect(read(run, { [PENDING]: pending }, null)).resolves.toEqual({ state, passed: false });
    },
  );
});
