import type { MergeGroupDecision, MergeGroupFacts, MergeGroupRef } from '../../domain/merge-group-facts.ts';
import { type PolicySource, textsOf } from '../../domain/policy-reading.ts';
import { fullName, type RepositoryRef } from '../../domain/repository.ts';
import { planBegunGroup, planEndedGroup, planMergeGroup } from '../../effects/plan-merge-group.ts';
import { POLICY_PATH } from '../../facts/wire-policy.ts';
import { evaluateMergeGroup } from '../../policy/evaluate-merge-group.ts';
import { waitsForChecks } from '../../policy/merge-group/waits-for-checks.ts';
import type { PolicyReading } from '../../policy/policy-reading.ts';
import { readingOf } from '../../policy/reading-of.ts';
import { type AssessedGroup, assessMergeGroup, groupPolicies, isGuarded } from './assess-merge-group.ts';
import { digest } from '../digest.ts';
import { jsonDocument, policyDocument } from '../documents.ts';
import type { PolicyStanding } from '../explain-decision.ts';
import { explainMergeGroup } from './explain-merge-group.ts';
import { MergeGroupJob } from '../jobs.ts';
import { LOUD_AFTER, reasonCodes, standingOf } from './judge-change.ts';
import { readGroup, type StoredGroup } from './merge-groups.ts';
import { notePolicies } from '../policy/note-policy.ts';
import type { Pipeline } from '../pipeline.ts';
import { recordOnce, recordOnceIn } from '../record-once.ts';
import { recordReviews } from './record-reviews.ts';
import { giveHeadBack, groupSubject, sharedHead } from './share-head.ts';
import { blocks } from '../../policy/strictest.ts';

interface Judged {
  readonly source: PolicySource;
  readonly reading: PolicyReading;
  readonly facts: MergeGroupFacts;
  readonly decision: MergeGroupDecision;
  readonly standing: PolicyStanding;
}

/** While GitHub hasn't said yet what the group's commits were made of: it is asked again before that is held against it. */
const MAY_COME_LATE: ReadonlySet<string> = new Set([
  'group_range_unknown',
  'group_commit_untraced',
  'group_head_differs',
]);

/**
 * Judges one merge group of a queue and answers on its head. The check run is there, unfinished, before anything is read
 * that can fail, since a required check that nobody began looks like one that will never come.
 */
export async function judgeMergeGroup(
  pipeline: Pipeline,
  data: unknown,
  job: { readonly attempt: number },
): Promise<void> {
  const { repository, headSha, delivery, looks } = MergeGroupJob.parse(data);
  const stored = await readGroup(pipeline.db, repository, headSha);
  if (stored === null) return;
  if (stored.state !== 'open') {
    await recordEnd(pipeline, repository, stored, delivery);
    return;
  }
  const { group } = stored;
  let assessed: AssessedGroup;
  let standing: PolicyStanding;
  try {
    const github = await pipeline.github(repository.installationId);
    const policies = await groupPolicies(pipeline, github, repository, group.baseRef);
    if (!isGuarded(policies, group.baseRef)) return;
    await recordBegin(pipeline, repository, group, delivery);
    assessed = await assessMergeGroup(pipeline, github, repository, { group, policies });
    for (const change of assessed.facts.changes) await recordReviews(pipeline, change, delivery);
    await notePolicies(pipeline, repository, policies, delivery);
    standing = standingOf(policies.policy);
  } catch (error) {
    // What was approved before must not stay green on what nobody can see any more.
    if (job.attempt >= LOUD_AFTER) {
      await recordBegin(pipeline, repository, group, delivery);
      await recordDecision(pipeline, unreadGroup(repository, group, error, pipeline.now()), delivery);
    }
    throw error;
  }
  // It has landed, and the webhook that says so comes.
  if (assessed.facts.status === 'behind' || assessed.facts.status === 'identical') return;
  if (looks < pipeline.patience.attempts && (await maySettle(pipeline, repository, assessed))) {
    await pipeline.queue.send(
      pipeline.db,
      'merge_group',
      { repository, headSha, delivery, looks: looks + 1 },
      { key: `${repository.id}:${headSha}`, startAfterSeconds: pipeline.patience.seconds },
    );
    return;
  }
  await recordDecision(pipeline, { ...assessed, standing }, delivery);
}

const queuedSubjectOf = ({ id }: RepositoryRef, headSha: string) => `change_queued:${id}:${headSha}`;

/** Only before the first decision: what was approved and isn't understood any more is held at once. */
async function maySettle(
  { db }: Pipeline,
  repository: RepositoryRef,
  { decision, facts }: AssessedGroup,
): Promise<boolean> {
  if (!reasonCodes(decision).some((code) => MAY_COME_LATE.has(code))) return false;
  const last = await db
    .selectFrom('countersign.last_decision')
    .select('verdict')
    .where('subject', '=', groupSubject(repository, facts.group.headSha))
    .executeTakeFirst();
  return last === undefined;
}

async function recordBegin(
  pipeline: Pipeline,
  repository: RepositoryRef,
  group: MergeGroupRef,
  delivery: string | null,
): Promise<void> {
  await recordOnce(pipeline, {
    subject: queuedSubjectOf(repository, group.headSha),
    basis: 'checks_requested',
    verdict: 'checks_requested',
    entry: (answers) =>
      queuedEntry(repository, group, { outcome: 'checks_requested', answers, delivery }, pipeline),
    effects: (entryId) => planBegunGroup({ repository, group, entryId }),
  });
}

