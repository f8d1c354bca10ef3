import { readFile } from 'node:fs/promises';
import { errorCodeOf } from '../domain/error-code.ts';
import type { CommandIo } from './command-io.ts';

/** What stands in a file that should be a policy; null where it can't be read, which is then said. */
export async function policyText(file: string, stderr: CommandIo['stderr']): Promise<string | null> {
  try {
    return new TextDecoder().decode(await readFile(file));
  } catch (error) {
    const why = errorCodeOf(error) === 'ENOENT' ? 'does not exist' : `could not be read: ${messageOf(error)}`;
    stderr.write(`countersign: ${file} ${why}\n`);
    return null;
  }
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error);
}
