import { sql } from 'kysely';
import { inspectHost } from '../../deploy/inspect-host.ts';
import { printable } from '../../deploy/refuse-paths.ts';
import type { ControlLook, JudgedControls } from '../../domain/control-facts.ts';
import type { Host } from '../../domain/deploy.ts';
import { known, type Known, unknown } from '../../domain/known.ts';
import type { RepositoryRef } from '../../domain/repository.ts';
import { repositoryOf, type StoredDeployment } from '../deployment/deployment-row.ts';
import { isLost } from '../repository/lost-repository.ts';
import { noteControls } from '../control/note-controls.ts';
import type { DeployTarget, Pipeline } from '../pipeline.ts';
import { rehearsalThere } from './rehearsal-lock.ts';
import { runningRelease } from '../deployment/running-release.ts';
import { targetRefusal } from '../deployment/target-refusal.ts';

/** Hosts that don't answer keep a look for minutes each. */
export const LOOK_AT_HOSTS_MS = 15 * 60_000;

/**
 * Asks every host that this process has a key for what runs there, and records where it is something else than the ledger has. A
 * deployment that is under way, or whose outcome nobody knows, is looked at by whoever carries it out.
 */
export async function lookAtHosts(pipeline: Pipeline): Promise<void> {
  for (const row of await deployedPlaces(pipeline)) {
    const repository = repositoryOf(row);
    const ours = pipeline.environments?.includes(row.environment) ?? true;
    const target = ours ? pipeline.targetOf(repository, row.environment) : null;
    if (target === null || (await isLost(pipeline, repository))) continue;
    // It has the target's name and nothing else of it: its hosts run another repository's releases.
    if ((await targetRefusal(pipeline.db, repository, target.target)) !== null) continue;
    try {
      await lookAtPlace(pipeline, { repository, environment: row.environment, target });
    } catch (error) {
      // One that can't be looked at mustn't keep the others from being.
      const about = { err: error, repository: repository.id, environment: row.environment };
      pipeline.log.warn(about, 'its hosts could not be looked at');
    }
  }
}

/** Each place that something was ever deployed to, by the newest deployment there, which the index has; no more are read. */
async function deployedPlaces({ db }: Pick<Pipeline, 'db'>): Promise<readonly StoredDeployment[]> {
  const places = db
    .selectFrom('countersign.deployment')
    .select(['repository_id', 'environment'])
    .distinct()
    .where('started_sequence', 'is not', null);
  return db
    .selectFrom(places.as('place'))
    .innerJoinLateral(
      (from) =>
        from
          .selectFrom('countersign.deployment as each')
          .selectAll('each')
          .whereRef('each.repository_id', '=', 'place.repository_id')
          .whereRef('each.environment', '=', 'place.environment')
          .where('each.started_sequence', 'is not', null)
          .orderBy('each.started_sequence', 'desc')
          .limit(1)
          .as('newest'),
      (join) => join.onTrue(),
    )
    .selectAll('newest')
    .orderBy('newest.repository_id')
    .orderBy('newest.environment')
    .execute();
}

interface Place {
  readonly repository: RepositoryRef;
  readonly environment: string;
  readonly target: DeployTarget;
}

async function lookAtPlace(pipeline: Pipeline, { repository, environment, target }: Place): Promise<void> {
  const before = await underWay(pipeline, repository, environment);
  const begunAt = pipeline.now();
  const { last, uncertain } = await runningRelease(pipeline.db, repository, environment);
  const rehearsal = await rehearsalThere(pipeline.db, repository.id, environment);
  if (before.busy || rehearsal.goesOn || uncertain !== null || last === null) return;
  const keys = { privateKey: await target.privateKey(), jumpKeys: await target.jumpKeys() };
  const { path, timeout } = target.target;
  const parts: Record<string, Known<{ runs: string }>> = {};
  for (const host of target.target.hosts) {
    try {
      const found = await inspectHost({ host, path, timeout, ...keys }, pipeline.random);
      parts[nameOf(host)] = known({ runs: runs(found, last.release) });
    } catch (error) {
      parts[nameOf(host)] = unknown(error instanceof Error ? printable(error.message) : 'it did not answer');
    }
  }
  // A deployment that began meanwhile switches what was looked at.
  const after = await underWay(pipeline, repository, environment);
  if (after.busy || after.started !== before.started) return;
  // So does a rehearsal, for a while.
  if ((await rehearsalThere(pipeline.db, repository.id, environment)).newest !== rehearsal.newest) return;
  const look: ControlLook = { subject: { kind: 'hosts', name: environment }, parts };
  const judged = judgeHosts(parts);
  await noteControls(pipeline, repository, {
    look,
    begunAt,
    judge: () => judged,
    delivery: null,
    by: null,
    named: null,
  });
}

/** As the ledger has it, whichever release that is: so that a deployment of ours is no change. */
const AS_RECORDED = 'what the ledger has';

function runs(
  { release, current }: { readonly release: string | null; readonly current: string | null },
  recorded: string | null,
): string {
  if (release !== null && release === recorded) return AS_RECORDED;
  return printable(release ?? current ?? 'nothing');
}

function judgeHosts(parts: Readonly<Record<string, Known<{ readonly runs: string }>>>): JudgedControls {
  const others = Object.entries(parts).filter(([, part]) => part.known && part.value.runs !== AS_RECORDED);
  if (others.length > 0) return { standing: 'gap', unmet: others.map(([host]) => host) };
  const unseen = Object.entries(parts).filter(([, part]) => !part.known);
  return { standing: unseen.length > 0 ? 'unknown' : 'whole', unmet: unseen.map(([host]) => host) };
}

async function underWay(
  { db }: Pipeline,
  repository: RepositoryRef,
  environment: string,
): Promise<{ readonly busy: boolean; readonly started: number }> {
  const { busy, started } = await db
    .selectFrom('countersign.deployment')
    .select((select) => [
      sql<boolean>`coalesce(bool_or(state IN ('running', 'unknown')), false)`.as('busy'),
      select.fn.coalesce(select.fn.max('started_sequence'), sql<number>`0`).as('started'),
    ])
    .where('repository_id', '=', repository.id)
    .where('environment', '=', environment)
    .executeTakeFirstOrThrow();
  return { busy, started };
}

const nameOf = ({ host, port }: Host): string => `${host}:${port}`;
