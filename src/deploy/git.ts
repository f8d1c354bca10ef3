/**
 * The only place that starts git. It runs with no configuration but ours, no hooks, no prompts and no helpers, and what
 * is secret goes in its environment, which `ps` shows to nobody but its owner.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

export interface GitOptions {
  /** The bare repository to work in. */
  readonly directory: string;
  /** Configuration for this run, secret values included. */
  readonly config?: readonly (readonly [key: string, value: string])[];
  /** Protocols that git may speak, as GIT_ALLOW_PROTOCOL takes them; none unless told. */
  readonly protocols?: string;
  readonly timeoutSeconds?: number;
  /** What it reads on its standard input. */
  readonly input?: string | Uint8Array;
}

export interface GitResult {
  /** Null: it was killed, by us when its time was up. */
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly timedOut: boolean;
}

export type GitProcess = ChildProcessByStdio<Writable, Readable, Readable>;

/** What of the operator's own environment git may see: how to reach the network and whom to trust there. */
const PASSED_ON = [
  'PATH',
  'TMPDIR',
  'http_proxy',
  'https_proxy',
  'HTTPS_PROXY',
  'all_proxy',
  'ALL_PROXY',
  'no_proxy',
  'NO_PROXY',
  'GIT_SSL_CAINFO',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];

const ALWAYS: readonly (readonly [string, string])[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['credential.helper', ''],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['http.followRedirects', 'false'],
  ['http.lowSpeedLimit', '1000'],
  ['http.lowSpeedTime', '30'],
  ['protocol.version', '2'],
  ['safe.bareRepository', 'all'],
  // The mirror is ours; a data folder restored by another user must not stop a deployment.
  ['safe.directory', '*'],
];

/** Starts git and hands its pipes over. Whoever starts it must read both outputs to their end. */
export function startGit(args: readonly string[], options: GitOptions): GitProcess {
  return spawn('git', args, {
    cwd: options.directory,
    env: environment(options),
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.timeoutSeconds === undefined
      ? {}
      : { timeout: options.timeoutSeconds * 1000, killSignal: 'SIGKILL' as const }),
  });
}

/** Runs git to its end. Never throws for its exit code; throws where it could not be started. */
export async function runGit(args: readonly string[], options: GitOptions): Promise<GitResult> {
  const git = startGit(args, options);
  git.stdin.on('error', () => undefined);
  git.stdin.end(options.input);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  git.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  git.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const code = await exitOf(git);
  return {
    code,
    stdout: Buffer.concat(stdout),
    stderr: Buffer.concat(stderr).toString('utf8'),
    timedOut: code === null && git.killed,
  };
}

/** Its exit code once all its pipes are closed; null where a signal ended it. */
export function exitOf(git: GitProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    git.once('error', reject);
    git.once('close', (code) => resolve(code));
  });
}

function environment({ directory, config = [], protocols }: GitOptions): NodeJS.ProcessEnv {
  const passed = PASSED_ON.flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]]],
  );
  const settings = [...ALWAYS, ...config];
  return {
    ...Object.fromEntries(passed),
    HOME: directory,
    LC_ALL: 'C',
    GIT_DIR: directory,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    SSH_ASKPASS: '/bin/false',
    // A replaced object would be another commit under the approved one's name.
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_ALLOW_PROTOCOL: protocols ?? '',
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}
