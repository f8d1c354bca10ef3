/** `CODEOWNERS`: who must have approved which of the changed files. */
import { readBlob, listTree } from '../git/commits.ts';
import type { Actor, Organization, Repository, User } from '../state.ts';
import type { World } from '../world.ts';

interface Rule {
  readonly pattern: RegExp;
  readonly owners: readonly string[];
}

/** GitHub's patterns: as in `.gitignore`, without negation and character ranges. */
export function ownerPattern(glob: string): RegExp {
  const anchored = glob.replace(/\/$/, '').includes('/');
  const body = glob.replace(/^\//, '').replace(/\/$/, '/**');
  const source = body
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/\*\*\/?|\*|\?/g, (wild) =>
      wild === '*' ? '[^/]*' : wild === '?' ? '[^/]' : wild === '**/' ? '(?:.*/)?' : '.*',
    );
  // A directory owns what is in it; `docs/*` owns files, not what is deeper.
  const deeper = glob.endsWith('*') ? '' : '(?:/.*)?';
  return new RegExp(`^${anchored ? '' : '(?:.*/)?'}${source}${deeper}$`);
}

/** The rules of a file, in order; the last that matches counts. */
export function parseCodeOwners(text: string): Rule[] {
  return text
    .split('\n')
    .map((line) =>
      line
        .replace(/(^|\s)#.*$/, '')
        .trim()
        .split(/\s+/),
    )
    .filter(([glob]) => glob !== undefined && glob !== '')
    .map(([glob = '', ...owners]) => ({ pattern: ownerPattern(glob), owners }));
}

const PLACES = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'];

async function codeOwnersAt(repository: Repository, commit: string): Promise<Rule[]> {
  for (const place of PLACES) {
    const [entry] = await listTree(repository.directory, commit, place, false);
    if (entry !== undefined)
      return parseCodeOwners((await readBlob(repository.directory, entry.sha)).toString('utf8'));
  }
  return [];
}

const isOwner = (world: World, organization: User | Organization, owner: string, actor: Actor): boolean => {
  const name = owner.replace(/^@/, '').toLowerCase();
  if (!name.includes('/'))
    return actor.login.toLowerCase() === name || (actor.kind === 'User' && actor.emails.has(name));
  if (organization.kind !== 'Organization') return false;
  const team = organization.teams.find((one) => `${organization.login}/${one.slug}`.toLowerCase() === name);
  return team?.members.has(actor.id) === true && world.state.accounts.has(actor.id);
};

/** Files whose owners have not approved yet. */
export async function unownedFiles(
  world: World,
  repository: Repository,
  base: string,
  files: readonly string[],
  approvers: readonly Actor[],
): Promise<string[]> {
  const rules = await codeOwnersAt(repository, base);
  return files.filter((file) => {
    const owners = rules.findLast((rule) => rule.pattern.test(file))?.owners ?? [];
    return (
      owners.length > 0 &&
      !owners.some((owner) => approvers.some((actor) => isOwner(world, repository.owner, owner, actor)))
    );
  });
}
