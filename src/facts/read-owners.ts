import { z } from 'zod';
import type { OwnersNamed } from '../domain/code-owners-facts.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import type { RoleFacts } from '../domain/role-facts.ts';
import { askRest, askRestPages } from './ask-github.ts';
import { emailKey } from './co-authors.ts';
import { isRefusal } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { inParallel } from './in-parallel.ts';
import { restActor } from './wire-actor.ts';

/** Finds out whom GitHub takes as owners, for one gathering: asked twice for the same it reads once. */
export interface OwnersReader {
  of(named: OwnersNamed): Promise<Required<Pick<RoleFacts, 'owningTeams' | 'ownersByEmail'>>>;
}

/** Beyond so many e-mails the rest is unknown, and who approves under one of those doesn't count. */
const EMAILS_AT_MOST = 20;

/** Opens a reader whose answers hold for this one gathering, as access is live. */
export function openOwners(github: GitHubReader, repository: RepositoryRef): OwnersReader {
  let teams: Promise<Known<ReadonlySet<string>>> | undefined;
  const emails = new Map<string, Promise<Known<number>>>();
  return {
    of: async (named) => {
      const owning =
        named.teams.length === 0 ? known(new Set<string>()) : await (teams ??= readTeams(github, repository));
      const asked = [...new Set(named.emails.map(emailKey))].toSorted();
      const found = await inParallel(asked, async (email) => {
        const reading =
          emails.get(email) ??
          (emails.size < EMAILS_AT_MOST
            ? readAccountOf(github, repository, email)
            : Promise.resolve(
                unknown('CODEOWNERS names too many e-mails for these files: name accounts or teams'),
              ));
        emails.set(email, reading);
        return [email, await reading] as const;
      });
      return {
        owningTeams: Object.fromEntries(
          [...new Set(named.teams)]
            .toSorted()
            .map((slug) => [slug, owning.known ? known(owning.value.has(slug)) : owning]),
        ),
        ownersByEmail: Object.fromEntries(found),
      };
    },
  };
}

const PAGES = 50;
const teamsAnswer = z.array(
  z.object({
    slug: z.string(),
    privacy: z.string().optional(),
    permissions: z.object({ push: z.boolean() }).optional(),
  }),
);

/** The teams that can own code here: those that are visible and have write access themselves, as GitHub asks of them. */
async function readTeams(
  github: GitHubReader,
  { owner, name }: RepositoryRef,
): Promise<Known<ReadonlySet<string>>> {
  try {
    const { complete, items } = await askRestPages(
      github,
      'GET /repos/{owner}/{repo}/teams',
      { owner, repo: name },
      teamsAnswer,
      (page) => page,
      { doing: `reading which teams may write to ${owner}/${name}`, limit: PAGES },
    );
    if (!complete) return unknown(`more than ${PAGES * 100} teams have access to ${owner}/${name}`);
    const owning = items.filter(
      ({ privacy, permissions }) => privacy === 'closed' && permissions?.push === true,
    );
    return known(new Set(owning.map(({ slug }) => slug)));
  } catch (error) {
    if (isRefusal(error)) return unknown(error.message);
    throw error;
  }
}

const commitsAnswer = z.array(
  z.object({ commit: z.object({ author: z.object({ email: z.string() }).nullish() }), author: restActor }),
);

/**
 * Whose e-mail it is. GitHub tells an App of no e-mail but those of commits, which it looks up in the same way; so somebody
 * who never committed here under it can't be told.
 */
async function readAccountOf(
  github: GitHubReader,
  { owner, name }: RepositoryRef,
  email: string,
): Promise<Known<number>> {
  const domain = email.slice(email.lastIndexOf('@') + 1);
  const doing = `reading whose e-mail at ${domain} owns code in ${owner}/${name}`;
  const parameters = { owner, repo: name, author: email, per_page: 1 };
  try {
    const commits = await askRest(
      github,
      'GET /repos/{owner}/{repo}/commits',
      parameters,
      commitsAnswer,
      doing,
    );
    const found = commits.find(({ commit }) => emailKey(commit.author?.email ?? '') === email);
    if (found === undefined) return unknown('nobody has committed here under that e-mail');
    return found.author === null
      ? unknown('the e-mail belongs to no GitHub account')
      : known(found.author.id);
  } catch (error) {
    if (isRefusal(error)) return unknown(error.message);
    throw error;
  }
}
