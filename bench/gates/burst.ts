import { join } from 'node:path';
import { pino } from 'pino';
import { openChange } from '../../demo/stage/acts.ts';
import { setStage } from '../../demo/stage/stage.ts';
import { seeCheckRun, until, untilCheckRun } from '../../demo/stage/watch.ts';
import { openDatabase } from '../../src/db/open-database.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { withPostgres } from '../with-postgres.ts';

const CHANGE = 'countersign/change';
const EVENTS = 50;

/**
 * Fifty events on one pull request in quick succession, the last of which approves it: how many decisions are recorded, and how
 * many times our check run is written. The whole app runs, and GitHub's stand-in delivers.
 */
export async function measureBurst() {
  return await withPostgres(async (urls, directory) => {
    const stage = await setStage({
      dir: join(directory, 'stage'),
      database: urls,
      log: pino({ level: 'silent' }),
    });
    const db = openDatabase(urls.readerUrl);
    try {
      const { number, head } = await openChange(stage, 'alice', {
        branch: 'burst',
        title: 'Sell more',
        files: { 'public/index.html': '<p>more</p>\n' },
      });
      await untilCheckRun(stage, head, CHANGE, (run) => run.title.startsWith('Held'));
      await stage.github.deliveries.waitForIdle();
      const decisions = async () => (await listEntries(db, { kinds: ['decision.made'] })).length;
      const before = await decisions();
      stage.github.resetRequests();
      const at = { owner: stage.owner, repo: stage.repo };
      const started = performance.now();
      for (let index = 1; index < EVENTS; index += 1) {
        await stage.as('bob').rest.pulls.createReview({
          ...at,
          pull_number: number,
          event: 'COMMENT',
          body: `${index}`,
          commit_id: head,
        });
      }
      await stage.as('carol').rest.pulls.createReview({
        ...at,
        pull_number: number,
        event: 'APPROVE',
        commit_id: head,
      });
      const sent = performance.now() - started;
      await untilCheckRun(stage, head, CHANGE, (run) => run.conclusion === 'success', 60);
      const answered = performance.now() - started;
      await stage.github.deliveries.waitForIdle();
      let last = -1;
      await until('nothing more to be decided', async () => {
        const now = await decisions();
        const settled = now === last;
        last = now;
        await new Promise((resolve) => setTimeout(resolve, 2_000));
        return settled ? true : null;
      });
      await seeCheckRun(stage, head, CHANGE);
      const ours = stage.github.requests.filter(({ by }) => by === 'installation:countersign');
      return {
        what: `a burst of ${EVENTS} events on one pull request, sent within ${Math.round(sent)} ms, shown ${Math.round(answered - sent)} ms after the last`,
        decisions: last - before,
        'check-run writes': ours.filter(
          ({ method, route }) => method !== 'GET' && route.includes('/check-runs'),
        ).length,
        'looks at GitHub': ours.filter(({ route }) => route === 'graphql').length,
      };
    } finally {
      await db.destroy();
      await stage.close();
    }
  });
}
