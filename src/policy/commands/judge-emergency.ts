import type { Command } from '../../domain/command.ts';
import type { CommandAnswer } from '../../domain/command-answer.ts';
import type { CommandFacts } from '../../domain/command-facts.ts';
import { emergencyId } from '../../domain/emergency-facts.ts';
import { authorsOfChange } from '../authorship.ts';
import { clocksOf, isReason } from '../deployment/clocks.ts';
import { millisecondsOf } from '../duration.ts';
import { namesOf } from '../eligibility.ts';
import { environmentOf } from '../environment-of.ts';
import type { EmergencyPolicy, Policy } from '../schema.ts';
import { asked, code, login, sha, words } from '../sentence-parts.ts';
import { moment } from '../timing-sentences.ts';
import { accepted, refused } from './answers.ts';
import { mayThey, sidesOf } from './may-they.ts';
import { mergedThere } from './merged-there.ts';

type Declaration = Extract<Command, { name: 'emergency' }>;

/**
 * Whether somebody may declare an emergency, and for which commit: the one that their merged pull request left. It is declared
 * before anything is deployed, with its end fixed at once; of one that stands another one makes no longer time.
 */
export function judgeDeclaration(policy: Policy, command: Declaration, facts: CommandFacts): CommandAnswer {
  const { environment, why, incident } = command;
  const not = mayThey(policy, facts, environment, {
    act: `declare an emergency on ${code(environment)}`,
    by: (each) => each.emergency?.by,
  });
  if (not !== null) return not;
  const terms = termsOf(policy, environment);
  if (terms.some(({ lifts }) => lifts.length === 0)) {
    return refused(
      'nobody_may',
      `The organisation’s baseline lets no emergency lift anything on ${code(environment)}.`,
    );
  }
  const merged = mergedThere(policy, environment, facts);
  if ('verdict' in merged) return merged;
  const { declared } = facts;
  if (declared === undefined || !declared.known) {
    const because = declared === undefined ? 'it was not looked up' : declared.why;
    return refused('emergency_unknown', `Whether one stands already can’t be told: ${words(because)}.`);
  }
  const standing = declared.value.find(
    (each) => each.commit === merged.sha && isOpen(each, facts.gatheredAt) && each.usedBy === null,
  );
  if (standing !== undefined) {
    return refused(
      'already_declared',
      `Emergency ${code(emergencyId(standing.entry))} stands for ${sha(merged.sha)} until ${moment(standing.expiresAt)}.`,
    );
  }
  const clocks = clocksOf(facts);
  if (isReason(clocks)) {
    return refused(
      'clock_unknown',
      'What time it is, and so when it would end, can’t be told: the server’s clock and GitHub’s are more than a minute apart, or GitHub’s isn’t known. The operator has to see to the clock.',
    );
  }
  const shortest = Math.min(...terms.map(({ valid }) => millisecondsOf(valid)));
  const expiresAt = new Date(Date.parse(facts.gatheredAt) + shortest).toISOString();
  const confirm = terms.map((each) => asked(namesOf(each.confirm))).join(', and at once ');
  return accepted({ kind: 'declare', environment, ...merged, why, incident, expiresAt, confirm });
}

/** Whether somebody is the second person. That they made nothing of the whole range is judged with the deployment, once more. */
export function judgeConfirmation(policy: Policy, facts: CommandFacts): CommandAnswer {
  const found = facts.emergency;
  if (found === undefined || !found.known) {
    const because = found === undefined ? 'it was not looked up' : found.why;
    return refused('emergency_unknown', `What emergency that is can’t be told: ${words(because)}.`);
  }
  const named = found.value;
  if (named === null) return refused('no_such_emergency', 'This repository has no emergency of that name.');
  const { environment, emergency, ref, commit } = named;
  if (emergency?.erased === true) {
    return refused(
      'emergency_over',
      'What was declared was erased, which ended it: whoever may declares another one.',
    );
  }
  if (emergency === null || ref === null)
    return refused('no_such_emergency', 'That is a bypass: it can only be reviewed.');
  if (environmentOf(policy, environment) === null)
    return refused('no_such_environment', `The policy names no environment ${code(environment)} any more.`);
  if (named.pullRequest !== facts.number) {
    return refused(
      'elsewhere',
      `It was declared on pull request ${named.pullRequest ?? '?'}: confirm it there, where its change can be seen.`,
    );
  }
  if (emergency.confirmed !== null) {
    const who = emergency.confirmed.by === null ? 'somebody' : login(emergency.confirmed.by.login);
    return refused('already_confirmed', `It was confirmed by ${who}.`);
  }
  if (emergency.usedBy !== null || !isOpen(emergency, facts.gatheredAt)) {
    return refused(
      'emergency_over',
      `It ended at ${moment(emergency.expiresAt)}: whoever may declares another one.`,
    );
  }
  const not = mayThey(policy, facts, environment, {
    act: `confirm an emergency on ${code(environment)}`,
    by: (each) => each.emergency?.confirm,
  });
  if (not !== null) return not;
  const { declaredBy, entry, expiresAt } = emergency;
  if (declaredBy === null)
    return refused('emergency_unknown', 'The name of whoever declared it was erased: declare another one.');
  const { commenter, change } = facts;
  if (commenter.id === declaredBy.id) {
    const why = `${login(commenter.login)} declared it, and a second person has to confirm it.`;
    return refused('not_second', why);
  }
  if (change === undefined || !change.commits.complete || !change.pushers.known) {
    return refused(
      'authors_unknown',
      'Who made the change can’t be told, so nobody can tell whether you are a second person.',
    );
  }
  const contribution = authorsOfChange(change).get(commenter.id);
  if (contribution !== undefined) {
    const part = contribution.commit === null ? 'a part of it' : `commit ${sha(contribution.commit)} of it`;
    return refused(
      'not_second',
      `${login(commenter.login)} made ${part}, and a second person has to confirm it who made nothing of it.`,
    );
  }
  return accepted({
    kind: 'confirm',
    environment,
    sha: commit,
    ref,
    emergency: entry,
    declaredBy,
    expiresAt,
  });
}

const isOpen = ({ expired, expiresAt }: { expired: boolean; expiresAt: string }, now: string): boolean =>
  !expired && Date.parse(now) < Date.parse(expiresAt);

/** On which terms either side lets one be declared. */
function termsOf(policy: Policy, environment: string): readonly EmergencyPolicy[] {
  return sidesOf(policy).flatMap((side) => environmentOf(side, environment)?.emergency ?? []);
}
