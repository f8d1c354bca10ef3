import type { Actor } from '../domain/actor.ts';
import { clip } from './clip.ts';
import { block, fitSections } from './fit-sections.ts';
import { code, plain, sentence } from './markdown.ts';
import { commitLink, count, person, type Place, short } from './phrases.ts';
import type { RenderedCheckRun } from './render-change-check-run.ts';
import { TITLE_LIMIT } from './verdict-line.ts';

/** One commit that reached a guarded branch from no approved pull request. */
export interface UnreviewedCommit {
  readonly sha: string;
  readonly branch: string;
  /** Null: GitHub doesn't say who pushed. */
  readonly pusher: Actor | null;
  readonly forced: boolean;
  /** Why it counts as unreviewed: sentences of the policy room. */
  readonly why: readonly string[];
}

/** The failed check run `countersign/change` on a commit that went past review: who pushed it, and what to do now. */
export function renderMergeCheckRun(commit: UnreviewedCommit, place: Place): RenderedCheckRun {
  const { sha, branch, pusher, forced, why } = commit;
  const who = pusher === null ? 'somebody' : plain(pusher.login, 40);
  const reasons = why.slice(0, 10).map((each) => `- ${sentence(each, 300)}`);
  if (why.length > 10) reasons.push(`- …and ${count(why.length - 10, 'more reason')}`);
  const pushed = `${commitLink(sha, place)} reached ${code(branch)} from no approved pull request: ${
    pusher === null ? 'GitHub doesn’t say who' : `**${person(pusher)}**`
  } ${forced ? 'force-pushed' : 'pushed'} it.`;
  return {
    title: clip(`Not reviewed: ${who} pushed ${short(sha)} to ${plain(branch, 60)} past review`, TITLE_LIMIT),
    summary: fitSections([
      block(Infinity, `❌ **Not reviewed.** ${pushed}`),
      block(Infinity, reasons.join('\n')),
      block(
        Infinity,
        [
          '### What to do',
          '',
          `Every deployment whose commits include ${code(short(sha))} is held, also with a revert on top of it: it would still be among what ships.`,
          '',
          'Any one of these mends it:',
          '',
          '- If a pull request has it: have that approved by somebody who had no part in it.',
          `- Move the environment’s ${code('baseline')} in the policy past it, in a reviewed pull request: that accepts it by name.`,
          `- Take it off ${code(branch)}, by setting that back to the commit before it, and bring the same change in through a reviewed pull request.`,
          '',
          `To keep it from happening again, let a ruleset on ${code(branch)} require a pull request and block force pushes, for admins too.`,
        ].join('\n'),
      ),
    ]),
    text: null,
    status: 'completed',
    conclusion: 'failure',
    actions: [],
  };
}
