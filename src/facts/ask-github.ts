import type { z } from 'zod';
import { type Expected, GitHubError, githubErrorOf, withoutMissing } from './github-error.ts';
import type { GitHubAnswer, GitHubReader } from './github-reader.ts';

/** `fetch` has no timeout of its own; GitHub cuts its own requests off at ten seconds. */
const PATIENCE_MILLISECONDS = 30_000;

/** One GET whose answer must fit `schema`. Whatever goes wrong is thrown as a `GitHubError` that says what we were doing. */
export async function askRest<Schema extends z.ZodType>(
  github: GitHubReader,
  route: `GET ${string}`,
  parameters: Readonly<Record<string, unknown>>,
  schema: Schema,
  doing: string,
): Promise<z.output<Schema>> {
  const answer = await get(github, route, parameters, doing);
  return parse(schema, answer.data, doing);
}

export interface Pages<T> {
  readonly complete: boolean;
  readonly items: readonly T[];
}

/**
 * One page of a list from `position` on ({} for the first), and where the next one begins: null where it was the last, {} where
 * there is one that can't be followed.
 */
export async function askRestPage<Schema extends z.ZodType>(
  github: GitHubReader,
  route: `GET ${string}`,
  parameters: Readonly<Record<string, unknown>>,
  schema: Schema,
  { doing, position }: { readonly doing: string; readonly position: Readonly<Record<string, string>> },
): Promise<{ readonly page: z.output<Schema>; readonly next: Readonly<Record<string, string>> | null }> {
  const answer = await get(github, route, { per_page: 100, ...parameters, ...position }, doing);
  return { page: parse(schema, answer.data, doing), next: nextPosition(answer.headers['link']) };
}

/**
 * All pages of a list, at most `limit` of them: `complete: false` says that there were more. `stop` ends early, and
 * complete, once what was read so far is enough.
 */
export async function askRestPages<Schema extends z.ZodType, Item>(
  github: GitHubReader,
  route: `GET ${string}`,
  parameters: Readonly<Record<string, unknown>>,
  schema: Schema,
  itemsOf: (page: z.output<Schema>) => readonly Item[],
  options: {
    readonly doing: string;
    readonly limit: number;
    readonly stop?: (items: readonly Item[]) => boolean;
  },
): Promise<Pages<Item>> {
  const items: Item[] = [];
  let position: Readonly<Record<string, string>> = {};
  for (let page = 1; ; page += 1) {
    const { doing } = options;
    const { page: read, next } = await askRestPage(github, route, parameters, schema, { doing, position });
    items.push(...itemsOf(read));
    if (next === null || options.stop?.(items) === true) return { complete: true, items };
    if (page >= options.limit || Object.keys(next).length === 0) return { complete: false, items };
    position = next;
  }
}

/**
 * One GraphQL query whose `data` must fit `schema`. An answer with errors in it, even a partial one, is thrown; but where
 * all it says is that it doesn't find what fields ask for whose paths `mayLack` takes, or doesn't show what `mayRefuse` takes, the
 * rest of it is taken, with null there.
 */
export async function askGraphql<Schema extends z.ZodType>(
  github: GitHubReader,
  query: string,
  variables: Readonly<Record<string, unknown>>,
  schema: Schema,
  doing: string,
  expected: Expected = {},
): Promise<z.output<Schema>> {
  let data: unknown;
  try {
    data = await github.graphql(query, { ...variables, request: patience() });
  } catch (error) {
    const rest = withoutMissing(error, expected);
    if (rest === null) throw githubErrorOf(error, doing);
    data = rest;
  }
  return parse(schema, data, doing);
}

async function get(
  github: GitHubReader,
  route: string,
  parameters: Readonly<Record<string, unknown>>,
  doing: string,
): Promise<GitHubAnswer> {
  try {
    return await github.request(route, { ...parameters, request: patience() });
  } catch (error) {
    throw githubErrorOf(error, doing);
  }
}

function patience(): { readonly signal: AbortSignal } {
  return { signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) };
}

/** An answer of another form than we know is neither "yes" nor "no": whatever rests on it can't be judged. */
function parse<Schema extends z.ZodType>(schema: Schema, data: unknown, doing: string): z.output<Schema> {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const first = result.error.issues[0];
  const where = first === undefined ? '' : ` (${first.path.join('.') || 'the whole'}: ${first.message})`;
  throw new GitHubError(
    'github_unreadable',
    `GitHub's answer has a form that Countersign doesn't know${where} while ${doing}: report it with the versions of both`,
    { status: 200, said: '' },
    result.error,
  );
}

const POSITIONS = ['page', 'after', 'before', 'cursor'] as const;

/**
 * Where the next page begins, from a `Link` header; null where there is none, empty where there is one that we can't
 * follow. Only its position is taken: the address itself comes over the wire, and our token goes nowhere but to the route
 * that we asked.
 */
export function nextPosition(link: unknown): Readonly<Record<string, string>> | null {
  if (typeof link !== 'string') return null;
  const address = /<([^<>]*)>;[^,]*\brel="next"/.exec(link)?.[1];
  if (address === undefined) return null;
  if (!URL.canParse(address)) return {};
  const { searchParams } = new URL(address);
  const position = POSITIONS.flatMap((name) => {
    const value = searchParams.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return Object.fromEntries(position);
}
