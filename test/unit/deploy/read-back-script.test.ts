import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parseReadBack } from '../../../src/deploy/read-back.ts';
import { receiveScript } from '../../../src/deploy/stage-scripts.ts';

const FILES = 250;
const run = { nonce: 'n0nce', release: 'r1', attempt: 'a1' };
let host: string;
let staged: string;

beforeEach(() => {
  host = mkdtempSync(path.join(tmpdir(), 'countersign-read-back-'));
  staged = path.join(host, 'releases', '.r1.a1.part');
  mkdirSync(path.join(host, '.countersign'));
  symlinkSync('r1/a1', path.join(host, '.countersign', 'lock'));
  mkdirSync(path.join(staged, 'a b', 'c'), { recursive: true });
  chmodSync(path.join(staged, 'a b'), 0o700);
  for (let index = 0; index < FILES; index += 1) writeFileSync(path.join(staged, `f${index}`), `${index}`);
  writeFileSync(path.join(staged, 'a b', 'back\\slash'), 'abc');
  writeFileSync(path.join(staged, "-it's"), '');
  symlinkSync('a b/nowhere', path.join(staged, 'link'));
});
afterEach(() => rmSync(host, { recursive: true }));

const OPENSSL: Readonly<Record<string, string | null>> = {
  'as it is here': null,
  'that isn’t there': 'exit 127',
  'that breaks off': 'echo half of it; exit 1',
  'that answers in another form': 'shift 3; for file; do echo "SHA2-256($file)= abc"; done',
  'that says nothing': 'exit 0',
};

test.each(Object.entries(OPENSSL))('all that is staged is read back, with an openssl %s', (_, does) => {
  const programs = path.join(host, 'bin');
  mkdirSync(programs);
  if (does !== null) writeFileSync(path.join(programs, 'openssl'), `#!/bin/sh\n${does}\n`, { mode: 0o755 });
  const script = receiveScript({ ...run, path: host }, false, FILES);
  const ended = spawnSync('sh', ['-c', script], {
    cwd: host,
    env: { PATH: `${programs}:${process.env['PATH'] ?? ''}` },
  });
  expect([ended.status, ended.stderr.toString()]).toEqual([0, '']);
  const found = parseReadBack(ended.stdout.toString(), run.nonce);
  const names = [...Array.from({ length: FILES }, (__, index) => `f${index}`), 'a b/back\\slash', "-it's"];
  expect([...found.files.keys()].toSorted()).toEqual(names.toSorted());
  for (const [name, file] of found.files) {
    const bytes = readFileSync(path.join(staged, name));
    expect([name, file.sha256, file.size]).toEqual([
      name,
      createHash('sha256').update(bytes).digest('hex'),
      bytes.length,
    ]);
  }
  expect([...found.links]).toEqual([['link', 'a b/nowhere']]);
  expect(Object.fromEntries(found.folders)).toEqual({ 'a b': '755', 'a b/c': '755' });
  // Nothing of how it was found stays.
  expect(readdirSync(path.join(host, 'releases'))).toEqual(['.r1.a1.part']);
});
