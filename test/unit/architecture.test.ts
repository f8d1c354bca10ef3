import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  badNames,
  brokenArrows,
  brokenLedgerArrows,
  cycles,
  IMPURE_LEDGER,
  impureLeanings,
  impurities,
  pureFiles,
} from '../support/architecture/rules.ts';
import { codeOf, importsOf } from '../support/architecture/source-text.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const sources = new Map(
  readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [
      `src/${name.split(path.sep).join('/')}`,
      readFileSync(path.join(ROOT, 'src', name), 'utf8'),
    ]),
);

describe('the house', () => {
  test('has its rooms', () => {
    expect(sources.size).toBeGreaterThan(100);
  });

  test('imports go only where the table lets them', () => {
    expect(brokenArrows(sources)).toEqual([]);
  });

  test('the ledger’s folders lean only on those that come before them', () => {
    expect(brokenLedgerArrows(sources)).toEqual([]);
  });

  test('no file needs itself', () => {
    expect(cycles(sources)).toEqual([]);
  });

  test('pure files touch neither clock, chance, process, disk nor network', () => {
    const pure = pureFiles(sources);
    expect(pure.size).toBeGreaterThan(50);
    expect([...pure].flatMap((file) => impurities(file, sources.get(file) ?? ''))).toEqual([]);
    expect(impureLeanings(sources)).toEqual([]);
  });

  test('what is let off being pure is there', () => {
    expect(IMPURE_LEDGER.filter((name) => !sources.has(`src/ledger/${name}`))).toEqual([]);
  });

  test('files are named for what they hold', () => {
    expect(badNames(sources.keys())).toEqual([]);
  });

  test('a landed migration is never edited', () => {
    const directory = path.join(ROOT, 'migrations');
    const landed = JSON.parse(
      readFileSync(path.join(ROOT, 'test/fixtures/migrations.json'), 'utf8'),
    ) as unknown;
    const now = Object.fromEntries(
      readdirSync(directory)
        .sort()
        .map((name) => [
          name,
          createHash('sha256')
            .update(readFileSync(path.join(directory, name)))
            .digest('hex'),
        ]),
    );
    // A new one is added to the list by `node test/support/record-migrations.ts`, which changes no line that is there.
    expect(now).toEqual(landed);
  });
});

/** A house of made-up files, to see that each rule bites. */
const house = (files: Record<string, string>): Map<string, string> => new Map(Object.entries(files));

