/** What an export says about what is not in it: which people and documents were erased, by which entry, when. */
import { CodedError } from '../../domain/coded-error.ts';
import { parseEntry } from '../format/entry.ts';
import { erasedBy } from '../source/erasures.ts';
import type { Query } from '../store/query.ts';

export interface PlacedEntry {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** The lines of `erased.jsonl` for some entries, in their order. Grows with what was erased only. */
export function erasedLines(entries: readonly PlacedEntry[]): string[] {
  return entries.flatMap(({ index, bytes }) => {
    const content = readable(bytes);
    return content === null
      ? []
      : erasedBy(content).map(({ what, reference }) =>
          JSON.stringify({ reference, what, entry: index, recorded: content.recorded }),
        );
  });
}

/**
 * An erasure whose entry no checkpoint covers yet would leave a copy that lacks what it can't account for. It takes
 * milliseconds where a sequencer is at work. Throws `erasure_unsigned`.
 */
export async function assertErasuresSigned(query: Query, logId: number, size: number): Promise<void> {
  const [unsigned] = await query<{ entry_id: string }>(
    `SELECT p.entry_id FROM ledger.projection p LEFT JOIN ledger.integration i ON i.entry_id = p.entry_id
     WHERE p.kind = 'ledger.erased' AND (i.index IS NULL OR (i.log_id = $1 AND i.index >= $2)) LIMIT 1`,
    [logId, size],
  );
  if (unsigned !== undefined) {
    throw new CodedError(
      'erasure_unsigned',
      `something was just erased, and no checkpoint covers the entry that says so (${unsigned.entry_id}) yet: export again in a moment, while \`countersign start\` runs.`,
    );
  }
}

function readable(bytes: Uint8Array): ReturnType<typeof parseEntry> | null {
  try {
    return parseEntry(bytes);
  } catch {
    return null;
  }
}
