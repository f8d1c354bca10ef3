import type { Socket } from 'node:net';

/**
 * Has a connected socket hand over as one whatever is written to it in one turn of the event loop. ssh2 writes each packet in
 * up to three pieces; without Nagle's algorithm, which waits, each of them would be a system call and a packet of its own.
 */
export function joinWrites(socket: Socket): void {
  const write = socket.write.bind(socket) as (...parts: unknown[]) => boolean;
  let joining = false;
  // On the socket itself, once it is connected: Node puts its own `write` back when it connects.
  socket.write = (...parts: unknown[]): boolean => {
    if (!joining) {
      joining = true;
      socket.cork();
      process.nextTick(() => {
        joining = false;
        socket.uncork();
      });
    }
    return write(...parts);
  };
}
