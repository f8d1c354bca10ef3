import { parseArgs } from 'node:util';
import { setLock } from '../pipeline/set-lock.ts';
import { changeLock } from './change-lock.ts';
import type { CommandIo } from './command-io.ts';

const USAGE = `countersign lock OWNER/NAME ENVIRONMENT --why TEXT [--commit SHA] [--pull-request NUMBER]

Locks an environment: deployments to it are held until somebody unlocks it. Recorded in the ledger as lock.set, by nobody that
GitHub knows: say in --why who you are, if people shall know.

  --why TEXT              what those who wait are told; sealed beside the entry
  --commit SHA            this commit alone may go through (all 40 digits)
  --pull-request NUMBER   this pull request alone may: a deployment in whose range nothing else is

  DATABASE_URL            the writer's login, as for start
`;

/** `countersign lock`: 0 when it is locked, 2 when the call is wrong or it could not be done. */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  let asked;
  try {
    asked = parse(args);
  } catch (error) {
    io.stderr.write(`countersign: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (asked === null) {
    io.stdout.write(USAGE);
    return 0;
  }
  const { why, commit, pullRequest } = asked;
  const id = await changeLock(io, asked, (tx, surroundings, place) =>
    setLock(tx, surroundings, { ...place, by: null, delivery: null, why, commit, pullRequest }),
  );
  io.stdout.write(`${asked.environment} of ${asked.repository} is locked, by entry ${id}\n`);
  return 0;
}

function parse(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      why: { type: 'string' },
      commit: { type: 'string' },
      'pull-request': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return null;
  const [repository, environment, ...more] = positionals;
  if (repository === undefined || environment === undefined || more.length > 0)
    throw new Error('lock takes OWNER/NAME and the name of an environment');
  const why = values.why?.trim() ?? '';
  if (why === '') throw new Error('lock needs --why: whoever waits for it reads that');
  if (values.commit !== undefined && !/^[0-9a-f]{40}$/.test(values.commit))
    throw new Error('--commit is no full commit id: 40 hexadecimal digits, lower case');
  const number = values['pull-request'];
  if (number !== undefined && !/^[1-9]\d{0,8}$/.test(number))
    throw new Error('--pull-request is the number of a pull request');
  return {
    repository,
    environment,
    why,
    commit: values.commit ?? null,
    pullRequest: number === undefined ? null : Number(number),
  };
}
