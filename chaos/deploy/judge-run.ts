/** What is wrong after one run, out of what was seen on its hosts. Pure. A line each; none: nothing is. */
import type { Found } from './inspect.ts';

/** One host after a run. */
export interface SeenHost {
  /** What `current` named before the run; null: nothing. */
  readonly before: string | null;
  /** What `current` was pointed at in the run, oldest first; null: it was removed. */
  readonly pointed: readonly (string | null)[];
  readonly found: Found;
}

/** How a run ended. Nothing overtakes or refuses a run here, so `superseded` and `rejected` are as wrong as no end (null) is. */
export interface RunEnd {
  readonly sha: string;
  readonly state: string | null;
}

export interface Wrongs {
  readonly half: readonly string[];
  readonly double: readonly string[];
  readonly lost: readonly string[];
}

export function judgeRun(hosts: readonly SeenHost[], end: RunEnd): Wrongs {
  const each = (wrongs: (host: SeenHost) => readonly string[]): readonly string[] =>
    hosts.flatMap((host, index) => wrongs(host).map((wrong) => `host ${index + 1} ${wrong}`));
  return {
    half: each((host) => [...host.found.half.map((what) => `has ${what}`), ...disagreement(host, end)]),
    double: each((host) => switchedTwice(host, end.sha)),
    lost: [
      ...(end.state === 'succeeded' || end.state === 'failed'
        ? []
        : [
            end.state === null
              ? `the deployment of ${end.sha} came to no end`
              : `the deployment of ${end.sha} ended as ${end.state}, which nothing here can bring about`,
          ]),
      ...each(({ found }) => found.left.map((name) => `still has ${name}`)),
      ...each(unseen),
    ],
  };
}

/** After a success all hosts run the commit; after any other end each runs what it ran before. */
function disagreement({ before, found }: SeenHost, { sha, state }: RunEnd): readonly string[] {
  const now = found.running;
  if (state === 'succeeded')
    return now !== null && isOf(now, sha) ? [] : [`runs ${now ?? 'nothing'} after a success`];
  return state === null || now === before
    ? []
    : [`runs ${now ?? 'nothing'} after it ended as ${state}, and ran ${before ?? 'nothing'}`];
}

/**
 * To the run's release once at most, and from there back once at most, to what ran before; both may have been seen as one. What a command
 * did twice isn't asked: one whose end nobody saw is rightly run again.
 */
function switchedTwice({ before, pointed }: SeenHost, sha: string): readonly string[] {
  const [last, ...earlier] = pointed.toReversed();
  if (last === undefined) return [];
  const [there, ...more] = last === before ? earlier : pointed;
  if (more.length === 0 && (there === undefined || (there !== null && isOf(there, sha)))) return [];
  const way = pointed.map((release) => release ?? 'nothing').join(', then ');
  return [`ran ${before ?? 'nothing'} and was pointed at ${way}`];
}

/** Where the last that was seen isn't what is there, nothing that was seen proves anything. */
function unseen({ before, pointed, found }: SeenHost): readonly string[] {
  const last = pointed.length === 0 ? before : pointed.at(-1);
  return last === found.running
    ? []
    : [`runs ${found.running ?? 'nothing'}, and nobody saw it being pointed there`];
}

/** A release's name ends with the beginning of its commit. */
function isOf(release: string, sha: string): boolean {
  return release.endsWith(sha.slice(0, 12));
}
