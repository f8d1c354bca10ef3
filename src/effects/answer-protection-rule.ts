import { z } from 'zod';
import type { Effect } from '../domain/effect.ts';
import { type GitHubWriter, atMost, once, statusOf } from './github-writer.ts';

type AnswerEffect = Extract<Effect, { kind: 'answer_protection_rule' }>;

export interface Answered {
  readonly remoteId: null;
  /** `already_answered`: GitHub had our answer before, from a try that crashed before it was noted, or needs none any more. */
  readonly outcome: 'answered' | 'reported' | 'already_answered';
  /** Where the job is then: it waits for others, has passed its gate, or its run has ended. Null: we have just answered. */
  readonly standing: 'waiting' | 'passed' | 'ended' | null;
}

const NOTHING_PENDING = /no pending custom deployment requests/i;

/**
 * Answers our own rule for one run and environment, or reports why it still waits. The address is built from the
 * repository and the run, never taken from the webhook: our token goes nowhere else. An answer is given once; a report that
 * a crash cut off from its note is sent again, one of the ten that GitHub takes.
 */
export async function answerProtectionRule(github: GitHubWriter, effect: AnswerEffect): Promise<Answered> {
  const parameters = { owner: effect.repository.owner, repo: effect.repository.name, run_id: effect.runId };
  const comment = atMost(1024, effect.comment);
  const body = { environment_name: effect.environment, comment };
  try {
    await github.request('POST /repos/{owner}/{repo}/actions/runs/{run_id}/deployment_protection_rule', {
      ...parameters,
      ...(effect.state === null ? body : { ...body, state: effect.state }),
      request: once(),
    });
    return { remoteId: null, outcome: effect.state === null ? 'reported' : 'answered', standing: null };
  } catch (error) {
    if (statusOf(error) !== 422 || !(error instanceof Error && NOTHING_PENDING.test(error.message)))
      throw error;
    const standing = await standingOf(github, parameters, effect.environment);
    return { remoteId: null, outcome: 'already_answered', standing };
  }
}

const pendingAnswer = z.array(z.object({ environment: z.object({ name: z.string().nullish() }) }));
const runAnswer = z.object({ status: z.string().nullable() });

async function standingOf(
  github: GitHubWriter,
  parameters: Readonly<Record<string, string | number>>,
  environment: string,
): Promise<NonNullable<Answered['standing']>> {
  const pending = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments';
  const waits = pendingAnswer.parse((await github.request(pending, { ...parameters, request: once() })).data);
  if (waits.some((each) => each.environment.name?.toLowerCase() === environment.toLowerCase()))
    return 'waiting';
  const run = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}';
  const { status } = runAnswer.parse((await github.request(run, { ...parameters, request: once() })).data);
  return status === 'completed' ? 'ended' : 'passed';
}
