/**
 * One host during one deployment: its connection, what was found there, what was run there. Says every step to
 * `onProgress` before and after it, and turns whatever a command did into a result or a coded error.
 */
import type { CommandOutcome, ConnectionEvidence, HealthUrl, Host, LoginKey } from '../domain/deploy.ts';
import { after } from './after.ts';
import { CANCELLABLE } from './cancellable.ts';
import { checkHealth, HEALTH_URL } from './check-health.ts';
import { DeployError, leavesOutcomeUnknown } from './deploy-error.ts';
import type { DeployPorts, DeployProgress } from './deploy-ports.ts';
import { commandOutcome } from './command-outcome.ts';
import { commandError, refusalError } from './host-errors.ts';
import {
  type Hook,
  hookEndedScript,
  hookInput,
  hookScript,
  waitedSeconds,
  waitingSeconds,
} from './hook-script.ts';
import { LiveOutput } from './live-output.ts';
import { mask } from './mask.ts';
import type { DeployStep } from './plan.ts';
import { SCRIPT_READER } from './quote.ts';
import { type Refusal, type Report, parseReport } from './report.ts';
import { REFUSED, type RunIdentity } from './script-frame.ts';
import type { CommandRequest, CommandResult } from './ssh-command.ts';
import { type JumpKeys, type SshConnection, openConnection } from './ssh-connection.ts';

/** Thrown where a step couldn't be recorded, or the deployment was told to stop: everything stops, and why is thrown on. */
export class ProgressRefused extends Error {}

const KEPT_REPORT = 1024 * 1024;

export class HostSession {
  readonly host: Host;
  readonly name: string;
  #run: RunIdentity;
  readonly commands: CommandOutcome[] = [];
  presentedFingerprint: string | null = null;
  evidence: ConnectionEvidence | null = null;
  /** It is being switched back: nobody can cancel that. */
  goesBack = false;
  readonly #privateKey: LoginKey;
  readonly #jumpKeys: JumpKeys;
  /** What is masked in all that the host says. */
  readonly #secrets: readonly string[];
  readonly #seconds: number;
  readonly #ports: DeployPorts;
  #connection: SshConnection | null = null;
  #earlier: SshConnection['traffic'] = { sent: 0, received: 0 };
  #abandoned = false;

  constructor(options: {
    readonly host: Host;
    readonly run: RunIdentity;
    readonly privateKey: LoginKey;
    readonly jumpKeys: JumpKeys;
    readonly seconds: number;
    readonly ports: DeployPorts;
  }) {
    this.host = options.host;
    this.name = `${options.host.host}:${options.host.port}`;
    this.#run = options.run;
    this.#privateKey = options.privateKey;
    this.#jumpKeys = options.jumpKeys;
    // An agent's key never comes here.
    const keys = [options.privateKey, ...Object.values(options.jumpKeys)];
    this.#secrets = keys.flatMap((key) => (typeof key === 'string' ? [key] : []));
    this.#seconds = options.seconds;
    this.#ports = options.ports;
  }

  /** Who we are to the host. */
  get run(): RunIdentity {
    return this.#run;
  }

  /**
   * Breaks off, to begin again as another attempt: what the host may still be doing for this one has the lock no more then, and
   * works in a folder of its own.
   */
  beginAgain(): void {
    this.destroy();
    this.#run = { ...this.#run, attempt: Buffer.from(this.#ports.random(8)).toString('hex') };
  }

  /** Runs one step between its `started` and its `finished`, `failed` or `unknown`. */
  async step<T>(
    step: DeployStep,
    work: () => Promise<T>,
    told: (result: T) => string = () => '',
  ): Promise<T> {
    await this.#assertWanted(step);
    await this.#tell({ step, state: 'started', message: '' });
    let result: T;
    try {
      result = await work();
    } catch (error) {
      if (error instanceof DeployError) {
        const state = leavesOutcomeUnknown(error) ? 'unknown' : 'failed';
        await this.#tell({ step, state, message: error.message });
      }
      throw error;
    }
    await this.#tell({ step, state: 'finished', message: told(result) });
    return result;
  }

  /** Throws where somebody cancelled the deployment: between two steps, and only before those that lead on. */
  async #assertWanted(step: DeployStep): Promise<void> {
    if (this.goesBack || !CANCELLABLE.has(step)) return;
    const why = (await this.#ports.cancelled?.()) ?? null;
    if (why !== null) throw new DeployError('cancelled', why);
  }

