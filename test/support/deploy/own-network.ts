import { execFile } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { promisify } from 'node:util';

/** A machine of its own on a cable that a test may pull, or make thin: a network namespace at the end of a pair of veths. */
export interface OwnNetwork {
  /** Where whatever runs in it is reached. */
  readonly address: string;
  /** Starts a program in it: `ServerOptions.within`. */
  readonly within: readonly string[];
  /** Pulls the cable: packets vanish, and nobody is told, as where a switch or a machine dies. */
  cut(): Promise<void>;
  /** Puts it back; what both ends have kept goes on. */
  mend(): Promise<void>;
  /** Lets so many kilobits a second through towards it; null: as many as come. Delay is not imitated (`netem` is in no kernel of ours). */
  narrow(kilobits: number | null): Promise<void>;
  remove(): Promise<void>;
}

const ip = async (...args: readonly string[]): Promise<void> => {
  await promisify(execFile)('ip', args);
};

/** Makes one; throws where this machine or user may not. The addresses are of 198.18.0.0/15, which RFC 2544 keeps for tests. */
export async function createNetwork(): Promise<OwnNetwork> {
  const id = randomBytes(4).toString('hex');
  const [name, near, far] = [`cs-${id}`, `cs${id}n`, `cs${id}f`];
  const net = `198.${randomInt(18, 20)}.${randomInt(256)}`;
  const first = randomInt(64) * 4;
  const address = `${net}.${first + 2}`;
  await ip('netns', 'add', name);
  try {
    await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name);
    await ip('addr', 'add', `${net}.${first + 1}/30`, 'dev', near);
    await ip('link', 'set', near, 'up');
    await ip('-n', name, 'addr', 'add', `${address}/30`, 'dev', far);
    await ip('-n', name, 'link', 'set', 'lo', 'up');
    await ip('-n', name, 'link', 'set', far, 'up');
  } catch (error) {
    await ip('netns', 'del', name);
    throw error;
  }
  return {
    address,
    within: ['ip', 'netns', 'exec', name],
    // Its own end: were it ours, our kernel would say at once that there is no way.
    cut: () => ip('-n', name, 'link', 'set', far, 'down'),
    mend: () => ip('-n', name, 'link', 'set', far, 'up'),
    narrow: async (kilobits) => {
      const limit = ['tbf', 'rate', `${kilobits}kbit`, 'burst', '16kb', 'latency', '200ms'];
      const change =
        kilobits === null ? ['del', 'dev', near, 'root'] : ['replace', 'dev', near, 'root', ...limit];
      await promisify(execFile)('tc', ['qdisc', ...change]);
    },
    remove: () => ip('netns', 'del', name),
  };
}

/** True where network namespaces can be made and a thin cable too; elsewhere it says aloud what was not tested. */
export const NETWORKS_USABLE: boolean = await (async () => {
  try {
    const network = await createNetwork();
    try {
      await network.narrow(1000);
    } finally {
      await network.remove();
    }
    return true;
  } catch (error) {
    console.warn(
      `SKIPPED: hosts in network namespaces were not tested: they take root and iproute2 (${String(error).trim()})`,
    );
    return false;
  }
})();
