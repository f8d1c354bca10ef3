import type { Listed } from '../domain/listed.ts';

/** No list of ours is longer than so many pages of a hundred; what is longer is incomplete, and holds. */
export const PAGES = 100;

/** A page of a GraphQL list. */
export interface Connection<Node> {
  readonly totalCount: number;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly nodes?: readonly (Node | null)[] | null | undefined;
}

/** Reads on until a connection ends. It is complete only if it gave as many nodes as it says it has. */
export async function readConnection<Node>(
  first: Connection<Node>,
  next: (after: string) => Promise<Connection<Node> | null>,
): Promise<Listed<Node> | null> {
  const items: Node[] = [];
  let page = first;
  for (let count = 1; ; count += 1) {
    for (const node of page.nodes ?? []) if (node !== null) items.push(node);
    const { hasNextPage, endCursor } = page.pageInfo;
    if (!hasNextPage || endCursor === null || count >= PAGES) {
      return { complete: !hasNextPage && items.length === page.totalCount, items };
    }
    const following = await next(endCursor);
    if (following === null) return null;
    page = following;
  }
}
