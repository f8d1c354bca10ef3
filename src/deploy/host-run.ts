/** What is known of one host during a deployment, and what became of it in the end. */
import type { DeployOutcome, HostOutcome, HostRehearsal, ReleaseAgain } from '../domain/deploy.ts';
import { DeployError } from './deploy-error.ts';
import type { HostFacts } from './host-facts.ts';
import { type HostSession, ProgressRefused } from './host-session.ts';
import type { DeployPlan, DeployStep, HostPlan } from './plan.ts';
import { digestOfChanges, type readBackRecord } from './read-back-record.ts';

/** As `HostRehearsal`, while it goes on. */
export type RunRehearsal = { -readonly [Key in keyof HostRehearsal]: HostRehearsal[Key] } & {
  readonly problems: string[];
};

/** What is known of one host so far. Owned by the deployment's own loop; nothing else writes to it. */
export class HostRun {
  readonly session: HostSession;
  readonly startedAt: string;
  facts: HostFacts | null = null;
  plan: HostPlan | null = null;
  locked = false;
  staged = false;
  /** `current` points at the new release, or may do so. */
  switched = false;
  /** A try at the switch had an end that nobody saw. */
  unseen = false;
  succeeded = false;
  restored = false;
  unknown = false;
  /** It was stopped between two steps. */
  cancelled = false;
  failedAt: DeployStep | null = null;
  readonly messages: string[] = [];
  transferred = 0;
  verified = 0;
  recorded: ReturnType<typeof readBackRecord> | null = null;
  /** Where it was switched back to a release. */
  again: ReleaseAgain | null = null;
  /** Only in a rehearsal. */
  rehearsed: RunRehearsal | null = null;

  constructor(session: HostSession, startedAt: string) {
    this.session = session;
    this.startedAt = startedAt;
  }

  /** It goes no further, for a fault or because nobody wants it to. */
  get failed(): boolean {
    return this.failedAt !== null || this.cancelled;
  }

  /** What came of a step that didn't go through. Throws on what isn't about this host. */
  stop(step: DeployStep, error: unknown): void {
    if (error instanceof DeployError && error.code === 'cancelled') this.cancelled = true;
    else this.fail(step, reasonOf(error));
  }

  fail(step: DeployStep, message: string): void {
    this.failedAt ??= step;
    this.messages.push(message);
  }
}

/** What became of one host. */
export function hostOutcome(
  run: HostRun,
  plan: DeployPlan,
  { finishedAt, resumed }: { readonly finishedAt: string; readonly resumed: boolean },
): HostOutcome {
  return {
    host: run.session.host,
    outcome: outcomeOf(run, resumed),
    failedAt: run.succeeded ? null : run.failedAt,
    switched: run.unknown || (run.switched && !run.restored),
    message: run.messages.join(' '),
    previousRelease: run.plan?.previousRelease ?? null,
    release: plan.release,
    presentedFingerprint: run.session.presentedFingerprint,
    connection: run.session.evidence,
    traffic: run.session.traffic,
    readBack:
      run.recorded === null
        ? null
        : { ...run.recorded.readBack, changes: digestOfChanges(run.recorded.changes) },
    commands: run.session.commands,
    files: { total: plan.manifest.length, transferred: run.transferred, verified: run.verified },
    ...(run.again === null ? {} : { again: run.again }),
    ...(run.rehearsed === null ? {} : { rehearsed: run.rehearsed }),
    startedAt: run.startedAt,
    finishedAt,
  };
}

function outcomeOf(run: HostRun, resumed: boolean): HostOutcome['outcome'] {
  // An earlier attempt may have switched a host that this one couldn't look at.
  if (run.unknown || (resumed && run.plan === null)) return 'unknown';
  if (run.succeeded) return 'success';
  if (run.restored) return 'rolled_back';
  return run.failedAt === null ? 'not_reached' : 'failure';
}

/** What the hosts' read-backs differ by from what ran there before, each once. */
export function changesOf(runs: readonly HostRun[]): DeployOutcome['changes'] {
  return Object.fromEntries(
    runs.flatMap(({ recorded }) =>
      recorded === null ? [] : [[digestOfChanges(recorded.changes), recorded.changes] as const],
    ),
  );
}

/** Runs one of the operator's commands, where the target has it. */
export async function runHook(
  run: HostRun,
  plan: DeployPlan,
  step: 'build' | 'before_switch' | 'after_switch' | 'health',
  release: string,
  commit: string,
): Promise<void> {
  const { commands } = plan;
  const command = {
    build: commands.build,
    before_switch: commands.beforeSwitch,
    after_switch: commands.afterSwitch,
    health: commands.health,
  }[step];
  if (command === null) return;
  const { session } = run;
  await session.step(
    step,
    () => session.hook({ step, command, release, commit, environment: plan.environment }),
    (waited) =>
      waited === 0 ? '' : `Another command still ran there: waited ${waited} seconds for its end.`,
  );
}

/**
 * What to tell of an error. One that isn't about this host is thrown on: a step that couldn't be recorded, and another
 * attempt's taking over, which has the say from then on.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof ProgressRefused) throw error;
  if (error instanceof DeployError && error.code === 'taken_over') throw error;
  if (error instanceof DeployError) return error.message;
  return `An error of ours stopped it: ${String(error)}.`;
}

/** What was decided for the host from what the probe found. */
export function planOf(run: HostRun): HostPlan {
  if (run.plan === null) throw new Error('a host is planned before it is touched');
  return run.plan;
}
