import { z } from 'zod';

/**
 * What the writers use of an Octokit that is signed in as an installation. They are handed failures as Octokit throws
 * them; whoever runs an effect tells what they mean.
 */
export interface GitHubWriter {
  readonly request: (
    route: string,
    parameters?: Record<string, unknown>,
  ) => Promise<{ readonly status: number; readonly data: unknown }>;
}

/**
 * For every write: never retried inside the client. A POST that GitHub carried out and answered with 502 would be done
 * twice; the job that it belongs to is run again instead, and looks first at what is there.
 */
export function once(): { readonly retries: 0; readonly signal: AbortSignal } {
  return { retries: 0, signal: AbortSignal.timeout(30_000) };
}

/** The HTTP status that a request failed with; null where it failed otherwise. */
export function statusOf(error: unknown): number | null {
  return typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number'
    ? error.status
    : null;
}

/** The id of what was written. */
export const written = z.object({ id: z.int().positive() });

/** Cut to a length that GitHub takes, however it counts characters; a cut must not leave half of one. */
export function atMost(length: number, text: string): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
