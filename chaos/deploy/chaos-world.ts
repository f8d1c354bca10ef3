/** The whole app as a process of its own on the demo's stage, with PostgreSQL and three servers that things go wrong with. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Kysely } from 'kysely';
import { pino } from 'pino';
import { approve, merge, openChange } from '../../demo/stage/acts.ts';
import { type Stage, setStage } from '../../demo/stage/stage.ts';
import { untilCheckRun } from '../../demo/stage/watch.ts';
import type { Database } from '../../src/db/database.ts';
import { openDatabase } from '../../src/db/open-database.ts';
import { type RunningCommand, runCountersign } from '../../test/support/run-countersign.ts';
import { type ChaosHosts, startChaosHosts, targetOf } from './chaos-hosts.ts';

export interface ChaosWorld {
  readonly stage: Stage;
  readonly hosts: ChaosHosts;
  readonly db: Kysely<Database>;
  /** GitHub's own repository on disk. */
  readonly repository: string;
  /** Brings one more change to the branch that is deployed; answers the commit. */
  mergeChange(number: number): Promise<string>;
  /** How many beginnings and ends of steps the worker that runs now has told. */
  stepsTold(): number;
  /** `kill -9` of the worker; another is started. */
  killWorker(): Promise<void>;
  close(): Promise<void>;
}

const FILES = 60;
const FILE_BYTES = 30_000;
/** Long enough to be hit in. */
const COMMANDS = {
  build: 'sleep 0.2',
  before_switch: 'sleep 0.1',
  after_switch: 'sleep 0.1',
  health: 'test -s public/index.html; sleep 0.1',
};

export async function openChaosWorld(directory: string, writerUrl: string): Promise<ChaosWorld> {
  const hosts = await startChaosHosts(directory);
  const db = openDatabase(writerUrl);
  const cwd = path.join(directory, 'cwd');
  await mkdir(cwd);
  let worker: RunningCommand | null = null;
  try {
    const stage = await setStage({
      dir: path.join(directory, 'stage'),
      database: { writerUrl },
      log: pino({ level: 'silent' }),
      targets: (own) => [
        targetOf(hosts, COMMANDS),
        ...own.filter((target) => !('environment' in target && target.environment === 'staging')),
      ],
      launch: async (env) => {
        const started = runCountersign(['start'], { cwd, env: { ...env, LOG_LEVEL: 'info' } });
        worker = started;
        const [, url = ''] = await started.says(/serving on (http:\S+?)["\s]/);
        return {
          url,
          stop: async () => {
            started.kill('SIGTERM');
            await started.ended;
          },
        };
      },
    });
    const now = (): RunningCommand => {
      if (worker === null) throw new Error('no worker was started');
      return worker;
    };
    return {
      stage,
      hosts,
      db,
      repository: stage.repository.directory,
      mergeChange: async (number) => {
        const opened = await openChange(stage, 'alice', {
          branch: `change-${number}`,
          title: `Change ${number}`,
          files: changedFiles(number),
        });
        await approve(stage, 'carol', opened.number);
        await untilCheckRun(
          stage,
          opened.head,
          'countersign/change',
          (run) => run.conclusion === 'success',
          120,
        );
        return merge(stage, 'carol', opened.number);
      },
      stepsTold: () => now().output().split('"step":"').length - 1,
      killWorker: async () => {
        now().kill('SIGKILL');
        await now().ended;
        await stage.restart();
      },
      close: async () => {
        await stage.close();
        await db.destroy();
        await hosts.stop();
      },
    };
  } catch (error) {
    await db.destroy();
    await hosts.stop();
    throw error;
  }
}

/** All files at first; then a third of them with other bytes, every time others. */
function changedFiles(number: number): Readonly<Record<string, string>> {
  const files: Record<string, string> = { 'public/index.html': `<p>Change ${number}.</p>\n` };
  for (let at = 0; at < FILES; at += 1) {
    if (number > 0 && (at + number) % 3 !== 0) continue;
    files[`assets/${at % 7}/file-${at}.txt`] = `${number} ${at} `.repeat(FILE_BYTES / 6).slice(0, FILE_BYTES);
  }
  return files;
}
