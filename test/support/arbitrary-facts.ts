/** Facts of every kind, drawn from a few people and commits, so that some are approved and most nearly are. */
import * as fc from 'fast-check';
import type { Actor } from '../../src/domain/actor.ts';
import type {
  ChangeFacts,
  CheckFacts,
  CommitFacts,
  DismissalFacts,
  FileFacts,
  ReviewFacts,
} from '../../src/domain/change-facts.ts';
import type { BaseMergeFacts } from '../../src/domain/landing-facts.ts';
import type { DeploymentFacts, DeploymentReview } from '../../src/domain/deployment-facts.ts';
import { known, unknown, type Known } from '../../src/domain/known.ts';
import type { Listed } from '../../src/domain/listed.ts';
import {
  alice,
  bob,
  carol,
  dave,
  erin,
  frank,
  github,
  identity,
  inRange,
  makeBaseMerge,
  makeChangeFacts,
  makeCommit,
  makeDeploymentFacts,
  makeLanding,
  makeMerge,
  makeMergedFacts,
  makeRules,
  robot,
  sha,
} from './make-facts.ts';

const PEOPLE = [alice, bob, carol, dave, erin, frank];
const mostly = <T>(usual: T, ...rare: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(usual, ...rare) },
  );
const anybody: fc.Arbitrary<Actor> = fc.constantFrom(...PEOPLE);
const author = mostly<Actor | null>(alice, carol, null);
const listed = <T>(items: fc.Arbitrary<readonly T[]>): fc.Arbitrary<Listed<T>> =>
  fc.record({ complete: mostly(true, false), items });
const told = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Known<T>> =>
  fc.oneof(
    { weight: 12, arbitrary: value.map(known) },
    { weight: 1, arbitrary: fc.constant(unknown('GitHub answered 403')) },
  );

const commit = (word: string): fc.Arbitrary<CommitFacts> =>
  fc
    .record({
      author,
      coAuthors: mostly<readonly (Actor | null)[]>([], [carol], [bob], [null]),
      byGitHub: mostly(false, true),
    })
    .map(({ author, coAuthors, byGitHub }) =>
      makeCommit(word, {
        author: identity(author),
        committer: byGitHub ? github : identity(author),
        coAuthors: coAuthors.map((each) => identity(each)),
        signedByGitHub: byGitHub,
      }),
    );

const review: fc.Arbitrary<ReviewFacts> = fc.record({
  id: fc.integer({ min: 1, max: 1_000 }),
  author: mostly<Actor | null>(bob, ...PEOPLE, null),
  state: mostly<ReviewFacts['state']>('approved', 'commented', 'dismissed', 'changes_requested', 'pending'),
  commit: mostly<string | null>(sha('head'), sha('older'), null),
  submittedAt: fc.integer({ min: 10, max: 59 }).map((minute) => `2026-03-02T10:${minute}:00Z`),
});

const check: fc.Arbitrary<CheckFacts> = fc.record({
  name: mostly('ci/test', 'ci/lint'),
  appId: mostly<number | null>(15_368, 1, null),
  state: mostly<CheckFacts['state']>('success', 'failure', 'pending', 'neutral', 'skipped'),
});

const file: fc.Arbitrary<FileFacts> = fc
  .record({
    path: mostly('src/shop.ts', 'billing/invoice.ts', 'docs/a.md'),
    was: mostly<string | null | undefined>(undefined, 'billing/old.ts', null),
    additions: mostly(4, 600),
  })
  .map(({ path, was, additions }) => ({
    path,
    status: was === undefined ? 'modified' : 'renamed',
    previousPath: was ?? null,
    additions,
    deletions: 0,
  }));

/** Dismissals of what the reviews say was dismissed; of some nothing is told. */
const dismissalsOf = (
  reviews: readonly ReviewFacts[],
  by: Actor | null,
  was: DismissalFacts['was'],
  told: boolean,
): readonly DismissalFacts[] =>
  reviews.flatMap(({ id, state }) => (state === 'dismissed' && told ? { review: id, was, by } : []));

const rules = fc
  .record({
    pullRequestRequired: mostly(true, false),
    dismissesStaleApprovals: mostly(true, false),
    forcePushBlocked: mostly(true, false),
    deletionBlocked: mostly(true, false),
    adminsIncluded: told(mostly(true, false)),
  })
  .map((each) => makeRules(each));

/** Of an approval that was given on `older`. */
const baseMerge: fc.Arbitrary<BaseMergeFacts> = fc
  .record({
    fromBase: told(mostly(true, false)),
    tree: told(mostly(sha('files'), sha('evil'))),
    expected: told(mostly(sha('files'), sha('other'))),
  })
  .map((each) => makeBaseMerge('head', 'older', each));

const roles = fc.record({
  teams: fc.record({
    maintainers: told(
      fc.subarray(
        PEOPLE.map(({ id }) => id),
        { minLength: 2 },
      ),
    ),
    developers: told(mostly<readonly number[]>([alice.id, bob.id], [])),
    leads: told(mostly<readonly number[]>([dave.id], [])),
    payments: told(mostly<readonly number[]>([bob.id, erin.id], [])),
    contractors: told(mostly<readonly number[]>([], [carol.id], [alice.id])),
  }),
  permissions: fc.constant({}),
});

