import { spawn } from 'node:child_process';
import type { Account } from './account.ts';

/** Nothing of our own environment goes along: it holds secrets that a database has no use for. */
export const BARE_ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } as const;

/** Runs a program to its end as `account`. It never throws: what can't be started ends with code null. */
export async function runAs(
  account: Account,
  program: string,
  args: readonly string[],
): Promise<{ code: number | null; output: string }> {
  return await new Promise((resolve) => {
    const child = spawn(program, args, {
      ...account.ids,
      cwd: '/',
      env: BARE_ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', (error) => {
      resolve({ code: null, output: String(error) });
    });
    child.on('close', (code) => {
      resolve({ code, output });
    });
  });
}
