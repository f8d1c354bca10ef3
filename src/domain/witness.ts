/** Somebody outside who keeps the ledger's signed checkpoints, as the operator's file names them. */
import type { Secret } from './secret.ts';

export type WitnessAddress = GitWitnessAddress | C2spWitnessAddress;

/** A branch of a git repository that only grows, pushed over SSH with a key for nothing else. */
export interface GitWitnessAddress {
  readonly kind: 'git';
  /** `ssh://git@host:22/path.git` or `git@host:path.git`; no password. */
  readonly url: string;
  readonly branch: string;
  /** Pinned: `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  readonly privateKey: Secret;
  /** At most one push in so many. */
  readonly everySeconds: number;
}

/** A C2SP tlog-witness. */
export interface C2spWitnessAddress {
  readonly kind: 'c2sp';
  /** `add-checkpoint` lies below; no slash at its end. */
  readonly url: string;
  /** Of a cosignature/v1 key. */
  readonly vkey: string;
  readonly everySeconds: number;
}

/** What stands in `ledger.witness` for one, in metrics and in sentences: it says which witness it is, and nothing secret. */
export function witnessName(address: WitnessAddress): string {
  return address.kind === 'git' ? `${address.url}#${address.branch}` : address.vkey;
}
