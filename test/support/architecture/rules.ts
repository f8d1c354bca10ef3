/**
 * The house's rules: which room may import which, and what a pure file may not touch. They are about text, so that a
 * test can hold them against a made-up source that breaks each one.
 */
import * as path from 'node:path/posix';
import { importsOf, runningCodeOf } from './source-text.ts';

/** Sources by path: `src/policy/evaluate-change.ts`. */
export type Sources = ReadonlyMap<string, string>;

const ROOMS = [
  'main',
  'app',
  'config',
  'domain',
  'webhooks',
  'facts',
  'policy',
  'effects',
  'deploy',
  'ledger',
  'witness',
  'evidence',
  'db',
  'pipeline',
  'cli',
  'web',
] as const;
export type Room = (typeof ROOMS)[number];

const all = (...except: readonly Room[]): Room[] => ROOMS.filter((room) => !except.includes(room));

/** Which other rooms each may import. */
export const MAY_IMPORT: Readonly<Record<Room, readonly Room[]>> = {
  main: ['cli'],
  app: all('main'),
  config: ['domain'],
  domain: [],
  webhooks: ['domain', 'db'],
  facts: ['domain'],
  policy: ['domain'],
  effects: ['domain', 'deploy'],
  deploy: ['domain'],
  ledger: ['domain', 'db'],
  witness: ['domain', 'db', 'ledger', 'deploy'],
  evidence: ['domain', 'ledger', 'policy', 'db'],
  db: ['domain'],
  pipeline: all('main', 'app', 'cli', 'web'),
  cli: all('main', 'webhooks'),
  web: all('main', 'webhooks'),
};

/** The ledger's folders, and which others each may import. What stands first knows nothing of what comes after. */
export const LEDGER_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  // Pure: what is written, to the byte.
  format: [],
  // What reads and appends rows.
  store: ['format'],
  // A log to be verified, wherever it lies.
  source: ['format', 'store'],
  erase: ['format', 'store', 'source'],
  prove: ['format', 'store', 'source', 'erase'],
  verify: ['format', 'store', 'source', 'prove'],
  // What gives entries their place and signs.
  sequence: ['format', 'store', 'verify'],
  export: ['format', 'store', 'source'],
  retire: ['format', 'store', 'source', 'prove', 'verify', 'sequence', 'export'],
};

/** Imports between the ledger's folders against that table, and files that are in none of them. */
export function brokenLedgerArrows(sources: Sources): string[] {
  const broken: string[] = [];
  for (const [file, source] of sources) {
    const [, room, folder] = file.split('/');
    if (room !== 'ledger') continue;
    const allowed = folder === undefined ? undefined : LEDGER_MAY_IMPORT[folder];
    if (folder === undefined || allowed === undefined) {
      broken.push(`${file}: is in no folder of the ledger`);
      continue;
    }
    for (const { specifier } of importsOf(source)) {
      if (!specifier.startsWith('.')) continue;
      const [, otherRoom, other = ''] = path.join(path.dirname(file), specifier).split('/');
      if (otherRoom === 'ledger' && other !== folder && !allowed.includes(other))
        broken.push(`${file}: ledger/${folder} must not import ledger/${other} (${specifier})`);
    }
  }
  return broken;
}

/** The room of a file: a folder of `src`, or one of the files beside them. Null: there is no such room. */
export function roomOf(file: string): Room | null {
  const name = file.split('/')[1]?.replace(/\.ts$/, '');
  return ROOMS.find((room) => room === name) ?? null;
}

/** Imports that cross rooms against the table, or leave `src`. */
export function brokenArrows(sources: Sources): string[] {
  const broken: string[] = [];
  for (const [file, source] of sources) {
    const room = roomOf(file);
    if (room === null) {
      broken.push(`${file}: is in no room of the house`);
      continue;
    }
    for (const { specifier } of importsOf(source)) {
      if (!specifier.startsWith('.')) continue;
      const target = path.join(path.dirname(file), specifier);
      const other = target.startsWith('src/') ? roomOf(target) : null;
      if (other === null) broken.push(`${file}: imports ${specifier}, which is in no room of src`);
      else if (!sources.has(target)) broken.push(`${file}: imports ${specifier}, which is not there`);
      else if (other !== room && !MAY_IMPORT[room].includes(other))
        broken.push(`${file}: ${room} must not import ${other} (${specifier})`);
    }
  }
  return broken;
}

