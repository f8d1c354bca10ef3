/** What people read in answer to a command in a comment. Pure. */
import { COMMAND_FORMS } from '../domain/command.ts';
import { emergencyId } from '../domain/emergency-facts.ts';
import type { CommandAct, CommandAnswer } from '../domain/command-answer.ts';
import { code, escape, sentence } from './markdown.ts';
import { commitLink, moment, type Place } from './phrases.ts';

/** With what doing it made: what its emergency is called by, and whether a deployment was asked for with its confirmation. */
export interface AnswerPlace extends Place {
  readonly emergency?: string;
  readonly asked?: boolean;
}

/** Markdown for a comment: one sentence, and where the record of it is. */
export function renderCommandAnswer(answer: CommandAnswer, place: AnswerPlace): string {
  const record = `\n\n<sub>Ledger entry ${code(place.entryId)}</sub>`;
  switch (answer.verdict) {
    case 'accepted':
      return `${markOf(answer.act)} ${done(answer.act, place)}${record}`;
    case 'refused':
      return `🚫 **Refused**: ${sentence(answer.why, 1_500)}${record}`;
    case 'help':
      return `The first line of a comment on a pull request is read, and only when it is written, not when it is edited:\n\n${FORMS}${record}`;
  }
}

/** An emergency is no everyday matter, though it is done. */
const markOf = ({ kind }: CommandAct): string => (kind === 'declare' || kind === 'confirm' ? '🚨' : '✅');

function done(act: CommandAct, place: AnswerPlace): string {
  const environment = `**${escape(act.environment, 80)}**`;
  switch (act.kind) {
    case 'deploy':
      return `**Asked for**: ${commitLink(act.sha, place)} to ${environment}. Whether it may is in the check run ${code(`countersign/deploy (${act.environment})`)} on that commit.`;
    case 'lock': {
      const but = act.pullRequest === null ? '' : ` but for pull request ${act.pullRequest}`;
      return `**Locked**: nothing is deployed to ${environment}${but} until somebody unlocks it with ${code(`/countersign unlock ${quoted(act.environment)}`)}. Why: ${escape(act.why, 500)}`;
    }
    case 'rollback':
      return `**Rolling back**: ${environment} from ${commitLink(act.from, place)} to ${commitLink(act.sha, place)}. How it goes is in the check run ${code(`countersign/deploy (${act.environment})`)} on the latter. Nothing else is deployed there until somebody unlocks it with ${code(`/countersign unlock ${quoted(act.environment)}`)}.${passedOver(act, place)}`;
    case 'declare': {
      const incident = act.incident === null ? '' : ` (incident ${escape(act.incident, 120)})`;
      return `**Emergency ${code(place.emergency ?? '?')}** declared for ${commitLink(act.sha, place)} on ${environment}: ${escape(act.why, 500)}${incident}. It lifts nothing until a second person confirms it with ${code(`/countersign confirm ${place.emergency ?? '?'}`)}: ${sentence(act.confirm, 300)}, who made nothing of this change. It ends on **${moment(act.expiresAt)}**, and with the one deployment that uses it.`;
    }
    case 'confirm':
      return `**Confirmed**: emergency ${code(emergencyId(act.emergency))} lifts what the policy lets it for one deployment of ${commitLink(act.sha, place)} to ${environment}, until **${moment(act.expiresAt)}**. ${place.asked === true ? 'That deployment is asked for' : 'Where a workflow deploys, start it now'}; how it goes is in the check run ${code(`countersign/deploy (${act.environment})`)} on that commit.`;
    case 'review':
      return `**Reviewed**: ${code(emergencyId(act.emergency))} on ${environment} (${commitLink(act.sha, place)}) was **${act.verdict}**. That closes it. Why: ${escape(act.why, 500)}`;
    case 'unlock':
      return `**Unlocked**: ${environment}. What waited for it is judged again.`;
  }
}

/** What somebody who goes back may have expected to find there. */
const passedOver = (
  { passedOver: passed = [] }: Extract<CommandAct, { kind: 'rollback' }>,
  place: Place,
): string =>
  passed
    .map(
      ({ sha, lifted }) =>
        ` Not to ${commitLink(sha, place)}, which ran there because an emergency lifted ${lifted.map((key) => code(key)).join(', ')} for that once.`,
    )
    .join('');

const quoted = (name: string): string => (/\s/.test(name) ? `"${name}"` : name);

const MEANINGS: Readonly<Record<keyof typeof COMMAND_FORMS, string>> = {
  deploy: 'asks for the deployment of this pull request’s merge',
  lock: 'lets nothing be deployed there, or only one pull request',
  unlock: 'takes the lock away',
  rollback: 'goes back to what was approved and ran there before, and locks the environment',
  emergency: 'declares an emergency for this pull request’s merge, which a second person has to confirm',
  confirm: 'confirms an emergency, as the second person',
  review:
    'closes an emergency that was used, or a bypass, by somebody who took no part; the verdict is justified or unjustified',
  help: 'says this',
};

const FORMS = Object.entries(COMMAND_FORMS)
  .map(([name, form]) => `- ${code(`/countersign ${form}`)} ${MEANINGS[name as keyof typeof COMMAND_FORMS]}`)
  .join('\n');
