import { z } from 'zod';
import type { CheckFacts } from '../domain/change-facts.ts';

/** Asks GraphQL for a page of what was reported on a commit. */
export const CHECK_PARTS = `
fragment CheckParts on StatusCheckRollupContextConnection {
  pageInfo { hasNextPage endCursor }
  nodes {
    __typename
    ... on CheckRun {
      databaseId name status conclusion
      checkSuite { databaseId app { databaseId } workflowRun { event workflow { databaseId } } }
    }
    ... on StatusContext { context state createdAt }
  }
}`;

const checkRun = z.object({
  __typename: z.literal('CheckRun'),
  databaseId: z.int().nullable(),
  name: z.string(),
  status: z.string(),
  conclusion: z.string().nullable(),
  checkSuite: z.object({
    databaseId: z.int().nullable(),
    app: z.object({ databaseId: z.int().nullable() }).nullable(),
    workflowRun: z
      .object({ event: z.string(), workflow: z.object({ databaseId: z.int().nullable() }) })
      .nullable(),
  }),
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

/**
 * The newest report of each name and reporter, and of each workflow that reports it: a check run that was run again counts by its last run, in whatever suite that is. Which
 * is newest goes by GitHub's own id: when one started is whatever its reporter says.
 *
 * All workflows report as one App, and whoever may push can write one: a green job of another workflow, or of the same one for another event (started by hand, say), says nothing
 * of the red one, and both count. Any other App has one suite for a commit ("a collection of the check runs created by a single GitHub App for a specific commit",
 * https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-checks), unless it makes more by itself.
 *
 * What a workflow reports through the API with its GITHUB_TOKEN, GitHub puts into a suite of its own choice; where that is the suite of the red job, nothing tells them apart here.
 */
export function checksOf(reports: readonly WireCheck[]): readonly CheckFacts[] {
  const newest = new Map<string, Candidate>();
  for (const report of reports) {
    const candidate = candidateOf(report);
    const { check, series } = candidate;
    const key = JSON.stringify([check.name, check.appId, series]);
    const before = newest.get(key);
    if (before === undefined || replaces(candidate, before)) newest.set(key, candidate);
  }
  return [...newest.values()].map(({ check }) => check);
}

interface Candidate {
  readonly check: CheckFacts;
  /** What it is a run of, as parts of a key: the newest of these alone counts. */
  readonly series: readonly (string | number | null)[];
  /** Null: GitHub gives it no number. */
  readonly order: number | null;
}

/** Of two that nobody can put in order, the one that has not passed. */
function replaces(candidate: Candidate, before: Candidate): boolean {
  if (candidate.order === null || before.order === null) return !PASSED.has(candidate.check.state);
  return candidate.order > before.order;
}

const PASSED: ReadonlySet<CheckFacts['state']> = new Set(['success', 'neutral', 'skipped']);

function candidateOf(report: WireCheck): Candidate {
  if (report.__typename === 'StatusContext') {
    const check: CheckFacts = {
      name: report.context,
      appId: null,
      state: STATUS_STATES[report.state] ?? 'failure',
    };
    return { check, series: [], order: Date.parse(report.createdAt) };
  }
  const state =
    report.status === 'COMPLETED' ? (CONCLUSIONS[report.conclusion ?? ''] ?? 'failure') : 'pending';
  const { databaseId: suite, app, workflowRun: run } = report.checkSuite;
  const workflow = run?.workflow.databaseId ?? null;
  return {
    check: { name: report.name, appId: app?.databaseId ?? null, state },
    series: run === null || workflow === null ? ['suite', suite] : ['workflow', workflow, run.event],
    order: report.databaseId,
  };
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
