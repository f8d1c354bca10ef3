/**
 * GitHub's payloads as far as we read them. Everything in them is said by whoever holds the webhook secret (GitHub),
 * but about people who may be hostile: names and refs are data, never trusted beyond their shape. Unknown fields are
 * ignored, since GitHub adds some every month.
 */
import { z } from 'zod';
import { CodedError } from '../domain/coded-error.ts';
import type { Actor } from '../domain/actor.ts';
import type { RepositoryRef } from '../domain/repository.ts';

/** A full commit id. */
export const shaSchema = z.string().regex(/^[0-9a-f]{40}$/);

/** A moment as RFC 3339 in UTC. */
export const timeSchema = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());

export const idSchema = z.int().positive();

const accountSchema = z.object({ id: idSchema, login: z.string().min(1), type: z.string().optional() });

/** Null for nobody and for `ghost`, the stand-in for deleted accounts: neither can be held to anything. */
export const actorSchema = accountSchema.nullish().transform((account): Actor | null => {
  if (account === null || account === undefined || account.login === 'ghost') return null;
  const bot = account.type === 'Bot' || account.login.endsWith('[bot]');
  return { id: account.id, login: account.login, kind: bot ? 'bot' : 'user' };
});

const repositorySchema = z.object({
  id: idSchema,
  name: z.string().min(1),
  owner: z.object({ login: z.string().min(1) }),
});

const envelopeSchema = z.object({
  action: z.string().optional(),
  sender: actorSchema,
  installation: z.object({ id: idSchema }).nullish(),
  repository: repositorySchema.nullish(),
});

/** What every delivery has round its own part. */
export interface Envelope {
  readonly event: string;
  readonly action: string;
  readonly sender: Actor | null;
  readonly installationId: number;
  readonly repository: RepositoryRef | null;
  readonly payload: unknown;
}

/** Null: it came through no installation of our App, so there is nothing we may do about it. */
export function envelopeOf(event: string, payload: unknown): Envelope | null {
  const { action = '', sender, installation, repository } = parse(event, envelopeSchema, payload);
  if (installation === null || installation === undefined) return null;
  const installationId = installation.id;
  return {
    event,
    action,
    sender,
    installationId,
    repository:
      repository === null || repository === undefined
        ? null
        : { id: repository.id, owner: repository.owner.login, name: repository.name, installationId },
    payload,
  };
}

/** The repository of an event that must have one. */
export function repositoryOf(envelope: Envelope): RepositoryRef {
  if (envelope.repository === null) throw malformed(envelope.event, 'repository', 'it is missing');
  return envelope.repository;
}

/** Reads an event's own part; a payload that doesn't have it is an error that names the field. */
export function parse<T>(event: string, schema: z.ZodType<T>, payload: unknown): T {
  const result = schema.safeParse(payload);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw malformed(event, issue?.path.join('.') ?? '', issue?.message ?? 'it is not what it should be');
}

/** The error for a delivery whose payload isn't what GitHub documents. */
export function malformed(event: string, field: string, why: string): CodedError {
  return new CodedError(
    'delivery_malformed',
    `the delivery of "${event}" has no usable "${field}" (${why}). It is stored as it came; if GitHub changed this ` +
      'event, Countersign has to be updated, and its job in the dead queue redriven.',
  );
}
