/** Verifies an exported log: no database, no network, nobody's word but the key's. */
import { join } from 'node:path';
import { CodedError } from '../../domain/coded-error.ts';
import { ArchivedSource } from '../source/archived-source.ts';
import { archivesByLog } from '../source/archives-by-log.ts';
import { BundleThreads } from '../source/bundle-threads.ts';
import { compareSource } from './compare-source.ts';
import type { KnownLog } from './other-logs.ts';
import { judgeOtherLogs } from './other-logs.ts';
import { withGone } from '../source/counts.ts';
import { openDirectory, readStatedKeys } from './open-directory.ts';
import { DirectorySource } from '../source/directory-source.ts';
import { readPlainFile } from '../source/plain-file.ts';
import type { Erasures } from '../source/erasures.ts';
import type { VerifyReport } from '../source/finding.ts';
import { Findings } from '../source/finding.ts';
import type { JudgedLog } from './given-keys.ts';
import { assertNewestGiven, keysByLog } from './given-keys.ts';
import { endOf, factOf, readDeclaration } from './incarnation.ts';
import { parseVerifierKey } from '../format/note.ts';
import { PREDECESSOR } from '../source/predecessor.ts';
import { assertRotated, assertSigned, readableKeys } from './stated-keys.ts';
import { TILE_WIDTH } from '../format/tiles.ts';
import type { VerifyOptions } from './verify-database.ts';
import { hasBeside, verifyErasures } from './verify-erasures.ts';
import type { VerifiedTree } from './verified-tree.ts';
import { verifyLog } from './verify-log.ts';

interface DirectoryOptions extends VerifyOptions {
  /** How many threads read ahead; as many as are worth it, if not said. */
  readonly threads?: number;
}

/** Throws `export_unreadable` where there is no export, or no key to judge it by. */
export async function verifyDirectory(
  directory: string,
  options: DirectoryOptions = {},
): Promise<VerifyReport> {
  const findings = new Findings();
  // Oldest first, as the database has them.
  const logs = (await statedLogs(directory)).toReversed();
  const given = keysByLog(options.vkey, logs);
  const archives = await archivesByLog(
    options.archives ?? [],
    logs.map(({ origin }) => origin),
  );
  const { report, known } = await verifyOne(directory, null, findings, {
    ...options,
    given,
    archivesOf: archives,
  });
  const newest = {
    origin: report.origin,
    keys: given.at(-1) ?? [],
    stated: report.vkeys.at(-1) ?? 'nobody',
  };
  assertNewestGiven(options.vkey, newest, logs.at(-2)?.origin ?? null, findings);
  const otherLogs = await judgeOtherLogs(
    { known, given: options.vkey, place: 'this export' },
    options.elsewhere ?? [],
    findings,
  );
  return { ...report, otherLogs, findings: findings.gravestFirst(), found: findings.found };
}

const NONE = { count: 0, some: [] };

interface OneOptions extends DirectoryOptions {
  /** The reader's keys of each log, oldest first; of this one, the last. */
  readonly given: readonly (readonly string[])[];
  /** The archives of each log, in the same order. */
  readonly archivesOf: readonly (readonly string[] | null)[];
}

/** The log after, and its first entry. */
interface Next {
  readonly origin: string;
  readonly size: number;
  readonly first: Uint8Array | null;
  /** What it says of erasures: it may be of what stood beside the log before. */
  readonly erasures: readonly Erasures[];
  /** Whether anything stands beside it: then so it must beside the log before. */
  readonly beside: boolean;
}

interface Verified {
  readonly report: Omit<VerifyReport, 'findings' | 'found' | 'otherLogs'>;
  /** This log and those before it. */
  readonly known: readonly KnownLog[];
  /** What its successor says of its end; null where it says nothing that is so. */
  readonly end: string | null;
  readonly ended: number | null;
}

interface Before extends Pick<VerifyReport, 'predecessors' | 'beginningUnknown' | 'unreferenced'> {
  readonly known: readonly KnownLog[];
}

