import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';

/** What one direction may hold under way, as a long line does; more makes the sender wait. */
const UNDER_WAY_BYTES = 8 * 1024 * 1024;

/** A way to a server on loopback that takes `milliseconds` each way, with no limit to its bandwidth. */
export async function startDistantWay(
  port: number,
  milliseconds: number,
): Promise<{ readonly port: number; stop(): void }> {
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const upstream = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => open.delete(socket));
    }
    carry(client, upstream, milliseconds);
    carry(upstream, client, milliseconds);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    stop: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/** Timers of one length fire in the order in which they were set, so bytes keep theirs. */
function carry(from: Socket, to: Socket, milliseconds: number): void {
  let underWay = 0;
  from.on('data', (chunk: Buffer) => {
    underWay += chunk.length;
    if (underWay > UNDER_WAY_BYTES) from.pause();
    setTimeout(() => {
      if (!to.destroyed) to.write(chunk);
      underWay -= chunk.length;
      if (underWay <= UNDER_WAY_BYTES) from.resume();
    }, milliseconds);
  });
  from.on('end', () => setTimeout(() => to.end(), milliseconds));
  from.on('close', () => setTimeout(() => to.destroy(), milliseconds));
}
