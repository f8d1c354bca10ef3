import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import ssh2 from 'ssh2';
import type { DemoServer, ServerOptions } from './demo-server.ts';
import { createKeyPair } from './key-pair.ts';

/** Where systems keep it; it refuses to run by any but its full path. */
export const SSHD = '/usr/sbin/sshd';

/**
 * Runs it until our end of the pipe closes, which it also does when we are killed; then ends the listener and the process
 * of each connection.
 */
const UNTIL_WE_END = [
  // Ctrl-C reaches everything in the terminal's group. The shell must outlive it, for sshd in the background does.
  "trap '' INT",
  '"$@" </dev/null & listener=$!',
  'cat >/dev/null',
  'kill $(cat "/proc/$listener/task/$listener/children" 2>/dev/null) "$listener" 2>/dev/null',
  'wait "$listener"',
].join('\n');

/** OpenSSH's own server on a free port of loopback, as whoever runs this, with keys of its own. Throws where it doesn't come up. */
export async function startOpenSshServer(options: ServerOptions): Promise<DemoServer> {
  const log = path.join(options.dir, '.sshd', 'log');
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOn(options, await freePort(), log);
    } catch (error) {
      // Between our asking for a free port and sshd's taking it, another process may have got it.
      const said = await readFile(log, 'utf8').catch(() => '');
      if (attempt === 5 || !said.includes('Address already in use')) throw error;
      await rm(log, { force: true });
    }
  }
}

async function startOn(options: ServerOptions, port: number, log: string): Promise<DemoServer> {
  const own = path.join(options.dir, '.sshd');
  await mkdir(own, { recursive: true, mode: 0o700 });
  const root = path.join(options.dir, 'root');
  await mkdir(root, { recursive: true });
  const hostKey = createKeyPair(options.name);
  const keyFile = path.join(own, 'host_key');
  const authorized = path.join(own, 'authorized_keys');
  await writeFile(keyFile, hostKey.privateKey, { mode: 0o600 });
  await writeFile(authorized, '', { mode: 0o600 });
  const { username, uid } = userInfo();
  // sshd started by root wants this folder for the process that it lets go of its rights.
  if (uid === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });

  const variables = Object.entries(options.environment ?? {});
  const host = options.address ?? '127.0.0.1';
  const settings = [
    ...[host, ...(options.alsoAt ?? [])].map((address) => `ListenAddress ${address}:${port}`),
    `HostKey "${keyFile}"`,
    `AuthorizedKeysFile "${authorized}"`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    `AllowUsers ${username}`,
    `MaxStartups ${options.maxStartups ?? '100:30:200'}`,
    'PrintMotd no',
    // bash reads ~/.bashrc for SSH's commands unless it is told that it isn't the outermost shell; it is no business of ours.
    `SetEnv SHLVL=1 ${variables.map(([name, value]) => `"${name}=${value}"`).join(' ')}`,
    'LogLevel VERBOSE',
    ...(options.sftp === true ? ['Subsystem sftp internal-sftp'] : []),
    ...(options.trustedUserCa === undefined ? [] : [`TrustedUserCAKeys "${options.trustedUserCa}"`]),
    ...(options.forceCommand === undefined ? [] : [`ForceCommand ${options.forceCommand}`]),
    ...(options.settings ?? []),
  ];
  const configFile = path.join(own, 'sshd_config');
  await writeFile(configFile, `${settings.join('\n')}\n`);
  const command = [...(options.within ?? []), SSHD, '-D', '-f', configFile, '-E', log];
  const sshd = spawn('sh', ['-c', UNTIL_WE_END, 'sshd', ...command], { stdio: ['pipe', 'ignore', 'ignore'] });
  const exited = once(sshd, 'exit').catch(() => undefined);
  const server: DemoServer = {
    name: options.name,
    kind: 'openssh',
    host,
    port,
    user: username,
    fingerprint: fingerprintOfPublicKey(hostKey.publicKey),
    root,
    privateKeyFor: keyKeeper((publicKey) => appendFile(authorized, `${publicKey}\n`)),
    authorize: (publicKey) => appendFile(authorized, `${publicKey.trim()}\n`),
    stop: async () => {
      sshd.stdin.end();
      await exited;
    },
  };
  try {
    await logIn(server, sshd);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** One key pair an environment, made once. */
export function keyKeeper(letIn: (publicKey: string) => Promise<void>): DemoServer['privateKeyFor'] {
  const keys = new Map<string, Promise<string>>();
  return (environment) => {
    const known = keys.get(environment);
    if (known !== undefined) return known;
    const pair = createKeyPair(`countersign-${environment}`);
    const made = letIn(pair.publicKey).then(() => pair.privateKey);
    keys.set(environment, made);
    return made;
  };
}

/** `SHA256:…` of a public key's one line. */
export function fingerprintOfPublicKey(publicKey: string): string {
  const blob = Buffer.from(publicKey.trim().split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** It counts as up once a command has run: an account may be locked, or have no shell. */
async function logIn(server: DemoServer, sshd: ChildProcess): Promise<void> {
  const privateKey = await server.privateKeyFor('self-test');
  let last: unknown = new Error('sshd did not start');
  for (let attempt = 0; attempt < 50 && sshd.exitCode === null; attempt += 1) {
    try {
      const said = await runOnce(server, privateKey, 'echo it-runs');
      if (said.includes('it-runs')) return;
      last = new Error(`the login shell answered ${JSON.stringify(said)}`);
      break;
    } catch (error) {
      last = error;
      await sleep(100);
    }
  }
  throw last;
}

async function runOnce(server: DemoServer, privateKey: string, command: string): Promise<string> {
  const client = new ssh2.Client();
  return new Promise<string>((resolve, reject) => {
    client.on('error', reject);
    client.on('ready', () => {
      client.exec(command, (error, channel) => {
        if (error !== undefined) {
          reject(error);
          return;
        }
        let said = '';
        channel.on('data', (chunk: Buffer) => {
          said += chunk.toString('utf8');
        });
        channel.on('close', () => resolve(said));
      });
    });
    client.connect({ host: server.host, port: server.port, username: server.user, privateKey });
  }).finally(() => client.end());
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