/** Files that need one another to be loaded first. Types don't count: they are gone by then. */
export function cycles(sources: Sources): string[] {
  const graph = new Map([...sources].map(([file, source]) => [file, valueImports(file, source)]));
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, way: readonly string[]): void => {
    const index = way.indexOf(file);
    if (index !== -1) found.push([...way.slice(index), file].join(' → '));
    if (index !== -1 || done.has(file)) return;
    for (const next of graph.get(file) ?? []) walk(next, [...way, file]);
    done.add(file);
  };
  for (const file of graph.keys()) walk(file, []);
  return found;
}

function valueImports(file: string, source: string): string[] {
  return importsOf(source)
    .filter(({ specifier, typeOnly }) => specifier.startsWith('.') && !typeOnly)
    .map(({ specifier }) => path.join(path.dirname(file), specifier));
}

/** Where a pure room's purity begins; what these import from their own room is then pure as well. */
const PURE_ROOTS = [
  /^src\/domain\//,
  /^src\/policy\//,
  /^src\/effects\/(?:plan|render)/,
  /^src\/deploy\/plan/,
];

/** The files of the ledger that may touch the database, the disk or chance. Whatever isn't named here is pure. */
export const IMPURE_LEDGER: readonly string[] = [
  'source/bare-copy.ts',
  'source/bundle-thread.ts',
  'source/bundle-threads.ts',
  'verify/compared-log.ts',
  'retire/archive.ts',
  'source/archived-source.ts',
  'source/archives-by-log.ts',
  'prove/consistency-proof.ts',
  'source/database-source.ts',
  'source/directory-source.ts',
  'retire/drop-year.ts',
  'prove/entry-proof.ts',
  'prove/entry-prover.ts',
  'erase/erase.ts',
  'export/export.ts',
  'export/export-erased.ts',
  'source/exported-people.ts',
  'erase/find-person.ts',
  'store/first-missing.ts',
  'store/founded-vkeys.ts',
  'verify/hidden-entries.ts',
  'store/hold-entries.ts',
  'sequence/integrate.ts',
  'source/judge-bundle.ts',
  'verify/late-entries.ts',
  'store/lock-entries.ts',
  'sequence/lock-holder.ts',
  'sequence/log.ts',
  'verify/open-directory.ts',
  'sequence/open-newest.ts',
  'source/plain-file.ts',
  'source/retired-files.ts',
  'erase/plan-erasure.ts',
  'store/policies-in-force.ts',
  'store/query.ts',
  'store/read-retirement.ts',
  'store/read-vkeys.ts',
  'store/read.ts',
  'prove/read-around.ts',
  'erase/read-erasures.ts',
  'store/record.ts',
  'retire/retire-year.ts',
  'retire/retirement-plan.ts',
  'sequence/rotate-key.ts',
  'verify/safety.ts',
  'sequence/sequencer.ts',
  'sequence/sequencer-trouble.ts',
  'sequence/signer.ts',
  'retire/state-retirement.ts',
  'store/stored-tree.ts',
  'store/subjects.ts',
  'source/unreferenced-files.ts',
  'sequence/unsigned-entries.ts',
  'verify/database-check-runs.ts',
  'verify/directory-check-runs.ts',
  'verify/verify-check-run.ts',
  'verify/verify-database.ts',
  'verify/verify-directory.ts',
  'verify/verify-erasures.ts',
  'verify/verify-tables.ts',
  'verify/verify-witness-rows.ts',
  'store/writable.ts',
];

