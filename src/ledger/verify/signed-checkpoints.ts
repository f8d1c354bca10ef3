/**
 * The checkpoints that are kept with a log, each opened by the key that must have signed it, as the walk through the log comes to it.
 * Which key that is, the entries before it say.
 */
import { CodedError } from '../../domain/coded-error.ts';
import type { Checkpoint } from '../format/checkpoint.ts';
import type { EntryContent } from '../format/entry.ts';
import type { Findings } from '../source/finding.ts';
import { sameHash } from '../format/hash.ts';
import { KeyChain } from '../store/key-chain.ts';
import type { LogSource, Rotation, SourceCheckpoint } from '../source/log-source.ts';

export class SignedCheckpoints {
  readonly keys: KeyChain;
  readonly #findings: Findings;
  /** Of the source; those that the walk has met are taken from it. */
  readonly #vouched: Map<number, Rotation>;
  readonly #signed: AsyncIterator<SourceCheckpoint, void>;
  #next: SourceCheckpoint | null = null;
  #count = 0;

  /** Throws `verifier_key_unreadable`. Call {@link advance} before anything else. */
  constructor(source: LogSource, findings: Findings) {
    this.#vouched = new Map(source.vouched);
    this.keys = new KeyChain(
      source.vkey,
      [...this.#vouched.values()].map(({ from }) => from),
    );
    this.#findings = findings;
    this.#signed = source.checkpoints();
  }

  /** The first that wasn't compared yet; null after the last. */
  get next(): SourceCheckpoint | null {
    return this.#next;
  }

  /** How many there were so far. */
  get count(): number {
    return this.#count;
  }

  async advance(): Promise<void> {
    const { value } = await this.#signed.next();
    this.#next = value ?? null;
    if (this.#next !== null) this.#count += 1;
  }

  /** An entry whose bytes hold, in the order of the log. */
  met(index: number, { ledger }: EntryContent): void {
    if (ledger?.act !== 'rotated') return;
    const vouched = this.#vouched.get(index);
    if (vouched?.from === ledger.from && vouched.to === ledger.to) {
      this.#vouched.delete(index);
      return;
    }
    const wrong = this.keys.rotate(index, ledger.from, ledger.to);
    if (wrong !== null)
      this.#findings.add('key_mismatch', index, `Entry ${index} rotates the log's key, but ${wrong}.`);
  }

  /** Once all entries were met. What was read beforehand of the keys must be what the log says; an archive may hold anything. */
  assertAllMet(): void {
    for (const [index, { from, to }] of this.#vouched)
      this.#findings.add(
        'key_mismatch',
        index,
        `Something that was given with this log says that its entry ${index} rotates the key from ${from} to ${to}, and the entry itself does not say so.`,
      );
  }

  /** Null, and a finding, where the checkpoint isn't one that the log's key signed. */
  open(stored: SourceCheckpoint): Checkpoint | null {
    if (stored.unreadable !== undefined) {
      this.#findings.add('checkpoint_altered', null, stored.unreadable);
      return null;
    }
    try {
      const signed = this.keys.open(stored.note, stored.size);
      this.#unfounded();
      if (signed.size === stored.size && (stored.root === null || sameHash(stored.root, signed.root)))
        return signed;
      this.#findings.add(
        'checkpoint_altered',
        null,
        `Checkpoint ${stored.size} was altered: its row does not say what its signed note says.`,
      );
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.#findings.add(
        'checkpoint_altered',
        null,
        `Checkpoint ${stored.size} was altered: ${error.message}`,
      );
    }
    return null;
  }

  /** Whoever may record entries can claim a rotation; the log goes on without it, so that all else is still judged. */
  #unfounded(): void {
    for (const { index, from, to, size } of this.keys.takeUnfounded()) {
      this.#findings.add(
        'key_mismatch',
        index,
        `Entry ${index} says that ${to} signs after ${from}, and the first checkpoint over it (${size}) is not signed by both, so the ` +
          'log goes on without that key: whoever recorded it can write here and has not the key before; change the password of the writer’s login.',
      );
    }
  }
}
