import { randomUUID } from 'node:crypto';
import type { GateOutcome, Verdict } from '../../src/domain/decision.ts';
import type { NewDocument, NewEntry } from '../../src/domain/entry.ts';
import type { ReasonCode } from '../../src/domain/reason.ts';
import { fullName } from '../../src/domain/repository.ts';
import { record } from '../../src/ledger/store/record.ts';
import { jsonDocument } from '../../src/pipeline/documents.ts';
import { scriptedGitHub } from '../unit/facts/scripted-github.ts';
import type { TestDatabase } from './database.ts';
import { pipelineOn } from './pipeline.ts';
import { type Deploying, waitingDeployment } from './waiting-deployment.ts';

/** As much of a decision as what can be gone back to rests on. */
export interface Decided {
  readonly verdict: Verdict;
  readonly gates: readonly {
    readonly gate: string;
    readonly outcome: GateOutcome;
    readonly reasons: readonly { readonly code: ReasonCode }[];
  }[];
}

export interface DeployedRun {
  readonly sha: string;
  /** The decision that stands sealed beside each; null: none does. */
  readonly approval: Decided | null;
  readonly start: Decided | null;
}

let starts = 0;

/** Says of an environment that this was deployed there with success, one after the other, by rows and entries. */
export async function recordRuns(
  database: Pick<TestDatabase, 'db'>,
  { repository, environment }: Omit<Deploying, 'sha'>,
  ...all: readonly DeployedRun[]
): Promise<void> {
  const { newId, random } = pipelineOn(database, scriptedGitHub({}));
  for (const each of all) {
    const note = (
      entry: Pick<NewEntry, 'kind' | 'outcome' | 'answers'>,
      decision: Decided | null,
    ): Promise<string> =>
      database.db.transaction().execute(async (tx) => {
        const at = '2026-03-03T09:00:00.000Z';
        const documents: readonly NewDocument[] =
          decision === null ? [] : [jsonDocument('decision', { schema: 'decision/v1', ...decision })];
        const about = { repository: { id: repository.id, fullName: fullName(repository) }, commit: each.sha };
        const { entryId } = await record(
          tx,
          {
            ...about,
            ...entry,
            occurredAt: at,
            who: [],
            pullRequest: null,
            environment,
            hosts: [],
            reasons: [],
            delivery: null,
            documents,
          },
          { id: newId(), now: at, random },
        );
        return entryId;
      });
    const approved = await note(
      { kind: 'deployment.approved', outcome: 'approved', answers: randomUUID() },
      each.approval,
    );
    const started = await note(
      { kind: 'deployment.started', outcome: 'by_ssh', answers: approved },
      each.start,
    );
    const finished = await note({ kind: 'deployment.finished', outcome: 'success', answers: started }, null);
    starts += 1;
    await waitingDeployment(
      database.db,
      { repository, environment, sha: each.sha },
      {
        state: 'succeeded',
        started_entry: started,
        finished_entry: finished,
        started_sequence: starts,
      },
    );
  }
}
