import type { OwnersNamed } from '../domain/code-owners-facts.ts';
import { codeOwnersOf } from './code-owners.ts';

/** Whose roles have to be known to judge who owns these paths: for whoever gathers facts. */
export function ownersAmong(text: string, paths: readonly string[], organisation: string): OwnersNamed {
  const file = codeOwnersOf(text);
  const owners = paths.flatMap((path) => file.of(path).owned?.owners ?? []);
  const teams = owners.flatMap((owner) =>
    owner.is === 'team' && owner.org.toLowerCase() === organisation.toLowerCase()
      ? [owner.slug.toLowerCase()]
      : [],
  );
  const emails = owners.flatMap((owner) => (owner.is === 'email' ? [owner.email.toLowerCase()] : []));
  return {
    teams: [...new Set(teams)].toSorted(),
    emails: [...new Set(emails)].toSorted(),
    people: owners.some(({ is }) => is !== 'team'),
  };
}
