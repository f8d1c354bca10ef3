import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openDatabase } from '../../../src/db/open-database.ts';
import type { CodedError } from '../../../src/domain/coded-error.ts';
import { consistencyProof } from '../../../src/ledger/prove/consistency-proof.ts';
import { cosignedAt, parseCosignerKey } from '../../../src/ledger/format/cosignature.ts';
import { queryOf } from '../../../src/ledger/store/query.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { verifyDatabase } from '../../../src/ledger/verify/verify-database.ts';
import { assertNotContradicted } from '../../../src/witness/assert-not-contradicted.ts';
import { C2spWitness } from '../../../src/witness/c2sp-witness.ts';
import { offerCheckpoint, standingOf } from '../../../src/witness/offer-checkpoint.ts';
import type { Witness } from '../../../src/witness/witness.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import type { GoWitness } from '../../support/witness/go-witness.ts';
import { buildGoWitness } from '../../support/witness/go-witness.ts';
import { copyDatabase, integrateAll, makeSigner, recordSome, tamper } from '../ledger/ledger-fixture.ts';

const program = await buildGoWitness();
const describeWithGo = program === null ? describe.skip : describe;

let database: TestDatabase;
let signer: LedgerSigner;
beforeEach(async () => {
  database = await createTestDatabase();
  signer = makeSigner();
});
afterEach(() => database.drop());

const grow = async (count: number, at = database): Promise<void> => {
  await recordSome(at.db, count, 0, () => false);
  await integrateAll(at.writerUrl, signer);
};
const offer = async (witness: Witness, at = database, hint?: number): Promise<void> => {
  const standing = await standingOf(queryOf(at.db), witness.name, signer.origin);
  if (standing === null) throw new Error('nothing is signed yet');
  const witnessed = hint ?? standing.witnessed;
  await offerCheckpoint(queryOf(at.db), witness, { ...standing, witnessed }, signer);
};
const rows = (at = database): Promise<Record<string, unknown>[]> =>
  query(at.readerUrl, 'SELECT size::int, witness, evidence FROM ledger.witness ORDER BY size');
const failure = async (work: Promise<unknown>): Promise<CodedError> =>
  await work.then(
    () => Promise.reject(new Error('it succeeded')),
    (error: CodedError) => error,
  );

