/** What was found where the policy should be: `.github/countersign.yml` on the trusted branch. */
export interface PolicySource {
  readonly path: string;
  /** The trusted branch and its commit when it was read. */
  readonly ref: string;
  readonly commit: string | null;
  /** Null: there is no such file. */
  readonly text: string | null;
}
