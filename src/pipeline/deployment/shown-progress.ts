import type { DeployProgress } from '../../deploy/deploy-ports.ts';
import type { Host } from '../../domain/deploy.ts';
import { phaseOf } from '../../effects/deployed-line.ts';
import type { HostStep } from '../../effects/deploy-progress.ts';
import { planProgress } from '../../effects/plan-outcome.ts';
import type { AssessedDeployment } from './assess-deployment.ts';
import { type StoredDeployment, repositoryOf, requestOf } from './deployment-row.ts';
import { explainDecision } from '../explain-decision.ts';
import { logUrl } from './log-url.ts';
import type { Pipeline } from '../pipeline.ts';
import { queueEffects } from '../queue-effects.ts';

/** GitHub's limits on writing are for everybody's deployments together, and most are over before the first of these. */
const FIRST_MILLISECONDS = 10_000;
const NEXT_MILLISECONDS = 30_000;

/**
 * Brings the check run of a running deployment up to date from time to time, and the deployment's status at each phase. Each is
 * planned under a lock on the deployment's row, and only while it runs: nothing of it can come after its outcome. A view, as the log
 * is: what can't be planned is left out, and the deployment goes on.
 */
export class ShownProgress {
  readonly #pipeline: Pipeline;
  readonly #row: StoredDeployment;
  readonly #assessed: AssessedDeployment;
  readonly #hosts: readonly Host[];
  readonly #steps = new Map<string, HostStep>();
  #changed = false;
  #phase = '';
  #timer: NodeJS.Timeout;
  #planning: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(
    pipeline: Pipeline,
    row: StoredDeployment,
    { assessed, hosts }: { readonly assessed: AssessedDeployment; readonly hosts: readonly Host[] },
  ) {
    this.#pipeline = pipeline;
    this.#row = row;
    this.#assessed = assessed;
    this.#hosts = hosts;
    this.#timer = setTimeout(() => this.#show(), FIRST_MILLISECONDS);
  }

  step({ host, step, state }: DeployProgress): void {
    this.#steps.set(`${host.host}:${host.port}`, { host, step, state });
    this.#changed = true;
  }

  /** Nothing is planned once this is resolved. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#planning;
  }

  #show(): void {
    this.#planning = this.#planAndWait();
  }

  async #planAndWait(): Promise<void> {
    try {
      await this.#plan();
    } catch (error) {
      this.#changed = true;
      this.#pipeline.log.warn({ err: error, deployment: this.#row.id }, 'how far it is can’t be shown');
    }
    if (!this.#closed) this.#timer = setTimeout(() => this.#show(), NEXT_MILLISECONDS);
  }

  async #plan(): Promise<void> {
    if (!this.#changed) return;
    const pipeline = this.#pipeline;
    const { decision, facts, reading, source } = this.#assessed;
    const steps = [...this.#steps.values()];
    const phase = phaseOf(steps).join();
    // Before it is awaited: a step that comes meanwhile isn't among these, and is shown the next time.
    this.#changed = false;
    await pipeline.db.transaction().execute(async (tx) => {
      const running = await tx
        .selectFrom('countersign.deployment')
        .selectAll()
        .where('id', '=', this.#row.id)
        .where('state', '=', 'running')
        .forShare()
        .executeTakeFirst();
      if (running === undefined || running.started_entry === null) return;
      const now = pipeline.now();
      const effects = planProgress({
        decision,
        explained: explainDecision(decision, reading, facts, source),
        facts,
        request: requestOf(running),
        entryId: running.started_entry,
        repository: repositoryOf(running),
        webUrl: pipeline.webUrl,
        logUrl: logUrl(pipeline, running),
        hosts: this.#hosts,
        steps,
        at: now,
        withStatus: phase !== this.#phase,
      });
      await queueEffects(tx, pipeline.queue, effects, now);
    });
    this.#phase = phase;
  }
}
