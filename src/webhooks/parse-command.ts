import {
  COMMAND_FORMS,
  type Command,
  type CommandProblem,
  LONGEST_WHY,
  REVIEW_VERDICTS,
} from '../domain/command.ts';
import { nearest } from '../domain/nearest.ts';

const PREFIX = '/countersign';
/** A first line that is longer is no command of ours, but something pasted. */
const LONGEST_LINE = 1_000;
const LONGEST_WORD = 255;

/**
 * The command of a comment, from its first line alone; null where that doesn't begin with `/countersign`. So a quote (`>`), a block of
 * code (a fence, or four blanks) and a mention within a sentence are none: each begins with something else. The text is
 * anybody's: whatever it is, this answers.
 */
export function parseCommand(comment: string): Command | null {
  const [line = ''] = comment.split(/\r\n|[\r\n\u2028\u2029]/, 1);
  if (!line.startsWith(PREFIX)) return null;
  const after = line.slice(PREFIX.length);
  // `/countersigned` is a word of its own.
  if (after !== '' && !/^\s/.test(after)) return null;
  if (line.length > LONGEST_LINE) return misread({ kind: 'too_long' });
  const [said, rest] = word(after);
  const name = said.toLowerCase();
  switch (name) {
    case '':
    case 'help':
      return { name: 'help' };
    case 'deploy':
    case 'lock':
    case 'unlock':
    case 'rollback':
    case 'emergency':
      return about(name, rest);
    case 'confirm':
    case 'review':
      return ofEmergency(name, rest);
    default: {
      const meant = nearest(name, Object.keys(COMMAND_FORMS));
      return misread({ kind: 'no_such_command', said: said.slice(0, 60), meant });
    }
  }
}

function about(command: 'deploy' | 'lock' | 'unlock' | 'rollback' | 'emergency', text: string): Command {
  const [environment, rest] = word(text);
  if (environment === '') return misread({ kind: 'environment_missing', command });
  if (environment.length > LONGEST_WORD) return misread({ kind: 'too_long' });
  switch (command) {
    case 'deploy':
      if (rest !== '') return misread({ kind: 'too_much', command, more: rest.slice(0, 60) });
      return { name: 'deploy', environment };
    case 'lock': {
      const bound = /^only\s+#([1-9]\d{0,8})(?:[:\s]\s*|$)/i.exec(rest);
      const why = rest.slice(bound?.[0].length ?? 0);
      if (why === '') return misread({ kind: 'why_missing', command });
      if (why.length > LONGEST_WHY) return misread({ kind: 'too_long' });
      return { name: 'lock', environment, why, only: bound === null ? null : Number(bound[1]) };
    }
    case 'rollback': {
      const [first, more] = word(rest);
      const target = /^[0-9a-f]{7,40}$/i.test(first) ? first.toLowerCase() : null;
      const why = target === null ? rest : more;
      if (why.length > LONGEST_WHY) return misread({ kind: 'too_long' });
      return { name: 'rollback', environment, target, why: why === '' ? null : why };
    }
    case 'emergency': {
      // A word that could be a sentence's own (`an incident happened`) is no incident's name.
      const named = /^(.*?)[\s,;:(]+incident:?\s+(\S*(?:[#\d]|:\/\/)\S*?)[.)]?$/i.exec(rest);
      const why = (named?.[1] ?? rest).trim();
      if (why === '') return misread({ kind: 'why_missing', command });
      if (why.length > LONGEST_WHY) return misread({ kind: 'too_long' });
      return { name: 'emergency', environment, why, incident: named?.[2] ?? null };
    }
    case 'unlock':
      if (rest.length > LONGEST_WHY) return misread({ kind: 'too_long' });
      return { name: 'unlock', environment, why: rest === '' ? null : rest };
  }
}

/** Ours are eight hexadecimal digits. */
function ofEmergency(command: 'confirm' | 'review', text: string): Command {
  const [said, rest] = word(text);
  const emergency = said.toLowerCase();
  if (!/^[0-9a-f]{8}$/.test(emergency))
    return misread({ kind: 'emergency_missing', command, said: said.slice(0, 60) });
  if (command === 'confirm') {
    if (rest !== '') return misread({ kind: 'too_much', command, more: rest.slice(0, 60) });
    return { name: 'confirm', emergency };
  }
  const [verdictSaid, why] = word(rest);
  const verdict = REVIEW_VERDICTS.find((each) => each === verdictSaid.toLowerCase().replace(/:$/, ''));
  if (verdict === undefined)
    return misread({ kind: 'verdict_missing', command, said: verdictSaid.slice(0, 60) });
  if (why === '') return misread({ kind: 'why_missing', command });
  if (why.length > LONGEST_WHY) return misread({ kind: 'too_long' });
  return { name: 'review', emergency, verdict, why };
}

/** The first word, or what stands in quotes (an environment's name can have blanks), and what comes after it. */
function word(text: string): readonly [first: string, rest: string] {
  const trimmed = text.trim();
  const match = /^"([^"]*)"(?=\s|$)|^\S+/.exec(trimmed);
  if (match === null) return ['', ''];
  return [match[1] ?? match[0], trimmed.slice(match[0].length).trim()];
}

const misread = (problem: CommandProblem): Command => ({ name: 'misread', problem });
