/** `countersign policy`: whether a policy is right, what it asks for, and what it would have decided. */
import type { CommandIo } from './command-io.ts';
import { policyCheck } from './policy-check.ts';
import { policyExplain } from './policy-explain.ts';
import { policySimulate } from './policy-simulate.ts';

const USAGE = `countersign policy check [--baseline] FILE
countersign policy explain FILE
countersign policy simulate FILE --repository OWNER/NAME [--days 90] [--baseline FILE]

check      is this file right?
explain    what does it ask for, of whom?
simulate   what would it have decided otherwise, of what was decided lately?

Each with --help tells more.
`;

const VERBS = { check: policyCheck, explain: policyExplain, simulate: policySimulate } as const;

/** Runs the command and answers its exit code; 2 where the call itself is wrong. */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const [verb, ...rest] = args;
  if (verb === '--help' || verb === '-h') {
    io.stdout.write(USAGE);
    return 0;
  }
  if (verb === 'check' || verb === 'explain' || verb === 'simulate') return VERBS[verb](rest, io);
  const said = verb === undefined ? '' : `; there is no ${JSON.stringify(verb)}`;
  io.stderr.write(
    `countersign: it is \`countersign policy check FILE\`, explain or simulate${said}\n\n${USAGE}`,
  );
  return 2;
}
