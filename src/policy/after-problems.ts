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
  const before = (name: string) => Object.keys(environments[name]?.after ?? {});
  return names.flatMap((name) =>
    before(name).flatMap((other): AfterProblem[] => {
      const path = [name, 'after', other];
      if (!Object.hasOwn(environments, other)) {
        const meant = nearest(other, names);
        const hint = meant === null ? `known here: ${names.join(', ')}` : `did you mean ${meant}?`;
        return [{ path, message: `is no environment of this policy; ${hint}` }];
      }
      if (other === name)
        return [{ path, message: 'is the environment itself, which can’t come before itself' }];
      const way = wayBack(other, name, before);
      if (way === null) return [];
      return [
        {
          path,
          message: `goes in a circle (${[name, ...way].join(' after ')}), so none of them could ever be deployed`,
        },
      ];
    }),
  );
}

/** The names from one environment over what has to come before it to another; null where none leads there. */
function wayBack(
  from: string,
  to: string,
  before: (name: string) => readonly string[],
): readonly string[] | null {
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