  /** Opens the connection, or opens it anew where it was lost. */
  async connect(): Promise<void> {
    if (this.#abandoned) throw new ProgressRefused('the deployment was broken off');
    this.destroy();
    try {
      const { random } = this.#ports;
      this.#connection = await openConnection(this.host, this.#privateKey, random, this.#jumpKeys);
    } finally {
      this.evidence = this.#connection?.evidence ?? this.evidence;
      this.presentedFingerprint = this.evidence?.presentedFingerprint ?? null;
      // Broken off while the connection was coming about: it must not stay open.
      if (this.#abandoned) this.destroy();
    }
  }

  /** Runs one of our scripts; `input` follows it on the stream. Throws unless it ended well. */
  async script(
    step: DeployStep,
    script: string,
    input: Iterable<Uint8Array> | AsyncIterable<Uint8Array> = [],
    { keep = KEPT_REPORT, seconds = this.#seconds }: { keep?: number; seconds?: number } = {},
  ): Promise<{ report: Report; stdout: string }> {
    const result = await this.#execute(script, input, seconds, keep, { last: step === 'unlock' });
    const stdout = result.stdout.whole();
    const report = parseReport(stdout, this.run.nonce);
    if (result.end.kind === 'exited' && result.end.code === 0 && !result.stdout.truncated)
      return { report, stdout };
    if (result.stdout.truncated) {
      throw new DeployError(
        'verification_failed',
        `${this.name} answered the step "${step}" with more than it could have to say.`,
      );
    }
    if (result.end.kind === 'exited' && result.end.code === REFUSED && report.refusal !== null) {
      throw this.#refusal(report.refusal);
    }
    this.#note(step, result);
    throw this.#failure(step, result, `the step "${step}"`);
  }

  /** Runs an operator's command, once none runs there. Its outcome is kept; throws unless its exit code is 0. Answers the seconds it waited. */
  async hook(hook: Hook): Promise<number> {
    const script = hookScript(this.run, hook, this.#seconds);
    const input = hookInput(hook.command, hook);
    // Ten seconds between TERM and KILL on the host, and some for the way.
    const seconds = waitingSeconds(this.#seconds) + this.#seconds + 20;
    const live = this.#live(hook.step);
    const ended = await this.#execute(script, [Buffer.from(input)], seconds, KEPT_REPORT, {
      heard: (side, chunk) => live[side].add(chunk),
    });
    live.stdout.end();
    live.stderr.end();
    const report = parseReport(ended.stdout.whole(), this.run.nonce);
    if (report.refusal !== null) throw this.#refusal(report.refusal);
    const waited = waitedSeconds(report);
    const result = { ...ended, milliseconds: Math.max(0, ended.milliseconds - waited * 1000) };
    const outcome = this.#note(hook.step, result);
    if (result.end.kind === 'exited' && result.end.code === 0) return waited;
    throw this.#failure(hook.step, result, `the ${hook.step.replaceAll('_', '-')} command`, outcome.output);
  }

  /** Waits until no command runs there that an earlier attempt began. Answers how many seconds that took. */
  async awaitHooks(): Promise<number> {
    const seconds = waitingSeconds(this.#seconds) + this.#seconds;
    const script = hookEndedScript(this.run, this.#seconds);
    return waitedSeconds((await this.script('lock', script, [], { seconds })).report);
  }

  /** Asks it over HTTP. What came of that is kept as a command's outcome is; throws unless it is well. */
  async checkHealth(health: HealthUrl): Promise<void> {
    const { signal } = this.#ports;
    const { outcome, error } = await checkHealth(health, this.host, {
      signal,
      goOn: () => this.#assertWanted(HEALTH_URL),
    });
    this.commands.push(outcome);
    if (error !== null) throw error;
  }

  /** Says goodbye; also where there is no connection. */
  close(): void {
    this.#letGo()?.close();
  }

  /** Breaks off, leaving the host as it is. */
  destroy(): void {
    this.#letGo()?.destroy();
  }

  /** Of all connections to it so far. */
  get traffic(): SshConnection['traffic'] {
    const { sent, received } = this.#connection?.traffic ?? { sent: 0, received: 0 };
    return { sent: this.#earlier.sent + sent, received: this.#earlier.received + received };
  }

  #letGo(): SshConnection | null {
    const connection = this.#connection;
    this.#earlier = this.traffic;
    this.#connection = null;
    return connection;
  }

  /** Breaks off for good: not even to ask the host again. */
  abandon(): void {
    this.#abandoned = true;
    this.destroy();
  }

  get connected(): boolean {
    return this.#connection !== null;
  }

  async #execute(
    script: string,
    input: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    seconds: number,
    keep: number,
    more: Pick<CommandRequest, 'heard' | 'last'> = {},
  ): Promise<CommandResult> {
    if (this.#connection === null)
      throw new DeployError('connection_lost', `There is no connection to ${this.name}.`);
    const result = await this.#connection.run({
      command: SCRIPT_READER,
      input: after(script, input),
      seconds,
      keep,
      ...more,
    });
    if (result.end.kind === 'lost' || result.end.kind === 'timed_out') this.destroy();
    return result;
  }

  /** What a command prints is told as it comes, our own reports left out. */
  #live(step: DeployStep): Record<'stdout' | 'stderr', LiveOutput> {
    let begun = false;
    const told = (text: string): void => {
      // Our script begins with an empty line, for a login script may have left half a one.
      const ours = text.startsWith(`${this.run.nonce} `) || (!begun && text === '');
      begun = true;
      if (!ours) this.#ports.onOutput?.({ host: this.host, step, text });
    };
    const one = (): LiveOutput => new LiveOutput(this.#secrets, told);
    return { stdout: one(), stderr: one() };
  }

  #note(step: DeployStep, result: CommandResult): CommandOutcome {
    const outcome = commandOutcome(step, result, { secrets: this.#secrets, nonce: this.run.nonce });
    this.commands.push(outcome);
    return outcome;
  }

  #refusal({ reason, about }: Refusal): DeployError {
    const { name, run } = this;
    return refusalError({ reason, about: mask(about, this.#secrets) }, { name, path: run.path });
  }

  #failure(step: DeployStep, result: CommandResult, what: string, said?: string): DeployError {
    const { end, stderr, milliseconds } = result;
    return commandError({
      name: this.name,
      step,
      what,
      end,
      milliseconds,
      seconds: this.#seconds,
      printed: said ?? stderr.masked(this.#secrets),
      // An operator's command may have printed what not everybody may read who reads this; its output is kept apart.
      quoted: said === undefined,
    });
  }

  async #tell(event: Omit<DeployProgress, 'host'>): Promise<void> {
    try {
      await this.#ports.onProgress({ ...event, host: this.host });
    } catch (error) {
      throw new ProgressRefused('a step of the deployment could not be recorded', { cause: error });
    }
  }
}
