import { describe, expect, test } from '@jest/globals';
import { readRunProgress } from '../../../src/facts/read-run-progress.ts';
import { readRunReviews } from '../../../src/facts/read-run-reviews.ts';
import { type Scripted, scriptedGitHub } from './scripted-github.ts';

const repository = { id: 5, owner: 'acme', name: 'shop', installationId: 9 };
const sha = 'a'.repeat(40);
const RUN = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}';
const APPROVALS = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals';
const PENDING = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments';
const CHECKS = 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs';
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

  test('is nothing for another attempt: neither a yes nor a no of before is this one’s', async () => {
    const run = { data: { head_sha: sha, head_repository: { id: 5 }, run_attempt: 2 } };
    const approvals = [said('rejected', 'production'), said('approved', 'production')];
    await expect(read({ data: approvals }, run)).resolves.toEqual({ complete: true, items: [], attempt: 2 });
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
  const read = (
    { run, waits = [], statuses = [], checks = [] }: Story,
    githubDeploymentId: number | null = 21,
  ) => {
    const answers: Readonly<Record<string, unknown>> = {
      [RUN]: run,
      [PENDING]: waits.map((name) => ({ environment: { name } })),
      [STATUSES]: statuses,
      [CHECKS]: { check_runs: checks },
    };
    const rest = Object.fromEntries(
      Object.entries(answers).map(([route, data]) => [route, (): Scripted => ({ data })]),
    );
    const asked = { runId: 11, environment: 'production', sha, githubDeploymentId };
    return readRunProgress(scriptedGitHub({ rest }), repository, asked);
  };
  interface Story {
    readonly run: object;
    readonly waits?: readonly string[];
    readonly statuses?: readonly object[];
    readonly checks?: readonly object[];
  }
  const running = { status: 'in_progress', conclusion: null };
  const waiting = { status: 'waiting', conclusion: null };
  const ended = (conclusion: string) => ({ status: 'completed', conclusion });
  const actions = { slug: 'github-actions' };
  const said = (...states: string[]) =>
    states.map((state, index) => ({ id: 100 - index, state, performed_via_github_app: actions }));
  const forged = (...states: string[]) =>
    said(...states).map((each) => ({
      ...each,
      creator: { login: 'alice', type: 'User' },
      performed_via_github_app: null,
    }));
  const job = (status: string, conclusion: string | null = null, over: object = {}) => [
    { status, conclusion, app: actions, deployment: { id: 20 } },
    { status, conclusion, app: actions, deployment: { id: 21 }, ...over },
  ];

  test.each<[string, Story, string, boolean]>([
    ['it runs', { run: running, checks: job('in_progress') }, 'started', true],
    ['it has no runner yet', { run: running, checks: job('queued') }, 'waiting', false],
    ['it has ended well', { run: running, checks: job('completed', 'success') }, 'success', true],
    [
      'it ran and failed',
      { run: running, statuses: said('in_progress'), checks: job('completed', 'failure') },
      'failure',
      true,
    ],
    [
      'it was refused at its gate',
      { run: ended('failure'), checks: job('completed', 'failure') },
      'failure',
      false,
    ],
    [
      'it was cancelled half way',
      { run: ended('cancelled'), statuses: said('in_progress'), checks: job('completed', 'cancelled') },
      'unknown',
      true,
    ],
    [
      'it was cancelled while it waited',
      { run: ended('cancelled'), checks: job('completed', 'cancelled') },
      'failure',
      false,
    ],
    [
      'a status says that it runs, and it has no runner yet',
      { run: running, statuses: said('in_progress'), checks: job('queued') },
      'waiting',
      false,
    ],
    [
      'a status says that it went well, and it runs',
      { run: running, statuses: said('success'), checks: job('in_progress') },
      'started',
      true,
    ],
    [
      'another App reports a job of this deployment',
      { run: waiting, checks: job('in_progress', null, { app: { slug: 'other' } }) },
      'waiting',
      false,
    ],
    [
      'the environment is still waited for',
      { run: running, waits: ['Production'], statuses: said('in_progress'), checks: job('in_progress') },
      'waiting',
      false,
    ],
  ])('by the job’s own check run: %s', async (_, story, state, passed) => {
    await expect(read(story)).resolves.toEqual({ state, passed });
  });

  test.each<[string, Story, string, boolean]>([
    ['none', { run: running }, 'waiting', false],
    ['it waits', { run: running, statuses: said('queued', 'waiting') }, 'waiting', false],
    ['it runs', { run: running, statuses: said('in_progress', 'queued') }, 'started', true],
    [
      'by the bot itself',
      {
        run: running,
        statuses: [{ id: 1, state: 'in_progress', creator: { login: 'github-actions[bot]', type: 'Bot' } }],
      },
      'started',
      true,
    ],
    [
      'it ended, and the run has not',
      { run: running, statuses: said('success', 'in_progress') },
      'waiting',
      true,
    ],
    [
      'it ended well, and so did the run',
      { run: ended('success'), statuses: said('inactive', 'success', 'in_progress') },
      'success',
      true,
    ],
    [
      'it ended well, and the run did not',
      { run: ended('failure'), statuses: said('success', 'in_progress') },
      'unknown',
      true,
    ],
    ['it failed', { run: ended('failure'), statuses: said('error', 'waiting') }, 'failure', false],
    ['it never began', { run: ended('cancelled'), statuses: said('waiting') }, 'failure', false],
    [
      'it began, and nobody said more',
      { run: ended('cancelled'), statuses: said('in_progress') },
      'unknown',
      true,
    ],
    [
      'it never began, and the run went well',
      { run: ended('success'), statuses: said('waiting') },
      'unknown',
      false,
    ],
    ['somebody else says that it runs', { run: running, statuses: forged('in_progress') }, 'waiting', false],
    [
      'somebody else says that it went well',
      { run: ended('failure'), statuses: forged('success') },
      'failure',
      false,
    ],
    ['it runs, while the run waits', { run: waiting, statuses: said('in_progress') }, 'waiting', false],
    [
      'it runs, while the environment is waited for',
      { run: running, waits: ['production'], statuses: said('in_progress') },
      'waiting',
      false,
    ],
  ])('without that, by what Actions says of the deployment: %s', async (_, story, state, passed) => {
    await expect(read(story)).resolves.toEqual({ state, passed });
  });

  test.each<[Story, string]>([
    [{ run: running, waits: ['production'] }, 'waiting'],
    [{ run: running, waits: ['staging'] }, 'started'],
    [{ run: ended('success') }, 'unknown'],
    [{ run: ended('failure'), waits: ['production'] }, 'failure'],
  ])('without a deployment, %j is %s, and nothing proves that it was let through', async (story, state) => {
    await expect(read(story, null)).resolves.toEqual({ state, passed: false });
  });
});
