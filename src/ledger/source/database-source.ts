/**
 * A log as the database holds it, read by index in pages within one snapshot. What stands beside the tree (projection,
 * documents, people) is compared with the bytes here, because only here it is known how it is stored.
 */
import { actorReference, loginReference } from '../format/seal.ts';
import type { EntryContent } from '../format/entry.ts';
import { parseEntry } from '../format/entry.ts';
import { Erasures } from './erasures.ts';
import type { Findings } from './finding.ts';
import { entryName } from './finding.ts';
import { HASH_SIZE, sameHash } from '../format/hash.ts';
import type { HeldEntry, LogSource, SourceCheckpoint, SourceEntry, SourceTile } from './log-source.ts';
import type { Projection } from '../format/projection.ts';
import { projectionDifferences, projectionOf } from '../format/projection.ts';
import type { Query } from '../store/query.ts';
import { readRetirement } from '../store/read-retirement.ts';
import { readPartial } from '../store/stored-tree.ts';
import { TILE_WIDTH, hashOf } from '../format/tiles.ts';
import { timeText } from '../format/time-text.ts';

/** Bundles in one page. */
const PAGE = 4;

interface Row extends Projection {
  readonly index: number;
  readonly entry_id: string;
  readonly leaf_hash: Buffer;
  readonly bytes: Buffer | null;
  /** Of the row, not of the bytes. */
  readonly row_recorded_at: Date | null;
  /** Null where there is no projection. */
  readonly projected: string | null;
}

export class DatabaseSource implements LogSource {
  readonly vkey: string;
  readonly size: number;
  readonly claimedMinimum: number;
  readonly documents = { held: 0 };
  readonly erasures = new Erasures();
  readonly #query: Query;
  readonly #logId: number;
  readonly #people: ReadonlySet<string>;
  /** The tile of level 0 that was read last. */
  #leaves: { readonly index: number; readonly hashes: Buffer } | null = null;
  #page: { readonly from: number; readonly rows: ReadonlyMap<number, Row> } = { from: -1, rows: new Map() };

  private constructor(
    query: Query,
    log: { logId: number; vkey: string; size: number; minimum: number; people: ReadonlySet<string> },
  ) {
    this.#query = query;
    this.#logId = log.logId;
    this.vkey = log.vkey;
    this.size = log.size;
    this.claimedMinimum = log.minimum;
    this.#people = log.people;
  }

  /** `query` must stay within one repeatable-read transaction, with bigints as numbers. */
  static async open(query: Query, logId: number, vkey: string, findings: Findings): Promise<DatabaseSource> {
    const [sizes] = await query<{ head: number | null; placed: number }>(
      `SELECT (SELECT size FROM ledger.head WHERE log_id = $1) AS head,
         (SELECT coalesce(max(index) + 1, 0) FROM ledger.integration WHERE log_id = $1) AS placed`,
      [logId],
    );
    const size = Math.max(sizes?.head ?? 0, sizes?.placed ?? 0);
    const minimum = (await readRetirement(query, logId))?.minimum ?? 0;
    return new DatabaseSource(query, {
      logId,
      vkey,
      size,
      minimum,
      people: await readPeople(query, findings),
    });
  }

  async bundle(index: number, width: number): Promise<(SourceEntry | null)[]> {
    const rows = await this.#rows(index);
    return Array.from({ length: width }, (_, at) => {
      const row = rows.get(index * TILE_WIDTH + at);
      if (row === undefined) return null;
      return {
        bytes: row.bytes,
        id: row.entry_id,
        kind: row.kind,
        recordedAt: timeText(row.row_recorded_at) ?? timeText(row.recorded_at),
        leafHash: row.leaf_hash,
        hint: () => hintOf(row),
      };
    });
  }

  /** Its rows must be looked at one by one in any case, for what stands beside them. */
  async whole(): Promise<null> {
    return null;
  }

