/**
 * Lets so many in at a time, and the others wait in line. A server drops connections while ten handshakes are under way
 * (sshd's `MaxStartups 10:30:100`), and each handshake costs this process some milliseconds in which it does nothing else.
 */

/** Of one server, below the ten at which sshd begins to drop. */
const PER_ADDRESS = 6;
const ALTOGETHER = 32;

export class HandshakeGate {
  readonly #perAddress: number;
  readonly #altogether: number;
  readonly #inside = new Map<string, number>();
  readonly #waiting: { readonly address: string; readonly enter: () => void }[] = [];
  #total = 0;

  constructor(perAddress = PER_ADDRESS, altogether = ALTOGETHER) {
    this.#perAddress = perAddress;
    this.#altogether = altogether;
  }

  /** Runs `work` once there is room for another handshake with that address; first come, first served among those of one address. */
  async through<T>(address: string, work: () => Promise<T>): Promise<T> {
    await this.#enter(address);
    try {
      return await work();
    } finally {
      this.#leave(address);
    }
  }

  async #enter(address: string): Promise<void> {
    if (this.#hasRoom(address)) {
      this.#count(address, 1);
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ address, enter: resolve });
    await promise;
  }

  #leave(address: string): void {
    this.#count(address, -1);
    const next = this.#waiting.findIndex((one) => this.#hasRoom(one.address));
    const [entering] = next === -1 ? [] : this.#waiting.splice(next, 1);
    if (entering === undefined) return;
    // Counted here and not once it runs: nobody else may take the place in between.
    this.#count(entering.address, 1);
    entering.enter();
  }

  #hasRoom(address: string): boolean {
    return this.#total < this.#altogether && (this.#inside.get(address) ?? 0) < this.#perAddress;
  }

  #count(address: string, change: 1 | -1): void {
    this.#total += change;
    const inside = (this.#inside.get(address) ?? 0) + change;
    if (inside === 0) this.#inside.delete(address);
    else this.#inside.set(address, inside);
  }
}

/** This process has one, whatever it deploys. */
export const handshakes = new HandshakeGate();
