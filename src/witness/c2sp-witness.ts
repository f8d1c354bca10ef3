/**
 * The client of a C2SP tlog-witness. What it answers is a stranger's word: a cosignature counts once it is verified under the
 * key from the operator's file, and a checkpoint once the log's own signature on it is. Only what it refuses must be believed
 * unsigned; it can stop us by that, and can't make anything look better than it is.
 */
import { hash } from 'node:crypto';
import { CodedError } from '../domain/coded-error.ts';
import type { C2spWitnessAddress } from '../domain/witness.ts';
import { witnessName } from '../domain/witness.ts';
import { parseCheckpoint } from '../ledger/format/checkpoint.ts';
import type { CosignerKey } from '../ledger/format/cosignature.ts';
import { cosignedAt, parseCosignerKey } from '../ledger/format/cosignature.ts';
import type { HeldCheckpoint } from '../ledger/verify/witnessed.ts';
import type { Accepted, Offer, Witness } from './witness.ts';
import { contradictionError } from './witness.ts';

const MILLISECONDS = 20_000;
/** A checkpoint with many cosignatures is a few thousand bytes. */
const LARGEST_ANSWER = 64 * 1024;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export class C2spWitness implements Witness {
  readonly name: string;
  readonly everySeconds: number;
  readonly #url: string;
  readonly #key: CosignerKey;

  constructor(address: C2spWitnessAddress) {
    this.name = witnessName(address);
    this.everySeconds = address.everySeconds;
    this.#url = address.url;
    this.#key = parseCosignerKey(address.vkey);
  }

  /** From its monitoring address, which a witness need not have. */
  async newest(origin: string): Promise<HeldCheckpoint | null | 'unknown'> {
    const { status, body } = await this.#ask(`${hash('sha256', origin, 'hex')}/checkpoint`, null);
    // Not having the address and not knowing the log look the same.
    if (status !== 200 || !isCheckpoint(body)) return 'unknown';
    const lines = body.slice(body.lastIndexOf('\n\n') + 2);
    const time = cosignedAt(body, lines, this.#key);
    return {
      witness: this.name,
      note: body,
      since: time === null ? null : new Date(time * 1000).toISOString(),
    };
  }

  async history(origin: string): Promise<readonly HeldCheckpoint[]> {
    const newest = await this.newest(origin);
    return newest === null || newest === 'unknown' ? [] : [newest];
  }

  async offer(offer: Offer): Promise<Accepted> {
    const last = Math.min(offer.last, offer.size);
    const first = await this.#add(offer, last);
    const answer = first.status === 409 ? await this.#again(offer, last, first) : first;
    if (answer.status !== 200) throw this.#refused(offer, answer);
    if (cosignedAt(offer.note, answer.body, this.#key) === null)
      throw this.#failed(
        'witness_refused',
        'answered without a cosignature by the key (vkey) in the operator’s file; ask its owner which key is right',
      );
    const lines = answer.body.split('\n').filter((line) => line.startsWith(`— ${this.#key.name} `));
    return { size: offer.size, evidence: `${lines.join('\n')}\n` };
  }

  /** It had another size from us than we thought (after a crash, after a restore), or another root for this one. */
  async #again(offer: Offer, asked: number, { type, body }: Answer): Promise<Answer> {
    const said = type === 'text/x.tlog.size' ? /^(0|[1-9]\d{0,15})\n?$/.exec(body)?.[1] : undefined;
    const size = said === undefined ? asked : Number(said);
    if (size === asked) {
      if (size === offer.size) throw this.#forked(offer);
      throw this.#failed('witness_refused', `answers 409 and not which size it has other than ${asked}`);
    }
    const here = await offer.sizeNow();
    if (size > here) {
      throw contradictionError({
        code: 'rolled_back',
        sentence:
          `The ledger was rolled back: witness ${this.#key.name} says it has checkpoint ${size} of ${offer.origin}, and this database ends at ` +
          `${here}: ${size - here === 1 ? `entry ${here} is` : `entries ${here} to ${size - 1} are`} lost here.`,
      });
    }
    // The log has grown meanwhile, and somebody brought it that: the next round offers what is newest by then.
    if (size > offer.size)
      throw this.#failed(
        'witness_unreachable',
        `already has a later checkpoint, ${size}, and is offered the newest one next`,
      );
    const second = await this.#add(offer, size);
    if (second.status !== 409) return second;
    if (size === offer.size) throw this.#forked(offer);
    throw this.#failed(
      'witness_unreachable',
      'answers with another size each time: somebody else brings it checkpoints of this log',
    );
  }

  async #add(offer: Offer, old: number): Promise<Answer> {
    const proof = await offer.prove(old);
    const lines = proof.map((hashed) => `${Buffer.from(hashed).toString('base64')}\n`);
    return await this.#ask('add-checkpoint', `old ${old}\n${lines.join('')}\n${offer.note}`);
  }

  #refused(offer: Offer, { status, body }: Answer): CodedError {
    if (status === 422) return this.#forked(offer);
    const said = body
      .trim()
      .replaceAll(/[\s\p{Cc}]+/gu, ' ')
      .slice(0, 200);
    const why =
      {
        400: 'could not read what it was sent (400)',
        403: `does not take the signature (403): tell its owner the log’s key, which \`countersign verify\` prints`,
        404: `does not know ${offer.origin} (404): its owner must add the log, or the address is not the right one`,
        429: 'asks for fewer checkpoints (429): raise `every`',
      }[status] ?? `answered ${status}`;
    return this.#failed(
      status >= 500 || status === 429 ? 'witness_unreachable' : 'witness_refused',
      `${why}${said === '' ? '' : `; it said: ${said}`}`,
    );
  }

  #forked(offer: Offer): CodedError {
    return contradictionError({
      code: 'forked',
      sentence: `The ledger was forked: witness ${this.#key.name} has other entries of ${offer.origin} than the first ${offer.size} in this database, for checkpoint ${offer.size} does not continue what it cosigned.`,
    });
  }

  async #ask(path: string, body: string | null): Promise<Answer> {
    try {
      const response = await fetch(`${this.#url}/${path}`, {
        ...(body === null
          ? {}
          : { method: 'POST', body, headers: { 'content-type': 'text/plain; charset=utf-8' } }),
        // The address was chosen by the operator, and nobody else chooses another.
        redirect: 'error',
        signal: AbortSignal.timeout(MILLISECONDS),
      });
      const type = response.headers.get('content-type') ?? '';
      return { status: response.status, type, body: await this.#read(response) };
    } catch (error) {
      if (error instanceof CodedError) throw error;
      const cause =
        error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new CodedError(
        'witness_unreachable',
        `witness ${this.#key.name} at ${this.#url} could not be reached: ${cause}.`,
        error,
      );
    }
  }

  async #read(response: Response): Promise<string> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > LARGEST_ANSWER)
        throw this.#failed('witness_refused', `answers with more than ${LARGEST_ANSWER} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  #failed(code: string, what: string): CodedError {
    return new CodedError(code, `witness ${this.#key.name} at ${this.#url} ${what}.`);
  }
}

/** Whoever's it is. A page that some server has for every address is none, and says no more than that there is nothing. */
function isCheckpoint(body: string): boolean {
  try {
    parseCheckpoint(body);
    return true;
  } catch (error) {
    if (error instanceof CodedError) return false;
    throw error;
  }
}
