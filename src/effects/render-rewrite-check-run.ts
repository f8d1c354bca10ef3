import type { Actor } from '../domain/actor.ts';
import type { Known } from '../domain/known.ts';
import { clip } from './clip.ts';
import { block, fitSections } from './fit-sections.ts';
import { code, escape, plain } from './markdown.ts';
import { commitLink, count, person, type Place, short } from './phrases.ts';
import type { RenderedCheckRun } from './render-change-check-run.ts';
import { TITLE_LIMIT } from './verdict-line.ts';

/** A guarded branch whose history isn't what it was. */
export interface RewrittenBranch {
  readonly branch: string;
  readonly before: string;
  readonly after: string;
  readonly how: 'force_pushed' | 'recreated';
  /** Null: GitHub doesn't say who pushed. */
  readonly pusher: Actor | null;
  /** How many commits the branch had before and hasn't now. */
  readonly lost: Known<number>;
}

/** The failed check run `countersign/history` on the new head: who rewrote the branch, what it lost, and what to do. */
export function renderRewriteCheckRun(rewritten: RewrittenBranch, place: Place): RenderedCheckRun {
  const { branch, before, after, how, pusher, lost } = rewritten;
  const who = pusher === null ? 'somebody' : plain(pusher.login, 40);
  const did = how === 'force_pushed' ? 'force-pushed' : 'deleted and made anew';
  const gone = lost.known
    ? `${count(lost.value, 'commit')} that it had ${lost.value === 1 ? 'is' : 'are'} not on it any more.`
    : `What it lost can’t be told: ${escape(lost.why, 200)}.`;
  const from = how === 'force_pushed' ? ` from ${commitLink(before, place)}` : '';
  return {
    title: clip(`History rewritten: ${who} ${did} ${plain(branch, 60)}`, TITLE_LIMIT),
    summary: fitSections([
      block(
        Infinity,
        `❌ **History rewritten.** ${code(branch)} was ${did}${from} to ${commitLink(after, place)} by ${
          pusher === null ? 'somebody whom GitHub doesn’t name' : `**${person(pusher)}**`
        }. ${gone}`,
      ),
      block(
        Infinity,
        [
          '### What to do',
          '',
          `Where a commit runs that ${code(branch)} has lost, no deployment from it is let through: it would take away what was approved and deployed.`,
          '',
          `- If it was a mistake: set ${code(branch)} back to ${code(short(before))}, and bring what is new by a reviewed pull request.`,
          '- If it was meant: bring what was lost back by a pull request, or move the environment’s `baseline` in the policy, in a reviewed pull request.',
          '',
          `To keep it from happening again, block force pushes and deletion of ${code(branch)}, for admins too; and ask for that with ${code('protection: { force_push: blocked, deletion: blocked }')}.`,
        ].join('\n'),
      ),
    ]),
    text: null,
    status: 'completed',
    conclusion: 'failure',
    actions: [],
  };
}
