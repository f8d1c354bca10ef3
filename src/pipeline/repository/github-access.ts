import { Probot, ProbotOctokit } from 'probot';
import type { Logger } from 'pino';
import type { RepositoryRef } from '../../domain/repository.ts';
import { askConditionally } from '../../facts/ask-conditionally.ts';
import { type GitHubReader, pinApiVersion } from '../../facts/github-reader.ts';
import { GitHubClock, timedBy } from '../../facts/github-clock.ts';
import { KeptAnswers } from '../../facts/kept-answers.ts';
import { QuietTimes, withinLimits } from '../../facts/quiet-times.ts';
import { InstallationTokens } from './installation-tokens.ts';

/** What the pipeline asks of GitHub's side: clients with an installation's rights, and short-lived tokens for git. */
export interface GitHubAccess {
  readonly probot: Probot;
  readonly client: (installationId: number) => Promise<GitHubReader>;
  /** The App itself, for what belongs to no installation. */
  readonly asApp: () => Promise<GitHubReader>;
  readonly contentsToken: (repository: RepositoryRef) => Promise<string>;
  /** How far GitHub's clock is from ours, by what it answers us. */
  readonly clock: GitHubClock;
}

export interface GitHubCredentials {
  readonly appId: number;
  readonly privateKey: string;
  readonly webhookSecret: string;
  /** REST's root, `https://api.github.com` or a server's `/api/v3`. */
  readonly apiUrl: string;
}

/**
 * One client for everything. Its own retries and spacing are off: a retried POST may do a thing twice, and the waiting
 * would happen inside this process, where a crash loses it. A failed call fails its job instead; the queue does it again later,
 * looking first at what is there. `granted` names what an installation was last given (`grantOf`). The API version is pinned so that GitHub's default can't move under us.
 */
export function openGitHub(
  credentials: GitHubCredentials,
  log: Logger,
  granted: (installationId: number) => Promise<string | null>,
): GitHubAccess {
  const tokens = new InstallationTokens();
  const probot = new Probot({
    appId: credentials.appId,
    privateKey: credentials.privateKey,
    secret: credentials.webhookSecret,
    baseUrl: credentials.apiUrl,
    log,
    Octokit: ProbotOctokit.defaults((options: object) => ({
      ...options,
      auth: { ...('auth' in options ? (options.auth as object) : {}), cache: tokens },
      retry: { enabled: false },
      throttle: { enabled: false },
    })),
  });
  const kept = new KeptAnswers();
  const quiet = new QuietTimes();
  const clock = new GitHubClock();
  let app: Awaited<ReturnType<Probot['auth']>> | null = null;
  // `octokit.auth()` would ask api.github.com whatever the base URL is; the App's own client asks the right host.
  const asApp = async () => (app ??= pinApiVersion(await probot.auth()));
  return {
    probot,
    clock,
    asApp,
    client: async (installationId) => {
      const owner = `installation ${installationId}`;
      tokens.underGrant(installationId, await granted(installationId));
      const signedIn = timedBy(pinApiVersion(await probot.auth(installationId)), clock);
      return withinLimits(askConditionally(signedIn, kept, owner), quiet, { owner, now: Date.now });
    },
    contentsToken: async (repository) => {
      const { data } = await (
        await asApp()
      ).rest.apps.createInstallationAccessToken({
        installation_id: repository.installationId,
        repository_ids: [repository.id],
        permissions: { contents: 'read' },
      });
      return data.token;
    },
  };
}
