/** Whether somebody is one of the code owners of a file whom GitHub takes as such: they need write access. */
import type { Actor } from '../domain/actor.ts';
import type { ChangeFacts } from '../domain/change-facts.ts';
import type { RoleFacts } from '../domain/role-facts.ts';
import type { Owner } from './code-owners.ts';
import { either, type Eligibility, hasPermission, inTeam } from './eligibility.ts';
import type { OwnedFiles } from './ownership.ts';

type Facts = Pick<ChangeFacts, 'repository' | 'roles'>;

/** Whether somebody's approval is one of the owners' of these files. */
export function owns(actor: Actor, { owners }: Pick<OwnedFiles, 'owners'>, facts: Facts): Eligibility {
  return either(owners.map((owner) => isOwner(actor, owner, facts)));
}

function isOwner(actor: Actor, owner: Owner, { repository, roles }: Facts): Eligibility {
  switch (owner.is) {
    case 'user':
      return owner.login.toLowerCase() === actor.login.toLowerCase()
        ? hasPermission(actor, 'write', roles)
        : NO;
    case 'email': {
      const account = emailOf(owner.email, roles);
      if (account === undefined) return unknown('its e-mail was not looked up');
      if (!account.known) return unknown(account.why);
      return account.value === actor.id ? hasPermission(actor, 'write', roles) : NO;
    }
    case 'team': {
      // A team of another organisation has no access here.
      if (!isOfOrganisation(owner, repository)) return NO;
      const slug = owner.slug.toLowerCase();
      const member = inTeam(actor, slug, roles);
      if (member.is === 'no') return NO;
      const owning = owningTeam(slug, roles);
      if (owning === undefined) return unknown(`whether team ${slug} may write here was not looked up`);
      if (!owning.known) return unknown(owning.why);
      return owning.value ? member : NO;
    }
  }
}

/** Whether somebody is meant as an owner, but GitHub takes them for none: they, or their team, may not write here. */
export function lacksAccess(actor: Actor, { owners }: Pick<OwnedFiles, 'owners'>, facts: Facts): boolean {
  return owners.some((owner) => isMeant(actor, owner, facts) && isOwner(actor, owner, facts).is === 'no');
}

function isMeant(actor: Actor, owner: Owner, { repository, roles }: Facts): boolean {
  switch (owner.is) {
    case 'user':
      return owner.login.toLowerCase() === actor.login.toLowerCase();
    case 'email': {
      const account = emailOf(owner.email, roles);
      return account?.known === true && account.value === actor.id;
    }
    case 'team':
      return (
        isOfOrganisation(owner, repository) && inTeam(actor, owner.slug.toLowerCase(), roles).is === 'yes'
      );
  }
}

/** Whether nobody but these people could approve as its owner, as far as can be known without asking. */
export function isBarred(
  owner: Owner,
  { repository, roles }: Facts,
  authors: { readonly ids: ReadonlySet<number>; readonly logins: ReadonlySet<string> },
): boolean {
  switch (owner.is) {
    case 'user':
      return authors.logins.has(owner.login.toLowerCase());
    case 'email': {
      const account = emailOf(owner.email, roles);
      return account?.known === true && authors.ids.has(account.value);
    }
    case 'team': {
      if (!isOfOrganisation(owner, repository)) return true;
      const owning = owningTeam(owner.slug.toLowerCase(), roles);
      return owning?.known === true && !owning.value;
    }
  }
}

/** An owner as people read it; an e-mail by its domain alone. */
export function nameOfOwner(owner: Owner, { repository }: Pick<Facts, 'repository'>): string {
  switch (owner.is) {
    case 'user':
      return owner.login;
    case 'email':
      return `e-mail at ${owner.email.slice(owner.email.lastIndexOf('@') + 1)}`;
    case 'team':
      return isOfOrganisation(owner, repository)
        ? `team ${owner.slug.toLowerCase()}`
        : `team ${owner.org}/${owner.slug}`;
  }
}

const NO: Eligibility = { is: 'no' };
const unknown = (why: string): Eligibility => ({ is: 'unknown', role: 'code owner', why });

const isOfOrganisation = ({ org }: Extract<Owner, { is: 'team' }>, { owner }: Facts['repository']): boolean =>
  org.toLowerCase() === owner.toLowerCase();

const emailOf = (email: string, { ownersByEmail = {} }: RoleFacts) => own(ownersByEmail, email.toLowerCase());
const owningTeam = (slug: string, { owningTeams = {} }: RoleFacts) => own(owningTeams, slug);

const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;
