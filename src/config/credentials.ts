import { createHash } from 'node:crypto';
import ssh2 from 'ssh2';
import { errorCodeOf } from '../domain/error-code.ts';
import type { Environment, ReadFile } from './environment.ts';
import type { OperatorTarget } from './operator-schema.ts';

type Reference = OperatorTarget['credential']['private_key'];

/** How the file names a key. */
export function referenceOf(reference: Reference): string {
  return 'file' in reference ? `file ${reference.file}` : `variable ${reference.env}`;
}

/** The key that a reference names, or what is wrong with it (`problem` has nothing of the key in it). */
export function readKey(
  reference: Reference,
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
      problem: `names a ${referenceOf(reference)} that holds no private SSH key without a passphrase`,
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
