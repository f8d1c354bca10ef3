import { setLock } from '../pipeline/command/set-lock.ts';
import { changeLock } from './change-lock.ts';
import type { CommandIo } from './command-io.ts';
import { type CommandArguments, parseCall } from './parse-command-arguments.ts';
import { readPlace } from './read-place.ts';

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
  const asked = parseCall(
    args,
    { usage: USAGE, options: ['why', 'commit', 'pull-request'], positionals: 2 },
    io,
    read,
  );
  if (typeof asked === 'number') return asked;
  const { why, commit, pullRequest } = asked;
  const id = await changeLock(io, asked, (tx, surroundings, place) =>
    setLock(tx, surroundings, { ...place, by: null, delivery: null, why, commit, pullRequest }),
  );
  io.stdout.write(`${asked.environment} of ${asked.repository} is locked, by entry ${id}\n`);
  return 0;
}

function read(given: CommandArguments) {
  const place = readPlace(given, 'lock');
  const { commit, 'pull-request': number } = given.values;
  const why = given.values['why']?.trim() ?? '';
  if (why === '') throw new Error('lock needs --why: whoever waits for it reads that');
  if (commit !== undefined && !/^[0-9a-f]{40}$/.test(commit))
    throw new Error('--commit is no full commit id: 40 hexadecimal digits, lower case');
  if (number !== undefined && !/^[1-9]\d{0,8}$/.test(number))
    throw new Error('--pull-request is the number of a pull request');
  return {
    ...place,
    why,
    commit: commit ?? null,
    pullRequest: number === undefined ? null : Number(number),
  };
}
