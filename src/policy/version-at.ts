import type { PolicySource } from '../domain/policy-reading.ts';
import type { Policy } from './schema.ts';

/** A version of the policy that came to judge. */
export interface PolicyVersion {
  readonly source: PolicySource;
  readonly policy: Policy;
  /** The commit of the default branch at which it was first seen. */
  readonly commit: string;
  /** Since when it judged, RFC 3339 in UTC: when it was merged, or else when it was first seen. */
  readonly since: string;
}

/**
 * The version that was in force just before a moment; of `versions` newest first. What a merge itself makes of the policy
 * doesn't judge that merge, so a version counts only from after its own moment. Before the first one there was none that
 * could have asked for anything else: it judges what came earlier too. Null: there are none.
 */
export function versionAt(versions: readonly PolicyVersion[], moment: string): PolicyVersion | null {
  const at = Date.parse(moment);
  return versions.find(({ since }) => Date.parse(since) < at) ?? versions.at(-1) ?? null;
}
