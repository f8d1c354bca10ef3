import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';

/** A TCP way to a server on loopback that can go wrong as networks do. */
export interface RoughWay {
  readonly port: number;
  /** `cut`: every connection breaks, and new ones are refused. `dead`: nothing is carried any more, and nobody is told. */
  set(state: 'open' | 'cut' | 'dead'): void;
  /** Bytes a second that it carries each way; null: as many as come. */
  limit(bytesPerSecond: number | null): void;
  stop(): void;
}

/** How often a limited way carries something. */
const TICK_MILLISECONDS = 20;

export async function startRoughWay(port: number): Promise<RoughWay> {
  const open = new Set<Socket>();
  let state: 'open' | 'cut' | 'dead' = 'open';
  let rate: number | null = null;
  const breakAll = (): void => {
    for (const socket of open) socket.destroy();
  };
  const carry = (from: Socket, to: Socket): void => {
    let free = 0;
    from.on('data', (chunk: Buffer) => {
      // What came over a dead way is gone: the connection can't be mended, only given up.
      if (state === 'dead') return;
      to.write(chunk);
      if (rate === null) return;
      free = Math.max(free, Date.now()) + (1000 * chunk.length) / rate;
      const wait = free - Date.now();
      if (wait < TICK_MILLISECONDS) return;
      from.pause();
      setTimeout(() => from.resume(), wait);
    });
  };
  const server = createServer({ noDelay: true }, (client) => {
    if (state === 'cut') {
      client.destroy();
      return;
    }
    const upstream = connect({ host: '127.0.0.1', port, noDelay: true });
    const both = [client, upstream];
    for (const socket of both) {
      open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        open.delete(socket);
        both.forEach((one) => one.destroy());
      });
    }
    carry(client, upstream);
    carry(upstream, client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    set: (next) => {
      // A way that was dead lost bytes: whoever still waits on it hears of it now.
      if (next === 'cut' || state === 'dead') breakAll();
      state = next;
    },
    limit: (bytesPerSecond) => {
      rate = bytesPerSecond;
    },
    stop: () => {
      server.close();
      breakAll();
    },
  };
}
