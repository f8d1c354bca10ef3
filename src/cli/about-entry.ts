import type { EntryContent } from '../ledger/format/entry.ts';

/** What an entry is about, in a word or two: `#12` of a change, `production dd1f63b` of a deployment, else the commit. */
export function aboutEntry({
  pullRequest,
  environment,
  commit,
}: Pick<EntryContent, 'pullRequest' | 'environment' | 'commit'>): string {
  if (pullRequest !== undefined) return `#${pullRequest}`;
  return `${environment ?? ''} ${commit?.slice(0, 7) ?? ''}`.trim();
}
