import type { z } from 'zod';
import type { BaselineSource, PolicySource } from '../domain/policy-reading.ts';
import { joinedAfterProblems } from './after-problems.ts';
import type { PolicyReading } from './policy-reading.ts';
import { policyProblems } from './policy-problems.ts';
import { readYaml, type Problem } from './read-yaml.ts';
import { type Baseline, baselineSchemaV1, type Policy, policySchemaV1 } from './schema.ts';

const MOST_PROBLEMS = 50;

/**
 * What a policy file says (with its organisation's baseline, where there is one), or everything that is wrong with either,
 * in the order of the file, one sentence each. Never throws, whatever the text.
 */
export function readingOf({ path, text, unreadable, baseline }: PolicySource): PolicyReading {
  if (unreadable !== undefined) return { kind: 'unreadable', why: unreadable };
  const own = text === null ? null : parsed(path, text, policySchemaV1);
  const organisation = baselineReadingOf(baseline);
  const problems = [own, organisation].flatMap((each) => (each?.kind === 'invalid' ? each.problems : []));
  if (problems.length > 0) return { kind: 'invalid', problems: shortened(problems) };
  if (organisation?.kind === 'unreadable') return organisation;
  if (own?.kind !== 'valid') return { kind: 'absent' };
  const circles = organisation?.kind === 'valid' ? circlesOf(own.value, organisation.value, baseline) : [];
  if (circles.length > 0) return { kind: 'invalid', problems: shortened(circles) };
  return {
    kind: 'valid',
    policy: organisation?.kind === 'valid' ? { ...own.value, baseline: organisation.value } : own.value,
  };
}

/** What is wrong with two files of which each is right by itself, at its place in the baseline. */
function circlesOf(
  own: Policy,
  organisation: Baseline,
  source: BaselineSource | undefined,
): readonly string[] {
  const read = readYaml(source?.text ?? '');
  if (source === undefined || !read.ok) return [];
  return joinedAfterProblems(own.environments, organisation.environments).map(({ path, message }) => {
    const full = ['environments', ...path];
    const problem = { path: full, offset: read.place(full, 'value'), message };
    return `${position(source.path, problem, read.lines)} ${subject(problem)}with the repository’s own order ${message}`;
  });
}

/** The same of an organisation's baseline alone; null where there is none. */
export function baselineReadingOf(
  baseline: BaselineSource | undefined,
): Parsed<Baseline> | Extract<PolicyReading, { kind: 'unreadable' }> | null {
  if (baseline === undefined) return null;
  const { path, text, unreadable } = baseline;
  if (unreadable !== undefined) return { kind: 'unreadable', why: unreadable };
  return text === null ? null : parsed(path, text, baselineSchemaV1);
}

type Parsed<T> =
  | { readonly kind: 'valid'; readonly value: T }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

function parsed<T>(path: string, text: string, schema: z.ZodType<T>): Parsed<T> {
  const read = readYaml(text);
  const result = read.ok ? schema.safeParse(read.value) : null;
  if (result?.success === true) return { kind: 'valid', value: result.data };
  const problems = read.ok
    ? policyProblems(schema, result?.error.issues ?? [], read.value, read.place)
    : read.problems;
  const sentences = problems
    .toSorted((a, b) => a.offset - b.offset)
    .map((problem) => `${position(path, problem, read.lines)} ${subject(problem)}${problem.message}`);
  return { kind: 'invalid', problems: [...new Set(sentences)] };
}

function shortened(problems: readonly string[]): readonly string[] {
  const left = problems.length - MOST_PROBLEMS;
  return left > 0 ? [...problems.slice(0, MOST_PROBLEMS), `and ${left} more problems`] : problems;
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
