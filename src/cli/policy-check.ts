/** `countersign policy check [--baseline] FILE`: is this policy right? 0 it is, 1 it isn't, 2 it couldn't be read. */
import { baselineReadingOf, readingOf } from '../policy/reading-of.ts';
import type { Baseline, Policy } from '../policy/schema.ts';
import type { CommandIo } from './command-io.ts';
import { parseCall } from './parse-command-arguments.ts';
import { policyText } from './policy-text.ts';

const USAGE = `countersign policy check [--baseline] FILE

Checks a policy file, as .github/countersign.yml, and prints everything that is wrong with it. With --baseline it checks an
organisation's baseline, as countersign.yml of its .github repository.
Exits with 0 if it is right, 1 if it isn't, 2 if it couldn't be read.
`;

const COMMAND = { usage: USAGE, options: [], flags: ['baseline'], positionals: 1 };

/** Runs the command, `args` being what follows `check`, and answers its exit code. */
export async function policyCheck(args: readonly string[], io: CommandIo): Promise<number> {
  const { stdout, stderr } = io;
  const asked = parseCall(args, COMMAND, io, ({ positionals: [file], flags }) => {
    if (file === undefined) throw new Error('FILE is missing');
    return { file, isBaseline: flags.has('baseline') };
  });
  if (typeof asked === 'number') return asked;
  const { file, isBaseline } = asked;
  const text = await policyText(file, stderr);
  if (text === null) return 2;
  const source = { path: file, ref: '', commit: null, text };
  if (isBaseline) {
    const baseline = baselineReadingOf(source);
    if (baseline?.kind === 'valid') {
      stdout.write(`${file} is right: ${baselineSummary(baseline.value)}\n`);
      return 0;
    }
    for (const problem of baseline?.kind === 'invalid' ? baseline.problems : []) stderr.write(`${problem}\n`);
    return 1;
  }
  const reading = readingOf(source);
  if (reading.kind === 'valid') {
    stdout.write(`${file} is right: ${summary(reading.policy)}\n`);
    return 0;
  }
  const problems = reading.kind === 'invalid' ? reading.problems : [`${file}: no policy was found`];
  for (const problem of problems) stderr.write(`${problem}\n`);
  return 1;
}

function baselineSummary({ changes, environments }: Baseline): string {
  const names = Object.keys(environments);
  const guarded = changes === undefined ? 'no branch' : changes.branches.join(', ');
  return `in every repository of the organisation it asks for more on ${guarded} and ${names.length === 0 ? 'no environment' : `environments ${names.join(', ')}`}.`;
}

function summary({ mode, changes, environments }: Policy): string {
  const names = Object.keys(environments);
  const where = names.length === 0 ? 'no environment' : `environments ${names.join(', ')}`;
  return `it guards ${changes.branches.join(', ')} and ${where}${mode === 'observe' ? ', and only observes' : ''}.`;
}