/** Every file that must be pure. */
export function pureFiles(sources: Sources): Set<string> {
  const pure = new Set(
    [...sources.keys()].filter(
      (file) =>
        PURE_ROOTS.some((root) => root.test(file)) ||
        (file.startsWith('src/ledger/') && !IMPURE_LEDGER.includes(file.slice('src/ledger/'.length))),
    ),
  );
  for (const file of pure) {
    for (const target of valueImports(file, sources.get(file) ?? '')) {
      if (sources.has(target) && roomOf(target) === roomOf(file)) pure.add(target);
    }
  }
  return pure;
}

/** What takes time, chance, the process or the network from nowhere. */
const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/\bDate\s*\.\s*now\b/, 'Date.now'],
  [/\bnew\s+Date\s*(?:\(\s*\)|(?!\s*\())/, 'new Date() without a time'],
  [/(?<!\bnew\s+)(?<![.\w$])Date\s*\(/, 'Date()'],
  [/\bTemporal\s*\.\s*Now\b/, 'Temporal.Now'],
  [/\bDateTime\s*\.\s*(?:now|local\s*\(\s*\)|utc\s*\(\s*\))/, "luxon's own clock"],
  [/\bMath\s*\.\s*random\b/, 'Math.random'],
  ...['process', 'globalThis', 'performance', 'crypto', 'console', 'fetch', 'WebSocket', 'require'].map(
    (name): [RegExp, string] => [new RegExp(`(?<![.\\w$])${name}\\b(?!\\s*:)`), name],
  ),
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'].map((name): [RegExp, string] => [
    new RegExp(`(?<![.\\w$])${name}\\b`),
    name,
  ]),
];

/** Packages that pure files may use: they compute and do nothing else. */
const PURE_PACKAGES: Readonly<Partial<Record<Room, readonly string[]>>> = {
  policy: ['zod', 'yaml', 'picomatch', 'temporal-polyfill'],
  ledger: ['zod'],
};

/** Of `node:crypto`, what answers the same for the same input. */
const PURE_CRYPTO = [
  'createHash',
  'hash',
  'createHmac',
  'timingSafeEqual',
  'createPublicKey',
  'createPrivateKey',
  'sign',
  'verify',
  'KeyObject',
];

/** What is impure in a file that must be pure. */
export function impurities(file: string, source: string): string[] {
  const room = roomOf(file);
  const found: string[] = [];
  const code = runningCodeOf(source);
  for (const [pattern, name] of FORBIDDEN) if (pattern.test(code)) found.push(`${file}: uses ${name}`);
  for (const { specifier, typeOnly, names } of importsOf(source)) {
    if (typeOnly || specifier.startsWith('.')) continue;
    const impureNames = names.filter((name) => !PURE_CRYPTO.includes(name));
    if (specifier === 'node:crypto' && names.length > 0 && impureNames.length === 0) continue;
    if (room !== null && PURE_PACKAGES[room]?.includes(specifier) === true) continue;
    found.push(
      `${file}: imports ${specifier}${specifier === 'node:crypto' ? ` (${impureNames.join(', ')})` : ''}`,
    );
  }
  return found;
}

/** Pure files may not lean on impure ones of any room, save for their types. */
export function impureLeanings(sources: Sources): string[] {
  const pure = pureFiles(sources);
  return [...pure].flatMap((file) =>
    valueImports(file, sources.get(file) ?? '')
      .filter((target) => sources.has(target) && !pure.has(target))
      .map((target) => `${file}: is pure, and imports ${target}, which isn't`),
  );
}

const NO_NAMES = /(?:^|-)(?:utils?|helpers?|managers?|services?|misc|common)(?:-|\.|$)/;

/** Names that say nothing, or aren't in kebab-case. */
export function badNames(files: Iterable<string>): string[] {
  return [...files].filter((file) => {
    const parts = file.split('/');
    return parts.some(
      (part) => !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?(?:\.ts)?$/.test(part) || NO_NAMES.test(part),
    );
  });
}
