import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError } from '../../domain/coded-error.ts';

/**
 * Makes sure that no server of an earlier life still works on this data. Ours stops by itself when its starter dies;
 * it may still be doing so. One whose starter lives is in use, and is left alone.
 */
export async function endEarlierLife(place: string, starterFile: string): Promise<void> {
  if ((await serverIn(place)) === null) return;
  const starter = await starterOf(starterFile);
  if (starter !== null && (await liveStill(starter))) {
    throw new CodedError(
      'data_directory_in_use',
      `the embedded database in ${place} is in use by process ${starter.pid}. Stop that one first; to run several ` +
        'processes on one database, set DATABASE_URL.',
    );
  }
  for (let waited = 0; waited < 30_000; waited += 100) {
    const server = await serverIn(place);
    if (server === null) return;
    // Its watch died with its starter (both killed at once): the server is asked here.
    if (waited === 2_000) process.kill(server, 'SIGINT');
    await sleep(100);
  }
  throw new CodedError(
    'data_directory_in_use',
    `a PostgreSQL of an earlier start still runs in ${place} and does not stop. See ${place}/postmaster.pid.`,
  );
}

/** Whether who started the server lives. One that was just killed takes a moment to end, so it is looked at more than once. */
async function liveStill(starter: { pid: number; startTime: string | null }): Promise<boolean> {
  for (let waited = 0; waited < 1_000; waited += 100) {
    if ((await startTime(starter.pid)) !== starter.startTime) return false;
    await sleep(100);
  }
  return true;
}

/** Says who started the server: the process and when it began, since a process id comes back. */
export async function writeStarter(starterFile: string): Promise<void> {
  const starter = { pid: process.pid, startTime: await startTime(process.pid) };
  await fs.writeFile(starterFile, JSON.stringify(starter) + '\n', { mode: 0o600 });
}

async function starterOf(starterFile: string): Promise<{ pid: number; startTime: string | null } | null> {
  const text = await fs.readFile(starterFile, 'utf8').catch(() => '');
  const match = /^\{"pid":(\d+),"startTime":(?:"(\d+)"|null)\}$/.exec(text.trim());
  return match?.[1] === undefined ? null : { pid: Number(match[1]), startTime: match[2] ?? null };
}

/** The process that `postmaster.pid` names, if it lives and is a PostgreSQL on this very data. */
async function serverIn(place: string): Promise<number | null> {
  const text = await fs.readFile(path.join(place, 'postmaster.pid'), 'utf8').catch(() => '');
  const [first = '', second = ''] = text.split('\n');
  const pid = Number.parseInt(first, 10);
  if (!Number.isInteger(pid) || pid <= 1 || second !== place) return null;
  const command = await fs.readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null);
  if (command !== null) return command.split('\0').includes(place) ? pid : null;
  try {
    process.kill(pid, 0);
    // No /proc here, or not ours to read: PostgreSQL itself refuses a second server on the same data.
    return (await fs.access('/proc/self').then(
      () => true,
      () => false,
    ))
      ? null
      : pid;
  } catch {
    return null;
  }
}

/** When a process that runs began, in the kernel's clock ticks; null where there is none, or where that can't be known. */
async function startTime(pid: number): Promise<string | null> {
  const text = await fs.readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  // The second field is the command in brackets and may hold anything; the 22nd is the start time.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? [];
  // One that has ended stays in the list until its parent has looked at it.
  return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
}
