/** What people read in answer to a command in a comment. Pure. */
import { COMMAND_FORMS } from '../domain/command.ts';
import type { CommandAct, CommandAnswer } from '../domain/command-answer.ts';
import { code, escape, sentence } from './markdown.ts';
import { commitLink, type Place } from './phrases.ts';

/** Markdown for a comment: one sentence, and where the record of it is. */
export function renderCommandAnswer(answer: CommandAnswer, place: Place): string {
  const record = `\n\n<sub>Ledger entry ${code(place.entryId)}</sub>`;
  switch (answer.verdict) {
    case 'accepted':
      return `✅ ${done(answer.act, place)}${record}`;
    case 'refused':
      return `🚫 **Refused**: ${sentence(answer.why, 1_500)}${record}`;
    case 'help':
      return `The first line of a comment on a pull request is read, and only when it is written, not when it is edited:\n\n${FORMS}${record}`;
  }
}

function done(act: CommandAct, place: Place): string {
  const environment = `**${escape(act.environment, 80)}**`;
  switch (act.kind) {
    case 'deploy':
      return `**Asked for**: ${commitLink(act.sha, place)} to ${environment}. Whether it may is in the check run ${code(`countersign/deploy (${act.environment})`)} on that commit.`;
    case 'lock': {
      const but = act.pullRequest === null ? '' : ` but for pull request ${act.pullRequest}`;
      return `**Locked**: nothing is deployed to ${environment}${but} until somebody unlocks it with ${code(`/countersign unlock ${quoted(act.environment)}`)}. Why: ${escape(act.why, 500)}`;
    }
    case 'rollback':
      return `**Rolling back**: ${environment} from ${commitLink(act.from, place)} to ${commitLink(act.sha, place)}. How it goes is in the check run ${code(`countersign/deploy (${act.environment})`)} on the latter. Nothing else is deployed there until somebody unlocks it with ${code(`/countersign unlock ${quoted(act.environment)}`)}.`;
    case 'unlock':
      return `**Unlocked**: ${environment}. What waited for it is judged again.`;
  }
}

const quoted = (name: string): string => (/\s/.test(name) ? `"${name}"` : name);

const MEANINGS: Readonly<Record<keyof typeof COMMAND_FORMS, string>> = {
  deploy: 'asks for the deployment of this pull request’s merge',
  lock: 'lets nothing be deployed there, or only one pull request',
  unlock: 'takes the lock away',
  rollback: 'goes back to what was approved and ran there before, and locks the environment',
  help: 'says this',
};

const FORMS = Object.entries(COMMAND_FORMS)
  .map(([name, form]) => `- ${code(`/countersign ${form}`)} ${MEANINGS[name as keyof typeof COMMAND_FORMS]}`)
  .join('\n');
