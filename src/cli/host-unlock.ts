import { CodedError } from '../domain/coded-error.ts';
import { printable } from '../deploy/refuse-paths.ts';
import {
  breakHostLocks,
  isUnderWay,
  readHostLocks,
  type SeenLock,
} from '../pipeline/host/break-host-lock.ts';
import { writtenAddress } from '../domain/host-address.ts';
import type { CommandIo } from './command-io.ts';
import { openLedgerSource } from './ledger-source.ts';
import { type CommandArguments, parseCall } from './parse-command-arguments.ts';
import { readPlace, readWhy } from './read-place.ts';
import { recordingNeeds } from './recording-needs.ts';
import { repositoryNamed } from './repository-named.ts';
import { targetOf } from './target-of.ts';

const USAGE = `countersign host unlock OWNER/NAME ENVIRONMENT [--host HOST[:PORT] …] [--why TEXT] [--even-under-way]

Shows which of an environment's hosts are locked by a deployment or a rehearsal, by which, and for how long. With --why it breaks those
locks, over SSH and with the environment's key; recorded in the ledger as host.unlocked, before it is done and after.

  --why TEXT         why they are broken, and who you are, if people shall know; sealed beside the entry
  --host HOST:PORT   only there; may be repeated
  --even-under-way   also where the deployment is under way, or the rehearsal: it stops there then, and changes nothing more

  DATABASE_URL        the writer's login, as for start
  COUNTERSIGN_CONFIG  the operator's file, which has the hosts and says where the key is
`;

interface Asked {
  readonly repository: string;
  readonly environment: string;
  readonly hosts: readonly string[];
  readonly why: string | null;
  readonly evenUnderWay: boolean;
}

/** `countersign host unlock`: 0 when nothing is locked (any more), 1 when something is, 2 when the call is wrong or it could not be done. */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const asked = parseCall(
    args,
    { usage: USAGE, options: ['why'], repeatable: ['host'], flags: ['even-under-way'], positionals: 2 },
    io,
    read,
  );
  if (typeof asked === 'number') return asked;
  const { target, hosts } = hostsOf(asked, io);
  const source = await openLedgerSource(io.env, 'writerUrl');
  const needs = recordingNeeds(source.db);
  try {
    const { repositoryId } = target;
    const repository =
      repositoryId === null
        ? await repositoryNamed(source.db, asked.repository)
        : // The name may have been another repository's: whether a lock's deployment is under way is told by this one's.
          { id: repositoryId, fullName: target.repository };
    const place = { repository, environment: asked.environment };
    const locks = await readHostLocks(needs, place, hosts);
    for (const lock of locks) io.stdout.write(`${described(lock)}\n`);
    if (locks.length === 0) {
      io.stdout.write(
        `none of ${hosts.map(({ host }) => `${host.host}:${host.port}`).join(', ')} is locked\n`,
      );
      return 0;
    }
    if (asked.why === null) {
      io.stdout.write('Nothing was changed: --why breaks them, and is recorded.\n');
      return 1;
    }
    const { evenUnderWay, why } = asked;
    const { entryId, broken, kept, unknown } = await breakHostLocks(needs, place, locks, {
      why,
      evenUnderWay,
    });
    if (broken.length > 0) io.stdout.write(`broken on ${broken.join(', ')}, by entry ${entryId}\n`);
    if (kept.length > 0)
      io.stdout.write(`left on ${kept.join(', ')}: somebody else has it by now, or nobody\n`);
    for (const { host, message } of unknown)
      io.stdout.write(`unknown on ${host}, recorded as that: ${printable(message)}\n`);
    if (unknown.length > 0) return 2;
    return kept.length > 0 ? 1 : 0;
  } finally {
    await source.close();
  }
}

const read = (given: CommandArguments): Asked => ({
  ...readPlace(given, 'host unlock'),
  hosts: given.lists['host'] ?? [],
  why: readWhy(given),
  evenUnderWay: given.flags.has('even-under-way'),
});

/** The environment's hosts by the operator's file, or those of them that were named. Reads that environment's secrets only. */
function hostsOf({ repository, environment, hosts: named }: Asked, io: CommandIo) {
  const { target, keys } = targetOf(io, { repository, environment });
  const isNamed = (name: string) => (host: (typeof target.hosts)[number]) =>
    [`${host.host}:${host.port}`, `[${host.host}]:${host.port}`, host.host, writtenAddress(host)].includes(
      name,
    );
  const stranger = named.find((name) => !target.hosts.some(isNamed(name)));
  if (stranger !== undefined) {
    throw new CodedError(
      'target_unknown',
      `${stranger} is no host of ${repository}, environment ${environment}.`,
    );
  }
  const wanted = target.hosts.filter(
    (host) => named.length === 0 || named.some((name) => isNamed(name)(host)),
  );
  const { path, timeout } = target;
  return { target, hosts: wanted.map((host) => ({ host, path, timeout, ...keys })) };
}

function described(lock: SeenLock): string {
  const { host, holder, seconds } = lock;
  const since = seconds === null ? '' : ` since ${age(seconds)}`;
  return `${host} is locked by ${printable(holder)}${since} (${holderOf(lock)})`;
}

function holderOf(lock: SeenLock): string {
  const { deployment, rehearsal } = lock;
  if (rehearsal !== null)
    return rehearsal === 'goes_on' ? 'a rehearsal, which goes on' : 'a rehearsal that goes on no more';
  if (deployment === null) return 'no deployment of ours there: another Countersign, or another tool';
  const { id, sha, state, job } = deployment;
  return `deployment ${id} of ${sha.slice(0, 7)}, ${state}${isUnderWay(lock) ? `, ${working(job?.silentSeconds ?? null)}` : ''}`;
}

const working = (silent: number | null): string =>
  silent === null
    ? 'to be taken up again by a worker'
    : `under way in a worker that gave a sign of life ${Math.round(silent)} s ago`;

function age(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}
