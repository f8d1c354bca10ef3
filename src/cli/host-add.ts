import { randomBytes } from 'node:crypto';
import { presentedKey, readyHost } from '../deploy/enrol-host.ts';
import { FINGERPRINT, MOST_FINGERPRINTS } from '../config/operator-schema.ts';
import { CodedError } from '../domain/coded-error.ts';
import type { Host, Target } from '../domain/deploy.ts';
import { isSameAddress, readHostAddress, writtenAddress } from '../domain/host-address.ts';
import { recordEnrolment } from '../pipeline/host/record-enrolment.ts';
import type { CommandIo } from './command-io.ts';
import { openLedgerSource } from './ledger-source.ts';
import { type CommandArguments, parseCall } from './parse-command-arguments.ts';
import { readPlace, readWhy } from './read-place.ts';
import { recordingNeeds } from './recording-needs.ts';
import { repositoryIdNamed } from './repository-named.ts';
import { targetOf } from './target-of.ts';

const USAGE = `countersign host add OWNER/NAME ENVIRONMENT [USER@]HOST[:PORT] [--fingerprint SHA256:…] [--why TEXT]

Without --fingerprint it only shows which key the host presents, and breaks off. Compare that with what the host itself says:

  ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub

With it, it logs in with the environment's key, looks whether the host has what a deployment needs, records that in the ledger
(host.enrolled), and prints the line for the operator's file. On the host nothing is changed.

HOST is a name, an IPv4 address, or an IPv6 address in brackets: deploy@[2001:db8::7]:2222. USER@ may be left out where the operator's file
has the host already.

  --fingerprint SHA256:…  as found on the host itself; may be repeated, up to five times, while its key is renewed
  --why TEXT              why, and who you are, if people shall know; sealed beside the entry

  DATABASE_URL        the writer's login, as for start
  COUNTERSIGN_CONFIG  the operator's file, which has the environment, its key, and by way of which host others are reached
`;

interface Asked {
  readonly repository: string;
  readonly environment: string;
  /** Null where it wasn't said. */
  readonly user: string | null;
  readonly host: string;
  readonly port: number;
  readonly fingerprints: readonly string[];
  readonly why: string | null;
}

/** `countersign host add`: 0 when the host is enrolled and ready, 1 when it isn't (yet), 2 when the call is wrong or it can't be reached. */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const asked = parseCall(
    args,
    { usage: USAGE, options: ['why'], repeatable: ['fingerprint'], positionals: 3 },
    io,
    read,
  );
  if (typeof asked === 'number') return asked;
  const { target, keys } = targetOf(io, asked);
  const host = hostOf(asked, target);
  const at = { host, path: target.path, timeout: target.timeout, ...keys };
  const name = writtenAddress(host);
  if (asked.fingerprints.length === 0) {
    const { kind, fingerprint } = await presentedKey(at, randomBytes);
    io.stdout.write(
      `${name} presents the ${kind} key ${fingerprint}\n` +
        'Nothing was sent to it, and nothing is recorded: something else may have answered. Compare it with what the host itself says\n' +
        '(ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub, over a way that you trust), and call this again with --fingerprint.\n',
    );
    return 1;
  }
  const readiness = await readyHost(at, randomBytes);
  const { evidence, problems } = readiness;
  const source = await openLedgerSource(io.env, 'writerUrl');
  const needs = recordingNeeds(source.db);
  try {
    const repositoryId = target.repositoryId ?? (await repositoryIdNamed(source.db, asked.repository));
    const entryId = await recordEnrolment(needs, { target, repositoryId, host, readiness, why: asked.why });
    io.stdout.write(
      `${name} has the pinned key ${evidence.presentedFingerprint} (${evidence.server ?? 'an SSH server'}), and lets ${host.user} in\n`,
    );
    for (const problem of problems) io.stdout.write(`  ✗ ${problem}\n`);
    if (problems.length === 0) io.stdout.write('  ✓ it has what a deployment needs\n');
    io.stdout.write(`recorded by entry ${entryId}\n`);
    if (!isListed(target, host))
      io.stdout.write(`\nIn the operator's file, among the target's hosts:\n\n  ${lineFor(host)}\n`);
    return problems.length === 0 ? 0 : 1;
  } finally {
    await source.close();
  }
}

function read(given: CommandArguments): Asked {
  const { repository, environment } = readPlace(given, 'host add', 'USER@HOST');
  const address = readHostAddress(given.positionals[2] ?? '');
  const fingerprints = given.lists['fingerprint'] ?? [];
  const odd = fingerprints.find((each) => !FINGERPRINT.test(each));
  if (odd !== undefined)
    throw new Error(`${JSON.stringify(odd)} is no fingerprint like SHA256:…, as ssh-keygen -l prints it`);
  if (fingerprints.length > MOST_FINGERPRINTS)
    throw new Error(
      `a host has at most ${MOST_FINGERPRINTS} fingerprints in the operator's file, not ${fingerprints.length}`,
    );
  return { repository, environment, ...address, fingerprints, why: readWhy(given) };
}

/**
 * As the call has it, in the file's spelling and with the file's user where the call has none; by way of the jump that the file has for
 * it or, if it isn't there yet, that all its other hosts have.
 */
function hostOf(asked: Asked, { hosts }: Target): Host {
  const listed = hosts.find((each) => isSameAddress(each, asked));
  const { port, fingerprints } = asked;
  const host = listed?.host ?? asked.host;
  const user = asked.user ?? listed?.user;
  if (user === undefined) {
    throw new CodedError(
      'target_unknown',
      `${writtenAddress(asked)} is no host of ${asked.repository}, environment ${asked.environment}, in the operator's file, so say as whom to log in there: USER@${writtenAddress(asked)}.`,
    );
  }
  const jumps = listed === undefined ? hosts.map(({ jump }) => jump) : [listed.jump];
  const [jump] = jumps;
  const shared = jump !== undefined && jumps.every((each) => JSON.stringify(each) === JSON.stringify(jump));
  return { host, port, user, fingerprint: fingerprints, ...(shared ? { jump } : {}) };
}

const isListed = ({ hosts }: Target, host: Host): boolean =>
  hosts.some(
    (each) =>
      isSameAddress(each, host) &&
      each.user === host.user &&
      [each.fingerprint].flat().toSorted().join() === [host.fingerprint].flat().toSorted().join(),
  );

function lineFor({ host, port, user, fingerprint, jump }: Host): string {
  const pins = [fingerprint].flat().map((each) => `'${each}'`);
  const pinned = pins.length === 1 ? (pins[0] ?? '') : `[${pins.join(', ')}]`;
  const way = jump === undefined ? '' : ', jump: …';
  // A colon at its end would be YAML's.
  const quoted = host.includes(':') ? `'${host}'` : host;
  return `- { host: ${quoted}${port === 22 ? '' : `, port: ${port}`}, user: ${user}, fingerprint: ${pinned}${way} }`;
}
