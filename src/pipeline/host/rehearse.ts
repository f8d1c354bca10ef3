import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { DeployPorts, DeployProgress } from '../../deploy/deploy-ports.ts';
import { deploy } from '../../deploy/deploy-to-hosts.ts';
import { type HostKeys, inspectHost } from '../../deploy/inspect-host.ts';
import type { Mirror } from '../../deploy/mirror.ts';
import { ONE_BY_ONE } from '../../deploy/plan-rollout.ts';
import { printable } from '../../deploy/refuse-paths.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { Host, HostOutcome, Target } from '../../domain/deploy.ts';
import type { NewEntry } from '../../domain/entry.ts';
import { fullName } from '../../domain/repository.ts';
import { record } from '../../ledger/store/record.ts';
import { type StoredDeployment, repositoryOf } from '../deployment/deployment-row.ts';
import { jsonDocument } from '../documents.ts';
import { assertAsRecorded } from '../deployment/assert-as-recorded.ts';
import { holdLocks } from '../command/hold-locks.ts';
import type { Pipeline } from '../pipeline.ts';
import { holdRehearsal, REHEARSAL_PREFIX } from './rehearsal-lock.ts';
import { runningRelease } from '../deployment/running-release.ts';
import { targetRefusal } from '../deployment/target-refusal.ts';

export interface RehearsalAsked {
  readonly repositoryId: number;
  readonly target: Target;
  readonly keys: HostKeys;
  /** Sealed beside the entries; null where nobody said why. */
  readonly why: string | null;
  /** The repository's mirror, with the running commit in it. */
  readonly mirrorOf: (running: StoredDeployment) => Promise<Pick<Mirror, 'directory' | 'readManifest'>>;
  readonly onStep: (event: DeployProgress) => void;
}

export interface RehearsedHost {
  /** `host:port` */
  readonly host: string;
  readonly outcome: 'passed' | 'failed';
  readonly problems: readonly string[];
  /** From its first step to its last. */
  readonly seconds: number;
  readonly files: HostOutcome['files'];
  readonly found: Omit<NonNullable<HostOutcome['rehearsed']>, 'problems'> | null;
}

export interface Rehearsal {
  readonly outcome: 'passed' | 'failed';
  readonly release: string;
  readonly hosts: readonly RehearsedHost[];
  /** Why it ended before any host had an end; null otherwise. */
  readonly message: string | null;
  readonly seconds: number;
  /** The entry that says so. */
  readonly entryId: string;
}

type Needs = Pick<Pipeline, 'now' | 'newId' | 'random'> &
  Pick<DeployPorts, 'log' | 'signal' | 'cancelled'> & { readonly db: Kysely<Database> };

/**
 * Deploys what runs in an environment once more under another name, switches back, and compares what is there then with what was
 * recorded. Nothing is run that isn't running already. Recorded before anything is done, and after: a crash in between leaves the
 * first entry, and hosts that are locked. Throws a `CodedError`, with nothing done or recorded, where it can't be.
 */
export async function rehearse(needs: Needs, asked: RehearsalAsked): Promise<Rehearsal> {
  const { repositoryId, target } = asked;
  const { environment } = target;
  return holdRehearsal(needs.db, { repositoryId, environment }, async (assertHeld) => {
    const running = await runningHere(needs, asked);
    const mirror = await asked.mirrorOf(running);
    await assertAsRecorded(needs.db, running, (await mirror.readManifest(running.sha)).entries);
    for (const host of target.hosts) await assertReady(needs, asked, host, running);
    const begun = await begin(needs, asked, running);
    return carryOut(needs, asked, { running, mirror, assertHeld, ...begun });
  });
}

