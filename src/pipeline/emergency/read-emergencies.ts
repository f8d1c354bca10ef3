import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import type { Database } from '../../db/database.ts';
import type { Actor } from '../../domain/actor.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { DeclaredEmergency } from '../../domain/command-facts.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import type { CommandedEmergency, EmergencyFacts } from '../../domain/emergency-facts.ts';
import type { EntryKind } from '../../domain/entry.ts';
import { type Known, known, unknown } from '../../domain/known.ts';
import { listEntries, type ReadEntry, readDocument, readEntry } from '../../ledger/store/read.ts';
import { authorsOfDeployment } from '../../policy/deployment/authors-of-deployment.ts';

/*
 * Emergencies stand in the ledger alone, like locks: there is no row beside it that somebody could change. Whatever can't be read,
 * or doesn't fit, is unknown, which lifts nothing and holds.
 */

/** The sealed document that says what each of these entries is about. */
export const EMERGENCY_DOCUMENT = 'emergency';

const declaration = z.object({
  why: z.string(),
  incident: z.string().nullable(),
  expiresAt: z.iso.datetime(),
  ref: z.string(),
});
const use = z.object({ deployment: z.string() });

export type Reader = Kysely<Database>;

/**
 * The emergency that a deployment may rest on: the one that it has used, while that lasts, and otherwise the newest of its commit in its
 * environment. Null: none was declared.
 */
export async function readEmergency(
  db: Reader,
  { id, ...place }: Place & { readonly id: string },
  now: string,
): Promise<Known<EmergencyFacts | null>> {
  return guarded(async () => {
    const entries = await listEntries(db, { ...place, kinds: ['emergency.declared'] });
    const found: EmergencyFacts[] = [];
    for (const entry of entries) found.push((await factsOf(db, entry)).facts);
    const own = found.find(
      ({ usedBy, expiresAt }) => usedBy === id && Date.parse(now) < Date.parse(expiresAt),
    );
    return own ?? found[0] ?? null;
  });
}

interface Place {
  readonly repositoryId: number;
  readonly environment: string;
  readonly commit: string;
}

/** The emergencies that were declared for an environment, newest first; at most a hundred. */
export async function readDeclared(
  db: Reader,
  repositoryId: number,
  environment: string,
): Promise<Known<readonly DeclaredEmergency[]>> {
  return guarded(async () => {
    const entries = await listEntries(db, { repositoryId, environment, kinds: ['emergency.declared'] });
    const found: DeclaredEmergency[] = [];
    for (const entry of entries)
      found.push({ ...(await factsOf(db, entry)).facts, commit: entry.content.commit ?? '' });
    return found;
  });
}

/** The emergency or bypass that somebody names by the last digits of its entry; null: this repository has none. */
export async function findEmergency(
  db: Reader,
  repositoryId: number,
  id: string,
): Promise<Known<CommandedEmergency | null>> {
  return guarded(async () => {
    const { rows } = await sql<{ entry_id: string }>`
      SELECT entry_id FROM ledger.projection
      WHERE repository_id = ${repositoryId} AND kind IN ('emergency.declared', 'emergency.bypassed')
      AND right(entry_id::text, 8) = ${id} LIMIT 2`.execute(db);
    if (rows.length > 1) throw new CodedError('facts_moved', 'two are called so');
    const entry = rows[0] === undefined ? null : await readEntry(db, rows[0].entry_id);
    if (entry === null || entry.content.repository?.id !== String(repositoryId)) return null;
    return commandedOf(db, entry);
  });
}

async function commandedOf(db: Reader, entry: ReadEntry): Promise<CommandedEmergency> {
  const { content, id } = entry;
  const kind = content.kind === 'emergency.declared' ? 'emergency' : 'bypass';
  const declared = kind === 'emergency' ? await factsOf(db, entry) : null;
  const acts = declared === null ? await actsOn(db, id) : declared.acts;
  const opened = kind === 'bypass' ? entry : acts.find((each) => each.content.kind === 'emergency.used');
  return {
    kind,
    entry: id,
    environment: content.environment ?? '',
    commit: content.commit ?? '',
    pullRequest: content.pullRequest ?? null,
    ref: declared?.ref ?? null,
    emergency: declared?.facts ?? null,
    opened: opened === undefined ? null : { at: opened.content.occurred, by: peopleOf(opened) },
    reviewed: acts.some((each) => each.content.kind === 'emergency.reviewed'),
    madeBy: opened === undefined ? known([]) : await madeBy(db, opened),
  };
}

