import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { z } from 'zod';

/** The logins of an embedded cluster. The bootstrap superuser is used for set-up only. */
export const LOGINS = {
  superuser: 'countersign_bootstrap',
  owner: 'countersign_migrator',
  writer: 'countersign_app',
  reader: 'countersign_auditor',
  eraser: 'countersign_erasure',
} as const;

export type LoginName = keyof typeof LOGINS;

const credentialsSchema = z.strictObject({
  passwords: z.strictObject({
    superuser: z.string(),
    owner: z.string(),
    writer: z.string(),
    reader: z.string(),
    eraser: z.string(),
  }),
  port: z.int(),
});

/** What is kept beside the data, readable by whoever runs Countersign only. */
export type Credentials = z.infer<typeof credentialsSchema>;

export async function readCredentials(file: string): Promise<Credentials | null> {
  const text = await fs.readFile(file, 'utf8').catch(() => null);
  return text === null ? null : credentialsSchema.parse(JSON.parse(text));
}

export function newCredentials(): Credentials {
  const password = (): string => randomBytes(24).toString('base64url');
  return {
    passwords: {
      superuser: password(),
      owner: password(),
      writer: password(),
      reader: password(),
      eraser: password(),
    },
    port: 0,
  };
}

/** Written aside and renamed, so that a crash leaves the old file or the new one. */
export async function writeCredentials(file: string, credentials: Credentials): Promise<void> {
  const part = `${file}.part`;
  await fs.writeFile(part, JSON.stringify(credentials, null, 2) + '\n', { mode: 0o600 });
  await fs.rename(part, file);
}

/** `postgresql://…` for one login. Passwords are URL-safe as they are made. */
export function urlOf(credentials: Credentials, login: LoginName, database: string): string {
  return `postgresql://${LOGINS[login]}:${credentials.passwords[login]}@127.0.0.1:${credentials.port}/${database}`;
}
