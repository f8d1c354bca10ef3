/** Who competes with whom over one host, and how things stand before each turn. */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Host } from '../../src/domain/deploy.ts';
import type { Contender } from './contest.ts';
import type { Engine } from './engine.ts';
import { type Way, rsync, shell, tarThroughSsh } from './programs.ts';
import type { ReleaseFiles } from './release-files.ts';

export interface Setup {
  readonly engine: Engine;
  readonly release: ReleaseFiles;
  /** Where on the host things go, which is this machine. */
  readonly root: string;
  readonly host: Host;
  readonly keyFile: string;
}

/** Nothing is there before, and all of it has to come. Ours reads and hashes every file first, as it does of a commit that is new to it. */
export function fullContenders(setup: Setup): readonly Contender[] {
  const { engine, release, root } = setup;
  const [folder] = release.folders;
  const [sha] = release.commits;
  const to = path.join(root, 'full');
  const clear = async (): Promise<void> => {
    await rm(to, { recursive: true, force: true });
    await shell('sync -f "$PWD"', root);
  };
  const clearAndForget = async (): Promise<void> => {
    await clear();
    await engine.run({ kind: 'know only', mirrors: release.mirrors, running: null });
  };
  const clearToFolder = async (): Promise<void> => {
    await clear();
    await mkdir(to);
  };
  const way = wayTo(setup);
  const order = { ...base(setup), path: to, release: 'r1', sha, running: null };
  const rsyncWith = (options: string, does: string): Contender => ({
    name: `rsync ${options}`,
    does: `${does}; a checksum of each file as it comes, none read back from disk`,
    before: clearToFolder,
    turn: async () => rsync(way, [options], folder, to).then(() => undefined),
  });
  return [
    {
      name: 'tar | ssh',
      does: 'sends the files; verifies nothing',
      before: clear,
      turn: async () => tarThroughSsh(way, folder, to).then(() => undefined),
    },
    {
      name: 'ours, upload alone',
      does: 'hashes the files, then sends them, each proven against its git id on the way; verifies nothing there',
      before: clearAndForget,
      turn: async () => (await engine.run({ kind: 'upload', ...order })).milliseconds,
    },
    rsyncWith('-az', 'sends the files, compressed'),
    rsyncWith('-a', 'sends the files'),
    {
      name: 'ours',
      does: 'the whole deployment: every file hashed, lock, files, each read back from disk and compared, switch, history, lock given back',
      before: clearAndForget,
      turn: async () => (await engine.run({ kind: 'deploy', ...order })).milliseconds,
    },
  ];
}

/** One version is there; the other, with 20 files changed, has to come. Ours knows of files what deploying the first told it. */
export async function incrementalContenders(setup: Setup): Promise<readonly Contender[]> {
  const { engine, release, root } = setup;
  const [first, second] = release.folders;
  const ours = path.join(root, 'ours');
  const theirs = path.join(root, 'theirs');
  const inPlace = path.join(root, 'in-place');
  const way = wayTo(setup);
  for (const folder of [ours, theirs, inPlace]) await rm(folder, { recursive: true, force: true });
  await mkdir(theirs);
  for (const folder of [path.join(theirs, 'v1'), inPlace])
    await shell('cp -a "$1" "$2"'.replace('"$1"', `'${first}'`).replace('"$2"', `'${folder}'`));
  let deployed = 0;
  const shaOf = (index: number): string => release.commits[index % 2 === 0 ? 0 : 1];
  const running = () => (deployed === 0 ? null : { release: `r${deployed - 1}`, sha: shaOf(deployed - 1) });
  const deployNext = async (): Promise<number> => {
    const { milliseconds } = await engine.run({
      kind: 'deploy',
      ...base(setup),
      path: ours,
      release: `r${deployed}`,
      sha: shaOf(deployed),
      running: running(),
    });
    deployed += 1;
    return milliseconds;
  };
  await deployNext();
  const settle = async (): Promise<void> => void (await shell('sync -f "$PWD"', root));
  const linkDestWith = (options: string, does: string): Contender => ({
    name: `rsync ${options} --link-dest`,
    does: `a new folder of hard links and the changed files${does}, found by size and time; what is linked isn't looked into; switches nothing`,
    before: async () => {
      await rm(path.join(theirs, 'v2'), { recursive: true, force: true });
      await settle();
    },
    turn: async () =>
      rsync(way, [options, '--link-dest=../v1'], second, path.join(theirs, 'v2')).then(() => undefined),
  });
  const overRunning = (options: string, does: string): Contender => ({
    name: `rsync ${options}`,
    does: `the changed files${does} written over the running ones, found by hashing all on both sides before; half of it shows meanwhile`,
    before: async () => {
      await shell(`rsync -a '${first}/' '${inPlace}/'`);
      await settle();
    },
    turn: async () => rsync(way, [options], second, inPlace).then(() => undefined),
  });
  return [
    linkDestWith('-az', ', compressed'),
    linkDestWith('-a', ''),
    overRunning('-azc', ', compressed,'),
    overRunning('-ac', ''),
    {
      name: 'ours',
      does: `the whole deployment into a folder of copies, all ${release.files} files read back from disk and compared, switched, the oldest release removed`,
      before: async () => {
        await engine.run({
          kind: 'know only',
          mirrors: release.mirrors,
          running: running()?.sha ?? null,
        });
        await settle();
      },
      turn: deployNext,
    },
  ];
}

function base({ release, host, keyFile }: Setup) {
  return { mirrors: release.mirrors, hosts: [host], keyFile };
}

function wayTo({ host, keyFile }: Setup): Way {
  return { host: host.host, port: host.port, user: host.user, keyFile };
}
