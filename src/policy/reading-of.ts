import type { PolicySource } from '../domain/policy-reading.ts';
import type { PolicyReading } from './policy-reading.ts';
import { policyProblems } from './policy-problems.ts';
import { readYaml, type Problem } from './read-yaml.ts';
import { policySchemaV1 } from './schema.ts';

const MOST_PROBLEMS = 50;

/**
 * What a policy file says, or everything that is wrong with it, in the order of the file, one sentence each. Never
 * throws, whatever the text.
 */
export function readingOf({ path, text }: PolicySource): PolicyReading {
  if (text === null) return { kind: 'absent' };
  const read = readYaml(text);
  const parsed = read.ok ? policySchemaV1.safeParse(read.value) : null;
  if (parsed?.success === true) return { kind: 'valid', policy: parsed.data };
  const problems = read.ok
    ? policyProblems(parsed?.error.issues ?? [], read.value, read.place)
    : read.problems;
  const sentences = problems
    .toSorted((a, b) => a.offset - b.offset)
    .map((problem) => `${position(path, problem, read.lines)} ${subject(problem)}${problem.message}`);
  const shown = [...new Set(sentences)];
  const left = shown.length - MOST_PROBLEMS;
  return {
    kind: 'invalid',
    problems: left > 0 ? [...shown.slice(0, MOST_PROBLEMS), `${path}: and ${left} more problems`] : shown,
  };
}

function position(
  path: string,
  { offset }: Problem,
  lines: { linePos(offset: number): { line: number; col: number } },
): string {
  const { line, col } = lines.linePos(offset);
  return line === 0 ? `${path}:1:1` : `${path}:${line}:${col}`;
}

/** `changes.branches[0]: ` */
function subject({ path }: Problem): string {
  if (path.length === 0) return 'the policy ';
  const name = path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${part}`))
    .join('');
  return `${name}: `;
}
