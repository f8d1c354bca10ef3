/** Finds things in the stand-in's memory by the names that GitHub uses in addresses. */
import { notFound } from './http.ts';
import type {
  Account,
  Actor,
  CheckRun,
  CheckSuite,
  Installation,
  Organization,
  Pull,
  Repository,
  Team,
  User,
} from './state.ts';
import type { World } from './world.ts';

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

export function findAccount(world: World, login: string): Account | null {
  return [...world.state.accounts.values()].find((account) => same(account.login, login)) ?? null;
}

export function needUser(world: World, login: string): User {
  const account = findAccount(world, login);
  if (account?.kind !== 'User') throw notFound();
  return account;
}

export function needOrganization(world: World, login: string): Organization {
  const account = findAccount(world, login);
  if (account?.kind !== 'Organization') throw notFound();
  return account;
}

export function needTeam(organization: Organization, slug: string): Team {
  const team = organization.teams.find((candidate) => same(candidate.slug, slug));
  if (team === undefined) throw notFound();
  return team;
}

export function findTeam(world: World, id: number): Team | null {
  for (const account of world.state.accounts.values()) {
    const team =
      account.kind === 'Organization' ? account.teams.find((candidate) => candidate.id === id) : undefined;
    if (team !== undefined) return team;
  }
  return null;
}

export function findRepository(world: World, owner: string, name: string): Repository | null {
  return (
    [...world.state.repositories.values()].find(
      (one) => same(one.owner.login, owner) && same(one.name, name),
    ) ?? null
  );
}

export function findActor(world: World, id: number): Actor | null {
  const account = world.state.accounts.get(id);
  return account === undefined || account.kind === 'Organization' ? null : account;
}

export function needPull(repository: Repository, number: string | undefined): Pull {
  const pull = repository.pulls.get(Number(number));
  if (pull === undefined) throw notFound();
  return pull;
}

export function needCheckRun(repository: Repository, id: number): CheckRun {
  const run = repository.checkRuns.get(id);
  if (run === undefined) throw notFound();
  return run;
}

export function needSuite(repository: Repository, id: number): CheckSuite {
  const suite = repository.suites.find((one) => one.id === id);
  if (suite === undefined) throw notFound();
  return suite;
}

/** Whether an installation covers a repository. */
export function covers(installation: Installation, repository: Repository): boolean {
  return (
    installation.account.id === repository.owner.id &&
    (installation.repositories === null || installation.repositories.has(repository.id))
  );
}

/** Address of a user's own `noreply` mailbox. */
export const noreply = (account: Actor): string => `${account.id}+${account.login}@users.noreply.github.com`;

/** The account to which GitHub attributes commits with this e-mail; null where no account has registered it. */
export function accountOfEmail(world: World, email: string): Actor | null {
  const wanted = email.toLowerCase();
  if (wanted === 'noreply@github.com') return world.webFlow;
  for (const account of world.state.accounts.values()) {
    if (account.kind === 'Organization') continue;
    if (noreply(account).toLowerCase() === wanted) return account;
    if (account.kind === 'User' && account.emails.has(wanted)) return account;
  }
  return null;
}
