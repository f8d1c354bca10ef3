import { z } from 'zod';
import type { Listed } from '../domain/listed.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { askRestPage, askRestPages } from './ask-github.ts';
import { isRefusal } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import type { BranchActivity } from './pushers-of.ts';
import { restActor } from './wire-actor.ts';

/** How the branches of one repository moved, for one gathering. */
export interface ActivityReader {
  /** The moves of a branch, newest first, as far back as is `enough`; null where GitHub doesn't show them. */
  of(
    branch: string,
    how: { readonly doing: string; readonly enough: (moves: readonly BranchActivity[]) => boolean },
  ): Promise<Listed<BranchActivity> | null>;
}

/** A thousand moves; what is further back isn't known. */
const PAGES = 10;
const ROUTE = 'GET /repos/{owner}/{repo}/activity';

const moves = z.array(
  z
    .object({
      ref: z.string().optional(),
      activity_type: z.string(),
      before: z.string(),
      after: z.string(),
      actor: restActor,
      timestamp: z.string(),
    })
    .transform(({ ref, ...wire }): { readonly ref: string | undefined; readonly move: BranchActivity } => ({
      ref,
      move: {
        kind: wire.activity_type,
        before: wire.before,
        after: wire.after,
        actor: wire.actor,
        at: wire.timestamp,
      },
    })),
);

/**
 * Opens it. `many`: so many branches are going to be asked for that the repository's whole activity, which is read once for all
 * of them, costs less than each one's own; what that doesn't reach is asked for by itself all the same.
 */
export function openActivity(
  github: GitHubReader,
  { owner, name }: Pick<RepositoryRef, 'owner' | 'name'>,
  { many }: { readonly many: boolean },
): ActivityReader {
  type Page = Awaited<ReturnType<typeof askRestPage<typeof moves>>>;
  const pages: Promise<Page>[] = [];
  const page = async (index: number): Promise<Page | null> => {
    const before = index === 0 ? null : await page(index - 1);
    if (index > 0 && (before === null || before.next === null || Object.keys(before.next).length === 0))
      return null;
    return await (pages[index] ??= askRestPage(github, ROUTE, { owner, repo: name }, moves, {
      doing: `reading how the branches of ${owner}/${name} moved`,
      position: before?.next ?? {},
    }));
  };
  return {
    of: async (branch, { doing, enough }) => {
      const ref = `refs/heads/${branch}`;
      try {
        const found: BranchActivity[] = [];
        for (let index = 0; index < (many ? PAGES : 0); index += 1) {
          const read = await page(index);
          if (read === null) break;
          found.push(...read.page.flatMap((each) => (each.ref === ref ? each.move : [])));
          if (read.next === null || enough(found)) return { complete: true, items: found };
        }
        return await askRestPages(
          github,
          ROUTE,
          { owner, repo: name, ref },
          moves,
          (own) => own.map(({ move }) => move),
          { doing, limit: PAGES, stop: enough },
        );
      } catch (error) {
        if (isRefusal(error)) return null;
        throw error;
      }
    },
  };
}
