import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const exec = promisify(execFile);

export interface AgentKeyFile {
  /** The private half; `.pub` beside it. */
  readonly file: string;
  readonly publicKey: string;
  /** `SHA256:…` */
  readonly fingerprint: string;
}

/** OpenSSH's own ssh-agent, on a socket of its own. */
export interface SshAgent {
  readonly socket: string;
  readonly folder: string;
  /** A new Ed25519 key; it is in no agent yet. */
  createKey(name: string): Promise<AgentKeyFile>;
  /** Has it, and a certificate that lies beside it (`NAME-cert.pub`). */
  add(key: AgentKeyFile): Promise<void>;
  /** `ssh-add` with these arguments; what it prints. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  stop(): Promise<void>;
}

/** Starts one. */
export async function startSshAgent(): Promise<SshAgent> {
  const folder = await mkdtemp(path.join(tmpdir(), 'countersign-agent-'));
  const socket = path.join(folder, 'socket');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  const ended = once(agent, 'exit').catch(() => undefined);
  const run = async (
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> => {
    const { stdout } = await exec('ssh-add', [...args], {
      env: { PATH: process.env['PATH'], SSH_AUTH_SOCK: socket, ...env },
    });
    return stdout;
  };
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      await run(['-l']);
      break;
    } catch (error) {
      // 1: it answers, and has no key yet.
      if (typeof error === 'object' && error !== null && 'code' in error && error.code === 1) break;
      await sleep(50);
    }
  }
  return {
    socket,
    folder,
    run,
    createKey: async (name) => {
      const file = path.join(folder, name);
      await exec('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file]);
      const { stdout } = await exec('ssh-keygen', ['-lf', `${file}.pub`]);
      const fingerprint = stdout.split(' ')[1] ?? '';
      return { file, publicKey: (await readFile(`${file}.pub`, 'utf8')).trim(), fingerprint };
    },
    add: async ({ file }) => void (await run(['-q', file])),
    stop: async () => {
      agent.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Signs a key as a user's certificate, `NAME-cert.pub` beside it. */
export async function certify(authority: AgentKeyFile, key: AgentKeyFile, principal: string): Promise<void> {
  await exec('ssh-keygen', [
    '-q',
    '-s',
    authority.file,
    '-I',
    'countersign',
    '-n',
    principal,
    '-V',
    '+1h',
    `${key.file}.pub`,
  ]);
}

/** A program for `SSH_ASKPASS` that gives this answer. */
export async function askpass(folder: string, answer: string): Promise<string> {
  const file = path.join(folder, 'askpass');
  await writeFile(file, `#!/bin/sh\necho '${answer}'\n`, { mode: 0o755 });
  return file;
}
