import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from './stage.ts';

/** A check run of ours, as people see it on GitHub. */
export interface SeenCheckRun {
  readonly id: number;
  readonly status: string;
  readonly conclusion: string | null;
  readonly title: string;
  readonly summary: string;
  readonly text: string;
}

/** Asks until the answer is there, and fails with `what` where it doesn't come in time. */
export async function until<T>(what: string, ask: () => Promise<T | null>, seconds = 30): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain for ${what}`);
    await sleep(50);
  }
}

/** Our check run of a name on a commit, or null. */
export async function seeCheckRun(stage: Stage, sha: string, name: string): Promise<SeenCheckRun | null> {
  const { data } = await stage.as('alice').rest.checks.listForRef({
    owner: stage.owner,
    repo: stage.repo,
    ref: sha,
    check_name: name,
    filter: 'latest',
  });
  const run = data.check_runs[0];
  if (run === undefined) return null;
  return {
    id: run.id,
    status: run.status,
    conclusion: run.conclusion,
    title: run.output.title ?? '',
    summary: run.output.summary ?? '',
    text: run.output.text ?? '',
  };
}

/** Waits for our check run on a commit to be as expected. */
export async function untilCheckRun(
  stage: Stage,
  sha: string,
  name: string,
  expected: (run: SeenCheckRun) => boolean,
  seconds = 30,
): Promise<SeenCheckRun> {
  let last: SeenCheckRun | null = null;
  try {
    return await until(
      `${name} on ${sha.slice(0, 7)}`,
      async () => {
        last = await seeCheckRun(stage, sha, name);
        return last !== null && expected(last) ? last : null;
      },
      seconds,
    );
  } catch (error) {
    throw new Error(`${name} on ${sha.slice(0, 7)} is ${JSON.stringify(last)}`, { cause: error });
  }
}

/** What our App answered to a comment: its reactions, and the first comment of its own after it. Null until both are there. */
export async function seeAnswer(
  stage: Stage,
  number: number,
  commentId: number,
): Promise<{ readonly reactions: readonly string[]; readonly body: string } | null> {
  const at = { owner: stage.owner, repo: stage.repo };
  const { rest } = stage.as('alice');
  const { data: comments } = await rest.issues.listComments({ ...at, issue_number: number, per_page: 100 });
  const { data: reactions } = await rest.reactions.listForIssueComment({ ...at, comment_id: commentId });
  const body = comments.find(({ id, user }) => id > commentId && user?.type === 'Bot')?.body;
  const contents = reactions.map(({ content }) => content);
  return body === undefined || !contents.some((content) => content !== 'eyes')
    ? null
    : { reactions: contents, body };
}
