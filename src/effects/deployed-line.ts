import type { HostOutcome } from '../domain/deploy.ts';
import type { DeploymentRequest } from '../domain/deployment-facts.ts';
import type { DeployProgress, HostStep } from './deploy-progress.ts';
import { plain } from './markdown.ts';
import { between, bytes, count, seconds, short } from './phrases.ts';

type Ended = Extract<DeployProgress, { difference: unknown }>;

/**
 * How a deployment stands, in one line of plain text: `Deployed 1a2b3c4 to production: 2 hosts, 24 files sent (162.6 KiB), 4.2 s`.
 * `observed` is the verdict that was passed over because the policy only observes.
 */
export function deployedLine(
  { sha, environment }: Pick<DeploymentRequest, 'sha' | 'environment'>,
  progress: Exclude<DeployProgress, { state: 'none' }>,
  observed: string | null,
): string {
  const what = `${short(sha)} to ${plain(environment, 40)}`;
  const note = observed === null ? '' : ` (${observed})`;
  switch (progress.state) {
    case 'deploying':
      return progress.hosts.length === 0
        ? `Deploying ${what}${note}`
        : `Deploying ${what}: ${[count(progress.hosts.length, 'host'), ...phaseOf(progress.steps ?? [])].join(', ')}${note}`;
    case 'success':
      return [`Deployed ${what}`, ...[parts(progress)].filter((text) => text !== '')].join(': ') + note;
    case 'failure':
      return `Failed to deploy ${what}: ${why(progress.hosts, progress.problem)}${note}`;
    case 'cancelled':
      return `Cancelled ${what}: ${taken(progress.hosts)}${note}`;
    case 'unknown':
      return `Unknown whether ${what} was deployed: ${why(progress.hosts, progress.problem)}${note}`;
  }
}

/** What is going on, in a word, by the host that is furthest. */
export function phaseOf(steps: readonly HostStep[]): readonly string[] {
  const at = (...names: readonly string[]): number => steps.filter(({ step }) => names.includes(step)).length;
  if (at('switch_back') > 0) return ['switching back'];
  if (at('switch', 'after_switch', 'health', 'health_url') > 0) return ['switching'];
  if (at('prune', 'unlock') > 0) return ['cleaning up'];
  return steps.length > 0 ? ['staging'] : [];
}

function parts({ hosts }: Ended): string {
  const hostCount = hosts.length === 0 ? [] : [count(hosts.length, 'host')];
  return [...hostCount, ...sent(hosts), ...took(hosts)].join(', ');
}

/** Over the network to all hosts together: a host that is new, or has a release kept, gets more or less than what the commit changes. */
function sent(hosts: readonly HostOutcome[]): readonly string[] {
  if (hosts.length === 0) return [];
  const files = hosts.reduce((sum, host) => sum + host.files.transferred, 0);
  const size = hosts.reduce((sum, host) => sum + host.traffic.sent, 0);
  return [`${count(files, 'file')} sent (${bytes(size)})`];
}

function took(hosts: readonly HostOutcome[]): readonly string[] {
  const starts = hosts.map(({ startedAt }) => startedAt).toSorted();
  const ends = hosts.map(({ finishedAt }) => finishedAt).toSorted();
  const length = between(starts[0] ?? '', ends.at(-1) ?? '');
  return length === null ? [] : [seconds(length)];
}

function taken(hosts: readonly HostOutcome[]): string {
  const back = hosts.filter(({ outcome }) => outcome === 'rolled_back').length;
  return back === 0 ? 'nothing was switched' : `${count(back, 'host')} switched back`;
}

function why(hosts: readonly HostOutcome[], problem: string | null): string {
  const bad = hosts.filter(({ outcome }) => outcome !== 'success' && outcome !== 'not_reached');
  const [first] = bad.filter(({ outcome }) => outcome !== 'rolled_back').concat(bad);
  if (first === undefined) return plain(problem ?? 'no host was reached', 90);
  const others = new Set(bad).size - 1;
  const at = first.failedAt === null ? '' : ` at ${plain(first.failedAt, 30)}`;
  return `${plain(first.host.host, 40)}${at}${others > 0 ? ` and ${count(others, 'more host')}` : ''}`;
}
