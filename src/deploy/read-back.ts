/**
 * What a host says is in a staged release, and how that compares with the manifest. The list is read strictly: a line
 * that doesn't parse, a name that comes twice or a missing end makes the whole of it worthless.
 */
import { createHash } from 'node:crypto';
import type { ManifestEntry } from '../domain/deploy.ts';
import { DeployError } from './deploy-error.ts';
import { listed, newFoldersAbove } from './refuse-paths.ts';

export interface ReadBack {
  readonly files: ReadonlyMap<
    string,
    { readonly sha256: string; readonly mode: string; readonly size: number }
  >;
  readonly links: ReadonlyMap<string, string>;
  readonly folders: ReadonlyMap<string, string>;
  /** Neither files, links nor folders. */
  readonly others: ReadonlySet<string>;
}

export interface Comparison {
  readonly missing: readonly string[];
  /** There, but with other bytes, another mode or another target. */
  readonly altered: readonly string[];
  readonly extra: readonly string[];
  /** How many files are there just as the manifest has them. */
  readonly verified: number;
}

const SECTIONS = ['files', 'entries', 'links'] as const;
type Section = (typeof SECTIONS)[number];
/** What a thing is, in the bits that stat(2) has for its mode. */
const TYPE = { any: 0o170000, file: 0o100000, folder: 0o040000, link: 0o120000 } as const;

/** Parses the output of `receiveScript`. */
export function parseReadBack(stdout: string, nonce: string): ReadBack {
  const lines = sections(stdout, nonce);
  const hashes = new Map<string, string>();
  for (const line of lines.files) {
    const [, escaped, sha256, name] = matched(/^(\\?)([0-9a-f]{64}) [ *](.+)$/s, line);
    addOnce(hashes, escaped === '' ? pathOf(name) : pathOf(unescaped(name)), sha256 ?? '');
  }
  if (lines.links.length % 2 !== 0) throw unreadable('a link has no target');
  const targets = new Map<string, string>();
  for (let at = 0; at < lines.links.length; at += 2)
    addOnce(targets, pathOf(lines.links[at]), lines.links[at + 1] ?? '');
  const files = new Map<string, { sha256: string; mode: string; size: number }>();
  const folders = new Map<string, string>();
  const links = new Map<string, string>();
  const others = new Set<string>();
  const seen = new Set<string>();
  for (const line of lines.entries) {
    const [, bits = '', size, name] = matched(/^([0-9a-f]{1,8}) (\d+) (.+)$/s, line);
    if (name === '.') continue;
    const path = pathOf(name);
    if (seen.has(path)) throw unreadable(`"${path}" comes twice`);
    seen.add(path);
    const mode = (Number.parseInt(bits, 16) & 0o7777).toString(8);
    switch (Number.parseInt(bits, 16) & TYPE.any) {
      case TYPE.file:
        files.set(path, { sha256: having(hashes, path, 'hash'), mode, size: Number(size) });
        break;
      case TYPE.folder:
        folders.set(path, mode);
        break;
      case TYPE.link:
        links.set(path, having(targets, path, 'target'));
        break;
      default:
        others.add(path);
    }
  }
  if (files.size !== hashes.size) throw unreadable('something has a hash and is no file');
  if (links.size !== targets.size) throw unreadable('something has a target and is no link');
  return { files, links, folders, others };
}

/** Compares what is there with what should be. Every folder above a file belongs; an empty one doesn't, git has none. */
export function compareReadBack(found: ReadBack, manifest: readonly ManifestEntry[]): Comparison {
  const missing: string[] = [];
  const altered: string[] = [];
  const belongs = new Set<string>();
  const folders = new Set<string>();
  let verified = 0;
  for (const entry of manifest) {
    belongs.add(entry.path);
    newFoldersAbove(entry.path, folders);
    const state = stateOf(entry, found);
    if (state === 'right') verified += 1;
    else (state === 'missing' ? missing : altered).push(entry.path);
  }
  const extra = [
    ...[...found.files.keys(), ...found.links.keys()].filter((path) => !belongs.has(path)),
    ...[...found.folders.keys()].filter((path) => !folders.has(path) && !belongs.has(path)),
    ...[...found.others].filter((path) => !belongs.has(path)),
  ];
  for (const [path, mode] of found.folders) {
    if (folders.has(path) && !mode.padStart(3, '0').endsWith('755')) altered.push(path);
  }
  return { missing, altered, extra, verified };
}

