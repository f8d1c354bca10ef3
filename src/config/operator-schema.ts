import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isHostName, isUserName } from '../domain/host-address.ts';

/*
 * The operator's file, `countersign.yaml`: where each (repository, environment) deploys to, and with which credential.
 * It lies on the server and is trusted; the checks are there to find mistakes before they reach a host.
 */

const CONTROL = /\p{Cc}/u;
export const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}$/;
/** Of one host: its old key and its new one, of more than one kind. */
export const MOST_FINGERPRINTS = 5;
const line = z.string().refine((text) => text !== '' && !CONTROL.test(text), 'must be one line of text');
const command = z.string().refine((text) => text.trim() !== '' && !text.includes('\0'), 'must be a command');

/** Where something is, as whom to log in, and which keys it may present. */
const place = {
  host: z.string().refine(isHostName, 'must be a host name or an IP address, without a port'),
  port: z
    .int('must be a whole number')
    .min(1, 'must be from 1 to 65535')
    .max(65_535, 'must be from 1 to 65535')
    .default(22),
  user: z.string().refine(isUserName, "must be the name of the host's account"),
  fingerprint: z.custom<string | readonly string[]>(
    arePins,
    "must be the host key's SHA256:…, as `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` prints it on the host itself; or a list of up to five, while the key is renewed",
  ),
};

/** Where a key is, never the key itself. */
export const privateKeySchema = z.union([z.strictObject({ file: line }), z.strictObject({ env: line })]);

/** One object with every key, not a union of two: of a union zod says only that neither fits, not which key is wrong. */
const credentialSchema = z
  .strictObject({
    private_key: privateKeySchema.optional(),
    agent: z.union([z.strictObject({ socket: line }), z.strictObject({ env: line })]).optional(),
    fingerprint: z
      .string()
      .regex(FINGERPRINT, "must be the key's SHA256:…, as `ssh-add -l` prints it")
      .optional(),
  })
  .superRefine(({ private_key: key, agent, fingerprint }, context) => {
    const wrong = (at: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [at], message });
    if (key === undefined && agent === undefined)
      wrong('private_key', 'must be here, or agent: which of the two is it?');
    if (key !== undefined && agent !== undefined)
      wrong('agent', 'must not be here beside private_key: which of the two is it?');
    if (agent !== undefined && fingerprint === undefined)
      wrong(
        'fingerprint',
        "must be here: it says which of the agent's keys is used, as `ssh-add -l` prints it",
      );
    if (agent === undefined && fingerprint !== undefined)
      wrong('fingerprint', 'must not be here: it belongs to an agent');
  });

const jumpSchema = z.strictObject({ ...place, credential: credentialSchema.optional() });

const hostSchema = z.strictObject({ ...place, jump: jumpSchema.optional() });

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

/** How the hosts follow one another. */
const rolloutSchema = z.strictObject({
  canary: z.int('must be a whole number of hosts').min(0).max(10_000).default(0),
  batch: z
    .custom<number | string>(isBatch, 'must be a number of hosts, a share of them like "25%", or all')
    .default(1),
  pause: z
    .int('must be a whole number of seconds')
    .min(0)
    .max(3600, 'must be at most an hour: the hosts stay locked while it lasts')
    .default(0),
  parallel: z
    .int('must be a whole number of hosts')
    .min(1, 'must be from 1 to 100')
    .max(100, 'must be from 1 to 100')
    .default(8),
  on_failure: z
    .enum(['roll_back_all', 'roll_back_failed', 'stop'], {
      error: 'must be roll_back_all, roll_back_failed or stop',
    })
    .default('roll_back_all'),
});

const seconds = (least: number, most: number) =>
  z
    .int('must be a whole number of seconds')
    .min(least, `must be from ${least} to ${most} seconds`)
    .max(most, `must be from ${least} to ${most} seconds`);

const healthUrlSchema = z.strictObject({
  url: z
    .string()
    .refine(
      isHealthAddress,
      'must be an http or https address, without user and password, like http://{host}:8080/health, in which {host} is the name of each host',
    ),
  status: z.int().min(100, 'must be from 100 to 599').max(599, 'must be from 100 to 599').default(200),
  tries: z.int().min(1, 'must be from 1 to 60').max(60, 'must be from 1 to 60').default(5),
  interval: seconds(0, 60).default(2),
  timeout: seconds(1, 60).default(5),
});

const targetSchema = z.strictObject({
  repository: z.string().regex(/^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+$/, 'must be a repository like acme/shop'),
  repository_id: z
    .int('must be a whole number')
    .positive('must be the id that GitHub gives the repository')
    .optional(),
  environment: line,
  hosts: z.array(hostSchema).min(1, 'must name at least one host'),
  jump: jumpSchema.optional(),
  credential: credentialSchema,
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
  health_url: healthUrlSchema.optional(),
  rollout: rolloutSchema.prefault({}),
  timeout: z
    .int('must be a whole number of seconds')
    .min(1)
    .max(21_600, 'must be at most six hours')
    .default(600),
  show_output: z.boolean('must be true or false').default(false),
});

