/**
 * What this process was told: the environment's variables and the operator's file, once, at its start. It owns every
 * check of them, so that whatever is wrong is said at once and nothing else in the program reads `process.env`.
 */
import { createHash } from 'node:crypto';
import { type HeldKey, type ReadCredential, readCredential, referenceOf } from './config/credentials.ts';
import type { Environment, EnvironmentSettings, ReadFile } from './config/environment.ts';
import { readEnvironment } from './config/environment.ts';
import { readOperatorFile } from './config/operator-file.ts';
import type { OperatorCredential, OperatorFile, OperatorTarget } from './config/operator-schema.ts';
import { readWitnesses } from './config/witnesses.ts';
import type { Problem, Report } from './config/problem.ts';
import { overlaps } from './config/separation.ts';
import { CodedError } from './domain/coded-error.ts';
import { nearest } from './domain/nearest.ts';
import type { Host, Rollout, Target } from './domain/deploy.ts';
import { errorCodeOf } from './domain/error-code.ts';
import type { WitnessAddress } from './domain/witness.ts';

export type { GitHubAddresses, GitHubCredentials, LogLevel } from './config/environment.ts';

/** Frozen, all the way down. `github: null`: there is no App yet. `databaseUrl: null`: the embedded one. */
export interface Config extends Omit<EnvironmentSettings, 'operatorFile'> {
  /** The operator's file, by the path it was read from; null: none was named, and there is none by the usual name. */
  readonly operatorFile: string | null;
  /** All of them: what this process doesn't deploy, it still has to know of. */
  readonly targets: readonly ConfiguredTarget[];
  /** Who keeps the ledger's checkpoints outside. */
  readonly witnesses: readonly WitnessAddress[];
  /** The only environments that this process deploys to; null for all. */
  readonly environments: readonly string[] | null;
  /** SHA-256 (hex) of `document`. */
  readonly digest: string;
  /** The operator's file as JSON with sorted keys: no comments, and no secrets, since it only says where those are. */
  readonly document: string;
}

export interface ConfiguredTarget {
  readonly target: Target;
  /** Null: it is another process's environment, and its secret was not read. */
  readonly privateKey: HeldKey | null;
  /** Of the hosts on the way that have their own, by how the file names each; none where it is another process's. */
  readonly jumpKeys: Readonly<Record<string, HeldKey>>;
}

export interface ConfigOptions {
  /** The only environments whose secrets are read; null for all. */
  readonly environments: readonly string[] | null;
  /** Where they were given, as people know it. */
  readonly askedBy?: string;
}

const DEFAULT_FILE = 'countersign.yaml';

/** Reads all of it, or throws one error (`configuration_invalid`) that lists every problem. */
export function readConfig(
  env: Environment,
  readFile: ReadFile,
  options: ConfigOptions = { environments: null },
): Config {
  const problems: Problem[] = [];
  const report: Report = (where, message) => void problems.push({ where, message });
  const { operatorFile, ...settings } = readEnvironment(env, readFile, report);
  const file = readTargets(operatorFile, env, readFile, options, report);
  if (problems.length > 0) throw invalid(problems);
  const document = JSON.stringify(sorted(file.content));
  return deepFreeze({
    ...settings,
    operatorFile: file.read,
    targets: file.targets,
    witnesses: file.witnesses,
    environments: options.environments,
    digest: createHash('sha256').update(document).digest('hex'),
    document,
  });
}

