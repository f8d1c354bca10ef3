/**
 * A sign of life once a day, and each time it is seen that the ledger's guards changed. So silence shows: a ledger without its
 * daily `ledger.heartbeat` had nobody at work, or lost entries. While the guards don't stand, nothing may go on.
 */
import type { CodedError } from '../domain/coded-error.ts';
import { ledgerProblems, ledgerUnsafe } from '../ledger/verify/safety.ts';
import { digest } from './digest.ts';
import { jsonDocument } from './documents.ts';
import type { Pipeline } from './pipeline.ts';
import { recordOnce } from './record-once.ts';

type Needs = Pick<Pipeline, 'db' | 'queue' | 'now' | 'newId' | 'random' | 'log'>;

export interface Heartbeat {
  /** Resolves once, when the guards were found missing. */
  readonly unsafe: Promise<CodedError>;
  stop(): Promise<void>;
}

/** Looks at once, and then every so many milliseconds, until it is stopped. */
export function startHeartbeat(pipeline: Needs, everyMs: number): Heartbeat {
  const { promise: unsafe, resolve } = Promise.withResolvers<CodedError>();
  const look = async (): Promise<void> => {
    try {
      const problems = await beat(pipeline);
      if (problems.length > 0) resolve(ledgerUnsafe(problems));
    } catch (error) {
      pipeline.log.error({ err: error }, 'no sign of life could be recorded');
    }
  };
  let beating = look();
  const timer = setInterval(() => {
    beating = beating.then(look);
  }, everyMs);
  return {
    unsafe,
    stop: async () => {
      clearInterval(timer);
      await beating;
    },
  };
}

/** Records what it finds, once a day (UTC) where nothing changed, and answers what is wrong with the guards. */
export async function beat(pipeline: Needs): Promise<readonly string[]> {
  const problems = await ledgerProblems(pipeline.db);
  const now = pipeline.now();
  await recordOnce(pipeline, {
    subject: 'ledger.heartbeat',
    basis: `${now.slice(0, 'YYYY-MM-DD'.length)} ${digest(problems)}`,
    verdict: problems.length === 0 ? 'guarded' : 'unguarded',
    entry: (answers) => ({
      kind: 'ledger.heartbeat',
      occurredAt: now,
      who: [],
      repository: null,
      commit: null,
      pullRequest: null,
      environment: null,
      hosts: [],
      outcome: problems.length === 0 ? 'guarded' : 'unguarded',
      reasons: [],
      delivery: null,
      answers,
      documents: problems.length === 0 ? [] : [jsonDocument('problems', problems)],
    }),
    effects: () => [],
  });
  return problems;
}
