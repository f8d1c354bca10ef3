/** Servers to deploy to on this machine, for the demo and the tests: OpenSSH's where it is installed and runs, else our own. */
import { access } from 'node:fs/promises';
import type { DemoServer, ServerOptions } from './demo-server.ts';
import { startInProcessServer } from './in-process-server.ts';
import { SSHD, startOpenSshServer } from './openssh-server.ts';

export type { DemoServer } from './demo-server.ts';
export { type KeyPair, createKeyPair } from './key-pair.ts';

/** Starts a server below `dir`. `kind`, where given, insists on one way. */
export async function startServer(
  options: ServerOptions & { readonly kind?: DemoServer['kind'] },
): Promise<DemoServer> {
  const { kind } = options;
  if (kind === 'openssh') return startOpenSshServer(options);
  if (kind === 'in-process' || !(await hasOpenSsh())) return startInProcessServer(options);
  try {
    return await startOpenSshServer(options);
  } catch {
    // There, but it lets nobody in as this user: a locked account, no shell, a sandbox.
    return startInProcessServer(options);
  }
}

/** True where OpenSSH's server is installed. */
export async function hasOpenSsh(): Promise<boolean> {
  return access(SSHD).then(
    () => true,
    () => false,
  );
}
