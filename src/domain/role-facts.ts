import type { OwnersAmong } from './code-owners-facts.ts';
import type { Known } from './known.ts';

/**
 * The roles that a policy asks about, resolved at the moment of gathering: whoever left a team can act no more.
 * Teams are keyed by slug, people by their GitHub id (as a decimal string, since JSON keys are strings).
 */
export interface RoleFacts {
  /** Team slug → ids of its active members among the people these facts name. Unknown: it could not be read. */
  readonly teams: Readonly<Record<string, Known<readonly number[]>>>;
  readonly permissions: Readonly<Record<string, Known<Permission>>>;
  /**
   * A login that a policy names counts only with write permission, which was asked for. Absent: these were gathered by a version that took the login alone, and are judged
   * again as they were then. Whatever gathers roles sets it (`facts/read-roles.ts`).
   */
  readonly usersMustWrite?: true;
  /**
   * Of the teams that own a changed file: slug → whether GitHub takes them as owners, which needs a team that everyone in
   * the organisation sees and that has write access itself. Absent: nobody asked for code owners.
   */
  readonly owningTeams?: Readonly<Record<string, Known<boolean>>>;
  /** Of the e-mails that own a changed file, in lower case: whose account it is, by id. */
  readonly ownersByEmail?: Readonly<Record<string, Known<number>>>;
}

/** GitHub's repository permissions, weakest first. */
export const PERMISSIONS = ['none', 'read', 'triage', 'write', 'maintain', 'admin'] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** Which roles a policy needs resolved, so that facts are gathered eagerly and nothing is read while judging. */
export interface RolesAsked {
  /** Slugs of teams in the repository's organisation. */
  readonly teams: readonly string[];
  /** Whether anyone's repository permission counts. */
  readonly permissions: boolean;
  /** Where code owners are asked: the reading of their file. Absent: nobody asks for them. */
  readonly codeOwners?: OwnersAmong;
}