  async tile(level: number, index: number, width: number): Promise<SourceTile | null> {
    if (width < TILE_WIDTH) {
      const hashes =
        level === 0
          ? await this.#newestLeaves(index, width)
          : await readPartial(this.#query, this.#logId, { level, index, width });
      return { hashes, root: null };
    }
    const [tile] = await this.#query<{ hashes: Buffer; root: Buffer }>(
      'SELECT hashes, root FROM ledger.tile WHERE log_id = $1 AND level = $2 AND index = $3',
      [this.#logId, level, index],
    );
    if (level === 0 && tile !== undefined) this.#leaves = { index, hashes: tile.hashes };
    return tile ?? null;
  }

  async *checkpoints(): AsyncGenerator<SourceCheckpoint, void> {
    for (let last = -1; ;) {
      const rows = await this.#query<{ size: number; root: Buffer; note: string; signed_at: Date }>(
        'SELECT size, root, note, signed_at FROM ledger.checkpoint WHERE log_id = $1 AND size > $2 ORDER BY size LIMIT 1000',
        [this.#logId, last],
      );
      for (const { size, root, note, signed_at } of rows)
        yield { size, root, note, signedAt: timeText(signed_at) };
      const end = rows.at(-1);
      if (end === undefined) return;
      last = end.size;
    }
  }

  async beside(entries: readonly HeldEntry[], findings: Findings): Promise<void> {
    const [first] = entries;
    if (first === undefined) return;
    const bundle = Math.floor(first.index / TILE_WIDTH);
    const rows = await this.#rows(bundle);
    const leaves = this.#leaves?.index === bundle ? this.#leaves.hashes : null;
    for (const { index, content } of entries) {
      const row = rows.get(index);
      if (row === undefined) continue;
      this.#projected(index, row, content, findings);
      if (leaves !== null && !sameHash(row.leaf_hash, hashOf(leaves, index % TILE_WIDTH))) {
        findings.add(
          'hash_altered',
          index,
          `The hash of entry ${index} in ledger.integration was altered; the entry itself holds.`,
        );
      }
      this.erasures.see(index, content);
      this.erasures.lookFor(this.#people, { index, content });
    }
    await this.#sealed(entries, findings);
  }

  #projected(index: number, row: Row, content: EntryContent, findings: Findings): void {
    const name = entryName({ index, id: row.entry_id, kind: content.kind, recordedAt: content.recorded });
    const differences = row.projected === null ? null : projectionDifferences(row, projectionOf(content));
    if (content.id !== row.entry_id)
      findings.add('hash_altered', index, `${name} is stored under an id that its bytes don't have.`);
    if (differences === null)
      findings.add(
        'projection_forged',
        index,
        `${name} holds, but it can't be searched for: its row in ledger.projection is gone.`,
      );
    else if (differences.length > 0) {
      findings.add(
        'projection_forged',
        index,
        `${name} holds, but its search columns were altered: ${differences.join(', ')}.`,
      );
    }
  }

  /** The server hashes documents itself: they may be large, and a server that lies could as well send another body. */
  async #sealed(entries: readonly HeldEntry[], findings: Findings): Promise<void> {
    const wanted = entries.flatMap(({ index, content }) =>
      content.documents.map(({ name, commitment }) => ({
        index,
        content,
        name,
        commitment,
        hex: Buffer.from(commitment, 'base64url').toString('hex'),
      })),
    );
    if (wanted.length === 0) return;
    const rows = await this.#query<{ hex: string; holds: boolean }>(
      `SELECT encode(commitment, 'hex') AS hex, pg_catalog.sha256(salt || body) = commitment AS holds FROM ledger.document
       WHERE commitment IN (SELECT decode(c, 'hex') FROM unnest($1::text[]) c)`,
      [wanted.map(({ hex }) => hex)],
    );
    const holds = new Map(rows.map((row) => [row.hex, row.holds]));
    for (const { index, content, name, commitment, hex } of wanted) {
      const held = holds.get(hex);
      if (held === undefined) {
        this.erasures.missingDocument(commitment, name, { index, content });
      } else this.documents.held += 1;
      if (held === false) {
        const entry = entryName({ index, id: content.id, kind: content.kind, recordedAt: content.recorded });
        findings.add(
          'document_altered',
          index,
          `The sealed document "${name}" of ${entry.replace('Entry', 'entry')} was altered; the entry itself holds.`,
        );
      }
    }
  }

  /** Where a row is missing its hash is unknown, and 32 zeros lead to no root that anybody signed. */
  async #newestLeaves(index: number, width: number): Promise<Uint8Array> {
    const rows = await this.#rows(index);
    const unknown = new Uint8Array(HASH_SIZE);
    return Buffer.concat(
      Array.from({ length: width }, (_, at) => rows.get(index * TILE_WIDTH + at)?.leaf_hash ?? unknown),
    );
  }

  async #rows(bundle: number): Promise<ReadonlyMap<number, Row>> {
    const from = Math.floor(bundle / PAGE) * PAGE * TILE_WIDTH;
    if (this.#page.from !== from) {
      const rows = await this.#query<Row>(
        `SELECT i.index, i.entry_id, i.leaf_hash, e.canonical AS bytes, e.recorded_at AS row_recorded_at, p.entry_id AS projected,
           p.kind, p.repository_id, p.environment, p.commit, p.pull_request, p.outcome, p.occurred_at, p.recorded_at, p.delivery, p.answers
         FROM ledger.integration i
         LEFT JOIN ledger.entry e ON e.id = i.entry_id
         LEFT JOIN ledger.projection p ON p.entry_id = i.entry_id
         WHERE i.log_id = $1 AND i.index >= $2 AND i.index < $3`,
        [this.#logId, from, from + PAGE * TILE_WIDTH],
      );
      this.#page = { from, rows: new Map(rows.map((row) => [row.index, row])) };
    }
    return this.#page.rows;
  }
}

