import type { Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { Actor } from '../../domain/actor.ts';
import type { NewDocument, NewEntry } from '../../domain/entry.ts';
import { fullName } from '../../domain/repository.ts';
import { planCancelButton } from '../../effects/plan-cancel.ts';
import { openRoles } from '../../facts/read-roles.ts';
import { record } from '../../ledger/store/record.ts';
import { listEntries, type ReadEntry } from '../../ledger/store/read.ts';
import { judgeCancel } from '../../policy/commands/judge-cancel.ts';
import { rolesOfCommand } from '../../policy/commands/roles-of-command.ts';
import { type StoredDeployment, repositoryOf, requestOf } from './deployment-row.ts';
import { jsonDocument, policyDocument } from '../documents.ts';
import { holdRunning } from './hold-running.ts';
import type { Pipeline } from '../pipeline.ts';
import { policyInForce } from '../policy/policy-in-force.ts';
import { queueEffects } from '../queue-effects.ts';

const KIND = 'deployment.cancelled';

/**
 * Notes that somebody pressed Cancel. Whether they may is judged by the worker that has the deployment, which reads it there before its next
 * step. One that isn't under way can't be cancelled, and a press that waits to be judged, or that counted, isn't noted twice.
 */
export async function askToCancel(
  tx: Transaction<Database>,
  pipeline: Pick<Pipeline, 'now' | 'newId' | 'random'>,
  row: StoredDeployment,
  { presser, delivery }: { readonly presser: Actor | null; readonly delivery: string },
): Promise<void> {
  if (presser === null || row.started_entry === null) return;
  if (row.state !== 'running' && row.state !== 'unknown') return;
  for (const { ask, verdict } of await asksOf(tx, row)) {
    if (verdict === 'accepted' || (verdict === null && pressedBy(ask)?.id === presser.id)) return;
  }
  await note(tx, pipeline, row, {
    outcome: 'asked',
    who: [{ role: 'canceller', actor: presser }],
    delivery,
    answers: row.started_entry,
    documents: [],
  });
}

/** By whom a deployment was cancelled; `actor` is null where they were erased since. */
export interface Canceller {
  readonly actor: Actor | null;
}

/**
 * Who cancelled a deployment; null where nobody who may did. Judges what was pressed since it was last asked. A press that was found to
 * count goes on counting when whose it was is erased: hosts may have been taken back for it already.
 */
export async function cancellerOf(pipeline: Pipeline, row: StoredDeployment): Promise<Canceller | null> {
  for (const { ask, verdict } of await asksOf(pipeline.db, row)) {
    if (verdict === 'refused') continue;
    const actor = pressedBy(ask);
    if (verdict === 'accepted') return { actor };
    if (actor !== null && (await judge(pipeline, row, { ask, presser: actor }))) return { actor };
  }
  return null;
}

interface Ask {
  readonly ask: ReadEntry;
  readonly verdict: string | null;
}

/** What was pressed, in that order, and what was found of each. */
async function asksOf(db: Pipeline['db'], row: StoredDeployment): Promise<readonly Ask[]> {
  if (row.started_entry === null) return [];
  const asks = await listEntries(db, { answers: row.started_entry, kinds: [KIND] });
  const found: Ask[] = [];
  for (const ask of asks.toReversed()) found.push({ ask, verdict: await verdictOf(db, ask) });
  return found;
}

/** Null: it wasn't judged yet. */
async function verdictOf(db: Pipeline['db'], ask: ReadEntry): Promise<string | null> {
  const [verdict] = await listEntries(db, { answers: ask.id, kinds: [KIND], limit: 1 });
  return verdict?.content.outcome ?? null;
}

/** Null where they were erased since: whose press it was can't be judged then. */
function pressedBy({ people }: ReadEntry): Actor | null {
  const found = people.find(({ role }) => role === 'canceller');
  if (found === undefined || found.actor === null || found.actor.login === null) return null;
  return { id: found.actor.id, login: found.actor.login, kind: found.type };
}

/** Records whether a press counts, before anything is done for it. Where GitHub can't say, it is judged again before the next step. */
async function judge(
  pipeline: Pipeline,
  row: StoredDeployment,
  { ask, presser }: { readonly ask: ReadEntry; readonly presser: Actor },
): Promise<boolean> {
  let judged: Judged;
  try {
    judged = await judgedOn(pipeline, row, presser);
  } catch (error) {
    pipeline.log.warn({ err: error, deployment: row.id }, 'whether somebody may cancel could not be judged');
    return false;
  }
  const { refusal, documents } = judged;
  return pipeline.db.transaction().execute(async (tx) => {
    // Hosts that come to their next step at the same moment all judge it, and so may an attempt that lost the deployment: it is recorded once.
    if (!(await holdRunning(tx, row))) return false;
    const verdict = await verdictOf(tx, ask);
    if (verdict !== null) return verdict === 'accepted';
    const entryId = await note(tx, pipeline, row, {
      outcome: refusal === null ? 'accepted' : 'refused',
      who: [{ role: 'canceller', actor: presser }],
      delivery: ask.content.delivery ?? null,
      answers: ask.id,
      documents,
    });
    if (refusal === null) return true;
    const { webUrl } = pipeline;
    const about = { request: requestOf(row), repository: repositoryOf(row), webUrl, entryId };
    const button = planCancelButton({ ...about, ended: false, refusal });
    await queueEffects(tx, pipeline.queue, [button], pipeline.now());
    return false;
  });
}

interface Judged {
  readonly refusal: string | null;
  readonly documents: readonly NewDocument[];
}

/** Whoever asked for it may whatever GitHub says, and while it says nothing; of anybody else it is asked at this moment. */
async function judgedOn(pipeline: Pipeline, row: StoredDeployment, presser: Actor): Promise<Judged> {
  const repository = repositoryOf(row);
  const { environment } = row;
  const { requester } = requestOf(row);
  if (requester?.id === presser.id)
    return { refusal: null, documents: [jsonDocument('cancel', { refusal: null, requester: true })] };
  const github = await pipeline.github(repository.installationId);
  const { reading, source, trust } = await policyInForce(pipeline, github, repository);
  const asked =
    reading.kind === 'valid'
      ? rolesOfCommand(reading.policy, { name: 'deploy', environment })
      : { teams: [], permissions: false };
  const roles = await openRoles(github, repository).of(asked, { named: [presser], acting: [presser] });
  const refusal = judgeCancel(reading, { commenter: presser, roles, environment, requester, trust });
  const found = jsonDocument('cancel', { refusal, requester: false, roles });
  return { refusal, documents: [found, policyDocument(source)] };
}

async function note(
  tx: Transaction<Database>,
  { now, newId, random }: Pick<Pipeline, 'now' | 'newId' | 'random'>,
  row: StoredDeployment,
  entry: Pick<NewEntry, 'outcome' | 'who' | 'delivery' | 'answers' | 'documents'>,
): Promise<string> {
  const at = now();
  const repository = repositoryOf(row);
  const { entryId } = await record(
    tx,
    {
      kind: KIND,
      occurredAt: at,
      repository: { id: repository.id, fullName: fullName(repository) },
      commit: row.sha,
      pullRequest: null,
      environment: row.environment,
      hosts: [],
      reasons: [],
      ...entry,
    },
    { id: newId(), now: at, random },
  );
  return entryId;
}
