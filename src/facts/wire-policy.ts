import { z } from 'zod';
import { CodedError } from '../domain/coded-error.ts';
import type { BaselineSource, PolicySource } from '../domain/policy-reading.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import type { Visibility } from '../domain/visibility.ts';
import { sha } from './wire-commit.ts';
import { POLICY_FILE_FIELDS, policyFile, textOfPolicyFile } from './wire-policy-file.ts';

/** Where a repository's policy is. */
export const POLICY_PATH = '.github/countersign.yml';

/** The repository of an account in which the baseline for all of its repositories is, and where it is there. */
export const BASELINE_REPOSITORY = '.github';
export const BASELINE_PATH = 'countersign.yml';

/** What a query that reads a policy needs beside `$owner` and `$name`, and what it is given. */
export const POLICY_PARAMETERS = '$path: String!, $shared: String!, $baseline: String!';
export const POLICY_VARIABLES = {
  path: POLICY_PATH,
  shared: BASELINE_REPOSITORY,
  baseline: BASELINE_PATH,
} as const;

/** The policy of a `Ref`. */
export const POLICY_OF_REF = `target { oid ... on Commit { file(path: $path) { ${POLICY_FILE_FIELDS} } } }`;

/** That the owner has no baseline is no error. */
export const NO_BASELINE = /^baseline$/;

/**
 * The baseline of the repository's owner, a field beside `repository` that may be lacking; and who the owner is, as GitHub also answers
 * with a repository that was moved to somebody else, who doesn't set the rules here.
 */
export const BASELINE_OF_OWNER = `account: repository(owner: $owner, name: $name) { owner { id login } }
  baseline: repository(owner: $owner, name: $shared) {
    owner { id login }
    defaultBranchRef { name target { oid ... on Commit { file(path: $baseline) { ${POLICY_FILE_FIELDS} } } } }
  }`;

/** Who sees a `Repository`. */
export const visibility = z
  .enum(['PUBLIC', 'PRIVATE', 'INTERNAL'])
  .transform((name) => name.toLowerCase() as Lowercase<typeof name> satisfies Visibility);

const target = z.object({ oid: sha, file: policyFile.nullish() }).nullable();

export const refWithPolicy = z.object({ target });
const owner = z.object({ id: z.string().min(1), login: z.string().min(1) });
/** What `BASELINE_OF_OWNER` is answered by. */
export const ownersBaseline = {
  account: z.object({ owner }).nullable(),
  baseline: z
    .object({ owner, defaultBranchRef: z.object({ name: z.string(), target }).nullable() })
    .nullable(),
} as const;
export interface OwnersBaseline {
  readonly account: z.output<typeof ownersBaseline.account>;
  readonly baseline: z.output<typeof ownersBaseline.baseline>;
}

/**
 * A branch's policy with the commit that it was read from, and the baseline beside it. No file, or no such branch, is
 * `text: null`; a file that can't be a policy (too large, binary, a link) is `unreadable`.
 */
export function policySourceOf(
  repository: RepositoryRef,
  branch: string,
  found: z.output<typeof refWithPolicy> | null,
  shared: OwnersBaseline,
): PolicySource {
  const tip = found?.target ?? null;
  const file = tip?.file ?? null;
  const source = { path: POLICY_PATH, ref: `refs/heads/${branch}` };
  const beside = { commit: tip?.oid ?? null, baseline: baselineOf(repository, shared) };
  if (file === null) return { ...source, ...beside, text: null };
  const read = textOrWhyNot(file, `${fullName(repository)}: ${POLICY_PATH} on ${branch}`);
  // What stays so until somebody mends it is judged as nothing, of no commit.
  return 'unreadable' in read ? { ...source, commit: null, ...read } : { ...source, ...beside, ...read };
}

function baselineOf(
  { owner: login, name }: RepositoryRef,
  { account, baseline }: OwnersBaseline,
): BaselineSource {
  const path = `${login}/${BASELINE_REPOSITORY}: ${BASELINE_PATH}`;
  const branch = baseline?.defaultBranchRef ?? null;
  const source = { path, ref: branch?.name ?? null, commit: branch?.target?.oid ?? null };
  if (baseline !== null && baseline.owner.id !== account?.owner.id) {
    const unreadable = `${path}: ${whichMoved({ login, name }, account, baseline)}`;
    return { ...source, commit: null, text: null, unreadable };
  }
  const file = branch?.target?.file ?? null;
  return file === null ? { ...source, text: null } : { ...source, ...textOrWhyNot(file, path) };
}

/** GitHub follows a move for both, and until the delivery that tells of one is worked we ask under the name before. */
function whichMoved(
  { login, name }: { readonly login: string; readonly name: string },
  account: OwnersBaseline['account'],
  baseline: NonNullable<OwnersBaseline['baseline']>,
): string {
  const now = { guarded: account?.owner.login ?? login, baseline: baseline.owner.login };
  const isMoved = (to: string): boolean => to.toLowerCase() !== login.toLowerCase();
  const moved = [
    ...(isMoved(now.guarded)
      ? [
          `${login}/${name} belongs to ${now.guarded} by now: it is judged by that account's rules once GitHub's delivery of the move is worked (redeliver it where it was lost).`,
        ]
      : []),
    ...(isMoved(now.baseline)
      ? [
          `GitHub answers with a repository that ${now.baseline} has by now. Move it back to ${login}, or make ${login} a repository "${BASELINE_REPOSITORY}" of its own.`,
        ]
      : []),
  ];
  return moved.length > 0
    ? moved.join(' ')
    : `GitHub doesn't say whether ${login} has it: it is asked again.`;
}

function textOrWhyNot(
  file: z.output<typeof policyFile>,
  what: string,
): { readonly text: string } | { readonly text: null; readonly unreadable: string } {
  try {
    return { text: textOfPolicyFile(file, what) };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { text: null, unreadable: error.message };
  }
}
