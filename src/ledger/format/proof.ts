/**
 * C2SP tlog-proof v1: index, inclusion proof and signed checkpoint in one small text, to be kept by whoever wants to show
 * later that an entry was in the log. Everything in it may come from a stranger until `verifyProof` has said yes.
 */
import { CodedError } from '../../domain/coded-error.ts';
import type { Checkpoint } from './checkpoint.ts';
import { openCheckpoint } from './checkpoint.ts';
import { HASH_SIZE } from './hash.ts';
import { parseVerifierKey } from './note.ts';
import { verifyInclusion } from './tree-proof.ts';

/** Its first line. */
export const PROOF_HEADER = 'c2sp.org/tlog-proof@v1';
/** 63 hashes prove an entry of the largest log there can be. */
const MOST_HASHES = 63;

export interface Proof {
  readonly index: number;
  readonly hashes: readonly Uint8Array[];
  /** The signed checkpoint. */
  readonly checkpoint: string;
  /** Not covered by the proof. We put the entry's own bytes here, so that one file is enough. */
  readonly extra: Uint8Array | null;
}

/** The proof as text. */
export function formatProof(proof: Proof): string {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const lines = [
    PROOF_HEADER,
    ...(proof.extra === null ? [] : [`extra ${base64(proof.extra)}`]),
    `index ${proof.index}`,
    ...proof.hashes.map(base64),
  ];
  return `${lines.join('\n')}\n\n${proof.checkpoint}`;
}

/** Throws `proof_unreadable`. */
export function parseProof(text: string): Proof {
  const split = text.indexOf('\n\n');
  const lines = text.slice(0, Math.max(split, 0)).split('\n');
  if (lines.shift() !== PROOF_HEADER) throw unreadable(`it does not begin with ${PROOF_HEADER}`);
  const extra = lines[0]?.startsWith('extra ') === true ? decode(lines.shift()?.slice(6) ?? '') : null;
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')?.[1];
  if (index === undefined || !Number.isSafeInteger(Number(index)))
    throw unreadable('its index is missing or no number');
  if (lines.length > MOST_HASHES) throw unreadable('it has more hashes than any log needs');
  const hashes = lines.map(decode);
  if (hashes.some((hash) => hash.length !== HASH_SIZE)) throw unreadable('a hash is not 32 bytes');
  return { index: Number(index), hashes, checkpoint: text.slice(split + 2), extra };
}

/**
 * That the entry with this leaf hash is in the log of `vkey`, at the proof's index. Returns the checkpoint it is under;
 * throws `proof_unreadable`, `checkpoint_forged` or `proof_wrong`.
 */
export function verifyProof(
  text: string,
  leaf: Uint8Array,
  vkey: string,
): { index: number; checkpoint: Checkpoint } {
  const proof = parseProof(text);
  const checkpoint = openCheckpoint(proof.checkpoint, parseVerifierKey(vkey));
  if (!verifyInclusion(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root)) {
    throw new CodedError(
      'proof_wrong',
      `the proof does not lead from this entry to the root that ${checkpoint.origin} signed over ${checkpoint.size} entries: ` +
        `the entry was altered, or it is not entry ${proof.index}.`,
    );
  }
  return { index: proof.index, checkpoint };
}

function decode(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw unreadable('a line is not base64');
  return bytes;
}

function unreadable(why: string): CodedError {
  return new CodedError('proof_unreadable', `the proof can't be read: ${why}.`);
}
