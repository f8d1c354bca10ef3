/** `countersign policy explain FILE`: what a policy asks for, in sentences. */
import { describePolicy } from '../policy/describe-policy.ts';
import { readingOf } from '../policy/reading-of.ts';
import type { CommandIo } from './command-io.ts';
import { policyText } from './policy-text.ts';

const USAGE = `countersign policy explain FILE

Says what a policy asks for, of each change and of each deployment, and who can give it. Exits with 0, 1 where the file has
problems, 2 where it couldn't be read.
`;

/** Runs the command, `args` being what follows `explain`, and answers its exit code. */
export async function policyExplain(args: readonly string[], { stdout, stderr }: CommandIo): Promise<number> {
  if (args.some((arg) => arg === '--help' || arg === '-h')) {
    stdout.write(USAGE);
    return 0;
  }
  const [file, ...more] = args;
  if (file === undefined || more.length > 0) {
    stderr.write(`countersign: it is \`countersign policy explain FILE\`\n\n${USAGE}`);
    return 2;
  }
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