/** What became of it; a check run of ours that isn't finished is, since nobody will judge it any more. */
async function recordEnd(
  pipeline: Pipeline,
  repository: RepositoryRef,
  { group, state }: StoredGroup,
  delivery: string | null,
): Promise<void> {
  await pipeline.db.transaction().execute(async (tx) => {
    const subjects = [groupSubject(repository, group.headSha), queuedSubjectOf(repository, group.headSha)];
    const found = await tx
      .selectFrom('countersign.last_decision')
      .select(['subject', 'verdict'])
      .where('subject', 'in', subjects)
      .execute();
    await giveHeadBack(tx, pipeline.queue, repository, { headSha: group.headSha, delivery });
    const begun = found.some(({ subject }) => subject === subjects[1]);
    // Nothing was shown: of a branch that isn't guarded, or it was over before we heard of it.
    if (!begun) return;
    const decided = found.find(({ subject }) => subject === subjects[0])?.verdict ?? WAITING;
    await recordOnceIn(tx, pipeline, {
      subject: queuedSubjectOf(repository, group.headSha),
      basis: state,
      verdict: state,
      entry: (answers) => queuedEntry(repository, group, { outcome: state, answers, delivery }, pipeline),
      effects: (entryId) =>
        decided === WAITING ? planEndedGroup({ repository, group, entryId, state }) : [],
    });
  });
}

/** The verdict that is noted while a group waits for other checks only: its check run isn't finished. */
const WAITING = 'waiting';

function queuedEntry(
  repository: RepositoryRef,
  group: MergeGroupRef,
  noted: { readonly outcome: string; readonly answers: string | null; readonly delivery: string | null },
  { now }: Pick<Pipeline, 'now'>,
) {
  return {
    kind: 'change.queued',
    occurredAt: now(),
    who: [],
    repository: { id: repository.id, fullName: fullName(repository) },
    commit: group.headSha,
    pullRequest: group.pullRequest,
    environment: null,
    hosts: [],
    reasons: [],
    ...noted,
    documents: [jsonDocument('merge_group', group)],
  } as const;
}

/** Records a decision on a merge group (unless nothing changed) and queues its check run. */
async function recordDecision(
  pipeline: Pipeline,
  { source, reading, facts, decision, standing }: Judged,
  delivery: string | null,
): Promise<void> {
  const { repository, group } = facts;
  const waits = decision.mode === 'enforce' && waitsForChecks(decision);
  const numbers = decision.changes.map(({ pullRequest }) => pullRequest);
  await pipeline.db.transaction().execute(async (tx) => {
    // It may have ended while we read: then its end is what is shown.
    if ((await readGroup(tx, repository, group.headSha))?.state !== 'open') return;
    await tx
      .updateTable('countersign.merge_group')
      .set({ pull_requests: numbers })
      .where('repository_id', '=', repository.id)
      .where('head_sha', '=', group.headSha)
      .execute();
    const { blocking, beside } = await sharedHead(tx, repository, group.headSha);
    const shown = blocks(decision) || blocking.length === 0;
    await recordOnceIn(tx, pipeline, {
      subject: groupSubject(repository, group.headSha),
      basis: digest([decision, ...textsOf(source), shown, ...beside]),
      verdict: waits ? WAITING : decision.verdict,
      entry: (answers) => ({
        kind: 'decision.made',
        occurredAt: facts.gatheredAt,
        who: [],
        repository: { id: repository.id, fullName: fullName(repository) },
        commit: group.headSha,
        pullRequest: null,
        environment: null,
        hosts: [],
        outcome: decision.verdict,
        reasons: reasonCodes({
          gates: [decision, ...decision.changes.map((each) => each.decision)].flatMap(({ gates }) => gates),
        }),
        delivery,
        answers,
        documents: [jsonDocument('decision', decision), jsonDocument('facts', facts), policyDocument(source)],
      }),
      effects: (entryId) =>
        shown
          ? planMergeGroup({
              decision,
              explained: explainMergeGroup(decision, reading, facts, { source, standing }),
              waits,
              beside,
              facts,
              entryId,
              webUrl: pipeline.webUrl,
            })
          : [],
    });
  });
}

/** A group of which GitHub tells us nothing now. */
function unreadGroup(repository: RepositoryRef, group: MergeGroupRef, error: unknown, now: string): Judged {
  const why = error instanceof Error ? error.message : 'an error of ours; the log has it';
  const source = { path: POLICY_PATH, ref: 'unknown', commit: null, text: null, unreadable: why };
  const reading = readingOf(source);
  const facts: MergeGroupFacts = {
    schema: 'merge-group-facts/v1',
    gatheredAt: now,
    unreadable: why,
    repository,
    group,
    tip: '',
    status: 'unknown',
    steps: { complete: false, items: [] },
    checks: { complete: false, items: [] },
    changes: [],
  };
  const standing = { trust: { trusted: true }, unusableNow: null } as const;
  return { source, reading, facts, decision: evaluateMergeGroup(reading, facts), standing };
}
