import { z } from 'zod';
import type { CommitFacts, IdentityFacts } from '../domain/change-facts.ts';
import { coAuthorsIn, emailKey, principalsIn } from './co-authors.ts';
import { graphqlUser } from './wire-actor.ts';
import { utcTime } from './wire-time.ts';

/**
 * Asks GraphQL for a commit with everyone it names. `authors` is GitHub's own reading of author and trailers, with the
 * accounts; our parser reads the message as well, and both count.
 */
export const COMMIT_PARTS = `
fragment IdentityParts on GitActor { name email user { databaseId login } }
fragment CommitParts on Commit {
  oid message authoredDate committedDate
  author { ...IdentityParts }
  committer { ...IdentityParts }
  authors(first: 20) { nodes { ...IdentityParts } }
  parents(first: 20) { totalCount nodes { oid } }
  signature { isValid wasSignedByGitHub }
}`;

const identity = z
  .object({ name: z.string().nullish(), email: z.string().nullish(), user: graphqlUser })
  .nullable()
  .transform((who): IdentityFacts => ({
    name: who?.name ?? '',
    email: who?.email ?? '',
    actor: who?.user ?? null,
  }));

/** A full commit id. */
export const sha = z.string().regex(/^[0-9a-f]{40}$/);

/** The committer's e-mail on what GitHub itself made: merges, squashes, edits in the browser. Anyone can write it, too. */
export const WEB_FLOW = 'noreply@github.com';

/** A commit as GraphQL has it, as facts. Who of its identities has no account there may still have one: see `resolve-identities.ts`. */
export const graphqlCommit = z
  .object({
    oid: sha,
    message: z.string(),
    authoredDate: utcTime,
    committedDate: utcTime,
    author: identity,
    committer: identity,
    authors: z.object({ nodes: z.array(identity).nullish() }),
    parents: z.object({ totalCount: z.int(), nodes: z.array(z.object({ oid: sha }).nullable()).nullish() }),
    signature: z.object({ isValid: z.boolean(), wasSignedByGitHub: z.boolean() }).nullish(),
  })
  .transform((wire, context): CommitFacts => {
    const parents = (wire.parents.nodes ?? []).flatMap((parent) => (parent === null ? [] : [parent.oid]));
    if (parents.length !== wire.parents.totalCount) {
      context.addIssue({
        code: 'custom',
        message: `${wire.parents.totalCount} parents, of which ${parents.length} are told`,
      });
    }
    const { author, committer } = wire;
    return {
      sha: wire.oid,
      parents,
      message: wire.message,
      authoredAt: wire.authoredDate,
      committedAt: wire.committedDate,
      author,
      committer,
      coAuthors: coAuthorsOf(wire.message, author, wire.authors.nodes ?? []),
      // Codespaces signs people's own commits with GitHub's key: those have the person as committer.
      signedByGitHub:
        wire.signature?.isValid === true &&
        wire.signature.wasSignedByGitHub &&
        emailKey(committer.email) === WEB_FLOW,
    };
  });

function coAuthorsOf(
  message: string,
  author: IdentityFacts,
  told: readonly IdentityFacts[],
): readonly IdentityFacts[] {
  const found = new Map<string, IdentityFacts>();
  const toldByEmail = new Map(told.map((each) => [emailKey(each.email), each]));
  // GraphQL tells only people's accounts here: without one the author is a bot, or nobody we know, which holds anyway. Should it tell
  // a bot's one day, that is still no person.
  const principals = author.actor?.kind === 'user' ? [] : principalsIn(message);
  for (const { name, email } of [...coAuthorsIn(message), ...principals]) {
    const actor = email === '' ? null : (toldByEmail.get(emailKey(email))?.actor ?? null);
    found.set(emailKey(email) || name, { name, email, actor });
  }
  for (const each of told) {
    const key = emailKey(each.email) || each.name;
    if (!found.has(key)) found.set(key, each);
  }
  found.delete(emailKey(author.email) || author.name);
  return [...found.values()];
}
