/**
 * Objects of a repository, one after the other, from one `git cat-file --batch`: their bytes stream through and are
 * never whole in memory, and each must hash to the id that was asked for.
 */
import { createHash } from 'node:crypto';
import { DeployError } from './deploy-error.ts';
import { type GitProcess, exitOf, startGit } from './git.ts';
import { algorithmOf } from './tree-oid.ts';

export interface GitObject {
  readonly oid: string;
  readonly type: string;
  readonly size: number;
  /** To be read to its end before the next object is asked for. Throws at the end where the bytes aren't the id's. */
  readonly chunks: AsyncIterable<Buffer>;
}

/** Yields the objects in the order of `oids`. */
export async function* readObjects(directory: string, oids: Iterable<string>): AsyncGenerator<GitObject> {
  const git = startGit(['cat-file', '--batch', '--buffer'], { directory });
  const ended = exitOf(git);
  ended.catch(() => undefined);
  git.stderr.resume();
  git.stdin.on('error', () => undefined);
  const asked = [...oids];
  git.stdin.end(asked.map((oid) => `${oid}\n`).join(''));
  const source = new ByteSource(git.stdout);
  try {
    for (const oid of asked) {
      const header = await source.line();
      const [found, type, digits] = header.split(' ');
      const size = Number(digits);
      if (found !== oid || type === undefined || digits === undefined || !Number.isSafeInteger(size)) {
        throw corrupt(`git could not read object ${oid}: ${header === '' ? 'it stopped' : header}`);
      }
      const body = new Body(source, oid, type, size);
      yield { oid, type, size, chunks: body.chunks() };
      if (!body.finished) throw new Error(`object ${oid} was not read to its end`);
      if ((await source.line()) !== '')
        throw corrupt(`git gave more bytes for object ${oid} than it announced`);
    }
  } finally {
    await stop(git, ended);
  }
}

/** A small object's bytes. */
export async function wholeObject(object: GitObject): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of object.chunks) chunks.push(chunk);
  return Buffer.concat(chunks);
}

class Body {
  finished = false;
  readonly #source: ByteSource;
  readonly #oid: string;
  readonly #type: string;
  readonly #size: number;

  constructor(source: ByteSource, oid: string, type: string, size: number) {
    this.#source = source;
    this.#oid = oid;
    this.#type = type;
    this.#size = size;
  }

  async *chunks(): AsyncGenerator<Buffer> {
    const hash = createHash(algorithmOf(this.#oid)).update(`${this.#type} ${this.#size}\0`);
    let left = this.#size;
    while (left > 0) {
      const chunk = this.#source.available(left) ?? (await this.#source.next(left));
      if (chunk === null) throw corrupt(`git stopped in the middle of object ${this.#oid}`);
      left -= chunk.length;
      hash.update(chunk);
      yield chunk;
    }
    this.finished = true;
    if (hash.digest('hex') !== this.#oid)
      throw corrupt(`object ${this.#oid} holds other bytes than its id says`);
  }
}

/** Bytes of a stream, taken by line or by count. */
class ByteSource {
  #held: Buffer = Buffer.alloc(0);
  readonly #chunks: AsyncIterator<Buffer>;

  constructor(stream: AsyncIterable<Buffer>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  available(most: number): Buffer | null {
    if (this.#held.length === 0) return null;
    const taken = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(taken.length);
    return taken;
  }

  async next(most: number): Promise<Buffer | null> {
    return (await this.#fill()) ? this.available(most) : null;
  }

  async line(): Promise<string> {
    for (;;) {
      const end = this.#held.indexOf(10);
      if (end !== -1) {
        const line = this.#held.subarray(0, end).toString('utf8');
        this.#held = this.#held.subarray(end + 1);
        return line;
      }
      if (!(await this.#fill())) return '';
    }
  }

  async #fill(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done === true) return false;
    this.#held = this.#held.length === 0 ? value : Buffer.concat([this.#held, value]);
    return true;
  }
}

async function stop(git: GitProcess, ended: Promise<number | null>): Promise<void> {
  git.stdout.destroy();
  git.kill('SIGKILL');
  await ended.catch(() => null);
}

function corrupt(what: string): DeployError {
  return new DeployError(
    'mirror_corrupt',
    `The mirror of the repository is damaged (${what}). It is fetched afresh the next time: deploy again.`,
  );
}
