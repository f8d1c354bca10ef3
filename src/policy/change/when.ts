import type { Actor } from '../../domain/actor.ts';
import type { ChangeFacts } from '../../domain/change-facts.ts';
import { authorsOfChange } from '../authorship.ts';
import { matchesBranch } from '../branch-glob.ts';
import { isAmong } from '../eligibility.ts';
import { matchesText } from '../glob.ts';
import { patternOf } from '../path-glob.ts';
import type { Because } from '../reasons.ts';
import type { Policy, When } from '../schema.ts';
import { unknownAuthors } from './identity.ts';

/**
 * Whether a rule's conditions hold. `unknown`: one of them can't be judged, and none says no; whoever asks must act as if the
 * rule held. `because` says what was seen, or couldn't be.
 */
export type Applies = { readonly is: 'yes' | 'unknown'; readonly because: Because } | { readonly is: 'no' };

const FILES_CUT = 'GitHub ended the list of its files early';
const NO: Applies = { is: 'no' };
const yes = (because: Because): Applies => ({ is: 'yes', because });
const unknown = (why: string): Applies => ({ is: 'unknown', because: { unseen: [why] } });

/** Whether a rule holds for this change: all of its conditions have to. */
export function applies(when: When | undefined, policy: Policy, facts: ChangeFacts): Applies {
  if (when === undefined) return yes({});
  const { paths, labels, title, branches, authors, size } = when;
  const found: readonly Applies[] = [
    ...(branches === undefined ? [] : [intoBranch(branches, facts)]),
    ...(labels === undefined ? [] : [hasLabel(labels, facts)]),
    ...(title === undefined ? [] : [isTitled(title, facts)]),
    ...(authors === undefined ? [] : [isBy(authors, policy, facts)]),
    ...(paths === undefined ? [] : [touches(paths, facts)]),
    ...(size === undefined ? [] : [isLarger(size, facts)]),
  ];
  let is: 'yes' | 'unknown' = 'yes';
  let because: Because = {};
  const unseen: string[] = [];
  for (const each of found) {
    if (each.is === 'no') return NO;
    if (each.is === 'unknown') is = 'unknown';
    unseen.push(...(each.because.unseen ?? []));
    because = { ...because, ...each.because };
  }
  return { is, because: unseen.length === 0 ? because : { ...because, unseen } };
}

function intoBranch(globs: readonly string[], { pullRequest: { baseRef } }: ChangeFacts): Applies {
  return matchesBranch(globs, baseRef) ? yes({ base: baseRef }) : NO;
}

/** GitHub takes labels that differ only in case as one. */
function hasLabel(names: readonly string[], facts: ChangeFacts): Applies {
  const { complete, items } = facts.labels;
  const asked = new Set(names.map((each) => each.toLowerCase()));
  const [label] = items.filter((each) => asked.has(each.toLowerCase())).toSorted();
  if (label !== undefined) return yes({ label });
  return complete
    ? unlessDescribedSince('its labels were changed after it was merged', facts)
    : unknown('GitHub ended the list of its labels early');
}

function isTitled(globs: readonly string[], facts: ChangeFacts): Applies {
  const title = facts.pullRequest.title.normalize('NFC');
  const pattern = globs.find((glob) => matchesText(glob.normalize('NFC'), title));
  if (pattern !== undefined) return yes({ title: pattern });
  return unlessDescribedSince('its title was changed after it was merged', facts);
}

/** Once it is merged, whoever opened it could take away what a rule goes by, and nobody would look at it again. */
function unlessDescribedSince(why: string, { pullRequest: { merged, describedAt } }: ChangeFacts): Applies {
  if (merged === null) return NO;
  if (!describedAt.known) return unknown(describedAt.why);
  return describedAt.value !== null && Date.parse(describedAt.value) >= Date.parse(merged.at)
    ? unknown(why)
    : NO;
}

/** Anyone who made any part of it: a rule for what contractors write isn't passed by by opening their commits oneself. */
function isBy(
  { teams, users, bots }: NonNullable<When['authors']>,
  policy: Policy,
  facts: ChangeFacts,
): Applies {
  const people = authorsIn(facts);
  const unsure: string[] = [];
  for (const author of people) {
    if (bots === true && author.kind === 'bot') return yes({ bot: author.login });
    const member = isAmong(author, { teams, users }, facts.roles);
    if (member.is === 'yes') return yes({ author: author.login });
    if (member.is === 'unknown') unsure.push(`whether ${author.login} is in the ${member.role} is not known`);
  }
  const [first] = unsure;
  if (first !== undefined) return unknown(first);
  if (unknownAuthors(policy, facts).length > 0 || !facts.commits.complete)
    return unknown('not everyone who made it is known');
  return NO;
}

/** The accounts of all who made a part of it, in the order of their ids. */
function authorsIn(facts: ChangeFacts): readonly Actor[] {
  const ids = authorsOfChange(facts);
  const { pullRequest, commits, pushers } = facts;
  const named = [
    pullRequest.author,
    ...(pushers.known ? pushers.value : []),
    ...commits.items.flatMap(({ author, committer, coAuthors }) =>
      [author, committer, ...coAuthors].map(({ actor }) => actor),
    ),
  ].flatMap((actor) => (actor !== null && ids.has(actor.id) ? actor : []));
  return [...new Map(named.map((actor) => [actor.id, actor])).values()].toSorted((a, b) => a.id - b.id);
}

/** A renamed file touches both places. Where it was may not have been read. */
function touches(globs: readonly string[], { files }: ChangeFacts): Applies {
  let found: { readonly file: string; readonly pattern: string } | null = null;
  let unread = false;
  for (const { path, status, previousPath } of files.items) {
    if (status === 'renamed' && previousPath === null) unread = true;
    for (const file of previousPath === null ? [path] : [path, previousPath]) {
      // The same one is named whatever order GitHub lists them in.
      if (found !== null && found.file <= file) continue;
      const pattern = patternOf(globs, file);
      if (pattern !== undefined) found = { file, pattern };
    }
  }
  if (found !== null) return yes(found);
  if (!files.complete) return unknown(FILES_CUT);
  return unread ? unknown('where a renamed file was before was not read') : NO;
}

/** What was seen may be enough to know that it is larger; it never is to know that it isn't. */
function isLarger(
  { lines_over: lines, files_over: most }: NonNullable<When['size']>,
  { files }: ChangeFacts,
): Applies {
  const changed = files.items.reduce((sum, { additions, deletions }) => sum + additions + deletions, 0);
  if (lines !== undefined && changed > lines) return yes({ lines: changed, linesOver: lines });
  if (most !== undefined && files.items.length > most)
    return yes({ files: files.items.length, filesOver: most });
  return files.complete ? NO : unknown(FILES_CUT);
}
