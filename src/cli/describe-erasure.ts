/** Says what an erasure will take away, for whoever has to answer for it. */
import type { ErasurePlan, FoundDocument } from '../ledger/erase/plan-erasure.ts';
import { countOf } from './progress-line.ts';

/** How many entries' documents are listed; the rest is counted. */
const SHOWN = 20;

/** `searched`: whether documents were looked through for the person. */
export function describeErasure(plan: ErasurePlan, searched: boolean): string {
  const { person, entries, documents, kept } = plan;
  const lines: string[] = [];
  if (person !== null) {
    lines.push(
      `The person ${personName(plan)}`,
      entries === 0
        ? '  No entry names them.'
        : `  ${countOf(entries, 'entry names', 'entries name')} them; ${entries === 1 ? 'it stays and names' : 'they stay and name'} nobody then.`,
    );
  }
  if (documents.length > 0) {
    lines.push(
      `${countOf(documents.length, 'sealed document', 'sealed documents')}${person === null ? '' : ' with their name or id in it'}`,
      ...listed(documents),
    );
  } else if (searched) lines.push('No sealed document has their name or id in it.');
  if (kept.length > 0) {
    lines.push(
      'Kept, though they name the person: policies in force, without which nothing could be decided. Change the policy first.',
      ...listed(kept),
    );
  }
  if (person !== null && !searched)
    lines.push('Sealed documents may name them too: --with-documents looks for those and erases them.');
  return `${lines.join('\n')}\n`;
}

/** `alice, also alice-old (GitHub id 101)` */
export function personName({ person }: ErasurePlan): string {
  if (person === null) return 'nobody';
  const [login, ...others] = person.logins;
  const also = others.length === 0 ? '' : `, also ${others.join(', ')}`;
  return `${login === undefined ? 'without a login' : `${login}${also}`} (GitHub id ${person.githubId})`;
}

function listed(documents: readonly FoundDocument[]): string[] {
  const byEntry = new Map<string, { readonly entry: FoundDocument['entry']; readonly names: string[] }>();
  for (const { entry, name } of documents) {
    const line = byEntry.get(entry?.id ?? '') ?? { entry, names: [] };
    line.names.push(name);
    byEntry.set(entry?.id ?? '', line);
  }
  const lines = [...byEntry.values()].map(({ entry, names }) =>
    entry === null
      ? `  of no entry  ${countOf(names.length, 'document', 'documents')}`
      : `  entry ${entry.index ?? entry.id}  ${entry.kind}: ${names.join(', ')}`,
  );
  const more = lines.length - SHOWN;
  return more > 0
    ? [...lines.slice(0, SHOWN), `  … and those of ${countOf(more, 'more entry', 'more entries')}`]
    : lines;
}
