import { randomBytes } from 'node:crypto';

/**
 * Ids of jobs, each greater than the last one of this process: UUID version 7 with a counter after the time (RFC 9562, 6.2,
 * method 1). Jobs of one transaction have the same time of creation in the queue, and those of one key are then taken by id.
 */
export function jobIds(now: () => number = Date.now): () => string {
  let last = 0;
  let count = 0;
  return () => {
    const time = Math.max(now(), last);
    count = time === last ? count + 1 : 0;
    // Twelve bits of counter; the rare overflow borrows the next millisecond.
    const [at, counter] = count > 0xfff ? [time + 1, 0] : [time, count];
    [last, count] = [at, counter];
    const hex = at.toString(16).padStart(12, '0') + (0x7000 + counter).toString(16);
    const tail = randomBytes(8);
    tail[0] = ((tail[0] ?? 0) & 0x3f) | 0x80;
    const all = hex + tail.toString('hex');
    return [all.slice(0, 8), all.slice(8, 12), all.slice(12, 16), all.slice(16, 20), all.slice(20)].join('-');
  };
}
