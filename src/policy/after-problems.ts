import { nearest } from '../domain/nearest.ts';
import type { AfterPolicy } from './timing-schema.ts';

interface AfterProblem {
  /** Below `environments`. */
  readonly path: readonly string[];
  readonly message: string;
}

type Environments = Readonly<Record<string, { readonly after?: AfterPolicy | undefined }>>;

/** What is wrong with the order of environments: a name that the policy doesn't have, and a circle in which nothing could begin. */
export function afterProblems(environments: Environments): readonly AfterProblem[] {
  const names = Object.keys(environments);
  const before = beforeIn(environments);
  return names.flatMap((name) =>
    before(name).flatMap((other): readonly AfterProblem[] => {
      const path = [name, 'after', other] as const;
      if (!Object.hasOwn(environments, other)) {
        const meant = nearest(other, names);
        const hint = meant === null ? `known here: ${names.join(', ')}` : `did you mean ${meant}?`;
        return [{ path, message: `is no environment of this policy; ${hint}` }];
      }
      return circle(path, other, before);
    }),
  );
}

/** What is wrong with the order that a baseline asks for, whatever environments a repository has: a circle. */
export function baselineAfterProblems(environments: Environments): readonly AfterProblem[] {
  const before = beforeIn(environments);
  return Object.keys(environments).flatMap((name) =>
    before(name).flatMap((other) => circle([name, 'after', other], other, before)),
  );
}

/**
 * Where the order that a baseline asks for goes in a circle with the policy's own, though neither does by itself: both hold, so nothing
 * could ever begin. Each is at its place in the baseline.
 */
export function joinedAfterProblems(own: Environments, asked: Environments): readonly AfterProblem[] {
  const [ours, theirs] = [beforeIn(own), beforeIn(asked)];
  // Of an environment that the repository doesn't have nothing is asked.
  const before = (name: string): readonly string[] =>
    Object.hasOwn(own, name) ? [...new Set([...ours(name), ...theirs(name)])] : [];
  return Object.keys(asked).flatMap((name) =>
    theirs(name).flatMap((other) =>
      Object.hasOwn(own, name) ? circle([name, 'after', other], other, before) : [],
    ),
  );
}

type Before = (name: string) => readonly string[];

const beforeIn =
  (environments: Environments): Before =>
  (name) =>
    Object.hasOwn(environments, name) ? Object.keys(environments[name]?.after ?? {}) : [];

function circle(
  path: readonly [name: string, after: string, other: string],
  other: string,
  before: Before,
): readonly AfterProblem[] {
  const [name] = path;
  if (other === name) return [{ path, message: 'is the environment itself, which can’t come before itself' }];
  const way = wayBack(other, name, before);
  if (way === null) return [];
  const said = [name, ...way].join(' after ');
  return [{ path, message: `goes in a circle (${said}), so none of them could ever be deployed` }];
}

/** The names from one environment over what has to come before it to another; null where none leads there. */
function wayBack(from: string, to: string, before: Before): readonly string[] | null {
  const seen = new Set<string>();
  const walk = (name: string): readonly string[] | null => {
    if (name === to) return [name];
    if (seen.has(name)) return null;
    seen.add(name);
    for (const other of before(name)) {
      const rest = walk(other);
      if (rest !== null) return [name, ...rest];
    }
    return null;
  };
  return walk(from);
}
