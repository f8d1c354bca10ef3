import { z } from 'zod';
import type { RepositoryRef } from '../../domain/repository.ts';
import type { Trigger } from '../../domain/trigger.ts';
import type { Envelope } from '../payload.ts';
import { idSchema, malformed, parse, repositoryOf, shaSchema } from '../payload.ts';

const pullRequestsSchema = z
  .array(z.object({ number: idSchema, base: z.object({ repo: z.object({ id: idSchema }) }) }))
  .nullish();

const appSchema = z.object({ id: idSchema }).nullish();

const checkRunSchema = z.object({
  check_run: z.object({
    id: idSchema,
    head_sha: shaSchema,
    external_id: z.string().nullish(),
    app: appSchema,
    pull_requests: pullRequestsSchema,
  }),
  requested_action: z.object({ identifier: z.string().min(1) }).nullish(),
});

/** GitHub's own button on a check run: for us it means "look again", as `rerun` among our own buttons. */
export const RERUN = 'rerun';

/**
 * On a check run of ours only a person's press means anything; that we ourselves created or completed it must not, or
 * we would answer ourselves for ever. On everybody else's, any change may decide a required check.
 */
export function checkRunTriggers(envelope: Envelope, self: { readonly appId: number }): Trigger[] {
  const { action, event, payload, sender } = envelope;
  if (!['created', 'completed', 'rerequested', 'requested_action'].includes(action)) return [];
  const repository = repositoryOf(envelope);
  const { check_run: checkRun, requested_action: requested } = parse(event, checkRunSchema, payload);
  const ours = checkRun.app?.id === self.appId;
  if (!ours) {
    if (action === 'requested_action') return [];
    return judged(repository, checkRun.head_sha, checkRun.pull_requests);
  }
  if (action === 'created' || action === 'completed') return [];
  if (action === 'requested_action' && (requested === null || requested === undefined)) {
    throw malformed(event, 'requested_action.identifier', 'it is missing');
  }
  return [
    {
      kind: 'press_button',
      repository,
      checkRunId: checkRun.id,
      externalId: checkRun.external_id ?? '',
      button: requested?.identifier ?? RERUN,
      presser: sender,
    },
  ];
}

const checkSuiteSchema = z.object({
  check_suite: z.object({ head_sha: shaSchema, app: appSchema, pull_requests: pullRequestsSchema }),
});

/** `requested` comes with every push, which has events of its own. "Re-run all" reaches us as `rerequested`. */
export function checkSuiteTriggers(envelope: Envelope, self: { readonly appId: number }): Trigger[] {
  const { action, event, payload } = envelope;
  if (action !== 'completed' && action !== 'rerequested') return [];
  const repository = repositoryOf(envelope);
  const { check_suite: suite } = parse(event, checkSuiteSchema, payload);
  if (suite.app?.id === self.appId) {
    // What ends our own suite is our own doing.
    if (action === 'completed') return [];
    return [
      { kind: 'run_all_again', repository, sha: suite.head_sha },
      ...judged(repository, suite.head_sha, suite.pull_requests),
    ];
  }
  return judged(repository, suite.head_sha, suite.pull_requests);
}

const statusSchema = z.object({ sha: shaSchema });

/** A commit status names a commit, never a pull request. */
export function statusTriggers(envelope: Envelope): Trigger[] {
  const { sha } = parse(envelope.event, statusSchema, envelope.payload);
  return [{ kind: 'judge_commit', repository: repositoryOf(envelope), sha }];
}

/**
 * The pull requests that a check names, without those that live in a fork; for a fork's pull request GitHub names
 * none, and the commit has to be looked up.
 */
function judged(
  repository: RepositoryRef,
  sha: string,
  pullRequests: z.infer<typeof pullRequestsSchema>,
): Trigger[] {
  const here = (pullRequests ?? []).filter(({ base }) => base.repo.id === repository.id);
  if (here.length === 0) return [{ kind: 'judge_commit', repository, sha }];
  return here.map(({ number }) => ({ kind: 'judge_change', repository, number }));
}
