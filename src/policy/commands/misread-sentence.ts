import { COMMAND_FORMS, type CommandProblem } from '../../domain/command.ts';
import { code } from '../sentence-parts.ts';

/** What is wrong with how a command was written, and how it is written right. */
export function misreadSentence(problem: CommandProblem): string {
  switch (problem.kind) {
    case 'no_such_command': {
      const meant = problem.meant === null ? '' : ` Did you mean ${code(problem.meant)}?`;
      return `There is no command ${code(problem.said)}.${meant} ${ALL}`;
    }
    case 'environment_missing':
      return `It names no environment: ${formOf(problem.command)}.`;
    case 'why_missing':
      return `It says no reason, and whoever waits reads that: ${formOf(problem.command)}.`;
    case 'emergency_missing':
      return `${problem.said === '' ? 'It names no emergency' : `${code(problem.said)} is no emergency’s name, which has eight digits`}: ${formOf(problem.command)}.`;
    case 'verdict_missing':
      return `It doesn’t say whether it was justified or unjustified: ${formOf(problem.command)}.`;
    case 'too_much':
      return `${code(problem.more)} was not understood: ${formOf(problem.command)}. An environment whose name has blanks stands in double quotes.`;
    case 'too_long':
      return 'It is too long to be a command; a reason has 500 characters at most.';
  }
}

const ALL = `${code('/countersign help')} lists them.`;

function formOf(command: string): string {
  const form = Object.entries(COMMAND_FORMS).find(([name]) => name === command)?.[1] ?? 'help';
  return code(`/countersign ${form}`);
}
