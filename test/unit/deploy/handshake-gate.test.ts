import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { HandshakeGate } from '../../../src/deploy/handshake-gate.ts';

/** Everybody who wants in, how many were in at once, and in which order they came out. */
async function crowd(gate: HandshakeGate, addresses: readonly string[]) {
  const inside = new Map<string, number>();
  const most = new Map<string, number>();
  const order: string[] = [];
  const count = (name: string, change: number): void => {
    inside.set(name, (inside.get(name) ?? 0) + change);
    most.set(name, Math.max(most.get(name) ?? 0, inside.get(name) ?? 0));
  };
  await Promise.allSettled(
    addresses.map((address, index) =>
      gate.through(address, async () => {
        for (const name of [address, 'all']) count(name, 1);
        order.push(`${address}${index}`);
        await turn();
        for (const name of [address, 'all']) count(name, -1);
        if (index % 3 === 0) throw new Error('no handshake came about');
      }),
    ),
  );
  return { most: Object.fromEntries(most), order };
}

test('so many of one address, so many altogether, and everybody in the end', async () => {
  const gate = new HandshakeGate(2, 5);
  const addresses = Array.from({ length: 60 }, (_, index) => (index < 30 ? 'a' : index < 45 ? 'b' : 'c'));
  const { most, order } = await crowd(gate, addresses);
  expect(most).toEqual({ a: 2, b: 2, c: 2, all: 5 });
  expect(order).toHaveLength(60);
  // Whoever fails leaves room too, and afterwards the gate is as it was.
  expect((await crowd(gate, ['a', 'a', 'b', 'b', 'c'])).most).toEqual({ a: 2, b: 2, c: 1, all: 5 });
});

test('in line, one after the other of an address', async () => {
  const { order } = await crowd(new HandshakeGate(1, 1), ['a', 'a', 'a', 'a']);
  expect(order).toEqual(['a0', 'a1', 'a2', 'a3']);
});
