import { createHash } from 'node:crypto';
import ssh2 from 'ssh2';
import { errorCodeOf } from '../domain/error-code.ts';
import type { Environment, ReadFile } from './environment.ts';
import type { AgentKey, LoginKey } from '../domain/deploy.ts';
import { Secret } from '../domain/secret.ts';
import type { OperatorCredential, PrivateKeyReference } from './operator-schema.ts';

/** A key as this process has it: its text, or which of an agent's it is, which is no secret. */
export type HeldKey = Secret | AgentKey;

export interface ReadCredential {
  /** How the file names it. */
  readonly reference: string;
  /** Base64 of the public half's SHA-256; null where it wasn't read. Of an agent's key the file has it. */
  readonly fingerprint: string | null;
  /** Null where it wasn't read, or can't be. */
  readonly key: HeldKey | null;
  /** What is wrong, and at which key of the credential; null: nothing. */
  readonly problem: { readonly at: 'private_key' | 'agent'; readonly message: string } | null;
}

/** How the file names a credential. */
export function referenceOf({ private_key: key, agent, fingerprint }: OperatorCredential): string {
  if (key !== undefined) return fileOrVariable(key);
  const where =
    agent === undefined ? 'nothing' : 'socket' in agent ? `socket ${agent.socket}` : `variable ${agent.env}`;
  return `agent ${where} ${fingerprint ?? ''}`;
}

/** Reads what the file names: the key, or where its agent listens. `ours` false: nothing is read, neither file nor variable. */
export function readCredential(
  credential: OperatorCredential,
  ours: boolean,
  env: Environment,
  readFile: ReadFile,
): ReadCredential {
  const reference = referenceOf(credential);
  const { private_key: named, agent, fingerprint } = credential;
  if (agent !== undefined && fingerprint !== undefined) {
    // As `fingerprintOf` has it: the same bytes in the same letters, but for the padding.
    const known = { reference, fingerprint: `${fingerprint.replace(/^SHA256:/, '')}=` };
    if (!ours) return { ...known, key: null, problem: null };
    const socket = 'socket' in agent ? agent.socket : env[agent.env]?.trim();
    if (socket?.startsWith('/') === true)
      return { ...known, key: { agent: socket, fingerprint }, problem: null };
    const message =
      'socket' in agent
        ? 'must be the absolute path of a socket'
        : `names the variable ${agent.env}, which ${socket === undefined || socket === '' ? 'is not set' : 'holds no absolute path'}`;
    return { ...known, key: null, problem: { at: 'agent', message } };
  }
  if (!ours || named === undefined) return { reference, fingerprint: null, key: null, problem: null };
  const result = readKey(named, env, readFile);
  if ('problem' in result) {
    const problem = { at: 'private_key', message: result.problem } as const;
    return { reference, fingerprint: null, key: null, problem };
  }
  return { reference, fingerprint: result.fingerprint, key: new Secret(result.key), problem: null };
}

/** The key itself, where there is a text of it. */
export const revealed = (key: HeldKey): LoginKey => (key instanceof Secret ? key.reveal() : key);

export const allRevealed = (keys: Readonly<Record<string, HeldKey>>): Readonly<Record<string, LoginKey>> =>
  Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, revealed(key)]));

const fileOrVariable = (reference: PrivateKeyReference): string =>
  'file' in reference ? `file ${reference.file}` : `variable ${reference.env}`;

/** The key that a reference names, or what is wrong with it (`problem` has nothing of the key in it). */
export function readKey(
  reference: PrivateKeyReference,
  env: Environment,
  readFile: ReadFile,
): { readonly key: string; readonly fingerprint: string } | { readonly problem: string } {
  let text: string | undefined;
  if ('file' in reference) {
    try {
      text = readFile(reference.file);
    } catch (error) {
      return {
        problem: `names the file ${reference.file}, which can't be read (${errorCodeOf(error) ?? 'unknown error'})`,
      };
    }
  } else {
    text = env[reference.env]?.replaceAll('\\n', '\n');
    if (text === undefined || text.trim() === '') {
      return { problem: `names the variable ${reference.env}, which is not set` };
    }
  }
  const key = `${text.trim()}\n`;
  const fingerprint = fingerprintOf(key);
  if (fingerprint === null) {
    return {
      problem: `names a ${fileOrVariable(reference)} that holds no private SSH key without a passphrase`,
    };
  }
  return { key, fingerprint };
}

/** The same for every spelling of one key: a digest of its public half. */
function fingerprintOf(key: string): string | null {
  const parsed = ssh2.utils.parseKey(key);
  const first = Array.isArray(parsed) ? parsed[0] : parsed;
  if (first === undefined || first instanceof Error || !first.isPrivateKey()) return null;
  return createHash('sha256').update(first.getPublicSSH()).digest('base64');
}
