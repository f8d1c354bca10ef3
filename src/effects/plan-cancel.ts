/** The button by which a deployment that is under way is cancelled. Pure. */
import type { DeploymentRequest } from '../domain/deployment-facts.ts';
import type { Effect } from '../domain/effect.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { clip } from './clip.ts';
import { escape, plain, sentence } from './markdown.ts';
import { commitLink, short } from './phrases.ts';

/** What a press on it is called. */
export const CANCEL = 'cancel';

export interface CancelPlanInput {
  readonly request: Pick<DeploymentRequest, 'id' | 'sha' | 'environment'>;
  readonly repository: RepositoryRef;
  readonly webUrl: string;
  /** That of `deployment.started`, or of `deployment.finished` once it has ended. */
  readonly entryId: string;
  readonly ended: boolean;
  /** Of a press that didn't count: why, as Markdown. */
  readonly refusal?: string;
}

/**
 * A check run of its own: GitHub shows buttons on completed ones only, and the deployment's own must not be completed while whoever waits
 * for it still has to. `neutral`, since it says nothing of the deployment.
 */
export function planCancelButton({
  request,
  repository,
  webUrl,
  entryId,
  ended,
  refusal,
}: CancelPlanInput): Effect {
  const { id, sha, environment } = request;
  const what = `${commitLink(sha, { repository, webUrl, entryId })} to **${escape(environment, 80)}**`;
  const name = plain(environment, 60);
  return {
    kind: 'check_run',
    key: cancelKey(entryId),
    repository,
    entryId,
    checkRun: {
      name: `countersign/cancel (${environment})`,
      sha,
      externalId: `deployment:${id}`,
      status: 'completed',
      conclusion: 'neutral',
      title: ended
        ? `Nothing to cancel: ${short(sha)} to ${name} has ended`
        : `Deploying ${short(sha)} to ${name}: can be cancelled`,
      summary: ended
        ? `The deployment of ${what} has ended; its own check run says how.`
        : `The deployment of ${what} is under way. **Cancel**, at the top of this page, stops it between two steps: hosts that were switched go back to what ran there before, and its locks are given back. It counts when it is pressed by whoever asked for the deployment, or by somebody who may deploy to this environment.${refusal === undefined ? '' : `\n\n🚫 A press on it did not count: ${sentence(refusal, 500)}`}`,
      text: null,
      actions: ended
        ? []
        : [
            {
              label: 'Cancel',
              description: clip(`Stop ${short(sha)} to ${name}`, 40),
              identifier: CANCEL,
            },
          ],
    },
  };
}

export const cancelKey = (entryId: string): string => `check_run:cancel:${entryId}`;
