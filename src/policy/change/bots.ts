import type { Actor } from '../../domain/actor.ts';
import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { Reason } from '../../domain/reason.ts';
import { changedPaths } from '../changed-paths.ts';
import { matchesPath } from '../path-glob.ts';
import { reason } from '../reasons.ts';
import type { BotPolicy, Policy } from '../schema.ts';

const GITHUB_ACTIONS = 'github-actions[bot]';
const SHOWN = 10;

/**
 * What stands against the bots that took part. What counts is who opened the pull request and who pushed, by account: the
 * names and e-mails in commits can be written by anybody. A person who pushes on top is an author, and what is judged then
 * is still the bot's pull request: no push of theirs lets it touch more.
 */
export function objectionsToBots({ changes }: Policy, facts: ChangeFacts): readonly Reason[] {
  const { author } = facts.pullRequest;
  const pushers = facts.pushers.known ? facts.pushers.value : [];
  return [
    ...pushers
      .filter((pusher) => hidesAPerson(pusher, author))
      .map(({ login }) => reason('pusher_is_bot', { login })),
    ...(author?.kind === 'bot' && changes.bots !== undefined ? outsideOf(changes.bots, author, facts) : []),
  ];
}

/**
 * A bot pushes for whoever drives it, and could push what they then approve. One that works on a pull request of its own
 * (as those that update dependencies do) is taken as its author; a workflow never is, for everyone with write access can write one.
 */
function hidesAPerson(pusher: Actor, author: Actor | null): boolean {
  return pusher.kind === 'bot' && (pusher.id !== author?.id || pusher.login === GITHUB_ACTIONS);
}

function outsideOf(bots: readonly BotPolicy[], bot: Actor, facts: ChangeFacts): readonly Reason[] {
  const { login } = bot;
  const entry = bots.find((each) => isMeant(each, bot));
  if (entry === undefined) return [reason('bot_not_listed', { login })];
  const { complete, items } = changedPaths(facts);
  const outside = items.filter((path) => !matchesPath(entry.paths, path));
  return [
    ...(complete ? [] : [reason('facts_incomplete', { list: 'changed files' })]),
    ...(outside.length === 0
      ? []
      : [reason('bot_outside_paths', { login, files: outside.slice(0, SHOWN), count: outside.length })]),
  ];
}

const isMeant = ({ login, id }: BotPolicy, bot: Actor): boolean =>
  login.toLowerCase() === bot.login.toLowerCase() && (id === undefined || id === bot.id);
