/** `countersign policy`: check a policy, and what it would have decided. */
import type { CommandIo } from './command-io.ts';
import { policyCheck } from './policy-check.ts';
import { policySimulate } from './policy-simulate.ts';

const USAGE = `countersign policy check [--baseline] FILE
countersign policy simulate FILE --repository OWNER/NAME [--days 90] [--baseline FILE]

check      is this file right?
simulate   what would it have decided otherwise, of what was decided lately?

\`countersign policy check --help\` and \`countersign policy simulate --help\` tell more.
`;

const VERBS = { check: policyCheck, simulate: policySimulate } as const;

/** Runs the command and answers its exit code; 2 where the call itself is wrong. */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const [verb, ...rest] = args;
  if (verb === '--help' || verb === '-h') {
    io.stdout.write(USAGE);
    return 0;
  }
  if (verb === 'check' || verb === 'simulate') return VERBS[verb](rest, io);
  const said = verb === undefined ? '' : `; there is no ${JSON.stringify(verb)}`;
  io.stderr.write(
    `countersign: it is \`countersign policy check FILE\` or \`countersign policy simulate FILE\`${said}\n\n${USAGE}`,
  );
  return 2;
}
