/**
 * What is gone from beside a log, against what the log itself says was erased. Taking a person or a document away is a right
 * that the law gives; doing it without a record is hiding something, and looks the same until both are compared.
 */
import type { EntryContent } from '../format/entry.ts';
import type { Findings } from './finding.ts';
import { entryName } from './finding.ts';

/** The entry that says so. Its index is null until it has one. */
export interface Erasure {
  readonly index: number | null;
  readonly id: string;
  readonly recordedAt: string;
}

interface Place {
  readonly index: number;
  readonly content: EntryContent;
}

interface Missing {
  readonly index: number;
  readonly sentence: string;
  /** How often entries refer to it. */
  times: number;
}

/** What is gone: with a record of it, the newest of these records, and without any. */
export interface Gone {
  readonly erased: number;
  readonly lastErased: string | null;
  readonly absent: number;
}

/** Grows with what was erased and with what is missing, not with the log. */
export class Erasures {
  readonly #erased = new Map<string, Erasure>();
  readonly #missing = { documents: new Map<string, Missing>(), people: new Map<string, Missing>() };

  /** Must get every entry whose bytes hold, in any order; only those of the kind `ledger.erased` count. */
  see(index: number | null, content: EntryContent): void {
    for (const { reference } of erasedBy(content)) {
      if (this.#erased.has(reference)) continue;
      this.#erased.set(reference, { index, id: content.id, recordedAt: content.recorded });
    }
  }

  /** What was said of a person's reference or a document's commitment. */
  of(reference: string): Erasure | null {
    return this.#erased.get(reference) ?? null;
  }

  /** All of them, each with the entry that says so. */
  all(): IterableIterator<[reference: string, erasure: Erasure]> {
    return this.#erased.entries();
  }

  missingDocument(commitment: string, name: string, at: Place): void {
    const missed = this.#missing.documents.get(commitment);
    if (missed !== undefined) {
      missed.times += 1;
      return;
    }
    this.#missing.documents.set(commitment, {
      times: 1,
      index: at.index,
      sentence: `The sealed document "${name}" of ${nameOf(at)} is gone, and no entry says that it was erased.`,
    });
  }

  /** `known` are the references that people's rows open. A person who was erased took their names with them. */
  lookFor(known: { has(reference: string): boolean }, at: Place): void {
    for (const { actor, login } of at.content.who) {
      if (known.has(actor) && known.has(login)) continue;
      const who = known.has(actor) ? 'The name that somebody had' : 'Somebody who is named';
      // By the person, since that is who is counted.
      if (this.#missing.people.has(actor)) continue;
      this.#missing.people.set(actor, {
        times: 1,
        index: at.index,
        sentence: `${who} in ${nameOf(at)} is gone, and no entry says that it was erased.`,
      });
    }
  }

  /** Whether this person's reference was looked for before, in vain. */
  misses(actor: string): boolean {
    return this.#missing.people.has(actor);
  }

  /**
   * At the end of the log, since what says so comes after what it is about. `others`: what the logs say that came before or
   * after this one.
   */
  judge(findings: Findings, others: readonly Erasures[] = []): void {
    for (const missing of [this.#missing.documents, this.#missing.people]) {
      for (const [reference, { index, sentence }] of missing)
        if (this.#said(reference, others) === null) findings.add('erasure_unrecorded', index, sentence);
    }
  }

  #said(reference: string, others: readonly Erasures[]): Erasure | null {
    for (const one of [this, ...others]) {
      const erasure = one.of(reference);
      if (erasure !== null) return erasure;
    }
    return null;
  }

  /** Call it at the end of the log. */
  gone(of: 'documents' | 'people', others: readonly Erasures[] = []): Gone {
    let [erased, absent, lastErased]: [number, number, string | null] = [0, 0, null];
    for (const [reference, { times }] of this.#missing[of]) {
      const said = this.#said(reference, others);
      if (said === null) absent += times;
      else {
        erased += times;
        if (lastErased === null || said.recordedAt > lastErased) lastErased = said.recordedAt;
      }
    }
    return { erased, lastErased, absent };
  }
}

/** What an entry says was erased; nothing, if it is none of that kind. */
export function erasedBy(content: EntryContent): { what: 'person' | 'document'; reference: string }[] {
  if (content.kind !== 'ledger.erased' || content.ledger?.act !== 'erased') return [];
  return [
    ...content.ledger.subjects.map((reference) => ({ what: 'person' as const, reference })),
    ...content.ledger.documents.map((reference) => ({ what: 'document' as const, reference })),
  ];
}

function nameOf({ index, content }: Place): string {
  const { id, kind, recorded } = content;
  return entryName({ index, id, kind, recordedAt: recorded }).replace('Entry', 'entry');
}
