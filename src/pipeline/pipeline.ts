import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Database } from '../db/database.ts';
import type { Queue } from '../db/queue.ts';
import type { LoginKey, Target } from '../domain/deploy.ts';
import type { Known } from '../domain/known.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import type { GitHubReader } from '../facts/github-reader.ts';
import type { TreeReader } from '../facts/tree-reader.ts';

/**
 * What every step of the pipeline works with. The pipeline is the only place where facts, judgement and effects meet:
 * each step reads, lets a pure function decide, and then records the decision together with the jobs that it causes, in
 * one transaction. A step that dies before that transaction has done nothing; after it, its jobs do the rest.
 */
export interface Pipeline {
  readonly db: Kysely<Database>;
  readonly queue: Queue;
  readonly log: Logger;
  /** Our own App's id: its check runs and deployments are ours, everybody else's aren't. */
  readonly appId: number;
  /** A client with that installation's rights. */
  readonly github: (installationId: number) => Promise<GitHubReader>;
  /** A short-lived token that can read one repository's contents, for the mirror's fetch. */
  readonly contentsToken: (repository: RepositoryRef) => Promise<string>;
  /** `https://github.com` or the Enterprise Server's address, without a slash at its end. */
  readonly webUrl: string;
  /** Where people reach this server, without a slash at its end; null where they aren't led here. */
  readonly publicUrl: string | null;
  readonly cloneUrl: (repository: RepositoryRef) => string;
  readonly mirrors: string;
  /** What makes a repository's merges anew. A commit that can't be had throws, so that the job is done again. */
  readonly trees: (repository: RepositoryRef) => TreeReader;
  /** The operator's target for a repository's environment, or null where the operator's file has none: then the workflow deploys. */
  readonly targetOf: (repository: RepositoryRef, environment: string) => DeployTarget | null;
  /** The environments that this process deploys to, all if null; others are left to processes that have their keys. */
  readonly environments: readonly string[] | null;
  readonly now: () => string;
  /** Milliseconds that GitHub's clock is ahead of ours, by its last answer. */
  readonly githubAhead: () => Known<number>;
  /** A UUID of version 7: entries are kept by the time that it begins with. */
  readonly newId: () => string;
  readonly random: (size: number) => Uint8Array;
  /**
   * GitHub maps a commit to its pull request a little after the push event. So long do we ask again before a commit is
   * recorded as unreviewed: an entry can't be taken back.
   */
  readonly patience: { readonly attempts: number; readonly seconds: number };
}

export interface DeployTarget {
  readonly target: Target;
  /** Read when it is needed, and only then. */
  readonly privateKey: () => Promise<LoginKey>;
  /** Of the hosts on the way that have their own, by the target's name for each. */
  readonly jumpKeys: () => Promise<Readonly<Record<string, LoginKey>>>;
}
