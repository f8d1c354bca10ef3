import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { deployJobOf } from '../../db/live-job.ts';
import { breakHostLock, type HostAsked, inspectHost } from '../../deploy/inspect-host.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { NewEntry } from '../../domain/entry.ts';
import { record } from '../../ledger/store/record.ts';
import { jsonDocument } from '../documents.ts';
import type { Pipeline } from '../pipeline.ts';
import { REHEARSAL_PREFIX, rehearsalThere } from './rehearsal-lock.ts';

export interface LockPlace {
  readonly repository: { readonly id: number; readonly fullName: string };
  readonly environment: string;
}

/** What one host says of its lock, and what our books say of whoever holds it. */
export interface SeenLock {
  readonly asked: HostAsked;
  /** `host:port` */
  readonly host: string;
  /** Word for word: the release, and the attempt at it. */
  readonly holder: string;
  readonly seconds: number | null;
  readonly deployment: {
    readonly id: string;
    readonly sha: string;
    readonly state: string;
    /** It is being carried out, or will be taken up again; null: neither. */
    readonly job: Awaited<ReturnType<typeof deployJobOf>>;
  } | null;
  /** Whether it is a rehearsal's, and whether one goes on in the environment. Which one isn't known: no second one begins meanwhile. */
  readonly rehearsal: 'goes_on' | 'over' | null;
}

type Needs = Pick<Pipeline, 'now' | 'newId' | 'random'> & { readonly db: Kysely<Database> };

/** Which of these hosts are locked, and by whom. Throws where one can't be asked. */
export async function readHostLocks(
  { db, random }: Needs,
  { repository, environment }: LockPlace,
  hosts: readonly HostAsked[],
): Promise<readonly SeenLock[]> {
  const seen: SeenLock[] = [];
  for (const asked of hosts) {
    const { lockOwner, lockSeconds } = await inspectHost(asked, random);
    if (lockOwner === null) continue;
    const [release = ''] = lockOwner.split('/');
    const row = await db
      .selectFrom('countersign.deployment')
      .select(['id', 'sha', 'state'])
      .where('repository_id', '=', repository.id)
      .where('environment', '=', environment)
      .where('release', '=', release)
      .executeTakeFirst();
    const deployment = row === undefined ? null : { ...row, job: await deployJobOf(db, row.id) };
    const host = `${asked.host.host}:${asked.host.port}`;
    const rehearsal =
      deployment === null && release.startsWith(REHEARSAL_PREFIX)
        ? await rehearsalStanding(db, repository.id, environment)
        : null;
    seen.push({ asked, host, holder: lockOwner, seconds: lockSeconds, deployment, rehearsal });
  }
  return seen;
}

async function rehearsalStanding(
  db: Kysely<Database>,
  repositoryId: number,
  environment: string,
): Promise<'goes_on' | 'over'> {
  return (await rehearsalThere(db, repositoryId, environment)).goesOn ? 'goes_on' : 'over';
}

/**
 * True while a worker has the deployment, or will have it again, or somebody rehearses: that one looks at its hosts by itself, and gives
 * its locks back.
 */
export const isUnderWay = ({ deployment, rehearsal }: SeenLock): boolean =>
  rehearsal === 'goes_on' ||
  (deployment !== null &&
    deployment.job !== null &&
    ['approved', 'running', 'unknown'].includes(deployment.state));

export interface BrokenLocks {
  readonly entryId: string;
  readonly broken: readonly string[];
  /** Somebody else had taken the lock in between, or it was gone. */
  readonly kept: readonly string[];
  /** Nobody saw whether it was broken. */
  readonly unknown: readonly { readonly host: string; readonly message: string }[];
}

export interface Breaking {
  /** Sealed beside the entry. */
  readonly why: string;
  /** Also where the holder's deployment or rehearsal is under way. */
  readonly evenUnderWay: boolean;
}

/**
 * Breaks the locks that were seen, by one entry that says so before and one that says after what came of it. A crash in between leaves the
 * first: then whoever looks at the hosts sees which still stand. A host that can't be reached, or whose connection goes away, is `unknown`,
 * and keeps the others' from nothing. Throws `deployment_under_way`, or `environment_rehearsed`, where one is, unless it is to be broken even then.
 */
export async function breakHostLocks(
  needs: Needs,
  place: LockPlace,
  locks: readonly SeenLock[],
  { why, evenUnderWay }: Breaking,
): Promise<BrokenLocks> {
  if (!evenUnderWay) assertNoneUnderWay(locks.filter(isUnderWay));
  const note = (entry: Pick<NewEntry, 'hosts' | 'outcome' | 'answers' | 'documents'>): Promise<string> =>
    needs.db.transaction().execute(async (tx) => {
      const now = needs.now();
      const { entryId } = await record(
        tx,
        {
          kind: 'host.unlocked',
          occurredAt: now,
          who: [],
          repository: place.repository,
          commit: null,
          pullRequest: null,
          environment: place.environment,
          reasons: [],
          delivery: null,
          ...entry,
        },
        { id: needs.newId(), now, random: needs.random },
      );
      return entryId;
    });
  const seen = locks.map(({ host, holder, seconds, deployment, rehearsal }) => {
    return { host, holder, seconds, deployment, rehearsal };
  });
  const entryId = await note({
    hosts: locks.map(({ host }) => host),
    outcome: 'breaking',
    answers: null,
    documents: [jsonDocument('unlock', { why, evenUnderWay, locks: seen })],
  });
  const broken: string[] = [];
  const kept: string[] = [];
  const unknown: { host: string; message: string }[] = [];
  for (const { asked, host, holder } of locks) {
    try {
      ((await breakHostLock(asked, holder, needs.random)) ? broken : kept).push(host);
    } catch (error) {
      unknown.push({ host, message: error instanceof Error ? error.message : String(error) });
    }
  }
  const found = { broken, kept, unknown: unknown.map(({ host }) => host) };
  for (const [outcome, hosts] of Object.entries(found))
    if (hosts.length > 0) await note({ hosts, outcome, answers: entryId, documents: [] });
  return { entryId, broken, kept, unknown };
}

function assertNoneUnderWay(held: readonly SeenLock[]): void {
  if (held.length === 0) return;
  const hosts = held.map(({ host }) => host).join(', ');
  const all = '--even-under-way breaks its lock all the same: it stops there then, and changes nothing more.';
  if (held.some(({ deployment }) => deployment !== null)) {
    throw new CodedError(
      'deployment_under_way',
      `the deployment that holds ${hosts} is under way. Wait for it, or cancel it; where its worker died, the next one goes on within a minute. ${all}`,
    );
  }
  throw new CodedError(
    'environment_rehearsed',
    `the rehearsal that holds ${hosts} goes on. Wait for it, or stop it (Ctrl-C where it was called): it gives its locks back. ${all}`,
  );
}