/** By the facts that stand sealed beside the use or the bypass, as they were judged then. */
export async function madeBy(db: Reader, opened: ReadEntry): Promise<Known<readonly number[]>> {
  const facts = await sealed(db, opened, 'facts');
  if (facts === null) return unknown('the facts were erased');
  // `use-emergency.ts` and `record-bypass.ts` wrote it in this form, and its commitment holds it.
  return makersOf(facts as DeploymentFacts);
}

/** Ids of whoever made a part of what is deployed. */
export function makersOf({ unreadable, range, changes }: DeploymentFacts): Known<readonly number[]> {
  if (unreadable !== undefined || !range.commits.complete || range.status === 'unknown')
    return unknown('they were not read');
  return known([...authorsOfDeployment({ range, changes }).keys()].toSorted((a, b) => a - b));
}

async function factsOf(
  db: Reader,
  entry: ReadEntry,
): Promise<{
  readonly facts: EmergencyFacts;
  readonly ref: string | null;
  readonly acts: readonly ReadEntry[];
}> {
  const terms = await termsOf(db, entry);
  const acts = await actsOn(db, entry.id);
  const of = (kind: EntryKind) => acts.find((each) => each.content.kind === kind);
  for (const { content } of acts) {
    const same =
      content.environment === entry.content.environment &&
      content.commit === entry.content.commit &&
      content.repository?.id === entry.content.repository?.id;
    if (!same)
      throw new CodedError('facts_moved', `an entry that answers ${entry.id} is about something else`);
  }
  const confirmed = of('emergency.confirmed');
  const used = of('emergency.used');
  return {
    facts: {
      entry: entry.id,
      declaredBy: personOf(entry),
      declaredAt: entry.content.occurred,
      // Whoever erases until when it lasts ends it: it never lasted.
      expiresAt: terms?.expiresAt ?? entry.content.occurred,
      why: terms?.why ?? '',
      incident: terms?.incident ?? null,
      ...(terms === null ? { erased: true } : {}),
      pullRequest: entry.content.pullRequest ?? null,
      confirmed: confirmed === undefined ? null : { by: personOf(confirmed), at: confirmed.content.occurred },
      usedBy: used === undefined ? null : await deploymentOf(db, used),
      expired: of('emergency.expired') !== undefined,
    },
    ref: terms?.ref ?? null,
    acts,
  };
}

/** What was declared, by the `emergency.declared` that says so; null where that was erased. */
export async function termsOf(db: Reader, entry: ReadEntry): Promise<z.output<typeof declaration> | null> {
  const said = await sealed(db, entry);
  return said === null ? null : parsed(declaration, said, entry);
}

const actsOn = (db: Reader, id: string): Promise<ReadEntry[]> =>
  listEntries(db, {
    answers: id,
    kinds: [
      'emergency.confirmed',
      'emergency.used',
      'emergency.expired',
      'emergency.overdue',
      'emergency.reviewed',
    ],
  });

/** Which deployment used it. What can't be read any more was used all the same, and by nobody that asks again. */
async function deploymentOf(db: Reader, used: ReadEntry): Promise<string> {
  const said = await sealed(db, used);
  return said === null ? '' : parsed(use, said, used).deployment;
}

/** Everybody whom an entry names and whose name wasn't erased. */
function peopleOf({ people }: ReadEntry): readonly Actor[] {
  return people.flatMap(({ actor, type }) =>
    actor === null || actor.login === null ? [] : [{ id: actor.id, login: actor.login, kind: type }],
  );
}

function personOf({ people }: ReadEntry): Actor | null {
  const [person] = people;
  if (person === undefined || person.actor === null || person.actor.login === null) return null;
  return { id: person.actor.id, login: person.actor.login, kind: person.type };
}

export async function sealed(db: Reader, entry: ReadEntry, name = EMERGENCY_DOCUMENT): Promise<unknown> {
  const found = entry.content.documents.find((each) => each.name === name);
  const body = found === undefined ? null : await readDocument(db, found.commitment);
  return body === null ? null : JSON.parse(body.toString('utf8'));
}

export function parsed<T>(schema: z.ZodType<T>, value: unknown, { id }: ReadEntry): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new CodedError('facts_moved', `what entry ${id} says can't be understood`);
}

export async function guarded<T>(read: () => Promise<T>): Promise<Known<T>> {
  try {
    return known(await read());
  } catch (error) {
    if (error instanceof CodedError) return unknown(error.message);
    throw error;
  }
}
