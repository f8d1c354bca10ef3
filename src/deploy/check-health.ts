/**
 * Asks a host over HTTP, from here, whether it is well: the one thing about a release that is seen as its users see it. Only the status
 * of the answer is looked at; nothing of its body is read, and no redirect followed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandOutcome, HealthUrl, Host } from '../domain/deploy.ts';
import { DeployError } from './deploy-error.ts';
import { mask } from './mask.ts';
import { printable } from './refuse-paths.ts';

export const HEALTH_URL = 'health_url';

/** The address for one host: `{host}` is its name, or its IP address as a URL has it. */
export function healthAddress({ url }: HealthUrl, { host }: Pick<Host, 'host'>): string {
  return url.replaceAll('{host}', host.includes(':') ? `[${host}]` : host);
}

/**
 * Asks until the answer has the status that is wanted, and says what came of each try, as a command's output would. `goOn` is asked before
 * each further try, and throws where there shall be none.
 */
export async function checkHealth(
  health: HealthUrl,
  host: Host,
  { signal, goOn }: { readonly signal: AbortSignal; readonly goOn: () => Promise<void> },
): Promise<{ readonly outcome: CommandOutcome; readonly error: DeployError | null }> {
  const started = performance.now();
  const lines: string[] = [];
  const address = healthAddress(health, host);
  // Its query may hold a secret, and the message is read by everybody who sees the repository.
  const shown = mask(address.replace(/\?.*$/, '?…'), []);
  let well = false;
  for (let attempt = 1; attempt <= health.tries && !well; attempt += 1) {
    if (attempt > 1) {
      await sleep(health.interval * 1000, undefined, { signal });
      await goOn();
    }
    const asked = performance.now();
    const answer = await ask(address, health.timeout, signal);
    well = answer === health.status;
    lines.push(`try ${attempt}: ${answer} after ${Math.round(performance.now() - asked)} ms`);
  }
  const outcome: CommandOutcome = {
    step: HEALTH_URL,
    exitCode: well ? 0 : 1,
    signal: null,
    output: `GET ${shown}\n${lines.join('\n')}\n`,
    truncated: false,
    milliseconds: Math.round(performance.now() - started),
  };
  if (well) return { outcome, error: null };
  const last = lines.at(-1)?.replace(/^try \d+: /, '') ?? '';
  const error = new DeployError(
    'health_failed',
    `${host.host}:${host.port} was asked at ${shown} ${health.tries === 1 ? 'once' : `${health.tries} times`} and never answered ${health.status}; the last time: ${last}.`,
  );
  return { outcome, error };
}

/** The answer's status, or in a few words why there was none. */
async function ask(address: string, seconds: number, signal: AbortSignal): Promise<number | string> {
  try {
    const response = await fetch(address, {
      redirect: 'manual',
      headers: { 'user-agent': 'countersign' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]),
    });
    await response.body?.cancel().catch(() => undefined);
    return response.status;
  } catch (error) {
    signal.throwIfAborted();
    const { name, message, cause } = error as { name?: unknown; message?: unknown; cause?: unknown };
    if (name === 'TimeoutError') return `no answer in ${seconds} s`;
    // What fetch says is that it failed; why is in its cause.
    const why = typeof cause === 'object' && cause !== null && 'message' in cause ? cause.message : message;
    return printable(String(why));
  }
}
