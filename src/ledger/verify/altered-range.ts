import type { Findings, SignedSize } from '../source/finding.ts';
import { checkpointName } from '../source/finding.ts';

/** Neither the bytes nor the stored hashes lead to what was signed at `until`; `since` is the last checkpoint that held. */
export function addAlteredRange(since: SignedSize | null, until: SignedSize, findings: Findings): void {
  const from = since === null ? 0 : since.size;
  const which =
    until.size - from === 1
      ? `Entry ${from} was`
      : `Of the entries ${from} to ${until.size - 1}, at least one was`;
  const good =
    since === null
      ? 'no earlier checkpoint holds'
      : `all before were last known good under ${checkpointName(since)}`;
  findings.add(
    'range_altered',
    from,
    `${which} altered or removed together with its stored hash, for they do not lead to the root of ${checkpointName(until)}; ${good}.`,
  );
}
