/**
 * One SSH handshake with one server: over whatever stream leads there, with its pin and its key, and what was seen of it. node-ssh
 * opens and holds the connection.
 */
import type { Duplex } from 'node:stream';
import { NodeSSH } from 'node-ssh';
import ssh2, { type AgentAuthMethod, type AuthenticationType, type Client, type ConnectConfig } from 'ssh2';
import type { AgentKey, ConnectionEvidence, Jump, LoginKey } from '../domain/deploy.ts';
import { OneAgentKey } from './agent-key.ts';
import { DeployError } from './deploy-error.ts';
import { fingerprintOf, isPinned, keyKind, pinsOf } from './host-key.ts';
import { leanPackets } from './lean-packets.ts';
import { printable } from './refuse-paths.ts';

/** A server to shake hands with: a host, or what leads to one. */
export type Place = Pick<Jump, 'host' | 'port' | 'user' | 'fingerprint'>;

export interface Hop {
  readonly client: Client;
  readonly evidence: Omit<ConnectionEvidence, 'jump'>;
  /** What `leanPackets` could do for it. */
  readonly lean: ReturnType<typeof leanPackets>;
}

export const HANDSHAKE_MILLISECONDS = 20_000;
const KEEPALIVE_MILLISECONDS = 10_000;
/** A server's first line; RFC 4253 allows it 255 bytes, and other lines before it. */
const MOST_GREETING = 4096;

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

/** Shakes hands over `sock`, which is destroyed where that fails. Throws a `DeployError` that says why. */
export async function shakeHands(place: Place, key: LoginKey, sock: Duplex): Promise<Hop> {
  let presented: { fingerprint: string; kind: string } | null = null;
  let agreed: Negotiated | null = null;
  const ssh = new NodeSSH();
  const greeting = new Greeting();
  const [agent, login] = typeof key === 'string' ? [null, byKey(key)] : byAgent(place, key);
  try {
    if (typeof key === 'string' && key.trim() === '') throw unreadableKey(place);
    const connecting = ssh.connect({
      sock,
      username: place.user,
      ...login,
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
        return isPinned(presented.fingerprint, place.fingerprint);
      },
    });
    // ssh2 listens from now on, so nothing is taken from it by listening too.
    greeting.readFrom(sock);
    // node-ssh takes its own listener off once connected; an error without any would end the whole process.
    ssh.connection?.on('error', () => undefined);
    ssh.connection?.on('handshake', (negotiated: Negotiated) => {
      agreed ??= negotiated;
    });
    await connecting;
  } catch (error) {
    sock.destroy();
    if (error instanceof DeployError) throw error;
    throw connectError(place, error, presented, agent?.problem ?? null);
  }
  const client = ssh.connection;
  const seen = presented as { fingerprint: string } | null;
  const negotiated = agreed as Negotiated | null;
  if (client === null || seen === null || negotiated === null) {
    sock.destroy();
    throw new DeployError(
      'host_unreachable',
      `${address(place)} closed the connection right after the handshake.`,
    );
  }
  return {
    client,
    lean: leanPackets(client),
    evidence: {
      presentedFingerprint: seen.fingerprint,
      server: greeting.line,
      kex: negotiated.kex,
      cipher: negotiated.cs.cipher,
      clientKey: clientKeyOf(key),
    },
  };
}

/** As with an agent: a server that lets somebody in for nothing would be none of ours, and asking it takes a way there and back. */
function byKey(privateKey: string): { privateKey: string; authHandler: AuthenticationType[] } {
  return { privateKey, authHandler: ['publickey'] };
}

/** Nothing but the one key is offered, not even `none`. */
function byAgent({ user }: Place, key: AgentKey) {
  const agent = new OneAgentKey(key);
  const method: AgentAuthMethod = { type: 'agent', username: user, agent };
  const login: Pick<ConnectConfig, 'authHandler'> = { authHandler: [method] };
  return [agent, login] as const;
}

interface Negotiated {
  readonly kex: string;
  readonly cs: { readonly cipher: string };
}

/** The line by which a server says what it is, read beside ssh2, which keeps it to itself. */
class Greeting {
  #text = '';

  readFrom(sock: Duplex): void {
    const read = (chunk: Buffer): void => {
      this.#text += chunk.toString('latin1');
      if (this.line !== null || this.#text.length > MOST_GREETING) sock.off('data', read);
    };
    sock.on('data', read);
  }

  /** Null where it said nothing of the kind. */
  get line(): string | null {
    const line = /^(SSH-[^\r\n]{1,251})\r?\n/m.exec(this.#text)?.[1];
    return line === undefined ? null : printable(line);
  }
}

/** The public half's fingerprint, as `ssh-keygen -l` and the server's own log have it. */
function clientKeyOf(key: LoginKey): string {
  if (typeof key !== 'string') return key.fingerprint;
  const parsed = ssh2.utils.parseKey(key);
  const first = Array.isArray(parsed) ? parsed[0] : parsed;
  return first === undefined || first instanceof Error ? '' : fingerprintOf(first.getPublicSSH());
}

/** Another key than a pinned one was presented. */
export class HostKeyMismatch extends DeployError {
  readonly presented: { readonly fingerprint: string; readonly kind: string };
  /** `host:port` of who presented it. */
  readonly about: string;

  constructor(host: Place, presented: HostKeyMismatch['presented'], cause: unknown) {
    super(
      'host_key_mismatch',
      `${address(host)} presented the ${presented.kind} key ${presented.fingerprint}, but ${pinsOf(host.fingerprint).join(' or ')} is pinned. Either something stands between, or its key was renewed: find out on the host itself (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub) before you change the operator's file.`,
      cause,
    );
    this.presented = presented;
    this.about = address(host);
  }
}

function connectError(
  host: Place,
  error: unknown,
  presented: { fingerprint: string; kind: string } | null,
  agentProblem: string | null,
): DeployError {
  if (presented !== null && !isPinned(presented.fingerprint, host.fingerprint)) {
    return new HostKeyMismatch(host, presented, error);
  }
  if (agentProblem !== null) {
    return new DeployError(
      'credential_unreadable',
      `The key for ${address(host)} can't be used: ${agentProblem}.`,
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

function unreadableKey(host: Place): DeployError {
  return new DeployError(
    'credential_unreadable',
    `The private key for ${address(host)} cannot be read: it must be an OpenSSH or PEM key without a passphrase.`,
  );
}

export function isBusy(cause: unknown): boolean {
  const message = messageOf(cause);
  return /before handshake|ECONNRESET|ECONNREFUSED.*startup|Connection reset/i.test(message);
}

export function address(host: Pick<Place, 'host' | 'port'>): string {
  return `${host.host}:${host.port}`;
}

export function isAbort(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError';
}

export function messageOf(error: unknown): string {
  const message: unknown =
    typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
  return String(message);
}
