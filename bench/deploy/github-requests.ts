/** How often GitHub is asked in the deploy stage of one deployment, by the whole app: from the entry that approves it to its end. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Kysely } from 'kysely';
import { pino } from 'pino';
import type { LoggedRequest } from '../../demo/github/server.ts';
import { approve, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { setStage } from '../../demo/stage/stage.ts';
import { until, untilCheckRun } from '../../demo/stage/watch.ts';
import type { Database } from '../../src/db/database.ts';
import { openDatabase } from '../../src/db/open-database.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { withPostgres } from '../with-postgres.ts';
import type { Growth } from './growth.ts';

/**
 * What counts against the installation's limit, as reads and writes; and what doesn't: what GitHub answers by "not modified", and tokens,
 * which the App asks for as itself.
 */
function countOf(requests: readonly LoggedRequest[]) {
  const own = requests.filter(({ by }) => by.startsWith('installation:'));
  const [free, counted] = [
    own.filter(({ status }) => status === 304),
    own.filter(({ status }) => status !== 304),
  ];
  const isRead = ({ method, route }: LoggedRequest) => method === 'GET' || route === 'graphql';
  return {
    reads: counted.filter(isRead).length,
    writes: counted.filter((request) => !isRead(request)).length,
    'not modified, free': free.length,
    'tokens and git': requests.length - own.length,
    does: counted
      .map(({ method, route }) => (route.startsWith(method) ? route : `${method} ${route}`))
      .join(', '),
  };
}

/**
 * The check run says "Deployed" before the last write is done: the deployment's status on GitHub has an order of its own. Each planned
 * write is stored with its entry, so once none is open and the end is recorded, none comes any more.
 */
async function untilAllIsWritten(db: Kysely<Database>): Promise<void> {
  await until(
    'all planned writes done',
    async () => {
      const ended = await listEntries(db, { kinds: ['deployment.finished'] });
      const open = await db
        .selectFrom('countersign.effect')
        .select('key')
        .where('state', '=', 'planned')
        .executeTakeFirst();
      return ended.length > 0 && open === undefined ? true : null;
    },
    60,
  );
}

/** Deploys one change on the demo's stage, and counts at the stand-in for GitHub. */
export async function measureGitHubRequests(): Promise<Growth> {
  return withPostgres(async (urls, directory) => {
    const dir = path.join(directory, 'stage');
    await mkdir(dir);
    const stage = await setStage({
      dir,
      database: { writerUrl: urls.writerUrl },
      log: pino({ level: 'silent' }),
    });
    // When each was answered, to the millisecond; the stand-in's own clock has seconds.
    const seenAt: number[] = [];
    const watch = setInterval(() => {
      while (seenAt.length < stage.github.requests.length) seenAt.push(Date.now());
    }, 1);
    const db = openDatabase(urls.writerUrl);
    try {
      const opened = await openChange(stage, 'alice', {
        branch: 'tax',
        title: 'Show prices with tax',
        files: { 'public/index.html': '<p>Prices with tax.</p>\n' },
      });
      await approve(stage, 'carol', opened.number);
      await untilCheckRun(
        stage,
        opened.head,
        'countersign/change',
        (run) => run.conclusion === 'success',
        60,
      );
      const merged = await merge(stage, 'carol', opened.number);
      await untilCheckRun(
        stage,
        merged,
        deployCheck('staging'),
        (run) => run.title.startsWith('Deployed'),
        60,
      );
      await untilAllIsWritten(db);
      const recordedAt = async (kind: 'deployment.approved' | 'deployment.started'): Promise<number> =>
        Date.parse((await listEntries(db, { kinds: [kind] }))[0]?.content.recorded ?? '');
      const approvedAt = await recordedAt('deployment.approved');
      const startedAt = await recordedAt('deployment.started');
      const asked = stage.github.requests
        .map((request, index) => ({ request, at: seenAt[index] ?? Number.POSITIVE_INFINITY }))
        .filter(({ request }) => /^(?:app|installation|git)\b/.test(request.by));
      const between = (from: number, to: number) =>
        countOf(asked.flatMap(({ request, at }) => (at > from && at <= to ? request : [])));
      const again = between(approvedAt, startedAt);
      const rest = between(startedAt, Number.POSITIVE_INFINITY);
      const where = 'the whole app';
      return {
        rows: [
          { where, what: 'requests to GitHub, approved to started: all is judged anew', ...again },
          { where, what: 'requests to GitHub, started to finished', ...rest },
        ],
        ratios: {
          github_requests: again.reads + again.writes + rest.reads + rest.writes,
          github_requests_after_start: rest.reads + rest.writes,
          github_reads: again.reads + rest.reads,
          github_writes: again.writes + rest.writes,
        },
      };
    } finally {
      clearInterval(watch);
      await db.destroy();
      await stage.close();
    }
  });
}
