import { z } from 'zod';
import type { CoverageOutcome, Trigger } from '../../domain/trigger.ts';
import type { Envelope } from '../payload.ts';
import { idSchema, parse, repositoryOf } from '../payload.ts';

/**
 * What becomes of our App, and of the repositories that it guards. Each is recorded from its delivery, since what the App lost it
 * can't read any more: while it is suspended or gone nothing is judged, which is a gap in what it covers.
 */

const named = z.array(z.object({ id: idSchema, full_name: z.string().min(1) }));
type Named = z.output<typeof named>;

const INSTALLATION: Readonly<Record<string, CoverageOutcome | undefined>> = {
  created: 'installed.whole',
  deleted: 'uninstalled.gap',
  suspend: 'suspended.gap',
  unsuspend: 'unsuspended.whole',
  new_permissions_accepted: 'permissions_accepted',
};

const installationSchema = z.object({
  installation: z.object({
    permissions: z.record(z.string(), z.string()).nullish(),
    events: z.array(z.string()).nullish(),
    repository_selection: z.string().nullish(),
  }),
});

/** `installation`: the App itself. */
export function coverageOfInstallation(envelope: Envelope): Trigger[] {
  const { event, action, installationId, sender, payload } = envelope;
  const outcome = INSTALLATION[action];
  if (outcome === undefined) return [];
  const { installation } = parse(event, installationSchema, payload);
  const detail = {
    permissions: installation.permissions ?? null,
    events: installation.events?.toSorted() ?? null,
    repositories: installation.repository_selection ?? null,
  };
  return [{ kind: 'record_coverage', installationId, repositories: [], outcome, by: sender, detail }];
}

const addedSchema = z.object({ repositories_added: named });
const removedSchema = z.object({ repositories_removed: named });

/** `installation_repositories`: what it may see. */
export function coverageOfRepositories(envelope: Envelope): Trigger[] {
  const { event, action, installationId, sender, payload } = envelope;
  const record = (outcome: CoverageOutcome, repositories: Named): Trigger[] =>
    repositories.length === 0
      ? []
      : [
          {
            kind: 'record_coverage',
            installationId,
            repositories: repositories.map(({ id, full_name: fullName }) => ({ id, fullName })),
            outcome,
            by: sender,
            detail: {},
          },
        ];
  if (action === 'added')
    return record('repository_added.whole', parse(event, addedSchema, payload).repositories_added);
  if (action === 'removed')
    return record('repository_removed.gap', parse(event, removedSchema, payload).repositories_removed);
  return [];
}

const REPOSITORY: Readonly<Record<string, CoverageOutcome | undefined>> = {
  deleted: 'repository_deleted.gap',
  archived: 'repository_archived',
  unarchived: 'repository_unarchived',
  renamed: 'repository_renamed',
  transferred: 'repository_transferred',
  publicized: 'repository_publicized',
  privatized: 'repository_privatized',
};

/** Another policy may hold now; another name is another address; and of another owner, other teams are asked. */
const JUDGED_AGAIN: ReadonlySet<CoverageOutcome> = new Set([
  'default_branch_changed',
  'repository_renamed',
  'repository_transferred',
  'repository_unarchived',
]);

const changesSchema = z.object({
  changes: z
    .object({
      repository: z.object({ name: z.object({ from: z.string() }) }).nullish(),
      default_branch: z.object({ from: z.string() }).nullish(),
    })
    .nullish(),
  repository: z.object({ default_branch: z.string().nullish() }),
});

/** `repository`: renamed, given away, shown to everybody, put away; or another branch's policy judges it now. */
export function repositoryTriggers(envelope: Envelope): Trigger[] {
  const { event, action, installationId, sender, payload } = envelope;
  const repository = repositoryOf(envelope);
  const { changes, repository: now } = parse(event, changesSchema, payload);
  const branchBefore = changes?.default_branch?.from ?? null;
  const outcome =
    action === 'edited' && branchBefore !== null ? 'default_branch_changed' : REPOSITORY[action];
  if (outcome === undefined) return [];
  const detail = {
    nameBefore: changes?.repository?.name.from ?? null,
    defaultBranch: now.default_branch ?? null,
    defaultBranchBefore: branchBefore,
  };
  const { id, owner, name } = repository;
  const triggers: Trigger[] = [
    {
      kind: 'record_coverage',
      installationId,
      repositories: [{ id, fullName: `${owner}/${name}` }],
      outcome,
      by: sender,
      detail,
    },
  ];
  if (JUDGED_AGAIN.has(outcome)) triggers.push({ kind: 'judge_open', repository, branch: null });
  return triggers;
}
