/** `countersign policy explain FILE`: what a policy asks for, in sentences. */
import { describePolicy } from '../policy/describe-policy.ts';
import { readingOf } from '../policy/reading-of.ts';
import type { CommandIo } from './command-io.ts';
import { parseCall } from './parse-command-arguments.ts';
import { policyText } from './policy-text.ts';

const USAGE = `countersign policy explain FILE

Says what a policy asks for, of each change and of each deployment, and who can give it. Exits with 0, 1 where the file has
problems, 2 where it couldn't be read.
`;

const COMMAND = { usage: USAGE, options: [], positionals: 1 };

/** Runs the command, `args` being what follows `explain`, and answers its exit code. */
export async function policyExplain(args: readonly string[], io: CommandIo): Promise<number> {
  const { stdout, stderr } = io;
  const asked = parseCall(args, COMMAND, io, ({ positionals: [file] }) => {
    if (file === undefined) throw new Error('FILE is missing');
    return { file };
  });
  if (typeof asked === 'number') return asked;
  const { file } = asked;
  const text = await policyText(file, stderr);
  if (text === null) return 2;
  const reading = readingOf({ path: file, ref: '', commit: null, text });
  if (reading.kind !== 'valid') {
    for (const problem of reading.kind === 'invalid' ? reading.problems : []) stderr.write(`${problem}\n`);
    return 1;
  }
  stdout.write(`${describePolicy(reading.policy).join('\n')}\n`);
  return 0;
}
