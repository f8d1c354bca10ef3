import { randomBytes } from 'node:crypto';
import { printable } from '../deploy/refuse-paths.ts';
import { type HostInspection, inspectHost } from '../deploy/inspect-host.ts';
import { runningRelease } from '../pipeline/deployment/running-release.ts';
import type { CommandIo } from './command-io.ts';
import { openLedgerSource } from './ledger-source.ts';
import { parseCall } from './parse-command-arguments.ts';
import { readPlace } from './read-place.ts';
import { repositoryIdNamed } from './repository-named.ts';
import { targetOf } from './target-of.ts';

const USAGE = `countersign host list OWNER/NAME ENVIRONMENT

Asks each of an environment's hosts what runs there, and says it beside what the ledger has. Changes nothing. Ends with 0 when all run what
the ledger has; with 1 when one runs something else, or the outcome of the last deployment is unknown; with 2 when one can't be asked.

  DATABASE_URL        a login that may read the ledger
  COUNTERSIGN_CONFIG  the operator's file, which has the hosts and says where the key is
`;

/** `countersign host list`: 0, 1 or 2 as its usage says; 2 also when the call is wrong. */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const asked = parseCall(args, { usage: USAGE, options: [], positionals: 2 }, io, (given) =>
    readPlace(given, 'host list'),
  );
  if (typeof asked === 'number') return asked;
  const { repository, environment } = asked;
  const { target, keys } = targetOf(io, asked);
  const source = await openLedgerSource(io.env, 'readerUrl');
  try {
    const id = target.repositoryId ?? (await repositoryIdNamed(source.db, repository));
    const { last, uncertain } =
      id === null ? { last: null, uncertain: null } : await runningRelease(source.db, { id }, environment);
    const recorded = last?.release ?? null;
    io.stdout.write(
      `ledger: ${recorded === null ? 'nothing was deployed there' : `${recorded} (${last?.sha.slice(0, 7) ?? ''})`}` +
        `${uncertain === null ? '' : `; the outcome of ${uncertain.release ?? uncertain.id} is unknown`}\n`,
    );
    // Where nobody knows what was deployed last, what the ledger has can't be what all run.
    let worst = uncertain === null ? 0 : 1;
    for (const host of target.hosts) {
      const name = `${host.host}:${host.port}`;
      try {
        const found = await inspectHost(
          { host, path: target.path, timeout: target.timeout, ...keys },
          randomBytes,
        );
        const same = found.release === recorded && (recorded !== null || found.current === null);
        io.stdout.write(`${same ? '✓' : '✗'} ${name} runs ${what(found)}${locked(found)}\n`);
        if (!same) worst = Math.max(worst, 1);
      } catch (error) {
        io.stdout.write(
          `? ${name}: ${error instanceof Error ? printable(error.message) : 'it did not answer'}\n`,
        );
        worst = 2;
      }
    }
    return worst;
  } finally {
    await source.close();
  }
}

const what = ({ release, current }: HostInspection): string => printable(release ?? current ?? 'nothing');

const locked = ({ lockOwner }: HostInspection): string =>
  lockOwner === null ? '' : `, locked by ${printable(lockOwner)}`;
