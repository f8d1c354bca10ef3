import type { CommandIo } from './command-io.ts';

const USAGE = `countersign host <add | list | unlock> …

  add     look at a host and its key, and enrol it for an environment
  list    what runs on an environment's hosts, beside what the ledger has
  unlock  show which hosts a deployment has locked, and break its lock

Each with --help tells more.
`;

const ACTS = {
  add: () => import('./host-add.ts'),
  list: () => import('./host-list.ts'),
  unlock: () => import('./host-unlock.ts'),
} as const;

/** `countersign host`: hands on to one of its acts; 2 where there is none of that name. */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const [act = '', ...rest] = args;
  if (act === '--help' || act === '-h') {
    io.stdout.write(USAGE);
    return 0;
  }
  if (act !== 'add' && act !== 'list' && act !== 'unlock') {
    io.stderr.write(
      `countersign: host has the acts add, list and unlock, not ${JSON.stringify(act)}\n\n${USAGE}`,
    );
    return 2;
  }
  const { run: runAct } = await ACTS[act]();
  return runAct(rest, io);
}