/** Throws unless everything is there and nothing else. */
export function requireExact(comparison: Comparison, host: string): void {
  const { missing, altered, extra } = comparison;
  const wrong = [
    ...(missing.length > 0 ? [`missing: ${listed(missing)}`] : []),
    ...(altered.length > 0 ? [`different: ${listed(altered)}`] : []),
    ...(extra.length > 0 ? [`not in the commit: ${listed(extra)}`] : []),
  ];
  if (wrong.length === 0) return;
  throw new DeployError(
    'verification_failed',
    `What ${host} says it has is not the commit (${wrong.join('; ')}). Nothing was switched. Look for whatever writes below releases/ there, or for a failing disk.`,
  );
}

function stateOf(entry: ManifestEntry, found: ReadBack): 'right' | 'missing' | 'altered' {
  if (entry.mode === '120000') {
    const target = found.links.get(entry.path);
    if (target !== undefined) return sha256(target) === entry.sha256 ? 'right' : 'altered';
  } else {
    const file = found.files.get(entry.path);
    const mode = entry.mode === '100755' ? '755' : '644';
    if (file !== undefined) {
      return file.sha256 === entry.sha256 && file.size === entry.size && file.mode === mode
        ? 'right'
        : 'altered';
    }
  }
  const { path } = entry;
  const there =
    found.files.has(path) || found.links.has(path) || found.folders.has(path) || found.others.has(path);
  return there ? 'altered' : 'missing';
}

function sections(stdout: string, nonce: string): Record<Section, string[]> {
  const found: Record<Section, string[]> = { files: [], entries: [], links: [] };
  let section: Section | null = null;
  for (const line of stdout.split('\n')) {
    if (line.startsWith(`${nonce} section `)) {
      const name = line.slice(`${nonce} section `.length);
      if (name === 'end') return found;
      section = SECTIONS.find((known) => known === name) ?? null;
    } else if (section !== null) {
      found[section].push(line);
    }
  }
  throw unreadable('it ends too early');
}

function matched(pattern: RegExp, line: string): RegExpExecArray {
  const match = pattern.exec(line);
  if (match === null) throw unreadable(`the line "${line.slice(0, 120)}" is none of ours`);
  return match;
}

const UPWARDS = /(?:^|\/)\.\.(?:\/|$)/;

function pathOf(name: string | undefined): string {
  if (name === undefined || !name.startsWith('./') || UPWARDS.test(name)) {
    throw unreadable(`the name "${(name ?? '').slice(0, 120)}" is none of ours`);
  }
  return name.slice(2);
}

/** GNU sha256sum writes a backslash as two and a line break as `\n`, and marks the line. */
function unescaped(name: string | undefined): string {
  return (name ?? '').replace(/\\([\\nr])/g, (_, kind: string) =>
    kind === 'n' ? '\n' : kind === 'r' ? '\r' : '\\',
  );
}

function having<T>(map: ReadonlyMap<string, T>, path: string, what: string): T {
  const value = map.get(path);
  if (value === undefined) throw unreadable(`"${path}" has no ${what}`);
  return value;
}

function addOnce<T>(map: Map<string, T>, path: string, value: T): void {
  if (map.has(path)) throw unreadable(`"${path}" comes twice`);
  map.set(path, value);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function unreadable(why: string): DeployError {
  return new DeployError(
    'verification_failed',
    `The host's list of what is in the release cannot be read: ${why}. A file with a line break in its name, or another program writing there, can be the reason. Nothing was switched.`,
  );
}
