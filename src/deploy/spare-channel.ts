import type { Client, ClientChannel } from 'ssh2';

/**
 * A channel of a connection on which a command has been started ahead of time and waits for its input, so that the next script
 * costs one way there and back instead of three. Where it can't be had (the host allows one session at a time, or ended it), there is
 * none, and whoever wanted it opens a channel as ever.
 */
export class SpareChannel {
  readonly #client: Client;
  readonly #command: string;
  readonly #ended = new WeakSet<ClientChannel>();
  #opening: Promise<ClientChannel | null> | null = null;

  /** `command` must do nothing before it has read something. */
  constructor(client: Client, command: string) {
    this.#client = client;
    this.#command = command;
  }

  /** Opens one, unless one is there. */
  prepare(): void {
    this.#opening ??= this.#open();
  }

  /** The one that is there or on its way; null where there is none. It is the caller's from then on. */
  async take(): Promise<ClientChannel | null> {
    const opening = this.#opening;
    this.#opening = null;
    const channel = await opening;
    return channel === null || this.#ended.has(channel) ? null : channel;
  }

  async #open(): Promise<ClientChannel | null> {
    return new Promise((resolve) => {
      try {
        this.#client.exec(this.#command, (error, channel) => {
          if (error !== undefined) {
            resolve(null);
            return;
          }
          channel.on('error', () => undefined);
          channel.on('exit', () => this.#ended.add(channel));
          channel.on('close', () => this.#ended.add(channel));
          resolve(channel);
        });
      } catch {
        // ssh2 throws where the connection is gone already.
        resolve(null);
      }
    });
  }
}
