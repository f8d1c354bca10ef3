import { type Known, known, unknown } from '../domain/known.ts';

interface Hooked {
  readonly hook: {
    after(name: 'request', see: (response: Seen) => void): void;
    error(name: 'request', see: (error: unknown) => void): void;
  };
}

interface Seen {
  readonly headers: Readonly<Record<string, unknown>>;
}

/**
 * How far GitHub's clock is from ours, by the `date` of each of its answers. Ours may be wrong by anything, and whoever can set it could
 * end a freeze; GitHub's is nobody's here. It is told in whole seconds, and is as old as the answer took: a few seconds mean nothing.
 */
export class GitHubClock {
  #ahead: number | null = null;
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Milliseconds that GitHub's clock is ahead of ours, by its last answer; negative where it is behind. */
  ahead(): Known<number> {
    return this.#ahead === null ? unknown('GitHub has told no time yet') : known(this.#ahead);
  }

  /** What has no date, or none that can be read, says nothing. */
  note(date: unknown): void {
    const at = typeof date === 'string' ? Date.parse(date) : Number.NaN;
    if (!Number.isNaN(at)) this.#ahead = at - this.#now();
  }
}

/** Reads the time of each answer that a client gets, also of one that refuses. */
export function timedBy<Client extends Hooked>(client: Client, clock: GitHubClock): Client {
  client.hook.after('request', ({ headers }) => clock.note(headers['date']));
  client.hook.error('request', (error) => {
    clock.note(dateOf(error));
    throw error;
  });
  return client;
}

function dateOf(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('response' in error)) return null;
  const { response } = error;
  if (typeof response !== 'object' || response === null || !('headers' in response)) return null;
  const { headers } = response;
  return typeof headers === 'object' && headers !== null && 'date' in headers ? headers.date : null;
}
