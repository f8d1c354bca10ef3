/** From what happens to an emergency without anybody's comment to what its pull request is told. Pure. */
import type { Effect } from '../domain/effect.ts';
import { emergencyId } from '../domain/emergency-facts.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { code, escape, sentence } from './markdown.ts';
import { commitLink, moment, type Place } from './phrases.ts';

export interface EmergencyNotice {
  readonly what: 'used' | 'expired' | 'overdue';
  /** The `emergency.declared` or `emergency.bypassed` (UUID). */
  readonly emergency: string;
  readonly environment: string;
  readonly sha: string;
  /** Until when it lasted, or has to be reviewed. */
  readonly at: string;
  /** Who may review it, as Markdown. */
  readonly asked?: string;
}

/** A comment under the pull request, where there is one. */
export function planNotice(
  notice: EmergencyNotice,
  context: {
    readonly repository: RepositoryRef;
    readonly number: number | null;
    readonly entryId: string;
    readonly webUrl: string;
    readonly now: string;
  },
): readonly Effect[] {
  const { repository, number, entryId, webUrl, now: plannedAt } = context;
  if (number === null) return [];
  const place: Place = { repository, webUrl, entryId };
  const body = `${said(notice, place)}\n\n<sub>Ledger entry ${code(entryId)}</sub>`;
  return [{ kind: 'comment', key: `comment:${entryId}`, repository, number, body, plannedAt }];
}

/** How a review is written. */
export const howToReview = (entry: string): string =>
  `/countersign review ${emergencyId(entry)} justified WHY`;

function said({ what, emergency, environment, sha, at, asked }: EmergencyNotice, place: Place): string {
  const named = `Emergency ${code(emergencyId(emergency))}`;
  const where = `**${escape(environment, 80)}**`;
  switch (what) {
    case 'used':
      return `🚨 **${named} was used** for ${commitLink(sha, place)} to ${where}. It has to be reviewed until **${moment(at)}** by ${sentence(asked ?? 'somebody', 300)}, who took no part in it, with ${code(howToReview(emergency))} (or ${code('unjustified')}). After that whatever of this repository would be deployed, but a rollback, is held until it is.`;
    case 'expired':
      return `⏱️ **${named}** for ${commitLink(sha, place)} on ${where} ended unused at ${moment(at)}.`;
    case 'overdue':
      return `⚠️ **The review of ${code(emergencyId(emergency))} is overdue** since ${moment(at)}: nothing of this repository but a rollback is deployed until ${sentence(asked ?? 'somebody', 300)}, who took no part in it, writes ${code(howToReview(emergency))} (or ${code('unjustified')}).`;
  }
}