async function verifyOne(
  directory: string,
  next: Next | null,
  findings: Findings,
  options: OneOptions,
): Promise<Verified> {
  const note = (await readPlainFile(join(directory, 'checkpoint')))?.toString();
  if (note === undefined)
    throw new CodedError(
      'export_unreadable',
      `${directory} holds no exported log: there is no file named checkpoint in it.`,
    );
  const given = options.given.at(-1) ?? [];
  const { vkey, newest, stated, vouched, checkpoint } = await openDirectory(
    directory,
    note,
    { given, archives: options.archivesOf.at(-1) ?? [] },
    findings,
  );
  const { name } = parseVerifierKey(vkey);
  // Without a checkpoint there is no saying how many entries there should be.
  if (checkpoint === null) return nothing(name, newest);
  const { size } = checkpoint;
  const bundles = new BundleThreads(directory, Math.floor(size / TILE_WIDTH), options.threads);
  const newestSigned = { size, root: checkpoint.root, note, signedAt: null };
  const source = new DirectorySource(directory, vkey, newestSigned, { bundles, vouched });
  const { whole, tree } = await read(source, bundles, findings, options);
  if (tree.root !== null && vouched === null && stated.length > 0) {
    assertRotated(stated, tree, vkey, findings);
    assertSigned(stated, given, tree, findings);
  }
  const erasures = [...whole.erasures, ...(next?.erasures ?? [])];
  const beside = next?.beside === true || (await hasBeside(directory));
  for (const part of [source, ...whole.archives]) await verifyErasures(part, erasures, beside, findings);
  // Where the walk broke off, not every entry was met that may refer to something.
  const extra = tree.root === null ? NONE : await source.judgeUnreferenced(findings);
  const keys = [...new Set([...stated, ...tree.vkeys])].map(parseVerifierKey);
  const root = checkpoint.root.toString('base64');
  const ended = {
    origin: name,
    keys,
    signers: tree.root === null ? null : tree.signers,
    size: source.size,
    root: tree.root === null ? null : root,
    whole: false,
  };
  const declared = next === null ? null : readDeclaration(next.first, next.origin, ended, findings);
  const verified = { origin: name, keys, place: 'this export', source, tree, declared };
  const earlier = await verifyBefore(
    directory,
    { origin: name, size: source.size, first: await whole.first(), erasures, beside },
    findings,
    options,
  );
  const { known, ...before } = earlier;
  const report = {
    origin: name,
    vkeys: tree.vkeys,
    size: source.size,
    root,
    newest: tree.newest === null ? null : { size: tree.newest.size, signedAt: tree.newest.signedAt },
    checkpoints: tree.checkpoints,
    documents: withGone(whole.documents.held, 'documents', whole.erasures, erasures),
    people: withGone(source.people, 'people', [source.erasures], erasures),
    retired: tree.retired,
    archived: whole.read,
    witnessed: await compareSource(verified, options.elsewhere ?? [], findings),
    ...before,
    unreferenced: {
      count: extra.count + earlier.unreferenced.count,
      some: [...extra.some, ...earlier.unreferenced.some],
    },
  };
  return {
    report,
    known: [...known, { origin: name, keys }],
    end: declared === null || next === null ? null : endOf(declared, next.origin),
    ended: declared?.fact.predecessor.size ?? null,
  };
}

async function read(
  source: DirectorySource,
  bundles: BundleThreads,
  findings: Findings,
  { progress, archivesOf }: OneOptions,
): Promise<{ readonly whole: ArchivedSource; readonly tree: VerifiedTree }> {
  try {
    await source.readPeople(findings);
    await source.readRetired();
    const whole = await ArchivedSource.open(source, archivesOf.at(-1) ?? null, findings);
    return { whole, tree: await verifyLog(whole, findings, (done) => progress?.(done, source.size)) };
  } finally {
    await bundles.close();
  }
}

/** The logs before, as far as there were any. */
async function verifyBefore(
  directory: string,
  log: Next,
  findings: Findings,
  options: OneOptions,
): Promise<Before> {
  const before = join(directory, PREDECESSOR);
  if ((await readPlainFile(join(before, 'checkpoint'))) === null) {
    const fact = factOf(log.first);
    if (fact === null)
      return {
        predecessors: [],
        beginningUnknown: log.first === null && log.size > 0,
        known: [],
        unreferenced: NONE,
      };
    findings.add(
      'incarnation_undeclared',
      0,
      `${log.origin} goes on for ${fact.predecessor.origin}, whose entries are not in this export: ${PREDECESSOR}/ is gone.`,
    );
    return { predecessors: [], beginningUnknown: false, known: [], unreferenced: NONE };
  }
  const own = new Findings();
  const earlier = {
    ...options,
    given: options.given.slice(0, -1),
    archivesOf: options.archivesOf.slice(0, -1),
  };
  const { report, known, end, ended } = await verifyOne(before, log, own, earlier);
  const { origin, size, retired, archived, beginningUnknown, unreferenced } = report;
  findings.take(own, origin);
  const last = { origin, size, end: end ?? `it is not said how ${origin} ended`, ended, retired, archived };
  return {
    predecessors: [...report.predecessors, last],
    beginningUnknown,
    known,
    unreferenced: {
      count: unreferenced.count,
      some: unreferenced.some.map((path) => `${PREDECESSOR}/${path}`),
    },
  };
}

/** This log and those before it, newest first, by the names of the keys that the export says signed them. */
async function statedLogs(directory: string): Promise<JudgedLog[]> {
  const logs: JudgedLog[] = [];
  for (let at = directory; ; at = join(at, PREDECESSOR)) {
    if (logs.length > 0 && (await readPlainFile(join(at, 'checkpoint'))) === null) return logs;
    const [first] = readableKeys(await readStatedKeys(at), null);
    logs.push({ origin: first?.split('+', 1)[0] ?? null });
  }
}

function nothing(origin: string, vkey: string): Verified {
  const report = {
    origin,
    vkeys: [vkey],
    size: 0,
    root: null,
    newest: null,
    checkpoints: 0,
    documents: withGone(0, 'documents', [], []),
    people: withGone(0, 'people', [], []),
    retired: null,
    archived: 0,
    witnessed: [],
    predecessors: [],
    beginningUnknown: false,
    unreferenced: NONE,
  };
  return { report, known: [{ origin, keys: [] }], end: null, ended: null };
}