/** What the ledger has as running; throws where it has nothing, or nobody knows. */
async function runningHere(
  { db }: Needs,
  { repositoryId, target }: RehearsalAsked,
): Promise<StoredDeployment> {
  const { environment } = target;
  await assertNoneUnderWay(db, repositoryId, environment);
  const { last, uncertain } = await runningRelease(db, { id: repositoryId }, environment);
  if (uncertain !== null) {
    throw new CodedError(
      'rehearsal_refused',
      `nobody knows for sure what runs in ${environment}: the ledger doesn't bear out deployment ${uncertain.id}. See \`countersign verify\`.`,
    );
  }
  if (last === null || last.release === null) {
    throw new CodedError(
      'nothing_runs',
      `by the ledger nothing runs in ${environment} of ${target.repository}: deploy there first.`,
    );
  }
  const refusal = await targetRefusal(db, repositoryOf(last), target);
  if (refusal !== null) throw new CodedError('rehearsal_refused', refusal);
  return last;
}

async function assertNoneUnderWay(db: Kysely<Database>, repositoryId: number, environment: string) {
  const busy = await db
    .selectFrom('countersign.deployment')
    .select(['id', 'state'])
    .where('repository_id', '=', repositoryId)
    .where('environment', '=', environment)
    .where('state', 'in', ['running', 'unknown'])
    .limit(1)
    .executeTakeFirst();
  if (busy === undefined) return;
  throw new CodedError(
    'deployment_under_way',
    `deployment ${busy.id} to ${environment} is ${busy.state === 'running' ? 'under way' : 'not known to have ended'}: wait until it has ended.`,
  );
}

/** Looks, and changes nothing. What is left of a rehearsal that was broken off is taken up: it is the same commit. */
async function assertReady(
  { random }: Needs,
  { target, keys }: RehearsalAsked,
  host: Host,
  { release }: StoredDeployment,
): Promise<void> {
  const { path, timeout } = target;
  const found = await inspectHost({ host, path, timeout, ...keys }, random);
  if (found.lockOwner !== null) {
    throw new CodedError(
      'lock_held',
      `${nameOf(host)} is locked by ${printable(found.lockOwner.split('/')[0] ?? '')}: if nothing of that name goes on any more, break its lock (countersign host unlock).`,
    );
  }
  if (found.release === release || found.release?.startsWith(REHEARSAL_PREFIX) === true) return;
  const runs = found.release ?? found.current;
  throw new CodedError(
    'rehearsal_refused',
    `${nameOf(host)} runs ${runs === null ? 'nothing' : printable(runs)}, while the ledger has ${release ?? 'nothing'}: deploy again first.`,
  );
}

/** The entry that says it is about to be; in its transaction no deployment starts, so none can be overlooked. */
async function begin(
  needs: Needs,
  asked: RehearsalAsked,
  running: StoredDeployment,
): Promise<{ readonly begunEntry: string; readonly release: string }> {
  const id = needs.newId();
  const release = `${REHEARSAL_PREFIX}${id.slice(-12)}-${running.sha.slice(0, 12)}`;
  const { environment, path } = asked.target;
  const hosts = asked.target.hosts.map(nameOf);
  await needs.db.transaction().execute(async (tx) => {
    await holdLocks(tx, asked.repositoryId, environment);
    await assertNoneUnderWay(tx, asked.repositoryId, environment);
    const { last } = await runningRelease(tx, { id: asked.repositoryId }, environment);
    if (last?.id !== running.id)
      throw new CodedError(
        'deployment_under_way',
        `a deployment to ${environment} ended at this moment: try again.`,
      );
    const now = needs.now();
    await record(
      tx,
      {
        ...entryOf(running, hosts, now),
        outcome: 'begun',
        answers: running.finished_entry,
        documents: [
          jsonDocument('rehearsal', { why: asked.why, release, runs: running.release, path, hosts }),
        ],
      },
      { id, now, random: needs.random },
    );
  });
  return { begunEntry: id, release };
}