const unique = <T extends { readonly id: number }>(items: readonly T[]) => [
  ...new Map(items.map((item) => [item.id, item])).values(),
];

/** A pull request to a guarded branch. */
export const changeFacts: fc.Arbitrary<ChangeFacts> = fc
  .record({
    author,
    draft: mostly(false, true),
    state: mostly<'open' | 'closed'>('open', 'closed'),
    commits: listed(fc.tuple(commit('first'), commit('head'))),
    reviews: listed(fc.array(review, { minLength: 1, maxLength: 5 }).map(unique)),
    checks: listed(fc.array(check, { minLength: 1, maxLength: 3 })),
    files: listed(fc.array(file, { minLength: 1, maxLength: 3 })),
    labels: listed(mostly<readonly string[]>([], ['docs'], ['Do Not Merge'], ['docs', 'billing'])),
    title: mostly('Sell more', 'A hotfix'),
    describedAt: told(mostly<string | null>(null, '2026-03-02T10:30:00Z', '2026-03-04T10:00:00Z')),
    dismissedBy: mostly<Actor | null>(alice, erin, frank, null),
    was: mostly<DismissalFacts['was']>('changes_requested', 'approved'),
    dismissalTold: mostly(true, false),
    dismissalsComplete: mostly(true, false),
    pushers: told(mostly<readonly Actor[]>([alice], [bob], [alice, carol], [alice, robot])),
    baseMerges: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.tuple(baseMerge) },
    ),
    baseChangedAt: told(mostly<string | null>(null, '2026-03-02T10:30:00Z')),
    classic: told(fc.oneof({ weight: 8, arbitrary: rules }, { weight: 1, arbitrary: fc.constant(null) })),
    rulesets: told(fc.array(rules, { maxLength: 2 })),
    roles,
  })
  .map(({ author, draft, state, title, baseChangedAt, describedAt, classic, rulesets, ...drawn }) => {
    const { dismissedBy, was, dismissalTold, dismissalsComplete, ...rest } = drawn;
    return makeChangeFacts({
      ...rest,
      dismissals: {
        complete: dismissalsComplete,
        items: dismissalsOf(rest.reviews.items, dismissedBy, was, dismissalTold),
      },
      pullRequest: { author, draft, state, title, baseChangedAt, describedAt },
      protection: {
        branch: 'main',
        appId: 77,
        classic,
        rulesets: rulesets.known
          ? known(rulesets.value.map((each, index) => ({ ...each, id: index, source: 'acme' })))
          : rulesets,
      },
    });
  });

const answer: fc.Arbitrary<DeploymentReview> = fc.record({
  via: fc.constantFrom('environment', 'check_run'),
  reviewer: mostly<Actor | null>(erin, frank, alice, dave, null),
  state: mostly<DeploymentReview['state']>('approved', 'rejected'),
  sha: mostly(sha('merge'), sha('older')),
  at: fc.constant(null),
  comment: fc.constant(''),
});

/** A deployment to production of one merged change. */
export const deploymentFacts: fc.Arbitrary<DeploymentFacts> = fc
  .record({
    change: changeFacts,
    requester: mostly<Actor | null>(dave, carol, null),
    status: mostly<DeploymentFacts['range']['status']>(
      'ahead',
      'diverged',
      'behind',
      'unknown',
      'identical',
      'first',
    ),
    complete: mostly(true, false),
    late: mostly(false, true),
    signed: mostly(true, false),
    branches: told(
      mostly<readonly { name: string; tip: string }[]>([{ name: 'main', tip: sha('merge') }], []),
    ),
    reviewers: told(mostly<readonly Actor[]>([erin, frank], [], [dave, alice, erin])),
    reviews: listed(fc.array(answer, { minLength: 1, maxLength: 3 })),
    roles,
    merger: anybody,
    landed: told(mostly(sha('files of merge'), sha('evil'))),
    compared: told(mostly(true, true)),
  })
  .map(
    ({ change, requester, status, complete, late, signed, branches, reviewers, reviews, roles, ...rest }) => {
      const { merger, landed, compared } = rest;
      const made = makeMerge({ author: identity(merger), signedByGitHub: signed });
      const landing = compared.known ? known(makeLanding({ tree: landed }, made.commit)) : compared;
      const merge = { ...made, landing };
      const [first, head] = change.commits.items;
      const commits = [first, head, merge.commit].flatMap((each) => (each === undefined ? [] : [each]));
      return makeDeploymentFacts({
        request: { requester },
        changes: [
          makeMergedFacts({
            ...change,
            pullRequest: { ...change.pullRequest, state: 'merged', merged: { ...merge, by: merger } },
          }),
        ],
        range: {
          status,
          commits: { complete, items: commits.map((each) => inRange(each, { recordedUnreviewed: late })) },
        },
        branches,
        environment: reviewers.known
          ? known({
              name: 'production',
              reviewers: { users: reviewers.value, teams: [], preventSelfReview: false },
              adminsCanBypass: false,
              guardedByUs: known(true),
            })
          : reviewers,
        reviews,
        roles,
      });
    },
  );
