/**
 * How git may reach one host over SSH: with the witness's key and no other, to the pinned host key and no other, whatever the
 * configuration, the agent or the known hosts of whoever runs this say.
 */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quote } from '../deploy/quote.ts';

const PREFIX = 'ssh-';
/** What `known_hosts` calls the host, so that its address needs no form of its own there. */
const ALIAS = 'witness';

export interface SshAccess {
  readonly privateKey: string;
  readonly hostKey: string;
}

/**
 * Runs `work` with git's configuration for this access. ssh takes a key from a file only, so it lies in one that nobody else
 * may read, for as long as `work` takes. A process that is killed leaves it there; the next one takes it away first.
 * `directory` must be this process's alone meanwhile.
 */
export async function withSshAccess<T>(
  directory: string,
  access: SshAccess,
  work: (config: readonly (readonly [string, string])[]) => Promise<T>,
): Promise<T> {
  await removeLeftOver(directory);
  const folder = await mkdtemp(join(directory, PREFIX));
  try {
    const [key, knownHosts] = [join(folder, 'key'), join(folder, 'known_hosts')];
    await writeFile(key, access.privateKey, { mode: 0o600, flag: 'wx' });
    await writeFile(knownHosts, `${ALIAS} ${access.hostKey}\n`, { mode: 0o600, flag: 'wx' });
    const options = {
      BatchMode: 'yes',
      IdentitiesOnly: 'yes',
      IdentityAgent: 'none',
      IdentityFile: key,
      HostKeyAlias: ALIAS,
      StrictHostKeyChecking: 'yes',
      UserKnownHostsFile: knownHosts,
      GlobalKnownHostsFile: '/dev/null',
      UpdateHostKeys: 'no',
      CheckHostIP: 'no',
      PreferredAuthentications: 'publickey',
      ForwardAgent: 'no',
      ClearAllForwardings: 'yes',
      ControlPath: 'none',
      ConnectTimeout: '15',
      ServerAliveInterval: '15',
      ServerAliveCountMax: '2',
    };
    const words = [
      'ssh',
      '-F',
      '/dev/null',
      ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    ];
    return await work([
      ['core.sshCommand', words.map(quote).join(' ')],
      ['ssh.variant', 'ssh'],
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function removeLeftOver(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith(PREFIX)) await rm(join(directory, name), { recursive: true, force: true });
  }
}
