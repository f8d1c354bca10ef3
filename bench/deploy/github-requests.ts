/** How often GitHub is asked in the deploy stage of one deployment, by the whole app: from the entry that approves it to its end. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { pino } from 'pino';
import { approve, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { setStage } from '../../demo/stage/stage.ts';
import { untilCheckRun } from '../../demo/stage/watch.ts';
import { openDatabase } from '../../src/db/open-database.ts';
import { listEntries } from '../../src/ledger/read.ts';
import { withPostgres } from '../with-postgres.ts';
import type { Growth } from './growth.ts';

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
      const db = openDatabase(urls.writerUrl);
      const recordedAt = async (kind: 'deployment.approved' | 'deployment.started'): Promise<number> =>
        Date.parse((await listEntries(db, { kinds: [kind] }))[0]?.content.recorded ?? '');
      const approvedAt = await recordedAt('deployment.approved');
      const startedAt = await recordedAt('deployment.started');
      const asked = stage.github.requests
        .map(({ by, route }, index) => ({ by, route, at: seenAt[index] ?? Number.POSITIVE_INFINITY }))
        .filter(({ by }) => /^(?:app|installation|git)\b/.test(by));
      const row = (
        what: string,
        from: number,
        to: number,
      ): { count: number; row: Growth['rows'][number] } => {
        const between = asked.filter(({ at }) => at > from && at <= to).map(({ route }) => route);
        return {
          count: between.length,
          row: { where: 'the whole app', what, requests: between.length, does: between.join(', ') },
        };
      };
      const again = row('requests to GitHub, approved to started: all is judged anew', approvedAt, startedAt);
      const rest = row('requests to GitHub, started to finished', startedAt, Number.POSITIVE_INFINITY);
      return {
        rows: [again.row, rest.row],
        ratios: {
          github_requests: again.count + rest.count,
          github_requests_after_start: rest.count,
        },
      };
    } finally {
      clearInterval(watch);
      await db.destroy();
      await stage.close();
    }
  });
}