describe('the rules bite', () => {
  test.each([
    ['policy', 'facts', "import { a } from '../facts/b.ts';"],
    ['policy', 'facts', "import type { A } from '../facts/b.ts';"],
    ['domain', 'policy', "export { a } from '../policy/b.ts';"],
    ['facts', 'effects', "import '../effects/b.ts';"],
    ['facts', 'db', "const a = await import('../db/b.ts');"],
    ['webhooks', 'pipeline', "import {\n  a,\n  type B,\n} from '../pipeline/b.ts';"],
    ['cli', 'webhooks', "import * as a from '../webhooks/b.ts';"],
    ['effects', 'ledger', "const x = 1; import a from '../ledger/b.ts'"],
  ])('%s must not import %s: %s', (from, to, source) => {
    const broken = brokenArrows(house({ [`src/${from}/a.ts`]: source, [`src/${to}/b.ts`]: '' }));
    expect(broken).toEqual([expect.stringContaining(`${from} must not import ${to}`)]);
  });

  test.each([
    ['src/attic/a.ts', '', 'is in no room'],
    ['src/policy/a.ts', "import { a } from '../../test/support/b.ts';", 'in no room of src'],
    ['src/policy/a.ts', "import { a } from './gone.ts';", 'is not there'],
    ['src/policy/a.ts', "import { a } from '../domain/gone.js';", 'is not there'],
  ])('%s with %p', (file, source, why) => {
    expect(brokenArrows(house({ [file]: source }))).toEqual([expect.stringContaining(why)]);
  });

  test.each([
    [
      'src/ledger/format/a.ts',
      "import { b } from '../store/b.ts';",
      'ledger/format must not import ledger/store',
    ],
    ['src/ledger/verify/a.ts', "import type { B } from '../retire/b.ts';", 'must not import ledger/retire'],
    ['src/ledger/a.ts', '', 'is in no folder'],
    ['src/ledger/attic/a.ts', '', 'is in no folder'],
  ])('%s with %p in the ledger', (file, source, why) => {
    expect(brokenLedgerArrows(house({ [file]: source }))).toEqual([expect.stringContaining(why)]);
  });

  test('what only looks like an import is none', () => {
    const source = [
      "// import { a } from '../facts/b.ts';",
      "/* import { a } from '../facts/b.ts'; */",
      'const text = "import { a } from \'../facts/b.ts\';";',
      'const other = `import(${1}) from`;',
      "const pattern = /import '..\\/facts'/;",
    ].join('\n');
    expect(brokenArrows(house({ 'src/policy/a.ts': source, 'src/facts/b.ts': '' }))).toEqual([]);
  });

  test('a circle of files is found, one of types is not', () => {
    const circle = (type: string): Map<string, string> =>
      house({
        'src/policy/a.ts': "import { b } from './b.ts';",
        'src/policy/b.ts': "import { c } from './c.ts';",
        'src/policy/c.ts': `import ${type}{ a } from './a.ts';`,
      });
    expect(cycles(circle(''))).toEqual([
      'src/policy/a.ts → src/policy/b.ts → src/policy/c.ts → src/policy/a.ts',
    ]);
    expect(cycles(circle('type '))).toEqual([]);
  });

  test.each([
    'export const at = Date.now();',
    'export const at = new Date();',
    'export const at = new Date;',
    'export const at = Date();',
    'export const at = `at ${new Date()}`;',
    'export const at = DateTime.now();',
    'export const id = Math.random();',
    'export const id = crypto.randomUUID();',
    "import { randomUUID } from 'node:crypto';",
    "import * as crypto from 'node:crypto';",
    "import { readFileSync } from 'node:fs';",
    "import { Octokit } from '@octokit/rest';",
    "import { Kysely } from 'kysely';",
    "const fs = await import('node:fs');",
    "const fs = require('node:fs');",
    "export const home = process.env['HOME'];",
    'export const home = globalThis.process;',
    "export const page = await fetch('https://example.com');",
    'setTimeout(() => undefined, 1);',
    "console.log('here');",
    'export const x = 4 / 2 / Date.now();',
  ])('impure: %s', (source) => {
    expect(impurities('src/policy/a.ts', source)).not.toEqual([]);
  });

  test.each([
    "export const at = new Date('2026-01-01');",
    'export const at = new Date(now);',
    'export const about = "Date.now, process and fetch()"; // Math.random()',
    'export const facts = { process: 1 }; facts.process; this.fetch(); const prefetch = 1;',
    "import { createHash } from 'node:crypto';",
    "import type { Octokit } from '@octokit/rest';",
    "import { z } from 'zod';",
    "export const pattern = /Date.now()|'/; export const x = 1;",
    "export const nested = `a ${b ? `c ${'}'} process` : 'd'} Date.now()`;",
  ])('pure: %s', (source) => {
    expect(impurities('src/policy/a.ts', source)).toEqual([]);
  });

  test('purity spreads within the room, and stops at what is impure', () => {
    const files = house({
      'src/effects/plan-change.ts': "import { clip } from './clip.ts';",
      'src/effects/clip.ts': 'export const clip = 1;',
      'src/effects/write-check-run.ts': 'export const at = Date.now();',
      'src/ledger/tree.ts': "import { read } from './read.ts';",
      'src/ledger/read.ts': "import { Pool } from 'pg';",
    });
    expect([...pureFiles(files)].sort()).toEqual([
      'src/effects/clip.ts',
      'src/effects/plan-change.ts',
      'src/ledger/read.ts',
      'src/ledger/tree.ts',
    ]);
    expect(impurities('src/ledger/read.ts', files.get('src/ledger/read.ts') ?? '')).toEqual([
      'src/ledger/read.ts: imports pg',
    ]);
    const across = house({
      'src/policy/a.ts': "import { b } from '../facts/b.ts';",
      'src/facts/b.ts': 'export const b = Date.now();',
    });
    expect(impureLeanings(across)).toEqual([
      expect.stringContaining('src/policy/a.ts: is pure, and imports src/facts/b.ts'),
    ]);
  });

  test.each([
    'src/policy/utils.ts',
    'src/db/queue-helper.ts',
    'src/db/openQueue.ts',
    'src/Policy/a.ts',
    'src/github-service/a.ts',
  ])('%s is no name', (file) => {
    expect(badNames([file])).toEqual([file]);
  });
});

describe('reading a source', () => {
  test('keeps every character in its place', () => {
    for (const source of sources.values()) {
      const code = codeOf(source);
      expect(code).toHaveLength(source.length);
      expect(code.split('\n')).toHaveLength(source.split('\n').length);
    }
  });

  test('finds as many imports as there are lines that begin with one', () => {
    const others = /\bimport\s*\(|^export\s+[\w$*\s{},]*?\s*from\s*['"]/gm;
    for (const [file, source] of sources) {
      const code = codeOf(source);
      const lines = code.split('\n').filter((line) => /^import\b(?!\s*\()/.test(line)).length;
      const found = importsOf(source).length - (code.match(others)?.length ?? 0);
      expect(`${file} ${found}`).toBe(`${file} ${lines}`);
    }
  });
});
