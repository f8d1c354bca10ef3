/** GraphQL's connections, with GitHub's own rules: an end must be chosen, and never more than a hundred at once. */
export interface ConnectionArguments {
  readonly first?: number | null;
  readonly last?: number | null;
  readonly after?: string | null;
  readonly before?: string | null;
}

/** A refusal of GitHub's, told in `errors` beside the data. */
export class GraphqlRefusal extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

const cursor = (index: number): string => Buffer.from(`cursor:v2:${index}`).toString('base64');
const indexOf = (text: string): number =>
  Number(Buffer.from(text, 'base64').toString('utf8').split(':')[2] ?? 0);

/** A page of a list; `shape` makes each node when it is asked for, `edge` adds what its edge has. */
export function connection<T>(
  items: readonly T[],
  args: ConnectionArguments,
  shape: (item: T) => unknown,
  edge: (item: T) => Readonly<Record<string, unknown>> = () => ({}),
): Record<string, unknown> {
  const size = args.first ?? args.last;
  if (size === null || size === undefined)
    throw new GraphqlRefusal(
      'MISSING_PAGINATION_BOUNDARIES',
      'You must provide a `first` or `last` value to properly paginate the connection.',
    );
  if (size < 1 || size > 100)
    throw new GraphqlRefusal(
      'EXCESSIVE_PAGINATION',
      `Requesting ${size} records on the connection exceeds the \`first\` limit of 100 records.`,
    );
  const low = args.after === null || args.after === undefined ? 0 : indexOf(args.after) + 1;
  const high = args.before === null || args.before === undefined ? items.length : indexOf(args.before);
  const start = args.first === null || args.first === undefined ? Math.max(low, high - size) : low;
  const end = Math.min(high, start + size);
  const page = items.slice(start, end);
  return {
    totalCount: items.length,
    pageInfo: {
      hasNextPage: end < items.length,
      hasPreviousPage: start > 0,
      startCursor: page.length === 0 ? null : cursor(start),
      endCursor: page.length === 0 ? null : cursor(end - 1),
    },
    nodes: () => page.map((item) => shape(item)),
    edges: () =>
      page.map((item, index) => ({ cursor: cursor(start + index), node: shape(item), ...edge(item) })),
  };
}
