import type { Actor } from '../domain/actor.ts';
import type { LandingFacts } from '../domain/landing-facts.ts';
import { clip } from './clip.ts';
import { block, fitSections } from './fit-sections.ts';
import { code, plain } from './markdown.ts';
import { commitLink, count, header, pageLink, person, type Place, row, short } from './phrases.ts';
import type { RenderedCheckRun } from './render-change-check-run.ts';
import { TITLE_LIMIT } from './verdict-line.ts';

/** What a merge left on its base, which isn't what was approved. */
export interface AlteredLanding {
  /** The commit that GitHub calls the merge. */
  readonly sha: string;
  readonly pullRequest: number;
  readonly branch: string;
  /** What was approved. */
  readonly head: string;
  /** Null: GitHub doesn't say who merged. */
  readonly merger: Actor | null;
  readonly landing: LandingFacts;
}

const SHOWN = 10;

/** The failed check run `countersign/change` on a merge that landed something else: which files it has, and which it should. */
export function renderAlteredCheckRun(altered: AlteredLanding, place: Place): RenderedCheckRun {
  const { sha, pullRequest, branch, head, merger, landing } = altered;
  const differing = landing.commits.filter(
    ({ tree, expected }) => !tree.known || !expected.known || tree.value !== expected.value,
  );
  const rows = differing.slice(0, SHOWN).map((commit) => {
    const [has, should] = [commit.tree, commit.expected].map((tree) => (tree.known ? code(tree.value) : '?'));
    return row(commitLink(commit.sha, place), has ?? '?', should ?? '?');
  });
  const more = differing.length - rows.length;
  const by = merger === null ? '' : `, merged by **${person(merger)}**,`;
  return {
    title: clip(
      `Not what was approved: ${short(sha)} on ${plain(branch, 60)} differs from #${pullRequest}`,
      TITLE_LIMIT,
    ),
    summary: fitSections([
      block(
        Infinity,
        `❌ **Not what was approved.** ${commitLink(sha, place)} on ${code(branch)}${by} holds other files than ${METHODS[landing.method]} ${pageLink(`#${pullRequest}`, place, `pull/${pullRequest}`)} at its head ${commitLink(head, place)} onto ${commitLink(landing.base, place)} makes: we made it anew with git and compared the trees.`,
      ),
      block(Infinity, [header('Commit', 'Tree that landed', 'Tree that was approved'), ...rows].join('\n')),
      ...(more > 0 ? [block(Infinity, `…and ${count(more, 'more commit')}`)] : []),
      block(
        Infinity,
        [
          '### What to do',
          '',
          `Every deployment whose commits include ${code(short(sha))} is held. Find out who put it there: GitHub’s merge button and its merge queue don’t do that.`,
          '',
          'Then either mends it:',
          '',
          `- Take it off ${code(branch)}, by setting that back to ${code(short(landing.base))}, and merge the pull request anew.`,
          `- Move the environment’s ${code('baseline')} in the policy past it, in a reviewed pull request: that accepts it by name.`,
        ].join('\n'),
      ),
    ]),
    text: null,
    status: 'completed',
    conclusion: 'failure',
    actions: [],
  };
}

const METHODS: Readonly<Record<LandingFacts['method'], string>> = {
  merge: 'merging',
  squash: 'squashing',
  rebase: 'rebasing',
};
