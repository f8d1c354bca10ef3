/**
 * `npm run demo`: the story on this machine, then somebody with the database owner's rights alters a record, and `verify` says
 * which. It leaves nothing behind, also when interrupted, unless `--keep` asks for everything to stay up.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { pasteable } from '../src/cli/pasteable.ts';
import { removeEmbeddedPostgres, startEmbeddedPostgres } from '../src/db/embedded-postgres.ts';
import { migrate } from '../src/db/migrate.ts';
import { Interrupted, openCleanUp } from './clean-up.ts';
import { setStage } from './stage/stage.ts';
import { tellStory } from './story.ts';
import { tellTampering } from './tampering.ts';
import { openTerminal } from './terminal.ts';

const HELP = `npm run demo -- [--keep] [--export DIR] [--log FILE]

  --keep         leave everything running to look at, until Ctrl-C
  --export DIR   leave the log as it was exported just before a record was altered
  --log FILE     write the app's own log there (JSON lines)
`;

const SERVERS = {
  openssh: 'OpenSSH’s own sshd',
  'in-process': 'an in-process SSH server (OpenSSH’s is not installed)',
} as const;

interface Call {
  readonly keep: boolean;
  readonly export?: string;
  readonly log?: string;
  readonly help?: boolean;
}

const call = readCall();
if (call === null) {
  process.exitCode = 2;
} else if (call.help === true) {
  process.stdout.write(HELP);
} else {
  process.exitCode = await demo(call);
}

/** Null after a mistake, which was told: here, and not after a minute of story. */
function readCall(): Call | null {
  try {
    const { values } = parseArgs({
      options: {
        keep: { type: 'boolean', default: false },
        export: { type: 'string' },
        log: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const out = values.export;
    if (out !== undefined && existsSync(out) && (!statSync(out).isDirectory() || readdirSync(out).length > 0))
      throw new Error(`${out} is there already: name a directory that is new or empty.`);
    return values;
  } catch (error) {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return null;
  }
}

async function demo(values: Call): Promise<number> {
  const started = Date.now();
  const terminal = openTerminal(process.stdout, started);
  const cleanUp = openCleanUp();

  const play = async (): Promise<number> => {
    const dir = await cleanUp.acquire(
      () => mkdtemp(join(tmpdir(), 'countersign-demo-')),
      (made) => rm(made, { recursive: true, force: true, maxRetries: 3 }),
    );
    const database = await terminal.act('', 'starting an embedded PostgreSQL', () =>
      cleanUp.acquire(
        () => startEmbeddedPostgres({ dataDir: join(dir, 'postgres'), log: () => undefined }),
        async (made) => {
          await made.stop();
          // Its data may lie elsewhere, where the user that it runs as can reach it.
          await removeEmbeddedPostgres(join(dir, 'postgres'));
        },
      ),
    );
    await migrate(database.ownerUrl);
    const log = pino(
      { level: values.log === undefined ? 'silent' : 'debug' },
      pino.destination(values.log ?? '/dev/null'),
    );
    const stage = await terminal.act(
      '',
      'starting a stand-in for GitHub, two SSH servers, and Countersign',
      () =>
        cleanUp.acquire(
          () => setStage({ dir, database, log }),
          (made) => made.close(),
        ),
    );
    terminal.say(
      `\nAll of it runs on this machine: a double of GitHub over real git repositories (held to GitHub's published`,
    );
    terminal.say(
      `descriptions, but it is not GitHub), real PostgreSQL, and ${SERVERS[stage.servers.staging.kind]}.`,
    );
    await tellStory(stage, terminal);
    const exported = resolve(values.export ?? join(dir, 'export'));
    await tellTampering(database, terminal, exported);
    terminal.say(`\nDone in ${((Date.now() - started) / 1000).toFixed(0)} s.`);
    if (values.export !== undefined) {
      terminal.say(`The log from before the alteration: npx countersign verify ${pasteable(values.export)}`);
    }
    if (!values.keep) return 0;
    terminal.say(`\nStill running, until Ctrl-C:`);
    terminal.say(`  ${stage.github.url}/acme/shop   pull requests, check runs and deployments, as on GitHub`);
    terminal.say(`  ${stage.app.url}/healthz   Countersign itself; /readyz, /metrics, /checkpoint`);
    terminal.say(`  DATABASE_URL=${pasteable(database.readerUrl)} npx countersign verify`);
    return cleanUp.interrupted;
  };
  try {
    return await Promise.race([play(), cleanUp.interrupted]);
  } catch (error) {
    if (error instanceof Interrupted) return values.keep ? 0 : 130;
    process.stderr.write(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  } finally {
    await cleanUp.close();
  }
}
