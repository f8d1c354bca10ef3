import type { DeployStep } from './plan.ts';

/**
 * The steps that aren't begun once a deployment was cancelled. Those before look and lock: after a crash, that must be done before anybody
 * can say what has to be taken back.
 */
export const CANCELLABLE: ReadonlySet<DeployStep> = new Set([
  'stage',
  'verify',
  'build',
  'before_switch',
  'switch',
  'after_switch',
  'health',
  'health_url',
]);
