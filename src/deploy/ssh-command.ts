/**
 * One command on an open connection. It succeeded when its exit code is 0 and in no other case; one whose end nobody saw
 * is `lost`, and the host has to be looked at.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, ClientChannel } from 'ssh2';
import { CommandOutput } from './command-output.ts';
import { DeployError } from './deploy-error.ts';
import type { SpareChannel } from './spare-channel.ts';

/** After a command's exit, how long its output may still be held open, silently, by something it left running. */
const GRACE_MILLISECONDS = 5_000;
/** For people: what a command printed to either side. */
const KEPT_OUTPUT = 64 * 1024;

/** How a command ended. `lost`: the connection or the channel went before it said. */
export type CommandEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'lost' }
  | { readonly kind: 'timed_out' };

export interface CommandResult {
  readonly end: CommandEnd;
  readonly stdout: CommandOutput;
  readonly stderr: CommandOutput;
  /** Both as they came, for people. */
  readonly output: CommandOutput;
  /** Something the command started still holds its output; we didn't wait for it. */
  readonly outputHeldOpen: boolean;
  readonly milliseconds: number;
}

export interface CommandRequest {
  readonly command: string;
  /**
   * Where it throws, the connection is broken off: an ended stream would look whole to the other side. A piece is used up
   * once the next is asked for.
   */
  readonly input: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  readonly seconds: number;
  /** Bytes of stdout that are kept; more sets `truncated`. */
  readonly keep: number;
  /** Nothing follows it on this connection, so that no next one is started ahead of time. */
  readonly last?: boolean;
  /** Hears what the command prints, to either side, as it comes. */
  readonly heard?: (side: 'stdout' | 'stderr', chunk: Buffer) => void;
}

/** A command from its start to its end; `run` is called once. */
export class SshCommand {
  readonly #request: CommandRequest;
  readonly #gone: Promise<void>;
  readonly #breakOff: () => void;
  readonly #started = performance.now();
  readonly #stdout: CommandOutput;
  readonly #stderr = new CommandOutput(KEPT_OUTPUT);
  readonly #output = new CommandOutput(KEPT_OUTPUT);
  readonly #exit = Promise.withResolvers<CommandEnd>();
  readonly #closed = Promise.withResolvers<'closed'>();
  #heard = performance.now();
  #over = false;

  /** `gone` resolves when the connection is lost; `breakOff` makes it so. */
  constructor(request: CommandRequest, gone: Promise<void>, breakOff: () => void) {
    this.#request = request;
    this.#gone = gone;
    this.#breakOff = breakOff;
    this.#stdout = new CommandOutput(request.keep);
  }

  /** Runs on the spare channel, where one is given and there. */
  async run(client: Client, spare: SpareChannel | null): Promise<CommandResult> {
    const giveUp = new AbortController();
    const { signal } = giveUp;
    const timedOut = sleep(this.#request.seconds * 1000, undefined, { signal }).then((): CommandEnd => {
      return { kind: 'timed_out' };
    });
    timedOut.catch(() => undefined);
    void this.#gone.finally(() => this.#end());
    try {
      const gone = this.#gone.then(() => null);
      const channel = await Promise.race([this.#open(client, spare), gone, timedOut]);
      if (channel === null) return this.#result({ kind: 'lost' });
      if ('kind' in channel) return this.#result(channel);

      const sending = this.#send(channel);
      sending.catch(() => undefined);
      const end = await Promise.race([this.#exit.promise, timedOut]);
      this.#over = true;
      if (end.kind === 'timed_out') {
        channel.close();
        return this.#result(end);
      }
      // Output may still be on its way, or be held open by something that was left running: wait while it comes.
      let last: 'closed' | 'waiting' | CommandEnd = 'waiting';
      while (last === 'waiting' && performance.now() - this.#heard < GRACE_MILLISECONDS) {
        const wait = sleep(GRACE_MILLISECONDS / 10, 'waiting' as const, { signal });
        wait.catch(() => undefined);
        last = await Promise.race([this.#closed.promise, wait, timedOut]);
      }
      if (last !== 'closed') channel.close();
      await sending;
      return this.#result(end, last !== 'closed');
    } finally {
      giveUp.abort();
    }
  }

  async #open(client: Client, spare: SpareChannel | null): Promise<ClientChannel | null> {
    const taken = (await spare?.take()) ?? null;
    if (taken !== null) {
      this.#listen(taken);
      this.#prepare(spare);
      return taken;
    }
    return new Promise((resolve, reject) => {
      try {
        client.exec(this.#request.command, (error, channel) => {
          if (error === undefined) {
            // At once, not after a promise: a quick command's exit can come in the same packet as its start.
            this.#listen(channel);
            this.#prepare(spare);
            resolve(channel);
          } else if (/not connected|no response|closed/i.test(error.message)) {
            resolve(null);
          } else {
            reject(
              new DeployError('probe_failed', `The host runs no commands for us: ${error.message}.`, error),
            );
          }
        });
      } catch {
        // ssh2 throws where the connection is gone already.
        resolve(null);
      }
    });
  }

  #prepare(spare: SpareChannel | null): void {
    if (this.#request.last !== true) spare?.prepare();
  }

  #listen(channel: ClientChannel): void {
    const keep = (side: 'stdout' | 'stderr', ...kept: readonly CommandOutput[]) => {
      return (chunk: Buffer): void => {
        this.#heard = performance.now();
        this.#request.heard?.(side, chunk);
        for (const one of kept) one.add(chunk);
      };
    };
    channel.on('error', () => undefined);
    channel.on('data', keep('stdout', this.#stdout, this.#output));
    channel.stderr.on('data', keep('stderr', this.#stderr, this.#output));
    channel.on('exit', (code: unknown, signal: unknown) => {
      this.#heard = performance.now();
      this.#exit.resolve(endOf(code, signal));
    });
    channel.on('close', () => this.#end());
  }

  /** The channel or the connection is closed: whatever hasn't been said will not be. */
  #end(): void {
    this.#exit.resolve({ kind: 'lost' });
    this.#closed.resolve('closed');
  }

  /** Sends the input; a command that ended without reading all of it is its own affair, a source that broke isn't. */
  async #send(channel: ClientChannel): Promise<void> {
    try {
      for await (const chunk of this.#request.input) {
        if (this.#over) return;
        await Promise.race([written(channel, chunk), this.#exit.promise]);
      }
      channel.end();
    } catch (error) {
      this.#breakOff();
      throw error;
    }
  }

  #result(end: CommandEnd, outputHeldOpen = false): CommandResult {
    return {
      end,
      stdout: this.#stdout,
      stderr: this.#stderr,
      output: this.#output,
      outputHeldOpen,
      milliseconds: Math.round(performance.now() - this.#started),
    };
  }
}

/** Until ssh2 has taken all of it, which it does as far as the host has room for it: only then may its bytes be overwritten. */
async function written(channel: ClientChannel, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    channel.write(chunk, () => resolve());
  });
}

function endOf(code: unknown, signal: unknown): CommandEnd {
  if (typeof code === 'number') return { kind: 'exited', code };
  return typeof signal === 'string' ? { kind: 'signalled', signal } : { kind: 'lost' };
}
