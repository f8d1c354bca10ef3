/**
 * The only place that opens SSH: to a host, or by way of the host that leads there. Commands run on ssh2's own exec
 * (`ssh-command.ts`), since node-ssh's helpers lose exit codes, signals and bytes.
 */
import { once } from 'node:events';
import { type Socket, connect as connectSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'ssh2';
import type { ConnectionEvidence, Host, LoginKey } from '../domain/deploy.ts';
import { DeployError } from './deploy-error.ts';
import { handshakes } from './handshake-gate.ts';
import { type CommandRequest, type CommandResult, SshCommand } from './ssh-command.ts';
import { joinWrites } from './join-writes.ts';
import { SCRIPT_READER } from './quote.ts';
import { SpareChannel } from './spare-channel.ts';
import {
  HANDSHAKE_MILLISECONDS,
  type Hop,
  type Place,
  address,
  isAbort,
  isBusy,
  messageOf,
  shakeHands,
} from './ssh-hop.ts';

/** sshd turns connections away while many handshakes are under way (MaxStartups); only then is another try worth it. */
const ATTEMPTS = 4;

/** How long a host has to answer our goodbye. One that never does would keep the socket, and the worker that wants to end. */
const GOODBYE_MILLISECONDS = 5_000;

export interface SshConnection {
  readonly presentedFingerprint: string;
  readonly evidence: ConnectionEvidence;
  /** Bytes that went out and came in, over the network and so far. */
  readonly traffic: { readonly sent: number; readonly received: number };
  run(request: CommandRequest): Promise<CommandResult>;
  /** Says goodbye, and breaks it off where that isn't answered in five seconds. */
  close(): void;
  /** Breaks it off. */
  destroy(): void;
}

/** By the name that a jump has for its own. */
export type JumpKeys = Readonly<Record<string, LoginKey>>;

type Random = (size: number) => Uint8Array;

/** Connects, or throws why not: unreachable, another host key, credential refused; of the host, or of the one on the way. */
export async function openConnection(
  host: Host,
  privateKey: LoginKey,
  random: Random,
  jumpKeys: JumpKeys = {},
): Promise<SshConnection> {
  const { jump } = host;
  if (jump === undefined) {
    let socket: Socket | null = null;
    const { client, evidence } = await patiently(host, random, async () => {
      socket = await openSocket(host);
      return shakeHands(host, privateKey, socket);
    });
    return new OpenConnection(client, opened(socket), { ...evidence, jump: null }, null);
  }
  const jumpKey = jump.key === null ? privateKey : (jumpKeys[jump.key] ?? '');
  let socket: Socket | null = null;
  const outer = await patiently(jump, random, async () => {
    socket = await openSocket(jump);
    return shakeHands(jump, jumpKey, socket);
  });
  // Nobody listens to its end otherwise; the connection inside ends with it.
  outer.client.on('error', () => outer.client.destroy());
  try {
    const inner = await patiently(host, random, async () =>
      shakeHands(host, privateKey, await throughJump(outer, jump, host)),
    );
    const evidence = { ...inner.evidence, jump: { address: address(jump), ...outer.evidence } };
    return new OpenConnection(inner.client, opened(socket), evidence, outer.client);
  } catch (error) {
    outer.client.destroy();
    throw error;
  }
}

/** In line with the other handshakes of that address, and again where the server had too many of them. */
async function patiently(place: Place, random: Random, work: () => Promise<Hop>): Promise<Hop> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await handshakes.through(address(place), work);
    } catch (error) {
      const turnedAway =
        error instanceof DeployError && error.code === 'host_unreachable' && isBusy(error.cause);
      if (!turnedAway || attempt === ATTEMPTS) throw error;
      await sleep(attempt * 250 + (random(1)[0] ?? 0));
    }
  }
}

class OpenConnection implements SshConnection {
  readonly evidence: ConnectionEvidence;
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #outer: Client | null;
  readonly #spare: SpareChannel;
  readonly #gone = Promise.withResolvers<void>();

  constructor(client: Client, socket: Socket, evidence: ConnectionEvidence, outer: Client | null) {
    this.#client = client;
    this.#socket = socket;
    this.#outer = outer;
    this.#spare = new SpareChannel(client, SCRIPT_READER);
    this.evidence = evidence;
    client.on('close', () => {
      outer?.end();
      if (outer !== null) this.#breakOffLater();
      this.#gone.resolve();
    });
    client.on('error', () => this.destroy());
    outer?.on('close', () => this.destroy());
  }

  get presentedFingerprint(): string {
    return this.evidence.presentedFingerprint;
  }

  get traffic(): SshConnection['traffic'] {
    return { sent: this.#socket.bytesWritten, received: this.#socket.bytesRead };
  }

  async run(request: CommandRequest): Promise<CommandResult> {
    const spare = request.command === SCRIPT_READER ? this.#spare : null;
    return new SshCommand(request, this.#gone.promise, () => this.destroy()).run(this.#client, spare);
  }

  close(): void {
    this.#client.end();
    this.#breakOffLater();
  }

  /** The socket itself keeps the process; nothing has to wait for this but where that is still open. */
  #breakOffLater(): void {
    if (this.#socket.destroyed) return;
    const late = setTimeout(() => this.destroy(), GOODBYE_MILLISECONDS).unref();
    this.#socket.once('close', () => clearTimeout(late));
  }

  destroy(): void {
    this.#client.destroy();
    this.#outer?.destroy();
    this.#socket.destroy();
    this.#gone.resolve();
  }
}

/** A stream to the host that the jump host opens for us. Its own name resolution and routes count, not ours. */
async function throughJump({ client }: Hop, jump: Place, host: Place): Promise<Duplex> {
  const failed = (why: string, cause?: unknown): DeployError =>
    new DeployError(
      'host_unreachable',
      `${address(host)} could not be reached from ${address(jump)}: ${why}.`,
      cause,
    );
  const opening = new Promise<Duplex>((resolve, reject) => {
    try {
      client.forwardOut('127.0.0.1', 0, host.host, host.port, (error, channel) => {
        if (error === undefined) resolve(channel);
        else reject(failed(messageOf(error), error));
      });
    } catch (error) {
      // ssh2 throws where the connection is gone already.
      reject(failed(messageOf(error), error));
    }
  });
  opening.catch(() => undefined);
  const giveUp = new AbortController();
  const late = sleep(HANDSHAKE_MILLISECONDS, undefined, { signal: giveUp.signal }).then((): never => {
    throw failed('no answer in 20 seconds');
  });
  late.catch(() => undefined);
  try {
    const channel = await Promise.race([opening, late]);
    channel.on('error', () => undefined);
    return channel;
  } finally {
    giveUp.abort();
  }
}

async function openSocket(place: Place): Promise<Socket> {
  // ssh2 never asks for TCP_NODELAY; without it every exchange waits 40 ms for an acknowledgement.
  const socket = connectSocket({ host: place.host, port: place.port, noDelay: true });
  socket.on('error', () => undefined);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(HANDSHAKE_MILLISECONDS) });
    joinWrites(socket);
    return socket;
  } catch (error) {
    socket.destroy();
    const why = isAbort(error) ? 'no answer in 20 seconds' : messageOf(error);
    throw new DeployError('host_unreachable', `${address(place)} could not be reached: ${why}.`, error);
  }
}

function opened(socket: Socket | null): Socket {
  if (socket === null) throw new Error('a handshake came about without a socket');
  return socket;
}
