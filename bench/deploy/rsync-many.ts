/** What the same files take by `rsync -az --link-dest` to many hosts of this one machine: how far its processors alone set the pace. */
import { cp, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { DemoServer } from '../../demo/servers/servers.ts';
import type { Host } from '../../src/domain/deploy.ts';
import { rsync } from './programs.ts';

export interface RsyncSetup {
  readonly servers: readonly DemoServer[];
  /** As they are reached. */
  readonly hosts: readonly Host[];
  readonly keyFile: string;
  /** What each server sees its own folder as. */
  readonly mount: string;
  /** What is there, and what has to come. */
  readonly folders: readonly [string, string];
}

const FOLDER = 'theirs';

/** Puts what is there before on each server. `turn` takes milliseconds for the first so many of them at once. */
export async function rsyncToMany(setup: RsyncSetup): Promise<{
  turn(from: number, to: number): Promise<number>;
  end(): Promise<void>;
}> {
  const { servers, hosts, keyFile, mount, folders } = setup;
  const [before, after] = folders;
  const folderOf = ({ root }: DemoServer): string => path.join(root, FOLDER);
  for (const server of servers) {
    await mkdir(folderOf(server));
    await cp(before, path.join(folderOf(server), 'v1'), { recursive: true, preserveTimestamps: true });
  }
  return {
    turn: async (from, to) => {
      const some = servers.slice(from, to);
      await Promise.all(
        some.map((server) => rm(path.join(folderOf(server), 'v2'), { recursive: true, force: true })),
      );
      const started = performance.now();
      await Promise.all(
        hosts
          .slice(from, to)
          .map((host) =>
            rsync({ ...host, keyFile }, ['-az', '--link-dest=../v1'], after, path.join(mount, FOLDER, 'v2')),
          ),
      );
      return performance.now() - started;
    },
    end: async () => {
      await Promise.all(servers.map((server) => rm(folderOf(server), { recursive: true, force: true })));
    },
  };
}
