/** C2SP tlog-checkpoint: the signed statement of how large a log is and what its root is. */
import { CodedError } from '../../domain/coded-error.ts';
import { HASH_SIZE } from './hash.ts';
import type { VerifierKey } from './note.ts';
import { parseNote, signedBy } from './note.ts';

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

/** What a log signs. */
export function checkpointText(checkpoint: { origin: string; size: number; root: Uint8Array }): string {
  return `${checkpoint.origin}\n${checkpoint.size}\n${Buffer.from(checkpoint.root).toString('base64')}\n`;
}

/** Reads a signed checkpoint without judging its signature. Throws `checkpoint_unreadable`; extension lines are allowed. */
export function parseCheckpoint(note: string): Checkpoint {
  const [origin, size, root] = parseNote(note).text.split('\n');
  const hash = Buffer.from(root ?? '', 'base64');
  if (
    origin === undefined ||
    origin === '' ||
    size === undefined ||
    !/^(0|[1-9]\d{0,15})$/.test(size) ||
    !Number.isSafeInteger(Number(size)) ||
    hash.length !== HASH_SIZE ||
    hash.toString('base64') !== root
  ) {
    throw new CodedError(
      'checkpoint_unreadable',
      'the checkpoint is not an origin, a size and a root, each on its line.',
    );
  }
  return { origin, size: Number(size), root: hash };
}

/** Reads a checkpoint that must be `key`'s: its origin is the key's name. Throws `checkpoint_forged` otherwise. */
export function openCheckpoint(note: string, key: VerifierKey): Checkpoint {
  const checkpoint = parseCheckpoint(note);
  if (checkpoint.origin !== key.name) {
    throw new CodedError(
      'checkpoint_forged',
      `the checkpoint is of ${checkpoint.origin}, and the key is ${key.name}'s.`,
    );
  }
  if (!signedBy(parseNote(note), key)) {
    throw new CodedError(
      'checkpoint_forged',
      `the checkpoint over ${checkpoint.size} entries does not have ${key.name}'s signature.`,
    );
  }
  return checkpoint;
}
