import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';

/** A TCP way to a server that can be cut, as a network goes away; and mended. */
export interface CutProxy {
  readonly port: number;
  /** Breaks every connection now. */
  cut(): void;
  /** New connections are refused from now on, or taken again. */
  refuse(refusing: boolean): void;
  /** From now on it carries nothing any more, and tells nobody: not even that one end hung up. */
  goDead(): void;
  /** Breaks each connection once it has carried this many bytes to the server; null: never. */
  cutAfter(bytes: number | null): void;
  /** Bytes that it has carried to the server so far, of all connections together. */
  carried(): number;
  stop(): Promise<void>;
}

/** Starts one on loopback, `at` one of its addresses. */
export async function startCutProxy(port: number, at: '127.0.0.1' | '::1' = '127.0.0.1'): Promise<CutProxy> {
  const open = new Set<Socket>();
  let refusing = false;
  let limit: number | null = null;
  let total = 0;
  let dead = false;
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    if (refusing) {
      client.destroy();
      return;
    }
    const upstream = connect({ host: '127.0.0.1', port, noDelay: true });
    let carried = 0;
    client.on('end', () => {
      if (!dead) client.end();
    });
    const both = [client, upstream];
    const breakOff = (): void => both.forEach((socket) => socket.destroy());
    for (const socket of both) {
      open.add(socket);
      socket.on('error', breakOff);
      socket.on('close', () => {
        open.delete(socket);
        breakOff();
      });
    }
    client.on('data', (chunk: Buffer) => {
      if (dead) return;
      carried += chunk.length;
      total += chunk.length;
      if (limit !== null && carried > limit) breakOff();
      else upstream.write(chunk);
    });
    upstream.on('data', (chunk: Buffer) => {
      if (!dead) client.write(chunk);
    });
  }).listen(0, at);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: address.port,
    cut,
    refuse: (now) => {
      refusing = now;
    },
    goDead: () => {
      dead = true;
    },
    cutAfter: (bytes) => {
      limit = bytes;
    },
    carried: () => total,
    stop: async () => {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
