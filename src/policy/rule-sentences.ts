/** How a rule is told of: why it holds, and what would do in its place. */
import type { Because } from './reasons.ts';
import { code, list, login, words } from './sentence-parts.ts';

/** `Rule `payments`, because `billing/invoice.ts` matches `billing/**`:` and so on; how it begins for every change. */
export function ruleHead(rule: string, because: Because): string {
  const clauses = becauseOf(because);
  const unseen = (because.unseen ?? []).map((each) => words(each));
  const held = clauses.length === 0 ? '' : `, because ${list(clauses, 'and', String)}`;
  if (unseen.length === 0) return `Rule ${code(rule)}${held}`;
  return `Rule ${code(rule)}${held}, which counts as one that holds (${unseen.join('; ')})`;
}

/** What was seen by each condition, as clauses. */
function becauseOf(about: Because): readonly string[] {
  const { file, pattern, label, title, base, author, bot, lines, linesOver, files, filesOver } = about;
  return [
    ...(file === undefined
      ? []
      : [file === pattern ? `${code(file)} is changed` : `${code(file)} matches ${code(pattern)}`]),
    ...(label === undefined ? [] : [`it has the label ${code(label)}`]),
    ...(title === undefined ? [] : [`its title matches ${code(title)}`]),
    ...(base === undefined ? [] : [`its base is ${code(base)}`]),
    ...(author === undefined ? [] : [`${login(author)} made a part of it`]),
    ...(bot === undefined ? [] : [`${login(bot)}, a bot, made a part of it`]),
    ...(lines === undefined ? [] : [`${words(lines)} lines are changed, more than ${words(linesOver)}`]),
    ...(files === undefined ? [] : [`${words(files)} files are changed, more than ${words(filesOver)}`]),
  ];
}

/** Where another rule would do: ` Or what rule `legal` asks for.` */
export function orInstead(instead: readonly string[] | undefined): string {
  if (instead === undefined || instead.length === 0) return '';
  return ` Instead, what ${list(instead, 'or', code)} asks for will do.`;
}
