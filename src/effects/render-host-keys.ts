import type { HostKeyFact } from '../domain/deployment-facts.ts';
import { writtenName } from '../domain/host-address.ts';
import { block, type Section } from './fit-sections.ts';
import { code } from './markdown.ts';

const SHOWN = 10;

/** Which hosts' keys nobody enrolled by an act that the ledger has; nothing where all were. */
export function hostKeysSection(keys: readonly HostKeyFact[]): Section {
  const bare = keys.filter(({ enrolled }) => enrolled === null).map(({ host }) => host);
  if (bare.length === 0) return block(30, '');
  const names = bare.slice(0, SHOWN).map((host) => code(writtenName(host), 60));
  const more = bare.length > SHOWN ? ` and ${bare.length - SHOWN} more` : '';
  return block(
    30,
    `### Host keys\n\n🔑 Pinned by the operator’s file, not enrolled by a recorded act: ${names.join(', ')}${more}. ${code('countersign host add')} looks at a host’s key, and records it.`,
  );
}