function readTargets(
  named: string | null,
  env: Environment,
  readFile: ReadFile,
  options: ConfigOptions,
  report: Report,
): {
  read: string | null;
  content: OperatorFile;
  targets: ConfiguredTarget[];
  witnesses: readonly WitnessAddress[];
} {
  const none = { read: null, content: { targets: [] }, targets: [], witnesses: [] };
  const file = named ?? DEFAULT_FILE;
  let text: string;
  try {
    text = readFile(file);
  } catch (error) {
    // That there is none by the usual name is fine. One that is there and can't be read must not pass for none.
    const code = errorCodeOf(error);
    if (named !== null)
      report('COUNTERSIGN_CONFIG', `names ${file}, which can't be read (${code ?? 'unknown error'})`);
    else if (code !== 'ENOENT') report(file, `can't be read (${code ?? 'unknown error'})`);
    return none;
  }
  const read = readOperatorFile(file, text, report);
  if (read === null) return none;
  const { content, where } = read;
  const known = new Set(content.targets.map(({ environment }) => environment));
  for (const environment of options.environments ?? []) {
    if (known.has(environment)) continue;
    const meant = nearest(environment, [...known]);
    report(
      options.askedBy ?? '--environment',
      `${environment} is no environment of a target in ${file}; ${meant === null ? `there are ${[...known].join(', ')}` : `did you mean ${meant}?`}`,
    );
  }
  const targets: ConfiguredTarget[] = [];
  const separable = content.targets.map((entry, index) => {
    const target = targetOf(entry);
    const ours = options.environments?.includes(entry.environment) ?? true;
    const read = (credential: OperatorCredential, place: readonly PropertyKey[]): ReadCredential => {
      const found = readCredential(credential, ours, env, readFile);
      const { problem } = found;
      if (problem !== null) report(where(['targets', index, ...place, problem.at]), problem.message);
      return found;
    };
    const own = read(entry.credential, ['credential']);
    const jumps = jumpCredentialsOf(entry).map(({ credential, place }) => read(credential, place));
    const jumpKeys = Object.fromEntries(
      jumps.flatMap(({ reference, key }) => (key === null ? [] : [[reference, key] as const])),
    );
    if (own.key !== null || !ours) targets.push({ target, privateKey: own.key, jumpKeys });
    return { target, ...own, jumps };
  });
  for (const { index, key, message } of overlaps(separable)) report(where(['targets', index, key]), message);
  const witnesses = readWitnesses(content, { env, readFile, report, where }, separable);
  return { read: file, content, targets, witnesses };
}

/** Where the keys are that hosts on the way have of their own, and where the file says so. */
function jumpCredentialsOf({ jump, hosts }: OperatorTarget) {
  const written = [
    { jump, place: ['jump'] as readonly PropertyKey[] },
    ...hosts.map((host, index) => ({ jump: host.jump, place: ['hosts', index, 'jump'] })),
  ];
  return written.flatMap(({ jump: each, place }) =>
    each?.credential === undefined ? [] : [{ credential: each.credential, place: [...place, 'credential'] }],
  );
}

/** A host's own way counts before the target's. */
function hostOf(
  { jump: own, ...host }: OperatorTarget['hosts'][number],
  ofTarget: OperatorTarget['jump'],
): Host {
  const way = own ?? ofTarget;
  if (way === undefined) return host;
  const { credential, ...jump } = way;
  const key = credential === undefined ? null : referenceOf(credential);
  return { ...host, jump: { ...jump, key } };
}

function targetOf(entry: OperatorTarget): Target {
  const { build, before_switch: beforeSwitch, after_switch: afterSwitch, health } = entry.commands;
  return {
    repository: entry.repository,
    repositoryId: entry.repository_id ?? null,
    environment: entry.environment,
    hosts: entry.hosts.map((host) => hostOf(host, entry.jump)),
    path: entry.path,
    keep: entry.keep,
    shared: entry.shared,
    commands: {
      build: build ?? null,
      beforeSwitch: beforeSwitch ?? null,
      afterSwitch: afterSwitch ?? null,
      health: health ?? null,
    },
    timeout: entry.timeout,
    showOutput: entry.show_output,
    ...(entry.health_url === undefined ? {} : { healthUrl: entry.health_url }),
    rollout: {
      canary: entry.rollout.canary,
      batch: batchOf(entry.rollout.batch),
      pause: entry.rollout.pause,
      parallel: entry.rollout.parallel,
      onFailure: entry.rollout.on_failure,
    },
  };
}

/** `25%` as a number; the schema lets no other text through but `all`. */
function batchOf(batch: OperatorTarget['rollout']['batch']): Rollout['batch'] {
  if (typeof batch === 'number') return batch;
  return batch === 'all' ? 'all' : { percent: Number.parseInt(batch, 10) };
}

function invalid(problems: readonly Problem[]): CodedError {
  const lines = problems.map(({ where, message }) => `  ${where}: ${message}`);
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  return new CodedError('configuration_invalid', `the configuration has ${count}:\n${lines.join('\n')}`);
}

/** The same content in the same order, however the file was written. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
