/** What was found where the policy should be: `.github/countersign.yml` on the trusted branch. */
export interface PolicySource {
  readonly path: string;
  /** The trusted branch and its commit when it was read. */
  readonly ref: string;
  readonly commit: string | null;
  /** Null: there is no such file. */
  readonly text: string | null;
  /** Why GitHub did not give the file, or why what is there can't be taken as a policy. */
  readonly unreadable?: string;
  /** The organisation's baseline that holds beside it. Absent: nobody asked for one. */
  readonly baseline?: BaselineSource;
}

/** What was found where an organisation's baseline should be: `countersign.yml` on the default branch of its `.github` repository. */
export interface BaselineSource {
  /** As problems name it: `acme/.github: countersign.yml`. */
  readonly path: string;
  /** The default branch and its commit when it was read; null where there is no such repository, or we may not see it. */
  readonly ref: string | null;
  readonly commit: string | null;
  /** Null: there is no such file. */
  readonly text: string | null;
  /** Why a file that is there can't be read; nothing is approved then. */
  readonly unreadable?: string;
}

/** What a policy says, as text: two sources of the same text judge the same. The commits that they were read at don't count. */
export function textsOf({ text, unreadable, baseline }: PolicySource): readonly (string | null)[] {
  return [text, unreadable ?? null, baseline?.text ?? null, baseline?.unreadable ?? null];
}
