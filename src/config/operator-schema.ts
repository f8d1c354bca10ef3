import { z } from 'zod';

/*
 * The operator's file, `countersign.yaml`: where each (repository, environment) deploys to, and with which credential.
 * It lies on the server and is trusted; the checks are there to find mistakes before they reach a host.
 */

const CONTROL = /\p{Cc}/u;
const line = z.string().refine((text) => text !== '' && !CONTROL.test(text), 'must be one line of text');
const command = z.string().refine((text) => text.trim() !== '' && !text.includes('\0'), 'must be a command');

const hostSchema = z.strictObject({
  host: z
    .string()
    .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._:-]*[A-Za-z0-9])?$/, 'must be a host name or an IP address'),
  port: z
    .int('must be a whole number')
    .min(1, 'must be from 1 to 65535')
    .max(65_535, 'must be from 1 to 65535')
    .default(22),
  user: z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]*\$?$/, "must be the name of the host's account"),
  fingerprint: z
    .string()
    .regex(
      /^SHA256:[A-Za-z0-9+/]{43}$/,
      "must be the host key's SHA256:…, as `ssh-keyscan HOST | ssh-keygen -lf -` prints it",
    ),
});

/** Where a key is, never the key itself. */
export const privateKeySchema = z.union([z.strictObject({ file: line }), z.strictObject({ env: line })]);

const absolutePath = z
  .string()
  .refine(isPlainAbsolutePath, 'must be an absolute path of its own, like /srv/shop, without "." and ".."');

/** A slash at its end says that it is a folder, which the engine then makes where it is missing. */
const sharedPath = z
  .string()
  .refine(
    (path) => isPlainRelativePath(path.replace(/\/$/, '')),
    'must be a path inside the release, like storage/logs, without "." and ".."',
  );

const targetSchema = z.strictObject({
  repository: z.string().regex(/^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+$/, 'must be a repository like acme/shop'),
  repository_id: z
    .int('must be a whole number')
    .positive('must be the id that GitHub gives the repository')
    .optional(),
  environment: line,
  hosts: z.array(hostSchema).min(1, 'must name at least one host'),
  credential: z.strictObject({ private_key: privateKeySchema }),
  path: absolutePath,
  keep: z
    .int('must be a whole number')
    .min(2, 'must be at least 2: the running release and the one before')
    .max(100)
    .default(5),
  shared: z.array(sharedPath).default([]),
  commands: z
    .strictObject({
      build: command.optional(),
      before_switch: command.optional(),
      after_switch: command.optional(),
      health: command.optional(),
    })
    .default({}),
  timeout: z
    .int('must be a whole number of seconds')
    .min(1)
    .max(21_600, 'must be at most six hours')
    .default(600),
});

export const operatorSchema = z.strictObject({ targets: z.array(targetSchema) });

export type OperatorFile = z.output<typeof operatorSchema>;
export type OperatorTarget = OperatorFile['targets'][number];

function isPlainAbsolutePath(path: string): boolean {
  return path.startsWith('/') && isPlainRelativePath(path.slice(1));
}

function isPlainRelativePath(path: string): boolean {
  return !CONTROL.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
