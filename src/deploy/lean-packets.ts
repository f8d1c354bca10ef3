/**
 * Makes ssh2 1.17 spend less on each packet. Without its native part it hands node:crypto the raw key anew with every packet, which Node
 * then examines by throwing and catching; asks the kernel for a handful of padding at a time; and throws away 32 KiB of plain text
 * a packet, which piles up outside the heap. What goes over the wire is the same.
 *
 * This reaches into ssh2, whose ciphers it knows by the names of their classes and by the fields that are used here. Others (those of its
 * native part, of another algorithm, or that it makes when keys are exchanged anew) stay as they are: slower, and as right. A later ssh2
 * with the same names and fields that means something else by them isn't told apart: before ssh2 is updated, look at its
 * `lib/protocol/crypto.js`. `test/integration/deploy/lean-packets.test.ts` sends bytes through it to a real sshd.
 */
import {
  type CipherGCMTypes,
  type KeyObject,
  createCipheriv,
  createSecretKey,
  randomFillSync,
} from 'node:crypto';
import type { Client } from 'ssh2';

/** As much as a packet of ssh2's can have (`MAX_PACKET_SIZE`), and what is before and after. */
const MOST_PACKET = 36 * 1024;
const PADDING_POOL = 16 * 1024;
const BLOCK = 16;

/** ssh2's AESGCMCipherNative, as far as it is used here. */
interface GcmCipher {
  readonly _encSSLName: CipherGCMTypes;
  _encKey: Buffer | KeyObject;
  /** The last eight bytes count packets. */
  readonly _encIV: Buffer;
  readonly _dead: boolean;
  outSeqno: number;
  readonly _onWrite: (bytes: Buffer) => void;
  allocPacket(payloadLength: number): Buffer;
  encrypt(packet: Buffer): void;
}

/** ssh2's AESGCMDecipherNative, as far as it is used here. */
interface GcmDecipher {
  _decipherKey: Buffer | KeyObject;
}

/** Once a connection's keys are agreed on: whether its packets are lean from now on, out and in. */
export function leanPackets(client: Client): { readonly out: boolean; readonly in: boolean } {
  const protocol = (client as { _protocol?: { _cipher?: unknown; _decipher?: unknown } })._protocol;
  const cipher = protocol?._cipher;
  const decipher = protocol?._decipher;
  const lean = { out: isGcmCipher(cipher), in: isGcmDecipher(decipher) };
  if (isGcmCipher(cipher)) leanOut(cipher);
  if (isGcmDecipher(decipher)) decipher._decipherKey = createSecretKey(decipher._decipherKey as Buffer);
  return lean;
}

function leanOut(cipher: GcmCipher): void {
  const key = createSecretKey(cipher._encKey as Buffer);
  const padding = new Padding();
  // ssh2 fills a packet and encrypts it in one go, so that the next may lie where it lay.
  const packet = Buffer.allocUnsafeSlow(MOST_PACKET);

  cipher.allocPacket = (payloadLength) => {
    let paddingLength = BLOCK - ((1 + payloadLength) % BLOCK);
    if (paddingLength < 4) paddingLength += BLOCK;
    const length = 1 + payloadLength + paddingLength;
    const plain =
      4 + length > MOST_PACKET ? Buffer.allocUnsafeSlow(4 + length) : packet.subarray(0, 4 + length);
    plain.writeUInt32BE(length, 0);
    plain[4] = paddingLength;
    padding.fill(plain, 5 + payloadLength, paddingLength);
    return plain;
  };

  cipher.encrypt = (plain) => {
    if (cipher._dead) return;
    const gcm = createCipheriv(cipher._encSSLName, key, cipher._encIV);
    // A copy: it is written after the next packet lies where this one does.
    const length = Buffer.from(plain.subarray(0, 4));
    gcm.setAAD(length);
    const encrypted = gcm.update(plain.subarray(4));
    gcm.final();
    const tag = gcm.getAuthTag();
    // Before anything is written: what throws there, or sends from within, must not have another packet under the same nonce.
    countUp(cipher._encIV);
    cipher.outSeqno = (cipher.outSeqno + 1) >>> 0;
    cipher._onWrite(length);
    cipher._onWrite(encrypted);
    cipher._onWrite(tag);
  };
}

/** Random bytes, drawn from the kernel many at a time, each given out once. */
class Padding {
  readonly #pool = Buffer.allocUnsafeSlow(PADDING_POOL);
  #used = PADDING_POOL;

  fill(packet: Buffer, at: number, length: number): void {
    if (this.#used + length > PADDING_POOL) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    this.#pool.copy(packet, at, this.#used, this.#used + length);
    this.#used += length;
  }
}

/** RFC 5647: the invocation counter is the last eight bytes of the twelve, and wraps around within them. */
function countUp(iv: Buffer): void {
  for (let at = 11; at >= 4; at -= 1) {
    const next = ((iv[at] ?? 0) + 1) & 0xff;
    iv[at] = next;
    if (next !== 0) return;
  }
}

function isGcmCipher(cipher: unknown): cipher is GcmCipher {
  const {
    _encSSLName: name,
    _encKey: key,
    _encIV: iv,
    _onWrite: write,
    outSeqno,
  } = (cipher ?? {}) as Partial<GcmCipher>;
  return (
    cipher?.constructor.name === 'AESGCMCipherNative' &&
    (name === 'aes-128-gcm' || name === 'aes-256-gcm') &&
    Buffer.isBuffer(key) &&
    Buffer.isBuffer(iv) &&
    iv.length === 12 &&
    typeof write === 'function' &&
    typeof outSeqno === 'number'
  );
}

function isGcmDecipher(decipher: unknown): decipher is GcmDecipher {
  const { _decipherKey: key } = (decipher ?? {}) as Partial<GcmDecipher>;
  return Buffer.isBuffer(key) && decipher?.constructor.name === 'AESGCMDecipherNative';
}
