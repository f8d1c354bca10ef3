/**
 * The only place that opens SSH. node-ssh opens and holds the connection; commands run on ssh2's own exec below it
 * (`ssh-command.ts`), since node-ssh's helpers lose exit codes, signals and bytes.
 */
import { once } from 'node:events';
import { type Socket, connect as connectSocket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { NodeSSH } from 'node-ssh';
import type { Client } from 'ssh2';
import type { Host } from '../domain/deploy.ts';
import { DeployError } from './deploy-error.ts';
import { handshakes } from './handshake-gate.ts';
import { type CommandRequest, type CommandResult, SshCommand } from './ssh-command.ts';
import { fingerprintOf, isPinned, keyKind } from './host-key.ts';

const HANDSHAKE_MILLISECONDS = 20_000;
const KEEPALIVE_MILLISECONDS = 10_000;
/** sshd turns connections away while many handshakes are under way (MaxStartups); only then is another try worth it. */
const ATTEMPTS = 4;

/** GCM first: as fast as the processor. Nothing with SHA-1, CBC or below 2048 bits. */
const ALGORITHMS = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group14-sha256',
  ],
  serverHostKey: [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'chacha20-poly1305@openssh.com',
    'aes256-ctr',
    'aes128-ctr',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
} as const;

export interface SshConnection {
  readonly presentedFingerprint: string;
  run(request: CommandRequest): Promise<CommandResult>;
  /** Says goodbye. */
  close(): void;
  /** Breaks it off. */
  destroy(): void;
}

/** Connects, or throws why not: unreachable, another host key, credential refused. */
export async function openConnection(
  host: Host,
  privateKey: string,
  random: (size: number) => Uint8Array,
): Promise<SshConnection> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await handshakes.through(address(host), () => connectOnce(host, privateKey));
    } catch (error) {
      const turnedAway =
        error instanceof DeployError && error.code === 'host_unreachable' && isBusy(error.cause);
      if (!turnedAway || attempt === ATTEMPTS) throw error;
      await sleep(attempt * 250 + (random(1)[0] ?? 0));
    }
  }
}

async function connectOnce(host: Host, privateKey: string): Promise<SshConnection> {
  if (privateKey.trim() === '') throw unreadableKey(host);
  const socket = await openSocket(host);
  let presented: { fingerprint: string; kind: string } | null = null;
  const ssh = new NodeSSH();
  try {
    const connecting = ssh.connect({
      sock: socket,
      username: host.user,
      privateKey,
      readyTimeout: HANDSHAKE_MILLISECONDS,
      keepaliveInterval: KEEPALIVE_MILLISECONDS,
      keepaliveCountMax: 3,
      algorithms: {
        kex: [...ALGORITHMS.kex],
        serverHostKey: [...ALGORITHMS.serverHostKey],
        cipher: [...ALGORITHMS.cipher],
        hmac: [...ALGORITHMS.hmac],
        compress: [...ALGORITHMS.compress],
      },
      hostVerifier: (key: Buffer): boolean => {
        presented = { fingerprint: fingerprintOf(key), kind: keyKind(key) };
        return isPinned(presented.fingerprint, host.fingerprint);
      },
    });
    // node-ssh takes its own listener off once connected; an error without any would end the whole process.
    ssh.connection?.on('error', () => undefined);
    await connecting;
  } catch (error) {
    socket.destroy();
    throw connectError(host, error, presented);
  }
  const client = ssh.connection;
  const seen = presented as { fingerprint: string } | null;
  if (client === null || seen === null) {
    socket.destroy();
    throw new DeployError(
      'host_unreachable',
      `${address(host)} closed the connection right after the handshake.`,
    );
  }
  return new OpenConnection(client, socket, seen.fingerprint);
}

class OpenConnection implements SshConnection {
  readonly presentedFingerprint: string;
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #gone = Promise.withResolvers<void>();

  constructor(client: Client, socket: Socket, presentedFingerprint: string) {
    this.#client = client;
    this.#socket = socket;
    this.presentedFingerprint = presentedFingerprint;
    client.on('close', () => this.#gone.resolve());
    client.on('error', () => this.destroy());
  }

  async run(request: CommandRequest): Promise<CommandResult> {
    return new SshCommand(request, this.#gone.promise, () => this.destroy()).run(this.#client);
  }

  close(): void {
    this.#client.end();
  }

  destroy(): void {
    this.#client.destroy();
    this.#socket.destroy();
    this.#gone.resolve();
  }
}

async function openSocket(host: Host): Promise<Socket> {
  // ssh2 never asks for TCP_NODELAY; without it every exchange waits 40 ms for an acknowledgement.
  const socket = connectSocket({ host: host.host, port: host.port, noDelay: true });
  socket.on('error', () => undefined);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(HANDSHAKE_MILLISECONDS) });
    return socket;
  } catch (error) {
    socket.destroy();
    const why = isAbort(error) ? 'no answer in 20 seconds' : messageOf(error);
    throw new DeployError('host_unreachable', `${address(host)} could not be reached: ${why}.`, error);
  }
}

function connectError(
  host: Host,
  error: unknown,
  presented: { fingerprint: string; kind: string } | null,
): DeployError {
  if (presented !== null && !isPinned(presented.fingerprint, host.fingerprint)) {
    return new DeployError(
      'host_key_mismatch',
      `${address(host)} presented the ${presented.kind} key ${presented.fingerprint}, but ${host.fingerprint} is pinned. Either something stands between, or its key was renewed: find out on the host itself (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub) before you change the operator's file.`,
      error,
    );
  }
  const message = messageOf(error);
  if (/authentication methods failed/i.test(message)) {
    return new DeployError(
      'authentication_refused',
      `${address(host)} refused the key for user ${host.user}. Is its public half in that user's authorized_keys, and may only the user write there? sshd also refuses, without saying so, where the account is locked ("!" in /etc/shadow; usermod -p '*' ${host.user} unlocks it for keys).`,
      error,
    );
  }
  if (/privateKey|private key|passphrase/i.test(message)) {
    return unreadableKey(host);
  }
  return new DeployError(
    'host_unreachable',
    `${address(host)}: no SSH connection came about (${message}).`,
    error,
  );
}

function unreadableKey(host: Host): DeployError {
  return new DeployError(
    'credential_unreadable',
    `The private key for ${address(host)} cannot be read: it must be an OpenSSH or PEM key without a passphrase.`,
  );
}

function isBusy(cause: unknown): boolean {
  const message = messageOf(cause);
  return /before handshake|ECONNRESET|ECONNREFUSED.*startup|Connection reset/i.test(message);
}

function address(host: Host): string {
  return `${host.host}:${host.port}`;
}

function isAbort(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError';
}

function messageOf(error: unknown): string {
  const message: unknown =
    typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
  return String(message);
}
