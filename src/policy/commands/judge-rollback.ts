import type { Command } from '../../domain/command.ts';
import type { CommandAnswer } from '../../domain/command-answer.ts';
import type { CommandFacts, RanInEmergency, RanThere } from '../../domain/command-facts.ts';
import type { Policy } from '../schema.ts';
import { code, list, login, sha, words } from '../sentence-parts.ts';
import { accepted, refused } from './answers.ts';
import { mayThey } from './may-they.ts';

type Rollback = Extract<Command, { name: 'rollback' }>;

/**
 * Whether somebody may go back, and to what: the commit that they name among those that were approved and ran there, or the one that
 * ran before what runs now was deployed for the first time. Where a newer deployment that didn't succeed was left there, that is what
 * runs now, and the one that last succeeded ran before it. What an emergency let through is no way back: that was for once. An
 * environment that is locked stays as it is: a rollback sets a lock of its own, and must not take another one away.
 */
export function judgeRollback(policy: Policy, command: Rollback, facts: CommandFacts): CommandAnswer {
  const { environment, target, why } = command;
  const not = mayThey(policy, facts, environment, {
    act: `roll back ${code(environment)}`,
    by: (each) => each.rollback?.by,
  });
  if (not !== null) return not;
  const { lock, ran } = facts;
  if (lock === null || !lock.known) {
    const because = lock === null ? 'it was not looked up' : lock.why;
    return refused(
      'lock_unknown',
      `Whether ${code(environment)} is locked can’t be told: ${words(because)}.`,
    );
  }
  if (lock.value !== null) {
    const by = lock.value.by === null ? 'the operator' : login(lock.value.by.login);
    const said = `${code(environment)} is locked by ${by}: ${words(lock.value.why)}. Unlock it first.`;
    return refused('locked', said);
  }
  if (ran === null || !ran.known) {
    const because = ran === null ? 'it was not looked up' : ran.why;
    return refused('history_unknown', `What ran on ${code(environment)} is not known: ${words(because)}.`);
  }
  const { running, left = null } = ran.value;
  if (running === null) return refused('nothing_before', `Nothing of ours runs on ${code(environment)}.`);
  const found =
    target === null ? before(ran.value, running, environment) : named(ran.value, target, environment);
  if ('verdict' in found) return found;
  if (found.sha === running && left === null) {
    return refused('runs_there', `${sha(running)} is what runs on ${code(environment)} now.`);
  }
  const { passedOver = [] } = found;
  return accepted({
    kind: 'rollback',
    environment,
    sha: found.sha,
    from: left ?? running,
    why,
    ...(passedOver.length === 0 ? {} : { passedOver }),
  });
}

type PassedOver = Pick<RanInEmergency, 'sha' | 'lifted'>;
type Found = { readonly sha: string; readonly passedOver?: readonly PassedOver[] } | CommandAnswer;

/** Newest first: so what comes after the last of the running commit's own runs is what ran before it. */
function before(ran: RanThere, running: string, environment: string): Found {
  const { runs, left = null } = ran;
  const last = runs.find((run) => run.sha === running);
  if (left !== null && left !== running && last !== undefined) return last;
  const own = runs.findLastIndex((run) => run.sha === running);
  // What runs there wasn't approved (the policy only observed): then the newest that was comes before it.
  const earlier = runs[own + 1];
  const passedOver = between(ran, own, running);
  if (earlier !== undefined) return { sha: earlier.sha, passedOver };
  const said = `Nothing that was approved ran on ${code(environment)} before ${sha(running)}.`;
  return refused(
    'nothing_before',
    [said, ...passedOver.map((each) => noWayBack(each, environment))].join(' '),
  );
}

/** What an emergency let through between the first of the running commit's own runs and what is gone back to, each once. */
function between({ runs, inEmergency = [] }: RanThere, own: number, running: string): readonly PassedOver[] {
  const isApproved = (id: string) => runs.some((run) => run.sha === id);
  const found = inEmergency.filter(
    (each) => each.newer === own + 1 && each.sha !== running && !isApproved(each.sha),
  );
  const each = new Map(found.map(({ sha: id, lifted }) => [id, { sha: id, lifted }]));
  return [...each.values()].slice(0, MOST_SAID);
}

const MOST_SAID = 5;

const noWayBack = ({ sha: id, lifted }: PassedOver, environment: string): string =>
  `${sha(id)} ran on ${code(environment)} because an emergency lifted ${list(lifted, 'and', code)} for that once, so nobody goes back to it.`;

function named({ runs, inEmergency = [] }: RanThere, target: string, environment: string): Found {
  const fitting = [...new Set(runs.map((run) => run.sha))].filter((id) => id.startsWith(target));
  const [only, ...others] = fitting;
  if (only !== undefined && others.length === 0) return { sha: only };
  if (only !== undefined) {
    return refused('ambiguous', `${code(target)} begins more than one commit: ${list(fitting, 'and', sha)}.`);
  }
  const lifted = inEmergency.find((each) => each.sha.startsWith(target));
  const known = [...new Set(runs.map((run) => run.sha))].slice(0, MOST_SAID);
  const ones = known.length === 0 ? 'none' : list(known, 'and', sha);
  if (lifted !== undefined) {
    const said = `${noWayBack(lifted, environment)} The newest that were approved and deployed there before: ${ones}.`;
    return refused('never_ran', said);
  }
  const said = `${code(target.slice(0, 40))} was not approved and deployed to ${code(environment)} before; the newest that were: ${ones}.`;
  return refused('never_ran', said);
}
