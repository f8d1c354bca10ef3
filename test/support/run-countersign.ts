import { spawn } from 'node:child_process';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

/** The command line as a process of its own, so that it can be killed, signalled and read like any other. */
export interface RunningCommand {
  /** All that it has written to both streams so far. */
  output(): string;
  /** Resolves with what `pattern` found in the output; rejects when the process ends without it. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** Starts `countersign ARGS` in a directory with just these variables. */
export function runCountersign(
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    /** Whom it runs as, user and group; whoever runs this, if not said. */
    readonly uid?: number;
  },
): RunningCommand {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd,
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const watchers = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const watcher of watchers) watcher();
    });
  }
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.on('close', (code, signal) => {
      resolve(code ?? signal);
    });
  });
  return {
    output: () => output,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(output);
          if (found === null) return;
          watchers.delete(look);
          resolve(found);
        };
        watchers.add(look);
        look();
        const tellEnd = async (): Promise<void> => {
          const how = await ended;
          reject(new Error(`it ended (${String(how)}) without saying ${String(pattern)}:\n${output}`));
        };
        void tellEnd();
      }),
    kill: (signal) => void child.kill(signal),
    ended,
  };
}
