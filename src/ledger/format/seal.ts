/**
 * What stands in an entry in place of a person or a document: a keyed reference or a commitment. Without the secret or the
 * salt, which can be erased, neither can be guessed from a list of logins or of likely texts.
 */
import { createHmac } from 'node:crypto';
import type { Actor } from '../../domain/actor.ts';
import { sha256 } from './hash.ts';

export const SECRET_SIZE = 32;

export interface SealedDocument {
  readonly commitment: Buffer;
  readonly salt: Buffer;
  readonly body: Uint8Array;
}

/** HMAC-SHA256(secret, "actor" ‖ 0x00 ‖ id) */
export function actorReference(secret: Uint8Array, githubId: Actor['id']): Buffer {
  return reference(secret, 'actor', String(githubId));
}

/** HMAC-SHA256(secret, "login" ‖ 0x00 ‖ login): the name that the person had then. */
export function loginReference(secret: Uint8Array, login: Actor['login']): Buffer {
  return reference(secret, 'login', login);
}

/** SHA-256(salt ‖ body) */
export function commitmentOf(salt: Uint8Array, body: Uint8Array): Buffer {
  return Buffer.from(sha256(Buffer.concat([salt, body])));
}

/** Seals a body with a salt of its own, so that equal bodies can't be told from their commitments. */
export function sealDocument(body: Uint8Array, random: (size: number) => Uint8Array): SealedDocument {
  const salt = Buffer.from(random(SECRET_SIZE));
  return { commitment: commitmentOf(salt, body), salt, body };
}

function reference(secret: Uint8Array, domain: 'actor' | 'login', value: string): Buffer {
  return createHmac('sha256', secret).update(`${domain}\0${value}`).digest();
}
