import type { WitnessAddress } from '../domain/witness.ts';
import { C2spWitness } from './c2sp-witness.ts';
import { GitWitness } from './git-witness.ts';
import type { Witness } from './witness.ts';

/** `directory`: where copies of git branches are kept; disposable. Nothing is reached yet. */
export function openWitness(
  address: WitnessAddress,
  options: { readonly directory: string; readonly now: () => string },
): Witness {
  return address.kind === 'git' ? new GitWitness(address, options) : new C2spWitness(address);
}
