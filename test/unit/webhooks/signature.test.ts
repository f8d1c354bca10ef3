import { expect, test } from '@jest/globals';
import { Webhooks } from '@octokit/webhooks';
import { assert, asyncProperty, nat, string } from 'fast-check';
import { isSignedBy } from '../../../src/webhooks/signature.ts';

test('agrees with @octokit/webhooks on every text, and refuses any other signature', async () => {
  await assert(
    asyncProperty(
      string({ minLength: 1 }),
      string({ minLength: 1, unit: 'binary' }).filter((text) => text.isWellFormed()),
      nat(63),
      async (secret, text, position) => {
        const webhooks = new Webhooks({ secret });
        const signature = await webhooks.sign(text);
        const changed = `${signature.slice(0, 7 + position)}${signature[7 + position] === '0' ? '1' : '0'}${signature.slice(8 + position)}`;
        expect(isSignedBy(secret, Buffer.from(text), signature)).toBe(true);
        expect(isSignedBy(secret, Buffer.from(text), changed)).toBe(await webhooks.verify(text, changed));
        expect(isSignedBy(secret, Buffer.from(`${text} `), signature)).toBe(false);
        expect(isSignedBy(`${secret}x`, Buffer.from(text), signature)).toBe(false);
      },
    ),
    { numRuns: 50 },
  );
});

test('bodies that differ only in bytes that are no UTF-8 are told apart', async () => {
  const signature = await new Webhooks({ secret: 'secret' }).sign('\ufffd');
  expect(isSignedBy('secret', Buffer.from([0xff]), signature)).toBe(false);
});

test.each(['', 'sha256=', 'sha1=00', 'sha256=ünïcode', 'x'.repeat(10_000)])(
  '%p is no signature',
  (signature) => {
    expect(isSignedBy('secret', Buffer.from('{}'), signature)).toBe(false);
  },
);
