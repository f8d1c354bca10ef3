import { isReleaseName } from './host-paths.ts';
import type { Report } from './report.ts';

/** What the probe found on a host. Its own words, parsed; nothing here is trusted further than the phase that uses it. */
export interface HostFacts {
  /** Programs that are needed and not there. */
  readonly missing: readonly string[];
  /** Flags with which `cp` copies single files with their folders; null where it can't. */
  readonly copy: string | null;
  readonly unwritable: string | null;
  readonly freeBytes: number | null;
  readonly freeInodes: number | null;
  /** What `current` points at, word for word; null where there is none. */
  readonly current: string | null;
  /** `current` is a file or folder of its own. */
  readonly blocked: boolean;
  readonly lockOwner: string | null;
  readonly releases: ReadonlySet<string>;
  /** Those of the releases that were verified by us. */
  readonly ours: ReadonlySet<string>;
  /** Releases that became active, oldest first. */
  readonly activated: readonly string[];
  /** Digest of the manifest this release was verified against; null where it wasn't. */
  readonly verified: string | null;
  /** What `current` pointed at before it was switched to this release: undefined where it never was. */
  readonly previous: string | null | undefined;
  /** Why an earlier attempt began to switch this release back; null where none did. */
  readonly withdrawn: string | null;
  /** Names below `shared/` that are there, of those asked about. */
  readonly shared: ReadonlySet<string>;
}

/** Reads the probe's report. */
export function hostFacts(report: Report): HostFacts {
  const copy = report.value('copy');
  const previous = report.value('previous');
  return {
    missing: report.values('missing'),
    // One of the two that the probe tries, so never the host's own invention.
    copy:
      copy !== undefined && /^-dR --preserve=mode,timestamps(?: --reflink=auto)?$/.test(copy) ? copy : null,
    unwritable: report.value('unwritable') ?? null,
    freeBytes: timesKiB(available(report.value('space'))),
    freeInodes: available(report.value('inodes')),
    current: report.value('current') ?? null,
    blocked: report.value('blocked') !== undefined,
    lockOwner: report.value('lock') ?? null,
    releases: new Set(report.values('release').filter(isReleaseName)),
    ours: new Set(report.values('ours').filter(isReleaseName)),
    activated: report.values('activated').filter(isReleaseName),
    verified: report.value('verified') ?? null,
    previous: previous === '' ? null : previous,
    withdrawn: report.value('withdrawn') ?? null,
    shared: new Set(report.values('shared')),
  };
}

/** The fourth column of `df -P`, found from its percentage, as the first and last columns may hold blanks. */
function available(line: string | undefined): number | null {
  const digits = /\s\d+\s+\d+\s+(\d+)\s+\d+%\s/.exec(line ?? '')?.[1];
  return digits === undefined ? null : Number(digits);
}

function timesKiB(blocks: number | null): number | null {
  return blocks === null ? null : blocks * 1024;
}
