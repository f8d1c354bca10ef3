import { CodedError } from '../../domain/coded-error.ts';
import type { EntryKind } from '../../domain/entry.ts';
import { fullName } from '../../domain/repository.ts';
import { planNotice } from '../../effects/plan-emergency.ts';
import { record } from '../../ledger/store/record.ts';
import type { PolicyReading } from '../../policy/policy-reading.ts';
import { holdEmergency, noteAct } from './emergency-acts.ts';
import { EmergencyJob } from '../jobs.ts';
import { judgeWaiting } from '../deployment/judge-waiting.ts';
import { lastReviewedPolicy } from '../policy/last-reviewed-policy.ts';
import type { Pipeline } from '../pipeline.ts';
import { queueEffects } from '../queue-effects.ts';
import { type DueEmergency, readDue } from './read-due.ts';
import { sendAt } from './record-emergency.ts';
import { reviewDue } from './review-due.ts';
import { whereNow } from '../repository/where-now.ts';

/**
 * What is due about an emergency at this moment: that it ends unused, or that its review is late. The gates judge by the time itself, so
 * nothing is let through where this comes late; it makes the record, tells the pull request, and has what waits judged again. A crash before
 * the commit leaves the job, and after it nothing to do.
 */
export async function emergencyDue(pipeline: Pipeline, data: unknown): Promise<void> {
  const parsed = EmergencyJob.parse(data);
  // Its time may be long after it was queued.
  const job = { ...parsed, repository: await whereNow(pipeline.db, parsed.repository) };
  const found = await readDue(pipeline.db, job.entry);
  if (found === null) throw new CodedError('facts_moved', `the ledger has no emergency ${job.entry}`);
  const at = job.due === 'expiry' ? found.expiresAt : found.dueAt;
  if (at === null) return;
  if (Date.parse(pipeline.now()) < Date.parse(at)) return sendAt(pipeline.db, pipeline, job, at);
  const asked = job.due === 'review' ? await reviewers(pipeline, job, found.environment) : null;
  await settle(pipeline, job, found, { at, asked });
}

async function settle(
  pipeline: Pipeline,
  { due, entry, repository }: EmergencyJob,
  { environment, sha, pullRequest }: DueEmergency,
  { at, asked }: { readonly at: string; readonly asked: string | null },
): Promise<void> {
  const { act, closedBy, kind } = ACTS[due];
  await pipeline.db.transaction().execute(async (tx) => {
    const acts = await holdEmergency(tx, entry);
    const now = pipeline.now();
    // What rests on it and hasn't started is held from here on; by an overdue review, whatever of the repository.
    await judgeWaiting(tx, pipeline.queue, {
      repositoryId: repository.id,
      environment: due === 'expiry' ? environment : null,
      sha: due === 'expiry' ? sha : null,
      delivery: null,
    });
    if (acts.has(act) || acts.has(closedBy)) return;
    const id = pipeline.newId();
    await noteAct(tx, { emergency: entry, act, entryId: id });
    await record(
      tx,
      {
        kind,
        occurredAt: now,
        who: [],
        repository: { id: repository.id, fullName: fullName(repository) },
        commit: sha,
        pullRequest,
        environment,
        hosts: [],
        outcome: act,
        reasons: [],
        delivery: null,
        answers: entry,
        documents: [],
      },
      { id, now, random: pipeline.random },
    );
    const notice = {
      what: act,
      emergency: entry,
      environment,
      sha,
      at,
      ...(asked === null ? {} : { asked }),
    };
    const effects = planNotice(notice, {
      repository,
      number: pullRequest,
      entryId: id,
      webUrl: pipeline.webUrl,
      now,
    });
    await queueEffects(tx, pipeline.queue, effects, now);
  });
}

const ACTS = {
  expiry: { act: 'expired', closedBy: 'used', kind: 'emergency.expired' },
  review: { act: 'overdue', closedBy: 'reviewed', kind: 'emergency.overdue' },
} as const satisfies Readonly<
  Record<EmergencyJob['due'], { act: string; closedBy: string; kind: EntryKind }>
>;

/** Whom the policy names that was last in force by the ledger, as Markdown: what is overdue waits for nothing that GitHub tells. */
async function reviewers(
  { db, now, log }: Pipeline,
  { repository, entry }: EmergencyJob,
  environment: string,
): Promise<string> {
  try {
    const policy = (await lastReviewedPolicy(db, repository.id))?.policy;
    const reading: PolicyReading = policy === undefined ? { kind: 'absent' } : { kind: 'valid', policy };
    return reviewDue(reading, environment, now()).asked;
  } catch (error) {
    log.warn({ err: error, emergency: entry }, 'whom the policy names for a review can’t be told');
    return reviewDue({ kind: 'absent' }, environment, now()).asked;
  }
}
