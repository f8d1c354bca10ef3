import { sql, type Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { Actor } from '../../domain/actor.ts';
import type {
  ControlLook,
  ControlsFact,
  ControlStanding,
  ControlSubject,
  JudgedControls,
  KeptControls,
  NamedControl,
} from '../../domain/control-facts.ts';
import type { NewEntry } from '../../domain/entry.ts';
import type { ReasonCode } from '../../domain/reason.ts';
import { fullName, type RepositoryRef } from '../../domain/repository.ts';
import { record } from '../../ledger/store/record.ts';
import { compareControls, type ComparedControls } from '../../policy/control/compare-controls.ts';
import { namesChanges } from '../../policy/control/names-changes.ts';
import { sourcesOf } from '../../policy/control/sources-of.ts';
import { type UnnamedChange, unnamedChange } from '../../policy/control/unnamed-change.ts';
import { standingAfter } from '../../policy/control/judge-controls.ts';
import { jsonDocument } from '../documents.ts';
import type { Pipeline } from '../pipeline.ts';

/** A look at what is enforced, judged. */
export interface SeenControls {
  readonly look: ControlLook;
  /** Before the first request of the look, RFC 3339: whatever was changed later may be missing in it. */
  readonly begunAt: string;
  readonly judge: (kept: KeptControls['parts'] | null) => JudgedControls;
  readonly delivery: string | null;
  /** Whose delivery made us look, where it is one about controls. */
  readonly by: Actor | null;
  /** What that delivery says was changed; null where it doesn't say. */
  readonly named: NamedControl | null;
}

/**
 * Records a `control.changed` where what GitHub enforces is another than at the last look, however long ago that was; the first
 * look is the baseline. What can't be read is recorded once, and is no change. Where what the policy demands isn't enforced any more a
 * gap begins, and another entry ends it. Whose delivery made us look is the `changer` only where it names all that changed; else they
 * are the `sender`, as is each whose delivery comes soon after such a change, once a delivery however often it is worked. A crash before the commit leaves the last look in its place: the next one finds the same.
 */
export async function noteControls(
  pipeline: Pick<Pipeline, 'db' | 'now' | 'newId' | 'random'>,
  repository: RepositoryRef,
  seen: SeenControls,
): Promise<ControlsFact> {
  return pipeline.db.transaction().execute((tx) => noteIn(tx, pipeline, repository, seen));
}

async function noteIn(
  tx: Transaction<Database>,
  pipeline: Pick<Pipeline, 'now' | 'newId' | 'random'>,
  repository: RepositoryRef,
  { look, begunAt, judge, delivery, by, named }: SeenControls,
): Promise<ControlsFact> {
  const subject = subjectKey(repository, look.subject);
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${subject}, 0))`.execute(tx);
  const row = await tx
    .selectFrom('countersign.control_state')
    .selectAll()
    .where('subject', '=', subject)
    .executeTakeFirst();
  const now = pipeline.now();
  // Somebody who began later was faster: what we saw is older, and no change back to it.
  const older = row !== undefined && row.looked_at.getTime() > Date.parse(begunAt);
  const before = row === undefined ? null : row.kept;
  const open = unnamedChange(before, now);
  const late = open !== null && by !== null && delivery !== null && !open.told.includes(delivery);
  if (older && !late) return factOf(look.subject, row);

  const compared = compareControls(before?.parts ?? null, older ? { ...look, parts: {} } : look);
  const last = row === undefined ? null : { standing: row.standing, unmet: row.kept.unmet };
  const judged = older
    ? { standing: row.standing, unmet: row.kept.unmet }
    : standingAfter(last, judge(before?.parts ?? null));
  const found = actOf(compared, last, judged);
  const act = found ?? (late ? 'told' : null);
  const isChanger = act === 'changed' && by !== null && namesChanges(named, look.subject, compared.changes);
  const unnamed = unnamedAfter(act, { isChanger, now, delivery, open });
  const kept: KeptControls = {
    parts: compared.parts,
    unmet: judged.unmet,
    ...(unnamed === null ? {} : { unnamedAt: unnamed.at, unnamedTold: unnamed.told }),
  };
  const looked = { kept: JSON.stringify(kept), looked_at: older ? row.looked_at : new Date(begunAt) };
  if (act === null && row !== undefined) {
    await tx.updateTable('countersign.control_state').set(looked).where('subject', '=', subject).execute();
    return factOf(look.subject, { ...row, kept, looked_at: looked.looked_at });
  }

  const { entryId } = await record(
    tx,
    entryOf(repository, {
      look,
      compared,
      sources: sourcesOf(compared.changes, [before?.parts ?? null, compared.parts]),
      judged,
      act: act ?? 'baseline',
      seenBefore: row?.looked_at.toISOString() ?? null,
      begunAt,
      answers: row?.entry_id ?? null,
      delivery,
      by,
      isChanger,
    }),
    { id: pipeline.newId(), now, random: pipeline.random },
  );
  const stands =
    row !== undefined && row.standing === judged.standing
      ? { since: row.since, since_entry: row.since_entry }
      : { since: new Date(begunAt), since_entry: entryId };
  const value = { ...looked, standing: judged.standing, ...stands, entry_id: entryId };
  await tx
    .insertInto('countersign.control_state')
    .values({ subject, repository_id: repository.id, ...value })
    .onConflict((conflict) => conflict.column('subject').doUpdateSet(value))
    .execute();
  return factOf(look.subject, { ...value, kept });
}

/**
 * `judged`: nothing changed on GitHub, but the policy asks for something else. `told`: a delivery came soon after a look had
 * found a change that nobody's delivery named. Null: there is nothing to tell.
 */
type Act = 'baseline' | 'changed' | 'unreadable' | 'readable' | 'judged' | 'told';

/** It stays open when somebody was told of: two people may each have made a part of what one look found, or neither. */
function unnamedAfter(
  act: Act | null,
  {
    isChanger,
    now,
    delivery,
    open,
  }: {
    readonly isChanger: boolean;
    readonly now: string;
    readonly delivery: string | null;
    readonly open: UnnamedChange | null;
  },
): UnnamedChange | null {
  const told = delivery === null ? [] : [delivery];
  if (act === 'changed') return isChanger ? null : { at: now, told };
  return act === 'told' && open !== null ? { at: open.at, told: [...open.told, ...told] } : open;
}

function actOf(
  { changes, first, lost, found }: ComparedControls,
  last: JudgedControls | null,
  judged: JudgedControls,
): Act | null {
  if (last === null) return 'baseline';
  if (changes.length > 0) return 'changed';
  if (lost.length > 0) return 'unreadable';
  if (found.length > 0 || first.length > 0) return 'readable';
  const same = last.standing === judged.standing && last.unmet.join() === judged.unmet.join();
  return same ? null : 'judged';
}

const REASONS: Readonly<Record<ControlStanding, readonly ReasonCode[]>> = {
  whole: ['protection_holds'],
  gap: ['protection_missing'],
  unknown: ['protection_unknown'],
  not_demanded: [],
};

function entryOf(
  repository: RepositoryRef,
  {
    look,
    compared,
    sources,
    judged,
    act,
    seenBefore,
    begunAt,
    answers,
    delivery,
    by,
    isChanger,
  }: {
    readonly look: ControlLook;
    readonly compared: ComparedControls;
    readonly sources: Readonly<Record<string, string>>;
    readonly judged: JudgedControls;
    readonly act: Act;
    readonly seenBefore: string | null;
    readonly begunAt: string;
    readonly answers: string | null;
    readonly delivery: string | null;
    readonly by: Actor | null;
    readonly isChanger: boolean;
  },
): NewEntry {
  const { kind, name } = look.subject;
  const unknown = Object.entries(look.parts).flatMap(([part, each]) =>
    each.known ? [] : [{ part, why: each.why }],
  );
  return {
    kind: 'control.changed',
    occurredAt: begunAt,
    who:
      (act === 'changed' || act === 'told') && by !== null
        ? [{ role: isChanger ? 'changer' : 'sender', actor: by }]
        : [],
    repository: { id: repository.id, fullName: fullName(repository) },
    commit: null,
    pullRequest: null,
    environment: kind === 'branch' ? null : name,
    hosts: kind === 'hosts' ? Object.keys(look.parts) : [],
    outcome: `${act}.${judged.standing}`,
    reasons: kind === 'branch' ? REASONS[judged.standing] : [],
    delivery,
    answers,
    documents: [
      jsonDocument('control', {
        schema: 'control/v1',
        subject: look.subject,
        ...judged,
        changes: compared.changes,
        ...(Object.keys(sources).length === 0 ? {} : { sources }),
        unknown,
        // It changed between these two looks; nobody knows when.
        seenBefore,
        seen: begunAt,
      }),
      jsonDocument('settings', compared.parts),
    ],
  };
}

interface Standing {
  readonly kept: KeptControls;
  readonly standing: ControlStanding;
  readonly since: Date;
  readonly since_entry: string;
  readonly looked_at: Date;
}

function factOf(subject: ControlSubject, row: Standing): ControlsFact {
  return {
    subject,
    standing: row.standing,
    unmet: row.kept.unmet,
    since: row.since.toISOString(),
    entry: row.since_entry,
    lookedAt: row.looked_at.toISOString(),
  };
}

const subjectKey = (repository: RepositoryRef, { kind, name }: ControlSubject): string =>
  `control:${repository.id}:${kind}:${name}`;

/** How controls stood at the last look, in the order of the subjects; those that nobody has looked at are left out. */
export async function controlsOf(
  { db }: Pick<Pipeline, 'db'>,
  repository: RepositoryRef,
  subjects: readonly ControlSubject[],
): Promise<readonly (ControlsFact & { readonly parts: KeptControls['parts'] })[]> {
  const bySubject = new Map(subjects.map((subject) => [subjectKey(repository, subject), subject]));
  if (bySubject.size === 0) return [];
  const rows = await db
    .selectFrom('countersign.control_state')
    .selectAll()
    .where('subject', 'in', [...bySubject.keys()])
    .execute();
  return [...bySubject].flatMap(([key, subject]) => {
    const row = rows.find((each) => each.subject === key);
    return row === undefined ? [] : [{ ...factOf(subject, row), parts: row.kept.parts }];
  });
}
