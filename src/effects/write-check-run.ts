import { z } from 'zod';
import type { CheckRunContent, Effect } from '../domain/effect.ts';
import { type GitHubWriter, once, statusOf, written } from './github-writer.ts';

type CheckRunEffect = Extract<Effect, { kind: 'check_run' }>;

/** One of ours on GitHub. `conclusion` is null while it isn't completed. */
export interface KnownCheckRun {
  readonly id: number;
  readonly conclusion: string | null;
}

/**
 * Shows a check run as it is meant to be. A crash after GitHub made it and before we noted its id leaves one that nobody
 * knows of: so where there may be one (`tried`), one of ours with the same name and external id is looked for before another is
 * made. Written again, it is the same check run with the same content.
 *
 * One that was concluded stays so: others report that GitHub keeps status and conclusion then, whatever an update says, and
 * an approval would stay green. Whatever comes after it is a new check run, since the newest of a name is the one that counts;
 * the old one keeps its words and its proof.
 */
export async function writeCheckRun(
  github: GitHubWriter,
  effect: CheckRunEffect,
  {
    appId,
    known,
    tried,
  }: { readonly appId: number; readonly known: KnownCheckRun | null; readonly tried: boolean },
): Promise<{ readonly remoteId: number }> {
  const wanted = conclusionOf(effect.checkRun);
  const canBecome = ({ conclusion }: KnownCheckRun): boolean => conclusion === null || conclusion === wanted;
  if (known !== null && canBecome(known) && (await update(github, effect, known.id)))
    return { remoteId: known.id };
  // Its successor may be there already, made before a crash.
  const newest = tried || known !== null ? await findCheckRun(github, effect, appId) : null;
  if (
    newest !== null &&
    newest.id !== known?.id &&
    canBecome(newest) &&
    (await update(github, effect, newest.id))
  )
    return { remoteId: newest.id };
  const { owner, name: repo } = effect.repository;
  const { checkRun } = effect;
  const route = 'POST /repos/{owner}/{repo}/check-runs';
  const body = { ...bodyOf(checkRun), head_sha: checkRun.sha, output: outputOf(checkRun) };
  const { data } = await github.request(route, { owner, repo, ...body, request: once() });
  return { remoteId: written.parse(data).id };
}

/** False where it is gone. */
async function update(github: GitHubWriter, effect: CheckRunEffect, id: number): Promise<boolean> {
  const { owner, name: repo } = effect.repository;
  const { checkRun } = effect;
  const route = 'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}';
  // What isn't said stays as it was, so a text that is gone is said to be empty.
  const body = { ...bodyOf(checkRun), output: { ...outputOf(checkRun), text: checkRun.text ?? '' } };
  try {
    await github.request(route, { owner, repo, check_run_id: id, ...body, request: once() });
    return true;
  } catch (error) {
    // GitHub deletes check runs after 400 days, and the oldest of more than a thousand: then it is made anew.
    if (statusOf(error) !== 404) throw error;
    return false;
  }
}

/** What it is to be concluded with; null where it isn't to be completed. */
export function conclusionOf({ status, conclusion }: CheckRunContent): string | null {
  return status === 'completed' ? (conclusion ?? 'neutral') : null;
}

function bodyOf(checkRun: CheckRunContent): Record<string, unknown> {
  const { name, externalId, status, actions } = checkRun;
  const body = { name, external_id: externalId, status };
  // A conclusion completes it whatever the status says, and buttons show on completed ones only.
  return status === 'completed' ? { ...body, conclusion: conclusionOf(checkRun), actions } : body;
}

function outputOf({ title, summary, text }: CheckRunContent): Record<string, string> {
  return text === null ? { title, summary } : { title, summary, text };
}

const listed = z.object({
  check_runs: z.array(
    z.object({ id: z.int(), external_id: z.string().nullish(), conclusion: z.string().nullable() }),
  ),
});

async function findCheckRun(
  github: GitHubWriter,
  effect: CheckRunEffect,
  appId: number,
): Promise<KnownCheckRun | null> {
  const { owner, name: repo } = effect.repository;
  const { sha: ref, name, externalId } = effect.checkRun;
  // `filter: all`: by name alone, two pull requests with one head would hide each other's.
  const parameters = {
    owner,
    repo,
    ref,
    check_name: name,
    app_id: appId,
    filter: 'all',
    per_page: 100,
    request: once(),
  };
  const { data } = await github.request('GET /repos/{owner}/{repo}/commits/{ref}/check-runs', parameters);
  const own = listed.parse(data).check_runs.filter((run) => run.external_id === externalId);
  return own.toSorted((a, b) => b.id - a.id)[0] ?? null;
}
