/** Small pieces of wording that every check run of ours uses, so that the same thing reads the same everywhere. */
import type { Actor } from '../domain/actor.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { code, escape, link } from './markdown.ts';

/** Where a check run's links lead, and the entry that it shows. */
export interface Place {
  readonly repository: RepositoryRef;
  /** `https://github.com`, or the address of a GitHub Enterprise Server; no slash at its end. */
  readonly webUrl: string;
  /** The ledger entry (UUID) that has everything which a check run has no room for. */
  readonly entryId: string;
}

/** A link to a page of the repository. */
export const pageLink = (label: string, { repository, webUrl }: Place, path: string): string =>
  link(label, `${webUrl}/${fullName(repository)}/${path}`);

/** `1a2b3c4` */
export const short = (sha: string): string => sha.slice(0, 7);

/** A person as Markdown that pings nobody. */
export const person = (actor: Actor | null): string =>
  actor === null ? '_a deleted account_' : escape(actor.login, 60);

/** A commit as a link to GitHub's page of it. */
export function commitLink(sha: string, place: Place): string {
  return pageLink(code(short(sha)), place, `commit/${sha}`);
}

/** `carol`, `carol or dave`, `carol, dave or erin`, `carol, dave or 3 more` */
export function list(names: readonly string[], word: 'and' | 'or', most = 4): string {
  const shown =
    names.length > most ? [...names.slice(0, most - 1), `${names.length - most + 1} more`] : names;
  const last = shown.at(-1) ?? '';
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(', ')} ${word} ${last}`;
}

/** `1 commit`, `3 commits` */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;

/** `2026-11-22 10:00:00 UTC`, from RFC 3339 in UTC; anything else is shown as it is. */
export function moment(iso: string): string {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/.exec(iso);
  return match === null ? escape(iso, 40) : `${match[1]} ${match[2]} UTC`;
}

/** `4.2 s` */
export const seconds = (milliseconds: number): string => `${(Math.max(0, milliseconds) / 1000).toFixed(1)} s`;

/** How long from one RFC 3339 time to another, in milliseconds; null where either is none. */
export function between(from: string, until: string): number | null {
  const length = Date.parse(until) - Date.parse(from);
  return Number.isFinite(length) ? length : null;
}

/** The sentence for what a table had no room for. */
export const inLedger = (left: number, noun: string, place: Place): string =>
  `…and ${left} more ${noun}${left === 1 ? '' : 's'}; all are in ledger entry ${code(place.entryId)}.`;

/** One row of a table. Each cell is Markdown without `|` and line breaks. */
export const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => (cell === '' ? ' ' : cell)).join(' | ')} |`;

/** A table's header and the line under it. */
export const header = (...cells: readonly string[]): string =>
  `${row(...cells)}\n|${cells.map(() => ' --- |').join('')}`;

/** `512 bytes`, `79.4 KiB`, `1.2 MiB`. */
export function bytes(size: number): string {
  if (size < 1024) return count(size, 'byte');
  const [divisor, unit] =
    size < 2 ** 20 ? [2 ** 10, 'KiB'] : size < 2 ** 30 ? [2 ** 20, 'MiB'] : [2 ** 30, 'GiB'];
  return `${(size / divisor).toFixed(1)} ${unit}`;
}