/** What the search columns still say otherwise: nobody's proof, but it tells where to look. */
function hintOf(row: Row): string | null {
  if (row.bytes === null || row.projected === null) return null;
  try {
    const derived = projectionOf(parseEntry(row.bytes));
    const differences = projectionDifferences(row, derived) as (keyof Projection)[];
    const [column] = differences;
    if (column === undefined) return null;
    const said = (value: Projection[keyof Projection]): string => JSON.stringify(value) ?? 'nothing';
    return `its bytes now say ${column} ${said(derived[column])}, its search columns still ${said(row[column])}`;
  } catch {
    return 'its bytes can not be read as an entry any more';
  }
}

/** The references of all people and logins whose rows open them. */
async function readPeople(query: Query, findings: Findings): Promise<Set<string>> {
  const known = new Set<string>();
  const subjects = await query<{ ref: Buffer; github_id: number; secret: Buffer }>(
    'SELECT ref, github_id, secret FROM ledger.subject',
  );
  const secrets = new Map(subjects.map((subject) => [subject.ref.toString('hex'), subject.secret]));
  for (const { ref, github_id, secret } of subjects) {
    if (actorReference(secret, github_id).equals(ref)) known.add(ref.toString('base64url'));
    else
      findings.add(
        'subject_altered',
        null,
        `The person stored under ${ref.toString('base64url')} was altered: GitHub id ${github_id} does not open it.`,
      );
  }
  for (const { ref, subject, login } of await query<{ ref: Buffer; subject: Buffer; login: string }>(
    'SELECT ref, subject, login FROM ledger.subject_login',
  )) {
    const secret = secrets.get(subject.toString('hex'));
    if (secret !== undefined && loginReference(secret, login).equals(ref))
      known.add(ref.toString('base64url'));
    else
      findings.add(
        'subject_altered',
        null,
        `A name of the person ${subject.toString('base64url')} was altered: ${JSON.stringify(login)} does not open it.`,
      );
  }
  return known;
}
