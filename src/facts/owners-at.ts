import type { CodeOwnersFile, OwnersNamed } from '../domain/code-owners-facts.ts';
import type { Known } from '../domain/known.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import type { RolesAsked } from '../domain/role-facts.ts';
import type { OwnersAt } from './read-code-owners.ts';
import { LANDING_NOT_READ, type PullRequestReading } from './read-pull-requests.ts';

/**
 * Where the owners of a pull request's files stand: at the tip of its base, and once it is merged at the commit that it was
 * merged onto, before anything of its own was there. A rebase or squash of several commits doesn't show which that is: then
 * it is the base as GitHub has it with the pull request.
 */
export function ownersAt({ pullRequest, commits }: PullRequestReading): OwnersAt {
  const { merged, baseRef, baseSha, headSha } = pullRequest;
  if (merged === null) return { branch: baseRef };
  const [onto, other] = merged.commit.parents;
  const isAlone = other === undefined && commits.complete && commits.items.length === 1;
  // A merge that somebody pushed has whatever parents they gave it; GitHub signs what Apps make as well.
  const { onGitHub } = merged;
  const isPushed = onGitHub.known ? !onGitHub.value : onGitHub.why !== LANDING_NOT_READ;
  const isGitHubs = !isPushed && merged.commit.signedByGitHub && (other === headSha || isAlone);
  return { commit: onto !== undefined && isGitHubs ? onto : baseSha };
}

/** The owners whose roles are needed; null where nobody asks for code owners, or there are none. */
export function ownersNamed(
  { codeOwners: among }: RolesAsked,
  { owner }: RepositoryRef,
  { files }: PullRequestReading,
  file: Known<CodeOwnersFile | null> | undefined,
): OwnersNamed | null {
  if (among === undefined || file?.known !== true || file.value === null) return null;
  const paths = files.items.flatMap(({ path, previousPath }) => [
    path,
    ...(previousPath === null ? [] : [previousPath]),
  ]);
  return among(file.value.text, [...new Set(paths)], owner);
}
