import { fullName, isSameRepository, type RepositoryRef } from '../../domain/repository.ts';
import { repositoriesOf } from '../../facts/repositories-of.ts';
import type { GitHubReader } from '../../facts/github-reader.ts';
import { readEntry } from '../../ledger/store/read.ts';
import type { Pipeline } from '../pipeline.ts';
import { coverageOfRepository, recordCoverage } from '../control/record-coverage.ts';
import { noteSeen, seenAt } from './where-now.ts';

/**
 * Of a repository that GitHub has just shown us: what waits in it goes on under the name, owner and installation that it has now, and
 * a gap in what we cover ends, also where no delivery told of its end (an App that was installed anew, one that GitHub lost). `listed`:
 * GitHub has listed it just now. What a delivery says is asked again where it differs, since deliveries come in any order.
 */
export async function regainRepository(
  pipeline: Pipeline,
  told: RepositoryRef,
  {
    github,
    delivery,
    listed,
  }: {
    readonly github: GitHubReader;
    readonly delivery: string | null;
    readonly listed: boolean;
  },
): Promise<void> {
  const before = await seenAt(pipeline.db, told.id);
  const differs = before !== null && !isSameRepository(before, told);
  const repository = differs && !listed ? await listedNow(github, told) : told;
  if (repository === null) return;
  await goOn(pipeline, repository);
  await covered(pipeline, repository, delivery);
  if (before !== null && fullName(before) !== fullName(repository))
    await renamed(pipeline, { before, repository }, delivery);
  // Last, so that a crash before it has all of it done again.
  await noteSeen(pipeline.db, repository);
}

async function listedNow(
  github: GitHubReader,
  { id, installationId }: RepositoryRef,
): Promise<RepositoryRef | null> {
  const all = await repositoriesOf(github, installationId);
  return all.find((each) => each.id === id) ?? null;
}

async function goOn({ db }: Pipeline, { id, owner, name, installationId }: RepositoryRef): Promise<void> {
  await db
    .updateTable('countersign.deployment')
    .set({ owner, name, installation_id: installationId })
    .where('repository_id', '=', id)
    .where('state', 'in', ['requested', 'held', 'approved'])
    .where((is) =>
      is.or([is('owner', '!=', owner), is('name', '!=', name), is('installation_id', '!=', installationId)]),
    )
    .execute();
}

async function covered(
  pipeline: Pipeline,
  repository: RepositoryRef,
  delivery: string | null,
): Promise<void> {
  const last = await lastOf(pipeline, repository);
  if (last?.verdict.endsWith('.gap') !== true) return;
  await note(pipeline, repository, 'repository_added.whole', { told: false }, delivery);
}

/** Its owner's account may have been renamed, of which each repository is told; or GitHub lost the delivery that told of it. */
async function renamed(
  pipeline: Pipeline,
  { before, repository }: { readonly before: RepositoryRef; readonly repository: RepositoryRef },
  delivery: string | null,
): Promise<void> {
  const last = await lastOf(pipeline, repository);
  const said = last === undefined ? null : await readEntry(pipeline.db, last.entry_id);
  if (said?.content.repository?.name === fullName(repository)) return;
  const detail = { told: false, nameBefore: fullName(before) };
  await note(pipeline, repository, 'repository_renamed', detail, delivery);
}

const lastOf = ({ db }: Pipeline, { id }: RepositoryRef) =>
  db
    .selectFrom('countersign.last_decision')
    .select(['verdict', 'entry_id'])
    .where('subject', '=', coverageOfRepository(id))
    .executeTakeFirst();

async function note(
  pipeline: Pipeline,
  repository: RepositoryRef,
  outcome: 'repository_added.whole' | 'repository_renamed',
  detail: Readonly<Record<string, unknown>>,
  delivery: string | null,
): Promise<void> {
  const { id, installationId } = repository;
  await pipeline.db.transaction().execute((tx) =>
    recordCoverage(
      tx,
      pipeline,
      {
        kind: 'record_coverage',
        installationId,
        repositories: [{ id, fullName: fullName(repository) }],
        outcome,
        by: null,
        detail,
      },
      delivery,
    ),
  );
}
