import type { NewEntry } from '../domain/entry.ts';
import { redeliver } from '../effects/redeliver.ts';
import { type FailedAttempt, failedDeliveries } from '../facts/failed-deliveries.ts';
import type { GitHubReader } from '../facts/github-reader.ts';
import type { Pipeline } from './pipeline.ts';
import { recordOnce } from './record-once.ts';

/** What fails so often fails for a reason that asking doesn't mend: the App's page shows it, and our log. */
const ASKED_AT_MOST = 5;

type Needs = Pick<Pipeline, 'db' | 'queue' | 'log' | 'now' | 'newId' | 'random'>;

/**
 * Asks GitHub again for what it could not deliver to us: it tries once, and never by itself again. Each asking is an entry;
 * a crash between the two asks once more, and the delivery is stored once, by its GUID. Answers how many were asked for.
 */
export async function recoverDeliveries(pipeline: Needs, app: () => Promise<GitHubReader>): Promise<number> {
  const github = await app();
  const { complete, items } = await failedDeliveries(github);
  if (!complete) await recordIncomplete(pipeline, items.at(-1)?.guid ?? null);
  const missing = await notStored(
    pipeline,
    Map.groupBy(items, ({ guid }) => guid),
  );
  let asked = 0;
  for (const [guid, attempts] of missing) {
    const [newest] = attempts;
    if (newest === undefined) continue;
    if (attempts.length > ASKED_AT_MOST) {
      pipeline.log.error({ delivery: guid, event: newest.event }, 'a delivery fails again and again');
      continue;
    }
    await redeliver(github, newest.id);
    await recordAsked(pipeline, newest);
    asked += 1;
  }
  return asked;
}

async function notStored(
  { db }: Needs,
  failed: ReadonlyMap<string, readonly FailedAttempt[]>,
): Promise<readonly (readonly [string, readonly FailedAttempt[]])[]> {
  if (failed.size === 0) return [];
  const stored = await db
    .selectFrom('countersign.delivery')
    .select('guid')
    .where('guid', 'in', [...failed.keys()])
    .execute();
  const known = new Set(stored.map(({ guid }) => guid));
  // Oldest first, as they happened.
  return [...failed].filter(([guid]) => !known.has(guid)).toReversed();
}

async function recordAsked(pipeline: Needs, { id, guid, event }: FailedAttempt): Promise<void> {
  await recordOnce(pipeline, {
    subject: `delivery:${guid}`,
    basis: String(id),
    verdict: 'asked_again',
    entry: (answers) =>
      recovered({ now: pipeline.now(), outcome: `asked_again.${event}`, delivery: guid, answers }),
    effects: () => [],
  });
}

/** Those before the oldest that GitHub listed are lost to us. Said once a day for as long as it is so. */
async function recordIncomplete(pipeline: Needs, oldest: string | null): Promise<void> {
  pipeline.log.error(
    { oldest },
    'GitHub lists more failed deliveries than are read: what came before the oldest of them is lost. Look at what was pushed and merged meanwhile',
  );
  const now = pipeline.now();
  await recordOnce(pipeline, {
    subject: 'deliveries',
    basis: now.slice(0, '2026-11-28'.length),
    verdict: 'incomplete',
    entry: (answers) => recovered({ now, outcome: 'incomplete', delivery: oldest, answers }),
    effects: () => [],
  });
}

function recovered({
  now,
  outcome,
  delivery,
  answers,
}: {
  readonly now: string;
  readonly outcome: string;
  readonly delivery: string | null;
  readonly answers: string | null;
}): NewEntry {
  return {
    kind: 'delivery.recovered',
    occurredAt: now,
    who: [],
    repository: null,
    commit: null,
    pullRequest: null,
    environment: null,
    hosts: [],
    outcome,
    reasons: [],
    delivery,
    answers,
    documents: [],
  };
}

const EVERY_MS = 5 * 60_000;

/** Does so now and every few minutes; answers what stops it. GitHub being down then is no reason not to serve. */
export function startRecovering(pipeline: Needs, app: () => Promise<GitHubReader>): () => Promise<void> {
  const look = async (): Promise<void> => {
    try {
      await recoverDeliveries(pipeline, app);
    } catch (error) {
      pipeline.log.warn({ err: error }, 'deliveries that failed could not be looked up');
    }
  };
  let looking = look();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, EVERY_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await looking;
  };
}
