import type { Decision } from '../../domain/decision.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import type { PolicySource } from '../../domain/policy-reading.ts';
import { readDocument, readEntry } from '../../ledger/store/read.ts';
import { readingOf } from '../../policy/reading-of.ts';
import type { AssessedDeployment } from './assess-deployment.ts';
import type { StoredDeployment } from './deployment-row.ts';
import type { Pipeline } from '../pipeline.ts';

/**
 * What a started (or approved) deployment rests on, as its entry has it: so that its end can be recorded and shown whatever
 * GitHub answers by then. The documents are ours and are checked against their commitments.
 */
export async function recordedAssessment(
  pipeline: Pick<Pipeline, 'db'>,
  row: StoredDeployment,
): Promise<AssessedDeployment & { readonly outcome: string }> {
  const id = row.started_entry ?? row.decision_entry;
  const entry = id === null ? null : await readEntry(pipeline.db, id);
  if (entry === null) throw new Error(`deployment ${row.id} has no entry that it rests on`);
  const document = async (name: string): Promise<unknown> => {
    const sealed = entry.content.documents.find((each) => each.name === name);
    const body = sealed === undefined ? null : await readDocument(pipeline.db, sealed.commitment);
    if (body === null) throw new Error(`entry ${entry.id} has no ${name} any more`);
    return JSON.parse(body.toString('utf8'));
  };
  // The only casts of this room: `record` wrote these three, in these forms, and the commitments hold them.
  const source = (await document('policy')) as PolicySource;
  return {
    source,
    reading: readingOf(source),
    facts: (await document('facts')) as DeploymentFacts,
    decision: (await document('decision')) as Decision,
    policy: null,
    outcome: entry.content.outcome,
  };
}
