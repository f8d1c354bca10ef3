import { CodedError } from '../domain/coded-error.ts';

/** Why a deployment could not be carried out. Stable; documented one by one in `docs/deploy.md`. */
export const DEPLOY_ERROR_CODES = [
  // from git, before any host is spoken to
  'commit_unavailable',
  'mirror_failed',
  'mirror_corrupt',
  'tree_mismatch',
  'path_refused',
  'lfs_pointer',
  'submodule',
  'target_refused',
  // reaching a host
  'host_unreachable',
  'host_key_mismatch',
  'authentication_refused',
  'credential_unreadable',
  'connection_lost',
  'no_answer',
  // on a host
  'probe_failed',
  'shared_missing',
  'disk_full',
  'lock_held',
  'lock_lost',
  'taken_over',
  'verification_failed',
  'switch_conflict',
  'health_failed',
  'command_failed',
  'timeout',
  // asked for by somebody
  'cancelled',
] as const;

export type DeployErrorCode = (typeof DEPLOY_ERROR_CODES)[number];

/** An error of the engine that somebody can act on. */
export class DeployError extends CodedError<DeployErrorCode> {}

/** True for outcomes that nobody has seen: the host must be looked at before anything is said about it. */
export function leavesOutcomeUnknown(error: unknown): boolean {
  return error instanceof DeployError && (error.code === 'connection_lost' || error.code === 'no_answer');
}
