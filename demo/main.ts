/**
 * `npm run demo`: the story on this machine, then somebody with the database owner's rights alters a record, and `verify` says
 * which. It leaves nothing behind, also when interrupted, unless `--keep` asks for everything to stay up.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { main as countersign } from '../src/main.ts';
import { startEmbeddedPostgres } from '../src/db/embedded-postgres.ts';
import { migrate } from '../src/db/migrate.ts';
import { alterRecord } from './alter-record.ts';
import { setStage } from './stage/stage.ts';
import { tellStory } from './story.ts';
import { openTerminal } from './terminal.ts';

const HELP = `npm run demo -- [--keep] [--export DIR] [--log FILE]

  --keep         leave everything running to look at, until Ctrl-C
  --export DIR   leave the log as it was exported just before a record was altered
  --log FILE     write the app's own log there (JSON lines)
`;

const { values } = parseArgs({
  options: {
    keep: { type: 'boolean', default: false },
    export: { type: 'string' },
    log: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help === true) {
  process.stdout.write(HELP);
} else {
  process.exitCode = await demo();
}

async function demo(): Promise<number> {
  const started = Date.now();
  const terminal = openTerminal(process.stdout, started);
  const dir = await mkdtemp(join(tmpdir(), 'countersign-demo-'));
  const closers: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true })];
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> =>
    (closing ??= (async () => {
      for (const each of closers.splice(0).reverse()) await each().catch(() => undefined);
    })());
  const interrupted = Promise.withResolvers<never>();
  interrupted.promise.catch(() => undefined);
  const interrupt = (): void => interrupted.reject(new Interrupted());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);

  const play = async (): Promise<number> => {
    const database = await terminal.act('', 'starting an embedded PostgreSQL', async () => {
      const embedded = await startEmbeddedPostgres({ dataDir: join(dir, 'postgres'), log: () => undefined });
      closers.push(() => embedded.stop());
      await migrate(embedded.ownerUrl);
      return embedded;
    });
    const log = pino({ level: values.log === undefined ? 'silent' : 'debug' }, pino.destination(values.log ?? '/dev/null'));
    const stage = await terminal.act('', 'starting a stand-in for GitHub, two SSH servers, and Countersign', async () => {
      const set = await setStage({ dir, database, log });
      closers.push(() => set.close());
      return set;
    });
    const kind = stage.servers.staging.kind === 'openssh' ? 'OpenSSH’s own sshd' : 'an in-process SSH server, since OpenSSH’s is not installed';
    terminal.say(`\nEverything runs on this machine: a double of GitHub over real git repositories (held to GitHub's published`);
    terminal.say(`descriptions; it is not GitHub), real PostgreSQL, and ${kind}.`);
    await tellStory(stage, terminal);

    terminal.scene('Nobody alters the record unseen');
    const env = { DATABASE_URL: database.readerUrl };
    const io = { stdout: process.stdout, stderr: { write: () => true }, env };
    const out = resolve(values.export ?? join(dir, 'export'));
    await terminal.act('', 'verifying the ledger', () => Promise.resolve());
    if ((await countersign(['verify'], io)) !== 0) throw new Error('the ledger did not verify before anything was altered');
    await countersign(['export', '--out', out], { ...io, stdout: { write: () => true } });
    const altered = await terminal.act('somebody', 'with the owner’s rights on the database rewrites who asked for production', () =>
      alterRecord(database.ownerUrl),
    );
    terminal.say(`         (entry ${altered.index}, ${altered.kind}: triggers off, bytes changed, triggers on again)`);
    const verdict = await countersign(['verify'], io);
    if (verdict !== 1) throw new Error(`verify answered ${verdict} for an altered ledger`);
    terminal.say(`\nDone in ${((Date.now() - started) / 1000).toFixed(0)} s.`);
    if (values.export !== undefined) {
      terminal.say(`The log from before the alteration is in ${out}: npx countersign verify ${values.export}`);
    }
    if (!values.keep) return 0;
    const { url } = stage.github;
    terminal.say(`\nStill running, until Ctrl-C:\n  ${url}/acme/shop   the repository, its pull requests, check runs and deployments`);
    terminal.say(`  ${stage.app.url}/healthz   Countersign\n  DATABASE_URL=${database.readerUrl}`);
    return interrupted.promise;
  };
  try {
    return await Promise.race([play(), interrupted.promise]);
  } catch (error) {
    if (error instanceof Interrupted) return values.keep ? 0 : 130;
    process.stderr.write(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  } finally {
    await close();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, interrupt);
  }
}

class Interrupted extends Error {}
