/** GitHub's tokens last an hour; one isn't begun with in its last minute. */
const KEPT_MILLISECONDS = 59 * 60_000;

interface Kept {
  readonly token: string;
  readonly until: number;
}

/**
 * The tokens of installations, as Octokit keeps them: one key begins with the installation's id. A token goes on with the permissions
 * that it was made with, also once an owner has accepted others (seen at GitHub: an App that was refused for the rest of the hour); so
 * those made under another grant are forgotten.
 */
export class InstallationTokens {
  readonly #kept = new Map<string, Kept>();
  readonly #grants = new Map<number, string | null>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** From here on only tokens made under this grant are given out. */
  underGrant(installationId: number, grant: string | null): void {
    if (this.#grants.has(installationId) && this.#grants.get(installationId) !== grant) {
      for (const key of this.#kept.keys())
        if (key.split('|', 1)[0] === String(installationId)) this.#kept.delete(key);
    }
    this.#grants.set(installationId, grant);
  }

  get(key: string): string | undefined {
    const found = this.#kept.get(key);
    if (found === undefined || found.until > this.#now()) return found?.token;
    this.#kept.delete(key);
    return undefined;
  }

  set(key: string, token: string): void {
    this.#kept.set(key, { token, until: this.#now() + KEPT_MILLISECONDS });
  }
}
