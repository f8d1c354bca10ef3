import { inspectHost, withdrawFromHost } from '../../deploy/inspect-host.ts';
import type { DeployTarget, Pipeline } from '../pipeline.ts';

/**
 * Asks every host of a target whether a release runs there. Where it runs nowhere its locks are given back, and what each
 * host runs instead is answered, in words; null: it runs somewhere. Throws where a host can't be asked.
 */
export async function runsNowhere(
  { random }: Pick<Pipeline, 'random'>,
  { target, privateKey, jumpKeys }: DeployTarget,
  release: string,
): Promise<string | null> {
  const { path, timeout } = target;
  const key = await privateKey();
  const keys = { privateKey: key, jumpKeys: await jumpKeys() };
  const asked = target.hosts.map((host) => ({ host, path, timeout, ...keys }));
  const found: string[] = [];
  for (const each of asked) {
    const { current, release: running } = await inspectHost(each, random);
    if (running === release) return null;
    found.push(`${each.host.host}:${each.host.port} runs ${running ?? current ?? 'nothing'}`);
  }
  // Only once all were asked: while it may run anywhere, its locks keep others away. A crash in between leaves some of them,
  // for the next attempt.
  for (const each of asked) await withdrawFromHost(each, release, random);
  return found.join(', ');
}
