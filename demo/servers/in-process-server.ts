import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { createServer } from 'node:net';
import path from 'node:path';
import ssh2, { type AuthContext, type Connection, type ServerChannel } from 'ssh2';
import type { DemoServer, ServerOptions } from './demo-server.ts';
import { createKeyPair } from './key-pair.ts';
import { fingerprintOfPublicKey, keyKeeper } from './openssh-server.ts';

/**
 * An SSH server in this process, for machines without sshd: keys are checked and commands run for real, as whoever runs
 * this, by `sh -c`. It has no other service (no shell, no files, no forwarding).
 */
export async function startInProcessServer(options: ServerOptions): Promise<DemoServer> {
  const root = path.join(options.dir, 'root');
  await mkdir(root, { recursive: true });
  const hostKey = createKeyPair(options.name);
  const { username } = userInfo();
  const env = { ...process.env, ...options.environment };
  const authorized: string[] = [];
  const authorize = async (publicKey: string): Promise<void> => {
    authorized.push(publicKey.trim());
    await Promise.resolve();
  };
  const connections = new Set<Connection>();
  const children = new Set<ChildProcess>();

  const server = new ssh2.Server({ hostKeys: [hostKey.privateKey] }, (connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.on('close', () => connections.delete(connection));
    connection.on('authentication', (context) => {
      if (context.username === username && isAllowed(context, authorized)) context.accept();
      else context.reject(['publickey']);
    });
    connection.on('session', (acceptSession) => {
      acceptSession().on('exec', (acceptCommand, _reject, { command }) => {
        const child = spawn('sh', ['-c', options.forceCommand ?? command], {
          cwd: root,
          stdio: 'pipe',
          detached: true,
          env: { ...env, SSH_ORIGINAL_COMMAND: command },
        });
        children.add(child);
        child.on('close', () => children.delete(child));
        connect(child, acceptCommand());
      });
    });
  });
  // ssh2's own listener lets the system hold small answers back, 40 ms at a time.
  const listener = createServer({ noDelay: true }, (socket) => server.injectSocket(socket)).listen(
    0,
    '127.0.0.1',
  );
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    name: options.name,
    kind: 'in-process',
    host: '127.0.0.1',
    port: address.port,
    user: username,
    fingerprint: fingerprintOfPublicKey(hostKey.publicKey),
    root,
    privateKeyFor: keyKeeper(authorize),
    authorize,
    stop: async () => {
      for (const connection of connections) connection.end();
      for (const child of children) endGroup(child);
      listener.close();
      await Promise.resolve();
    },
  };
}

/** A key is accepted once it is one of those let in and, where there is a signature, has made it. */
function isAllowed(context: AuthContext, authorized: readonly string[]): boolean {
  if (context.method !== 'publickey') return false;
  return authorized.some((line) => {
    const key = ssh2.utils.parseKey(line);
    if (key instanceof Error || key.type !== context.key.algo || !key.getPublicSSH().equals(context.key.data))
      return false;
    if (context.signature === undefined) return true;
    if (context.blob === undefined) return false;
    // ssh2 gives an error back instead of throwing it, and an error is no yes.
    const verified: unknown = key.verify(context.blob, context.signature, context.hashAlgo);
    return verified === true;
  });
}

function connect(child: ChildProcess, channel: ServerChannel): void {
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('a command has pipes');
  stdin.on('error', () => undefined);
  channel.on('error', () => undefined);
  channel.pipe(stdin);
  stdout.pipe(channel, { end: false });
  stderr.pipe(channel.stderr, { end: false });
  // As sshd does: how it ended is said at once, also where something it left running still holds its output.
  child.on('error', () => channel.exit(127));
  child.on('exit', (code, signal) => {
    if (signal === null) channel.exit(code ?? 1);
    else channel.exit(signal.replace(/^SIG/, ''));
  });
  child.on('close', () => {
    channel.end();
    channel.close();
  });
}

/** A command with whatever it started. */
function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // gone already
  }
}