/** One object with every key, not a union of two: of a union zod says only that neither fits, not which key is wrong. */
const witnessSchema = z
  .strictObject({
    git: z
      .string()
      .regex(
        /^(?:ssh:\/\/(?:[A-Za-z0-9_.-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*(?::\d{1,5})?\/[^\s\p{Cc}]+|[A-Za-z0-9_.-]+@[A-Za-z0-9][A-Za-z0-9.-]*:[^\s\p{Cc}]+)$/u,
        'must be an SSH address like ssh://git@host/path.git, without a password; https is not offered, for a token can do more than push one branch',
      )
      .optional(),
    branch: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*(?:[./][A-Za-z0-9_-]+)*$/, 'must be the name of a branch')
      .optional(),
    credential: z.strictObject({ private_key: privateKeySchema }).optional(),
    host_key: z
      .string()
      .regex(
        /^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)) [A-Za-z0-9+/]+={0,2}$/,
        "must be the host's public key, like ssh-ed25519 AAAA…, as its owner publishes it, or as /etc/ssh/ssh_host_ed25519_key.pub on the host itself has it",
      )
      .optional(),
    c2sp: z
      .string()
      .refine(
        isWitnessAddress,
        'must be an https address (http on loopback), without user, query or fragment',
      )
      .optional(),
    vkey: z
      .string()
      .refine(
        isCosigningKey,
        "must be the witness's cosignature key, like witness.example.com/w1+1a2b3c4d+BBBB…, whole and unaltered",
      )
      .optional(),
    every: z
      .int('must be a whole number of seconds')
      .min(1, 'must be from 1 to 3600 seconds')
      .max(3600, 'must be from 1 to 3600 seconds')
      .default(10),
  })
  .superRefine((witness, context) => {
    const [needed, foreign] =
      witness.c2sp === undefined
        ? ([['git', 'credential', 'host_key'], ['vkey']] as const)
        : ([['vkey'], ['git', 'branch', 'credential', 'host_key']] as const);
    for (const key of needed) {
      const message = key === 'git' ? 'must be here, or c2sp: which of the two is it?' : 'must be here';
      if (witness[key] === undefined) context.addIssue({ code: 'custom', path: [key], message });
    }
    for (const key of foreign) {
      const other = witness.c2sp === undefined ? 'c2sp' : 'git';
      if (witness[key] !== undefined)
        context.addIssue({
          code: 'custom',
          path: [key],
          message: `must not be here: it belongs to a ${other} witness`,
        });
    }
  });

export const operatorSchema = z.strictObject({
  targets: z.array(targetSchema),
  witnesses: z.array(witnessSchema).optional(),
});

export type OperatorFile = z.output<typeof operatorSchema>;
export type PrivateKeyReference = z.output<typeof privateKeySchema>;
export type OperatorCredential = z.output<typeof credentialSchema>;
export type OperatorTarget = OperatorFile['targets'][number];

function arePins(written: unknown): boolean {
  const pins: readonly unknown[] = Array.isArray(written) ? written : [written];
  const isPin = (pin: unknown): boolean => typeof pin === 'string' && FINGERPRINT.test(pin);
  return pins.length >= 1 && pins.length <= MOST_FINGERPRINTS && pins.every(isPin);
}

function isBatch(batch: unknown): boolean {
  if (typeof batch === 'number') return Number.isInteger(batch) && batch >= 1 && batch <= 10_000;
  return typeof batch === 'string' && /^(?:all|(?:[1-9]\d?|100)%)$/.test(batch);
}

function isPlainAbsolutePath(path: string): boolean {
  return path.startsWith('/') && isPlainRelativePath(path.slice(1));
}

function isPlainRelativePath(path: string): boolean {
  return !CONTROL.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

function isHealthAddress(text: string): boolean {
  const url = URL.parse(text.replaceAll('{host}', 'host'));
  if (url === null || CONTROL.test(text)) return false;
  return ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '';
}

/** A checkpoint is public, so http would give nothing away; but what answers there must be who it says. */
function isWitnessAddress(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return false;
  const loopback =
    url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(url.hostname);
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback);
}

/** `NAME+ID+KEY` with a key of type 4 (cosignature/v1, Ed25519), whose id is a digest of name and key. */
function isCosigningKey(text: string): boolean {
  const [, name = '', id, encoded = ''] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text) ?? [];
  const key = Buffer.from(encoded, 'base64');
  if (key.length !== 33 || key[0] !== 4) return false;
  return createHash('sha256')
    .update(`${name}\n`)
    .update(key)
    .digest('hex')
    .startsWith(id ?? '-');
}
