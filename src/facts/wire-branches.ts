import { z } from 'zod';
import type { BranchFacts } from '../domain/deployment-facts.ts';
import { pageInfo } from './wire-check.ts';
import { sha } from './wire-commit.ts';

/** Asks a `Repository` for a page of its branches; `after` is what the page begins behind, as GraphQL has it. */
export const branchesField = (after = ''): string =>
  `refs(refPrefix: "refs/heads/", first: 100${after === '' ? '' : `, after: ${after}`}) {
      pageInfo { hasNextPage endCursor }
      nodes { name target { oid } }
    }`;

const ref = z.object({ name: z.string(), target: z.object({ oid: sha }).nullable() });

/** A page of branches. One that is gone by now has no target, and is left out. */
export const branchesPage = z
  .object({ pageInfo, nodes: z.array(ref.nullable()).nullish() })
  .transform((wire): BranchesPage => {
    const { hasNextPage, endCursor } = wire.pageInfo;
    const items = (wire.nodes ?? []).flatMap((each) =>
      each === null || each.target === null ? [] : [{ name: each.name, tip: each.target.oid }],
    );
    return { items, more: hasNextPage, after: endCursor };
  })
  .nullable();

export interface BranchesPage {
  readonly items: readonly BranchFacts[];
  /** Whether there are others, and behind what they begin. */
  readonly more: boolean;
  readonly after: string | null;
}
