/** How tests and the demo move the stand-in: its people, its repositories, and what they do without the API. */
import type { CreatedApp, NewApp } from './acts/apps.ts';
import type { EnvironmentRules } from './acts/deploying.ts';
import type { NewUser } from './acts/organizations.ts';
import type { NewRepository } from './acts/repositories.ts';
import type { NewRun } from './acts/running.ts';
import type { Deliveries } from './deliveries.ts';
import type { Committer, NewCommit } from './desk.ts';
import type { Faults } from './faults.ts';
import type { LoggedRequest } from './server.ts';
import type {
  App,
  Environment,
  Installation,
  Organization,
  Repository,
  Role,
  Team,
  User,
  WorkflowRun,
} from './state.ts';
import type { World } from './world.ts';

export type { EnvironmentRules } from './acts/deploying.ts';

export interface GitHubOptions {
  /** Default: any free one. */
  readonly port?: number;
  readonly host?: '127.0.0.1';
  /** Where the bare repositories go; default: a temporary directory that `close` removes. */
  readonly dataDir?: string;
  readonly log?: (line: string) => void;
  readonly clock?: () => Date;
  /** Ids count up from here. */
  readonly seed?: number;
}

/** GitHub Actions. */
export interface Actions {
  /** Starts a run with one job on an environment; it waits where the environment says so. */
  startRun(repository: Repository, run: NewRun): Promise<WorkflowRun>;
  /** What a required reviewer clicks. */
  review(
    run: WorkflowRun,
    user: User,
    answer: { readonly state: 'approved' | 'rejected'; readonly comment?: string },
  ): void;
  /** An admin's "Start all waiting jobs". */
  bypass(run: WorkflowRun, user: User): void;
  finish(run: WorkflowRun, conclusion: 'success' | 'failure'): void;
  cancel(run: WorkflowRun): void;
}

export interface GitHub {
  readonly world: World;
  /** The web root, where its pages are. */
  readonly url: string;
  /** For Octokit's `baseUrl`; GraphQL is found from it too. */
  readonly apiUrl: string;
  readonly deliveries: Deliveries;
  readonly faults: Faults;
  readonly requests: readonly LoggedRequest[];
  /** Calls and answers that GitHub's descriptions don't allow. */
  readonly violations: readonly string[];
  readonly actions: Actions;
  resetRequests(): void;
  createUser(user: NewUser): User;
  createOrganization(
    login: string,
    options: { readonly owner: User; readonly members?: readonly User[] },
  ): Organization;
  createTeam(organization: Organization, slug: string, members: readonly User[]): Team;
  addToTeam(organization: Organization, slug: string, user: User, by?: User): void;
  removeFromTeam(organization: Organization, slug: string, user: User, by?: User): void;
  addMember(organization: Organization, user: User, by?: User): void;
  removeMember(organization: Organization, user: User, by?: User): void;
  createRepository(owner: Organization | User, name: string, options?: NewRepository): Promise<Repository>;
  fork(repository: Repository, owner: User | Organization): Promise<Repository>;
  grant(repository: Repository, to: User | Team, role: Role): void;
  createApp(app: NewApp): CreatedApp;
  install(app: App, account: Organization | User, repositories: readonly Repository[] | 'all'): Installation;
  suspend(installation: Installation, suspended: boolean, by?: User): void;
  /** One more repository of an installation on selected ones, or one fewer. */
  selectRepository(
    installation: Installation,
    repository: Repository,
    action: 'added' | 'removed',
    by?: User,
  ): void;
  rename(repository: Repository, name: string, by: User): void;
  /** An organisation, or a person, gets another login, and each of their repositories another name by it. */
  renameAccount(account: Organization | User, login: string, by: User): void;
  /** Gives a repository to another account. Who sees it there is a matter of that account's installations. */
  transfer(repository: Repository, owner: Organization | User, by: User): void;
  archive(repository: Repository, archived: boolean, by: User): void;
  setVisibility(repository: Repository, visibility: 'public' | 'private', by: User): void;
  deleteRepository(repository: Repository, by: User): void;
  /** The App asks for these permissions instead, and an owner accepts them for this installation. */
  acceptPermissions(
    installation: Installation,
    permissions: Readonly<Record<string, string>>,
    by?: User,
  ): void;
  uninstall(installation: Installation, by?: User): void;
  setWebhookUrl(app: App, url: string | null): void;
  /** Makes a commit at a person's desk and pushes it with their token. Gives its id. */
  commit(user: Committer, repository: Repository, commit: NewCommit): Promise<string>;
  /** Pushes refspecs of commits that the server already has (`SHA:refs/heads/x`). */
  push(
    user: User,
    repository: Repository,
    refspecs: readonly string[],
    options?: { readonly force?: boolean },
  ): Promise<void>;
  deleteBranch(user: User, repository: Repository, branch: string): Promise<void>;
  tip(repository: Repository, branch: string): Promise<string | null>;
  /** A button on one of an App's check runs, pressed by a person. */
  pressButton(repository: Repository, checkRunId: number, identifier: string, user: User): void;
  /** "Re-run" on a check run. */
  rerequest(repository: Repository, checkRunId: number, user: User): void;
  rerequestSuite(repository: Repository, suiteId: number, user: User): Promise<void>;
  /** "Update branch". With `files` somebody merges at their desk instead, and it has that commit's files. Answers the new head. */
  updateBranch(
    repository: Repository,
    number: number,
    user: User,
    wish?: { readonly files?: string },
  ): Promise<string>;
  /** What GitHub lets nobody do: merging or squashing it will land the files of that commit. */
  alterLanding(repository: Repository, number: number, files: string): void;
  readonly mergeQueue: {
    open(
      repository: Repository,
      branch: string,
      settings: { readonly method: 'merge' | 'squash' | 'rebase'; readonly together?: number },
    ): void;
    /** "Merge when ready". Answers the head of its merge group. */
    add(repository: Repository, number: number, user: User): Promise<string>;
    /** What GitHub lets nobody do; answers the head that the group has then. */
    tamper(
      repository: Repository,
      number: number,
      what: { readonly files: string; readonly instead: boolean },
    ): Promise<string>;
    /** Pull requests in it, front first. */
    numbers(repository: Repository, branch: string): readonly number[];
  };
  setDraft(repository: Repository, number: number, draft: boolean, user: User): Promise<void>;
  /** Sets everything about an environment, custom rules too. */
  setEnvironment(repository: Repository, name: string, rules: EnvironmentRules): Environment;
  /** Stops serving. Throws when a call or an answer did not conform, unless told to let it pass. */
  close(options?: { readonly allowViolations?: boolean }): Promise<void>;
}
