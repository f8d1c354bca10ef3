import { join, resolve } from 'node:path';
import { pino } from 'pino';
import type { Config } from '../config.ts';
import { DeployError } from '../deploy/deploy-error.ts';
import type { DeployProgress } from '../deploy/deploy-ports.ts';
import { type Mirror, openMirror } from '../deploy/mirror.ts';
import { printable } from '../deploy/refuse-paths.ts';
import { CodedError } from '../domain/coded-error.ts';
import { fullName } from '../domain/repository.ts';
import { repositoryOf, type StoredDeployment } from '../pipeline/deployment/deployment-row.ts';
import { openGitHub } from '../pipeline/repository/github-access.ts';
import { grantOf } from '../pipeline/control/grant-of.ts';
import { rehearse, type Rehearsal } from '../pipeline/host/rehearse.ts';
import type { CommandIo } from './command-io.ts';
import { type OpenLedger, openLedgerSource } from './ledger-source.ts';
import { parseCall } from './parse-command-arguments.ts';
import { readPlace, readWhy } from './read-place.ts';
import { recordingNeeds } from './recording-needs.ts';
import { repositoryNamed } from './repository-named.ts';
import { targetOf } from './target-of.ts';

const USAGE = `countersign rehearse OWNER/NAME ENVIRONMENT [--why TEXT]

Deploys what runs in an environment once more, as a release of another name: sent, read back, built, switched to, asked whether it
is well. Then it goes back to the release before, reads that back on each host, compares it with what was recorded, and removes
what it brought. Nothing runs there that doesn't run there already, but your commands run once more. Recorded in the ledger as
deployment.rehearsed, before it is done and after. Until its end no deployment to that environment starts.

  --why TEXT   why, and who you are, if people shall know; sealed beside the entry

  DATABASE_URL        the writer's login, as for start
  COUNTERSIGN_CONFIG  the operator's file, which has the hosts and says where the key is

Run it where \`countersign start\` runs, whose copy of the commit under ./data it takes; elsewhere it needs GitHub's credentials too.
`;

/** `countersign rehearse`: 0 when it passed, 1 when it failed, 2 when the call is wrong or it can't be. */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const asked = parseCall(args, { usage: USAGE, options: ['why'], positionals: 2 }, io, (given) => ({
    ...readPlace(given, 'rehearse'),
    why: readWhy(given),
  }));
  if (typeof asked === 'number') return asked;
  const { target, keys, config } = targetOf(io, asked);
  const source = await openLedgerSource(io.env, 'writerUrl');
  const log = pino({ level: 'silent' });
  const stop = stopSignal(io);
  try {
    const { id, fullName: name } = await repositoryNamed(source.db, asked.repository);
    const rehearsal = await rehearse(
      {
        ...recordingNeeds(source.db),
        log,
        signal: new AbortController().signal,
        cancelled: () => Promise.resolve(stop.asked() ? 'It was stopped by a signal.' : null),
      },
      {
        repositoryId: id,
        target,
        keys,
        why: asked.why,
        mirrorOf: (running) => mirrorWith(running, source, config),
        onStep: (event) => io.stdout.write(stepLine(event)),
      },
    );
    io.stdout.write(described(rehearsal, `${name} (${target.environment})`));
    return rehearsal.outcome === 'passed' ? 0 : 1;
  } finally {
    stop.dispose();
    await source.close();
  }
}

/** At the first SIGTERM or SIGINT it goes back between two steps; a second one ends the process at once, and leaves the hosts as they are. */
function stopSignal({ stderr }: CommandIo): { asked(): boolean; dispose(): void } {
  const signals = ['SIGTERM', 'SIGINT'] as const;
  let asked = false;
  const onSignal = (): void => {
    if (asked) process.exit(130);
    asked = true;
    stderr.write('countersign: going back first; a second signal breaks it off, and leaves hosts locked\n');
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    asked: () => asked,
    dispose: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}

/** The worker's own copy, where it has the commit; else it is fetched, for which GitHub's credentials are needed. */
async function mirrorWith(running: StoredDeployment, { db }: OpenLedger, config: Config): Promise<Mirror> {
  const repository = repositoryOf(running);
  const mirror = openMirror({
    directory: join(resolve('data'), 'mirrors'),
    repositoryId: repository.id,
    url: `${config.addresses.web}/${fullName(repository)}.git`,
  });
  try {
    await mirror.readManifest(running.sha);
    return mirror;
  } catch (error) {
    if (!(error instanceof DeployError)) throw error;
    if (config.github === null) {
      throw new CodedError(
        'commit_unavailable',
        `commit ${running.sha} is not in ./data/mirrors, and without GitHub's credentials (APP_ID, PRIVATE_KEY, WEBHOOK_SECRET) it can't be fetched: run this where \`countersign start\` runs.`,
        error,
      );
    }
  }
  const { appId, privateKey, webhookSecret } = config.github;
  const github = openGitHub(
    {
      appId,
      privateKey: privateKey.reveal(),
      webhookSecret: webhookSecret.reveal(),
      apiUrl: config.addresses.api,
    },
    pino({ level: 'silent' }),
    (installationId) => grantOf(db, installationId),
  );
  await mirror.fetchCommit({ sha: running.sha, token: await github.contentsToken(repository) });
  return mirror;
}

function stepLine({ host, step, state, message }: DeployProgress): string {
  if (state === 'started') return '';
  const mark = state === 'finished' ? '✓' : '✗';
  return `  ${mark} ${host.host}:${host.port} ${step}${message === '' ? '' : `: ${printable(message)}`}\n`;
}

function described({ outcome, release, hosts, message, seconds, entryId }: Rehearsal, place: string): string {
  const lines = hosts.map(({ host, problems, seconds: took, files, found }) =>
    [
      `${host}: ${problems.length === 0 ? 'passed' : 'failed'}, ${took.toFixed(1)} s, ${files.verified} of ${files.total} files read back`,
      ...problems.map((problem) => `  ✗ ${printable(problem)}`),
      ...(found === null || found.differs.length === 0
        ? []
        : [`  changed in ${found.kept} meanwhile: ${found.differs.map(printable).join(', ')}`]),
    ].join('\n'),
  );
  return [
    ...lines,
    ...(message === null ? [] : [`✗ ${printable(message)}`]),
    `The rehearsal of ${place} as ${release} ${outcome} after ${seconds.toFixed(1)} s, by entry ${entryId}`,
    '',
  ].join('\n');
}
