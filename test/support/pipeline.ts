import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { known } from '../../src/domain/known.ts';
import type { GitHubReader } from '../../src/facts/github-reader.ts';
import { newEntryId } from '../../src/ledger/format/entry-id.ts';
import type { Pipeline } from '../../src/pipeline/pipeline.ts';
import { agreeingTrees } from './agreeing-trees.ts';
import type { TestDatabase } from './database.ts';

export interface SentJob {
  readonly queue: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly startAfterSeconds: number;
}

/** One step's surroundings: a real database, a GitHub that answers what a test says, and a queue that only notes. */
export function pipelineOn(
  { db }: Pick<TestDatabase, 'db'>,
  github: GitHubReader,
  over: Partial<Pipeline> = {},
): Pipeline & { readonly sent: SentJob[] } {
  const sent: SentJob[] = [];
  const now = over.now ?? (() => new Date().toISOString());
  return {
    sent,
    db,
    queue: {
      send: async (_tx, queue, data, { startAfterSeconds = 0 } = {}) => {
        sent.push({ queue, data: { ...data }, startAfterSeconds });
        return Promise.resolve();
      },
      work: () => Promise.resolve(),
      redrive: () => Promise.resolve(0),
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    },
    log: pino({ level: 'silent' }),
    appId: 77,
    github: () => Promise.resolve(github),
    contentsToken: () => Promise.reject(new Error('no token in this test')),
    webUrl: 'https://github.test',
    publicUrl: null,
    cloneUrl: () => 'https://github.test/acme/shop.git',
    mirrors: '/nowhere',
    trees: () => agreeingTrees,
    targetOf: () => null,
    environments: null,
    githubAhead: () => known(0),
    newId: () => newEntryId(now(), randomBytes),
    random: randomBytes,
    patience: { attempts: 0, seconds: 1 },
    ...over,
    now,
  };
}
