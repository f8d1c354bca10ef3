import { z } from 'zod';
import type { CheckFacts } from '../domain/change-facts.ts';

/** Asks GraphQL for a page of what was reported on a commit. */
export const CHECK_PARTS = `
fragment CheckParts on StatusCheckRollupContextConnection {
  pageInfo { hasNextPage endCursor }
  nodes {
    __typename
    ... on CheckRun { databaseId name status conclusion startedAt checkSuite { app { databaseId } } }
    ... on StatusContext { context state createdAt }
  }
}`;

const checkRun = z.object({
  __typename: z.literal('CheckRun'),
  databaseId: z.int().nullable(),
  name: z.string(),
  status: z.string(),
  conclusion: z.string().nullable(),
  startedAt: z.string().nullable(),
  checkSuite: z.object({ app: z.object({ databaseId: z.int().nullable() }).nullable() }),
});
const statusContext = z.object({
  __typename: z.literal('StatusContext'),
  context: z.string(),
  state: z.string(),
  createdAt: z.string(),
});

export const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() });

/** A page of reports, as they came. */
export const graphqlChecks = z.object({
  pageInfo,
  nodes: z.array(z.union([checkRun, statusContext]).nullable()).nullish(),
});

export type WireCheck = z.output<typeof checkRun> | z.output<typeof statusContext>;

/** The newest report of each name and reporter: a check run that was run again counts by its last run. */
export function checksOf(reports: readonly WireCheck[]): readonly CheckFacts[] {
  const newest = new Map<
    string,
    { readonly check: CheckFacts; readonly since: number; readonly id: number }
  >();
  for (const report of reports) {
    const candidate = candidateOf(report);
    const key = JSON.stringify([candidate.check.name, candidate.check.appId]);
    const before = newest.get(key);
    if (before === undefined || isNewer(candidate, before)) newest.set(key, candidate);
  }
  return [...newest.values()].map(({ check }) => check);
}

interface Order {
  readonly since: number;
  readonly id: number;
}

/** A check run that has not started yet has no time, and is newer than any that has. */
function isNewer(a: Order, b: Order): boolean {
  return a.since === b.since ? a.id > b.id : a.since > b.since;
}

function candidateOf(report: WireCheck) {
  if (report.__typename === 'StatusContext') {
    const check: CheckFacts = {
      name: report.context,
      appId: null,
      state: STATUS_STATES[report.state] ?? 'failure',
    };
    return { check, since: Date.parse(report.createdAt), id: 0 };
  }
  const state =
    report.status === 'COMPLETED' ? (CONCLUSIONS[report.conclusion ?? ''] ?? 'failure') : 'pending';
  const check: CheckFacts = { name: report.name, appId: report.checkSuite.app?.databaseId ?? null, state };
  const since = report.startedAt === null ? Number.POSITIVE_INFINITY : Date.parse(report.startedAt);
  return { check, since, id: report.databaseId ?? 0 };
}

/** Whatever isn't listed, today's other conclusions and those that GitHub may add, is a failure. */
const CONCLUSIONS: Readonly<Record<string, CheckFacts['state']>> = {
  SUCCESS: 'success',
  NEUTRAL: 'neutral',
  SKIPPED: 'skipped',
};
const STATUS_STATES: Readonly<Record<string, CheckFacts['state']>> = {
  SUCCESS: 'success',
  PENDING: 'pending',
  EXPECTED: 'pending',
};
