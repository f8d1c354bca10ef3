import type { ProbotOctokit } from 'probot';
import { noreply } from '../../../demo/github/find.ts';
import type { Committer, NewCommit } from '../../../demo/github/github.ts';
import type { Stage } from '../../../demo/stage/stage.ts';
import { asApp } from './start-shop.ts';

/** Another App, that proposes changes as Dependabot does. */
export interface Robot {
  readonly login: string;
  readonly octokit: ProbotOctokit;
  /** Commits and pushes with its own token. */
  commit(commit: NewCommit): Promise<string>;
  /** A pull request into main of one such commit. */
  open(commit: NewCommit): Promise<{ readonly number: number; readonly head: string }>;
}

/** Installs it on the stage's repository, where it may write. */
export async function startRobot(stage: Stage, slug = 'robot'): Promise<Robot> {
  const { github, organization, repository, owner, repo } = stage;
  const created = github.createApp({
    slug,
    owner: organization,
    permissions: { contents: 'write', pull_requests: 'write' },
    events: [],
    webhookUrl: null,
  });
  const { bot } = created.app;
  const installation = github.install(created.app, organization, [repository]);
  const octokit = await asApp(github, created, installation);
  const itself = await asApp(github, created);
  const { data } = await itself.rest.apps.createInstallationAccessToken({ installation_id: installation.id });
  const committer: Committer = {
    name: bot.login,
    email: noreply(bot),
    login: 'x-access-token',
    token: data.token,
  };
  const commit = (wanted: NewCommit) => github.commit(committer, repository, wanted);
  return {
    login: bot.login,
    octokit,
    commit,
    open: async (wanted) => {
      await commit({ from: 'main', ...wanted });
      const at = { owner, repo, head: wanted.branch, base: 'main' };
      const { data: opened } = await octokit.rest.pulls.create({ ...at, title: wanted.message });
      return { number: opened.number, head: opened.head.sha };
    },
  };
}
