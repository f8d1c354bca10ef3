/** GitHub's primary rate limit: so many requests an hour for each caller. */
import type { Caller } from './http.ts';
import type { World } from './world.ts';

const LIMIT = 5000;
const HOUR = 3600;

export interface Quota {
  readonly limit: number;
  readonly remaining: number;
  readonly used: number;
  /** Seconds since 1970. */
  readonly reset: number;
}

export interface RateLimiter {
  /** Counts `points` against a caller and gives what is left. */
  take(caller: Caller, resource: 'core' | 'graphql', points: number): Quota;
  /** Nothing left until the window ends. */
  exhaust(caller: Caller): Quota;
}

const keyOf = (caller: Caller): string => {
  if (caller.kind === 'user') return `user:${caller.user.id}`;
  if (caller.kind === 'installation') return `installation:${caller.installation.id}`;
  return caller.kind === 'app' ? `app:${caller.app.id}` : 'anonymous';
};

export function makeRateLimiter(world: () => World): RateLimiter {
  const windows = new Map<string, { used: number; reset: number }>();
  const windowOf = (key: string): { used: number; reset: number } => {
    const now = Math.floor(world().now().getTime() / 1000);
    const known = windows.get(key);
    if (known !== undefined && known.reset > now) return known;
    const fresh = { used: 0, reset: now + HOUR };
    windows.set(key, fresh);
    return fresh;
  };
  const quota = (window: { used: number; reset: number }): Quota => ({
    limit: LIMIT,
    remaining: Math.max(0, LIMIT - window.used),
    used: window.used,
    reset: window.reset,
  });
  return {
    take(caller, resource, points) {
      const window = windowOf(`${keyOf(caller)}:${resource}`);
      window.used += points;
      return quota(window);
    },
    exhaust(caller) {
      const { reset } = windowOf(`${keyOf(caller)}:core`);
      return { limit: LIMIT, remaining: 0, used: LIMIT, reset };
    },
  };
}
