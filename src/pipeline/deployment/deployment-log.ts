import type { Insertable } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { DeployOutputLine, DeployProgress } from '../../deploy/deploy-ports.ts';
import type { Host } from '../../domain/deploy.ts';
import type { Pipeline } from '../pipeline.ts';
import { pruneDeploymentLogs } from './prune-deployment-logs.ts';

/** How long lines are gathered before they are written, in milliseconds: soon enough for whoever watches. */
const EVERY = 500;
/** Of what the operator's commands print, per attempt; the ledger has the beginning and the end of each anyway. */
const MOST_LINES = 10_000;
const LONGEST = 4_096;

type Kind = DeployProgress['state'] | 'output';
type Line = Insertable<Database['countersign.deployment_log']>;

/**
 * Writes down what a deployment does, for the page that shows it as it happens. A view: what can't be written is told to the log and
 * left out, and the deployment goes on. A crash here leaves a log without its last half second.
 */
export class DeploymentLog {
  readonly #pipeline: Pick<Pipeline, 'db' | 'log' | 'now'>;
  readonly #deployment: string;
  #waiting: Line[] = [];
  #lines = 0;
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;

  constructor(pipeline: Pick<Pipeline, 'db' | 'log' | 'now'>, deployment: string) {
    this.#pipeline = pipeline;
    this.#deployment = deployment;
  }

  step({ host, step, state, message }: DeployProgress): void {
    this.#add(host, step, state, message);
  }

  output({ host, step, text }: DeployOutputLine): void {
    if (this.#lines > MOST_LINES) return;
    this.#lines += 1;
    const last = this.#lines > MOST_LINES;
    this.#add(
      host,
      step,
      'output',
      last ? `[… more than ${MOST_LINES} lines: the rest isn’t shown …]` : text,
    );
  }

  /** Resolves once everything told until now is written, or could not be. What older deployments left is taken away then. */
  async close(): Promise<void> {
    this.#write();
    await this.#writing;
    await pruneDeploymentLogs(this.#pipeline).catch((error: unknown) => {
      this.#pipeline.log.warn({ err: error }, 'old lines of deployments’ logs stay');
    });
  }

  #add(host: Host, step: string, kind: Kind, text: string): void {
    const shown = text.replaceAll('\0', '').slice(0, LONGEST);
    const at = new Date(this.#pipeline.now());
    this.#waiting.push({ deployment_id: this.#deployment, at, host: nameOf(host), step, kind, text: shown });
    this.#timer ??= setTimeout(() => this.#write(), EVERY);
  }

  #write(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const lines = this.#waiting;
    this.#waiting = [];
    if (lines.length === 0) return;
    this.#writing = this.#insert(this.#writing, lines);
  }

  async #insert(before: Promise<void>, lines: readonly Line[]): Promise<void> {
    await before;
    try {
      // Each row has six parameters, of which PostgreSQL takes 65,535 in one statement.
      for (let from = 0; from < lines.length; from += 1_000) {
        await this.#pipeline.db
          .insertInto('countersign.deployment_log')
          .values(lines.slice(from, from + 1_000))
          .execute();
      }
    } catch (error) {
      this.#pipeline.log.warn({ err: error, deployment: this.#deployment }, 'lines of its log are lost');
    }
  }
}

const nameOf = ({ host, port }: Host): string => (port === 22 ? host : `${host}:${port}`);
