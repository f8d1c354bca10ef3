import { createDecipheriv } from 'node:crypto';
import type { Client } from 'ssh2';
import { expect, test } from '@jest/globals';
import { leanPackets } from '../../../src/deploy/lean-packets.ts';

const KEY = Buffer.alloc(16, 7);
const FIRST_IV = Buffer.from('000000010000000000ffffff', 'hex');

/** As ssh2's own of that name has them. */
class AESGCMCipherNative {
  readonly _encSSLName = 'aes-128-gcm';
  readonly _encKey = Buffer.from(KEY);
  readonly _encIV = Buffer.from(FIRST_IV);
  readonly _dead = false;
  outSeqno = 0xffffffff;
  readonly written: Buffer[] = [];
  onWrite: () => void = () => undefined;

  readonly _onWrite = (bytes: Buffer): void => {
    this.written.push(Buffer.from(bytes));
    this.onWrite();
  };

  allocPacket(_length: number): Buffer {
    throw new Error('made lean, it has another');
  }

  encrypt(_packet: Buffer): void {
    throw new Error('made lean, it has another');
  }
}

class AESGCMCipherBinding extends AESGCMCipherNative {}

const leanOf = (cipher: AESGCMCipherNative) =>
  leanPackets({ _protocol: { _cipher: cipher } } as unknown as Client);

function send(cipher: AESGCMCipherNative, text: string): void {
  const packet = cipher.allocPacket(text.length);
  packet.write(text, 5, 'latin1');
  cipher.encrypt(packet);
}

/** What a packet says to whoever expects it as the one with this number; throws where it is another. */
function opened([length, encrypted, tag]: readonly Buffer[], number: number): string {
  const iv = Buffer.from(FIRST_IV);
  iv.writeBigUInt64BE(iv.readBigUInt64BE(4) + BigInt(number), 4);
  const gcm = createDecipheriv('aes-128-gcm', KEY, iv);
  gcm.setAAD(length ?? Buffer.alloc(0));
  gcm.setAuthTag(tag ?? Buffer.alloc(16));
  const plain = Buffer.concat([gcm.update(encrypted ?? Buffer.alloc(0)), gcm.final()]);
  return plain.subarray(1, plain.length - (plain[0] ?? 0)).toString('latin1');
}

test('a packet that is sent while another is being written has a nonce of its own', () => {
  const cipher = new AESGCMCipherNative();
  expect(leanOf(cipher).out).toBe(true);
  cipher.onWrite = () => {
    cipher.onWrite = () => undefined;
    send(cipher, 'within');
  };
  send(cipher, 'outer');
  const [length, ...others] = cipher.written;
  const [within, outer] = [others.slice(0, 3), [length ?? Buffer.alloc(0), ...others.slice(3)]];
  expect([opened(outer, 0), opened(within, 1), cipher.outSeqno]).toEqual(['outer', 'within', 1]);
});

test('nor has one after a write that threw the nonce of what had begun to be written', () => {
  const cipher = new AESGCMCipherNative();
  leanOf(cipher);
  cipher.onWrite = () => {
    throw new Error('the socket is gone');
  };
  expect(() => send(cipher, 'lost')).toThrow('the socket is gone');
  cipher.onWrite = () => undefined;
  cipher.written.length = 0;
  send(cipher, 'next');
  expect([opened(cipher.written, 1), cipher.outSeqno]).toEqual(['next', 1]);
});

test('what has the same fields and another name stays as it is', () => {
  const cipher = new AESGCMCipherBinding();
  expect([leanOf(cipher).out, Object.hasOwn(cipher, 'encrypt')]).toEqual([false, false]);
});