describeWithGo('a C2SP witness that checks by Go’s tlog', () => {
  let go: GoWitness;
  let witness: C2spWitness;
  beforeEach(async () => {
    if (program === null) throw new Error('there is no Go');
    go = await program.start('witness.example.com/w1', [signer.vkey]);
    witness = new C2spWitness({ kind: 'c2sp', url: go.url, vkey: go.vkey, everySeconds: 1 });
  });
  afterEach(() => go.stop());
  afterAll(() => program?.remove());

  test('cosigns what grew, and its cosignature is kept and verified', async () => {
    await grow(3);
    await offer(witness);
    await grow(297);
    await offer(witness);
    await grow(1);
    await offer(witness);
    const noted = await rows();
    expect(noted.map(({ size }) => size)).toEqual([3, 300, 301]);
    const note = (
      await query(database.readerUrl, 'SELECT note FROM ledger.checkpoint WHERE size = 301')
    )[0]?.['note'];
    const time = cosignedAt(String(note), String(noted[2]?.['evidence']), parseCosignerKey(go.vkey));
    expect(Math.abs((time ?? 0) - Date.now() / 1000)).toBeLessThan(60);
    expect((await verifyDatabase(database.db)).findings).toEqual([]);
    const held = await witness.newest(signer.origin);
    expect(held).toMatchObject({ witness: go.vkey, since: expect.stringMatching(/^\d{4}-.*Z$/) });

    await tamper(
      database.ownerUrl,
      ['witness'],
      'UPDATE ledger.witness SET evidence = (SELECT evidence FROM ledger.witness WHERE size = 3) WHERE size = 300',
    );
    expect((await verifyDatabase(database.db)).findings).toEqual([
      {
        code: 'witness_altered',
        index: null,
        sentence:
          'The cosignature of checkpoint 300 that is noted for witness witness.example.com/w1 is not its.',
      },
    ]);
  });

  test('409: where our row was lost, it says which size it has, and is offered it again from there', async () => {
    await grow(3);
    await offer(witness);
    await grow(4);
    await offer(witness, database, 0);
    await offer(witness, database, 5);
    expect((await rows()).map(({ size }) => size)).toEqual([3, 7]);
    // Again the size that it has, which is no more than a new time.
    await offer(witness, database, 7);
  });

  test('409 at the size that it has: another root, a fork', async () => {
    if (program === null) return;
    await grow(3);
    const forged = signer.sign({ size: 3, root: Buffer.alloc(32, 7) });
    expect(
      (await fetch(`${go.url}/add-checkpoint`, { method: 'POST', body: `old 0\n\n${forged}` })).status,
    ).toBe(200);
    witness.newest = () => Promise.resolve('unknown');
    expect(await failure(offer(witness))).toMatchObject({ code: 'ledger_forked' });
  });

  test('409 with more than is here: rolled back', async () => {
    await grow(10);
    await database.db.destroy();
    const backup = await copyDatabase(database);
    const again = openDatabase(database.writerUrl);
    await grow(5, { ...database, db: again });
    await offer(witness, { ...database, db: again });
    await again.destroy();
    try {
      const error = await failure(
        assertNotContradicted(queryOf(backup.db), [witness], signer, {
          info: () => undefined,
          error: () => undefined,
        }),
      );
      expect(error).toMatchObject({
        code: 'ledger_rolled_back',
        message: expect.stringMatching(
          /^The ledger was rolled back: witness witness\.example\.com\/w1 has checkpoint 15 \(held since .*\) of .*, and this database ends at 10: entries 10 to 14 are lost here\./,
        ),
      });
      // Without its monitoring address, by what it answers alone.
      witness.newest = () => Promise.resolve('unknown');
      const told = await failure(
        assertNotContradicted(queryOf(backup.db), [witness], signer, {
          info: () => undefined,
          error: () => undefined,
        }),
      );
      expect(told).toMatchObject({
        code: 'ledger_rolled_back',
        message: expect.stringMatching(
          /^The ledger was rolled back: witness witness\.example\.com\/w1 says it has checkpoint 15 of .* ends at 10: entries 10 to 14 are lost here\./,
        ),
      });
    } finally {
      await backup.drop();
    }
  });

  test('422: a backup that went on is a fork', async () => {
    await grow(10);
    await database.db.destroy();
    const backup = await copyDatabase(database);
    const again = openDatabase(database.writerUrl);
    await grow(5, { ...database, db: again });
    await offer(witness, { ...database, db: again });
    await again.destroy();
    try {
      await grow(9, backup);
      expect(await failure(offer(witness, backup))).toMatchObject({
        code: 'ledger_forked',
        message: expect.stringContaining('the first 15 entries in this database are others'),
      });
      witness.newest = () => Promise.resolve('unknown');
      expect(await failure(offer(witness, backup))).toMatchObject({
        code: 'ledger_forked',
        message: expect.stringContaining('checkpoint 19 does not continue what it cosigned'),
      });
      expect(await rows(backup)).toEqual([]);
    } finally {
      await backup.drop();
    }
  });

  test('404 and 403: says whose move it is', async () => {
    if (program === null) return;
    const other = makeSigner();
    const stranger = await program.start('witness.example.com/w2', [other.vkey]);
    try {
      await grow(1);
      const ask = async (url: string, vkey: string): Promise<CodedError> =>
        await failure(offer(new C2spWitness({ kind: 'c2sp', url, vkey, everySeconds: 1 })));
      expect(await ask(stranger.url, stranger.vkey)).toMatchObject({
        code: 'witness_refused',
        message: expect.stringContaining('does not take the signature (403)'),
      });
      const empty = await program.start('witness.example.com/w3', []);
      const unknown = await ask(empty.url, empty.vkey);
      await empty.stop();
      expect(unknown).toMatchObject({
        code: 'witness_refused',
        message: expect.stringContaining(`does not know ${signer.origin} (404)`),
      });
      // It cosigns, but by another key than the operator's file has.
      expect(await ask(go.url, stranger.vkey)).toMatchObject({
        code: 'witness_refused',
        message: expect.stringContaining('without a cosignature by the key (vkey) in the operator’s file'),
      });
      expect(await ask('http://127.0.0.1:1', go.vkey)).toMatchObject({ code: 'witness_unreachable' });
    } finally {
      await stranger.stop();
    }
  });

  test('any flipped bit of a proof is refused (422), and every proof as it is accepted', async () => {
    if (program === null) return;
    await grow(270);
    const ask = queryOf(database.db);
    const [head] = await query(
      database.readerUrl,
      'SELECT note FROM ledger.checkpoint ORDER BY size DESC LIMIT 1',
    );
    const leaves = await query(database.readerUrl, 'SELECT leaf_hash FROM ledger.integration ORDER BY index');
    const { GrowingTree } = await import('../../../src/ledger/format/growing-tree.ts');
    const rootOf = (size: number): Uint8Array => {
      const tree = new GrowingTree();
      for (const { leaf_hash } of leaves.slice(0, size)) tree.append(leaf_hash as Buffer);
      return tree.root();
    };
    const post = async (
      url: string,
      old: number,
      proof: readonly Uint8Array[],
      note: string,
    ): Promise<number> => {
      const lines = proof.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('');
      return (await fetch(`${url}/add-checkpoint`, { method: 'POST', body: `old ${old}\n${lines}\n${note}` }))
        .status;
    };
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 269 }), fc.nat(), fc.nat(), async (earlier, which, bit) => {
        const fresh = await program.start('witness.example.com/w9', [signer.vkey]);
        try {
          const proof = await consistencyProof(ask, 1, earlier, 270);
          expect(await post(fresh.url, 0, [], signer.sign({ size: earlier, root: rootOf(earlier) }))).toBe(
            200,
          );
          const flipped = proof.map((hash) => Buffer.from(hash));
          const hash = flipped[which % flipped.length] ?? Buffer.alloc(0);
          const at = bit % 256;
          hash[at >> 3] = (hash[at >> 3] ?? 0) ^ (1 << (at & 7));
          expect(await post(fresh.url, earlier, flipped, String(head?.['note']))).toBe(422);
          expect(await post(fresh.url, earlier, proof, String(head?.['note']))).toBe(200);
        } finally {
          await fresh.stop();
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('a witness that misbehaves', () => {
  const KEY = 'witness.example.com/w1+2d1e6b6e+BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  const server = createServer((request, response) => answer(request, response));
  let url = '';
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  const open = async (): Promise<C2spWitness> => {
    const { createHash, generateKeyPairSync } = await import('node:crypto');
    const raw = generateKeyPairSync('ed25519')
      .publicKey.export({ format: 'der', type: 'spki' })
      .subarray(-32);
    const key = Buffer.concat([Buffer.of(4), raw]);
    const name = 'witness.example.com/w1';
    const id = createHash('sha256').update(`${name}\n`).update(key).digest('hex').slice(0, 8);
    return new C2spWitness({
      kind: 'c2sp',
      url,
      vkey: `${name}+${id}+${key.toString('base64')}`,
      everySeconds: 1,
    });
  };

  test.each<[string, (response: ServerResponse) => unknown, object]>([
    [
      'redirects',
      (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      { code: 'witness_unreachable' },
    ],
    [
      'answers endlessly',
      (response) => response.writeHead(200).end('x'.repeat(70_000)),
      { code: 'witness_refused', message: expect.stringContaining('more than 65536 bytes') },
    ],
    [
      'says 200 and nothing',
      (response) => response.writeHead(200).end(''),
      { code: 'witness_refused', message: expect.stringContaining('without a cosignature') },
    ],
    [
      'says 500',
      (response) => response.writeHead(500).end('oops\u0000\nagain'),
      { code: 'witness_unreachable', message: expect.stringContaining('answered 500; it said: oops again') },
    ],
    [
      'says 429',
      (response) => response.writeHead(429).end(),
      { code: 'witness_unreachable', message: expect.stringContaining('raise `every`') },
    ],
    ['says 409 without a size', (response) => response.writeHead(409).end('no'), { code: 'witness_refused' }],
    [
      'says 409 with the size that it was told',
      (response) => response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end('0\n'),
      { code: 'witness_refused' },
    ],
  ])('%s', async (_, say, expected) => {
    await grow(2);
    answer = (request, response) => {
      request.resume();
      if (request.method === 'GET') response.writeHead(404).end();
      else say(response);
    };
    expect(await failure(offer(await open()))).toMatchObject(expected);
  });

  test('a page in place of its checkpoint is no checkpoint that it holds', async () => {
    await grow(2);
    answer = (request, response) => {
      request.resume();
      response.writeHead(request.method === 'GET' ? 200 : 503).end('<p>Sign in first.</p>');
    };
    const witness = await open();
    expect(await witness.newest(signer.origin)).toBe('unknown');
    expect(await failure(offer(witness))).toMatchObject({ code: 'witness_unreachable' });
  });

  test('a row that says it has more than was ever signed keeps no checkpoint from it', async () => {
    await grow(2);
    const name = (await open()).name;
    await query(
      database.writerUrl,
      "INSERT INTO ledger.witness (log_id, witness, size, evidence) VALUES (1, $1, 1000000, 'none')",
      [name],
    );
    expect(await standingOf(queryOf(database.db), name, signer.origin)).toMatchObject({
      size: 2,
      witnessed: -1,
    });
  });

  test('a key that is none is refused', () => {
    expect(() => new C2spWitness({ kind: 'c2sp', url, vkey: KEY, everySeconds: 1 })).toThrow(
      "no witness's cosignature key",
    );
  });
});