const entryOf = (running: StoredDeployment, hosts: readonly string[], now: string) => {
  const repository = repositoryOf(running);
  return {
    kind: 'deployment.rehearsed',
    occurredAt: now,
    who: [],
    repository: { id: repository.id, fullName: fullName(repository) },
    commit: running.sha,
    pullRequest: null,
    environment: running.environment,
    hosts,
    reasons: [],
    delivery: null,
  } satisfies Partial<NewEntry>;
};

async function carryOut(
  needs: Needs,
  { target, keys, onStep }: RehearsalAsked,
  begun: {
    readonly running: StoredDeployment;
    readonly mirror: Pick<Mirror, 'directory' | 'readManifest'>;
    readonly assertHeld: () => Promise<void>;
    readonly begunEntry: string;
    readonly release: string;
  },
): Promise<Rehearsal> {
  const { running, mirror, release } = begun;
  const started = Date.parse(needs.now());
  const times = new Map<string, { from: number; to: number }>();
  let outcomes: readonly HostOutcome[] = [];
  let message: string | null = null;
  try {
    const deployed = await deploy(
      {
        // Whatever the target says of failures, nothing of a rehearsal stays.
        target: { ...target, rollout: { ...(target.rollout ?? ONE_BY_ONE), onFailure: 'roll_back_all' } },
        privateKey: keys.privateKey,
        jumpKeys: keys.jumpKeys ?? {},
        releaseId: release,
        sha: running.sha,
        mirror,
        running: { release: running.release ?? '', sha: running.sha },
        resumed: false,
        rehearsal: true,
      },
      {
        signal: needs.signal,
        now: needs.now,
        random: needs.random,
        log: needs.log,
        ...(needs.cancelled === undefined ? {} : { cancelled: needs.cancelled }),
        onProgress: async (event) => {
          const at = Date.parse(needs.now());
          const name = nameOf(event.host);
          times.set(name, { from: times.get(name)?.from ?? at, to: at });
          onStep(event);
          if (event.state === 'started') await begun.assertHeld();
        },
      },
    );
    outcomes = deployed.hosts;
  } catch (error) {
    // The hosts may be anywhere between: they were left as they are, and locked.
    message = error instanceof CodedError ? error.message : 'It was broken off by an error of ours.';
    needs.log.warn({ err: error, release }, 'the rehearsal was broken off');
  }
  const hosts = outcomes.map((host) => rehearsedHost(host, times.get(nameOf(host.host))));
  const passed = hosts.length > 0 && hosts.every((host) => host.outcome === 'passed');
  const outcome = passed ? 'passed' : 'failed';
  const now = needs.now();
  const seconds = (Date.parse(now) - started) / 1000;
  const { entryId } = await needs.db.transaction().execute((tx) =>
    record(
      tx,
      {
        ...entryOf(running, target.hosts.map(nameOf), now),
        outcome,
        answers: begun.begunEntry,
        documents: [
          jsonDocument('rehearsal', { release, seconds, message, hosts }),
          jsonDocument('hosts', outcomes),
        ],
      },
      { id: needs.newId(), now, random: needs.random },
    ),
  );
  return { outcome, release, hosts, message, seconds, entryId };
}

function rehearsedHost(
  { host, rehearsed, files, message }: HostOutcome,
  times: { readonly from: number; readonly to: number } | undefined,
): RehearsedHost {
  const { problems: found, ...rest } = rehearsed ?? { problems: [message] };
  // Whatever it has to say, it hasn't passed where it wasn't well, or something of it is left.
  const whole = rehearsed?.well === true && rehearsed.removed && rehearsed.after !== null;
  const problems = found.length > 0 || whole ? found : [message];
  return {
    host: nameOf(host),
    outcome: problems.length === 0 ? 'passed' : 'failed',
    problems,
    seconds: times === undefined ? 0 : (times.to - times.from) / 1000,
    files,
    found: rehearsed === undefined ? null : (rest as Omit<NonNullable<HostOutcome['rehearsed']>, 'problems'>),
  };
}

const nameOf = ({ host, port }: Host): string => `${host}:${port}`;
