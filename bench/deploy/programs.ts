/** What we are compared with, run as anybody would from a shell: `tar` through `ssh`, and `rsync`. Each is a new process and connection. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { quote } from '../../src/deploy/quote.ts';

export interface Way {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly keyFile: string;
}

/** The OpenSSH client with nothing of this user's own configuration, as fast as it is out of the box. */
function sshOf({ port, keyFile }: Way): string {
  return `ssh -F /dev/null -p ${port} -i ${quote(keyFile)} -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR`;
}

const at = (way: Way, folder: string): string => `${way.user}@${way.host}:${quote(folder)}/`;

/** `tar | ssh tar`: the files alone; nothing is compared, and nothing is verified. */
export async function tarThroughSsh(way: Way, from: string, to: string): Promise<void> {
  const unpack = `mkdir -p ${quote(to)} && tar -C ${quote(to)} -xf -`;
  await shell(`tar -C ${quote(from)} -cf - . | ${sshOf(way)} ${way.user}@${way.host} ${quote(unpack)}`);
}

export async function rsync(way: Way, options: readonly string[], from: string, to: string): Promise<void> {
  const words = ['rsync', ...options, '-e', sshOf(way)].map(quote).join(' ');
  await shell(`${words} ${quote(`${from}/`)} ${at(way, to)}`);
}

/** Is a program there? Some have none of those compared with here. */
export async function has(program: string): Promise<boolean> {
  return shell(`command -v ${quote(program)}`).then(
    () => true,
    () => false,
  );
}

export async function shell(command: string, cwd?: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', `set -e; ${command}`], {
    maxBuffer: 64 * 1024 * 1024,
    ...(cwd === undefined ? {} : { cwd }),
  });
  return stdout;
}
