/** Writes a log as an export has it, without any database: for what needs more entries than recording them is worth. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { entryBytes, entryContent } from '../../../src/ledger/format/entry.ts';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { bundleOf } from '../../../src/ledger/export/export.ts';
import { GrowingTree } from '../../../src/ledger/format/growing-tree.ts';
import { leafHash } from '../../../src/ledger/format/hash.ts';
import { actorReference, loginReference, sealDocument } from '../../../src/ledger/format/seal.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { TILE_WIDTH, tilePath, tilesOf } from '../../../src/ledger/format/tiles.ts';
import { makeEntry } from './ledger-fixture.ts';

const NOW = '2026-03-01T12:00:00.000Z';

/** Every tenth entry has a document. `signed`: the sizes of its checkpoints, rising; the last is that of the log. */
export function writeLog(directory: string, signer: LedgerSigner, signed: readonly number[]): void {
  const put = (path: string, content: string | Uint8Array): void => {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  const size = signed.at(-1) ?? 0;
  const secret = randomBytes(32);
  const actor = actorReference(secret, 7).toString('base64url');
  const login = loginReference(secret, 'alice').toString('base64url');
  const tree = new GrowingTree();
  const checkpoints: string[] = [];
  let bundle: Uint8Array[] = [];
  let note = '';
  for (let number = 0; number < size; number += 1) {
    const entry = makeEntry(number, number % 10 === 3 ? {} : { documents: [] });
    const sealed = entry.documents.map(({ body }) => sealDocument(body, randomBytes));
    for (const { commitment, salt, body } of sealed) {
      put(`documents/${commitment.toString('hex')}`, body);
      put(`documents/${commitment.toString('hex')}.salt`, salt);
    }
    const content = entryContent(entry, {
      id: newEntryId(NOW, randomBytes),
      recordedAt: NOW,
      people: [{ actor, login }],
      commitments: sealed.map(({ commitment }) => commitment),
    });
    const bytes = entryBytes(content);
    tree.append(leafHash(bytes));
    bundle.push(bytes);
    if (bundle.length === TILE_WIDTH || number === size - 1) {
      put(tilePath('entries', Math.floor(number / TILE_WIDTH), bundle.length), bundleOf(bundle));
      bundle = [];
    }
    if (signed.includes(tree.size)) {
      note = signer.sign({ size: tree.size, root: tree.root() });
      checkpoints.push(`${JSON.stringify({ size: tree.size, signedAt: NOW, note })}\n`);
    }
  }
  for (const { level, index, hashes } of tree.takeFinished()) put(tilePath(level, index, TILE_WIDTH), hashes);
  for (const { level, index, width } of tilesOf(size))
    if (width < TILE_WIDTH) put(tilePath(level, index, width), Buffer.concat(tree.edge(level)));
  put('checkpoint', note);
  put('vkey', `${signer.vkey}\n`);
  put('checkpoints.jsonl', checkpoints.join(''));
  const subject = { ref: actor, githubId: 7, secret: secret.toString('base64url'), logins: ['alice'] };
  put('subjects.jsonl', `${JSON.stringify(subject)}\n`);
}
