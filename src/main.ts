#!/usr/bin/env node
/** The command line's entry: picks a file of `cli/` by the command's name, and owns nothing else. */
import type { CommandIo } from './cli/command-io.ts';
import { failureText } from './cli/failure.ts';
import { isWrongCall, wrongCallText } from './cli/wrong-call.ts';

interface Command {
  readonly does: string;
  readonly load: () => Promise<{ run(args: readonly string[], io: CommandIo): Promise<number> }>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  start: {
    does: 'serve webhooks and work jobs; without GitHub credentials, the set-up page',
    load: () => import('./cli/start.ts'),
  },
  migrate: {
    does: "bring the database's schema up, as its owner's role",
    load: () => import('./cli/migrate.ts'),
  },
  verify: {
    does: 'verify the ledger: the database, or an exported directory offline',
    load: () => import('./cli/verify.ts'),
  },
  export: {
    does: 'write the log as entries, tiles, checkpoint and key',
    load: () => import('./cli/export.ts'),
  },
  prove: { does: "print one entry's proof, in C2SP tlog-proof form", load: () => import('./cli/prove.ts') },
  entry: {
    does: 'show one entry, with what it answers and what answers it',
    load: () => import('./cli/entry.ts'),
  },
  erase: {
    does: "take a person's name or a sealed document away, and record that",
    load: () => import('./cli/erase.ts'),
  },
  witness: {
    does: 'ask the witnesses what they have of the ledger',
    load: () => import('./cli/witness.ts'),
  },
  incarnate: {
    does: 'go on as a new log, after a restore that lost entries',
    load: () => import('./cli/incarnate.ts'),
  },
  retire: {
    does: "take a past year's entries out of the database, into an archive",
    load: () => import('./cli/retire.ts'),
  },
  reperform: {
    does: 'make every recorded decision again, and list those that come out otherwise',
    load: () => import('./cli/reperform.ts'),
  },
  lock: {
    does: 'lock an environment, so that nothing or only one change is deployed there',
    load: () => import('./cli/lock.ts'),
  },
  unlock: { does: 'remove the lock of an environment', load: () => import('./cli/unlock.ts') },
  host: {
    does: "enrol an environment's hosts, show what runs on them, break a deployment's lock",
    load: () => import('./cli/host.ts'),
  },
  rehearse: {
    does: 'deploy what runs in an environment once more, switch back, and compare',
    load: () => import('./cli/rehearse.ts'),
  },
  keygen: { does: "make the ledger's signing key", load: () => import('./cli/keygen.ts') },
  redrive: {
    does: 'list the jobs that were given up, and put them back',
    load: () => import('./cli/redrive.ts'),
  },
  policy: { does: 'check, explain or try out a policy file', load: () => import('./cli/policy.ts') },
};

/** Runs one command and answers its exit code; 2 where the call itself is wrong. */
export async function main(args: readonly string[], io: CommandIo): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    io.stdout.write(help());
    return name === undefined ? 2 : 0;
  }
  if (name === '--version' || name === '-v') {
    const { version } = await import('./cli/version.ts');
    io.stdout.write(`${await version()}\n`);
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    io.stderr.write(`countersign: there is no command ${JSON.stringify(name)}\n\n${help()}`);
    return 2;
  }
  const loaded = await command.load();
  try {
    return await loaded.run(rest, io);
  } catch (error) {
    if (!isWrongCall(error)) throw error;
    io.stderr.write(
      `countersign: ${wrongCallText(error)}\n\ncountersign ${name} --help tells how it is used.\n`,
    );
    return 2;
  }
}

function help(): string {
  const width = Math.max(...Object.keys(COMMANDS).map(({ length }) => length));
  const lines = Object.entries(COMMANDS).map(([name, { does }]) => `  ${name.padEnd(width)}  ${does}`);
  return `countersign COMMAND …\n\n${lines.join('\n')}\n\ncountersign COMMAND --help tells more of one; countersign --version, which this is.\n`;
}

if (process.argv[1] !== undefined && import.meta.filename === (await realPath(process.argv[1]))) {
  const { stdin, stdout, stderr, env } = process;
  const ask = stdin.isTTY && stdout.isTTY ? { ask: askAtTerminal } : {};
  try {
    process.exitCode = await main(process.argv.slice(2), { stdout, stderr, env, ...ask });
  } catch (error) {
    stderr.write(`countersign: ${failureText(error)}\n`);
    process.exitCode = 2;
  }
}

async function askAtTerminal(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

/** npm's `bin` is a symbolic link to this file. */
async function realPath(path: string): Promise<string> {
  const { realpath } = await import('node:fs/promises');
  return realpath(path).catch(() => path);
}
