/**
 * The environment's variables: each read, checked and taken apart in one place. Values are never put into a message,
 * since most of them are secrets or hold one.
 */
import { createPrivateKey } from 'node:crypto';
import { errorCodeOf } from '../domain/error-code.ts';
import { nearest } from '../domain/nearest.ts';
import { Secret } from '../domain/secret.ts';
import { databaseAddressProblem } from './database-address.ts';
import type { Report } from './problem.ts';

export type Environment = Readonly<Record<string, string | undefined>>;
export type ReadFile = (path: string) => string;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Our App's identity on GitHub. */
export interface GitHubCredentials {
  readonly appId: number;
  /** PEM. */
  readonly privateKey: Secret;
  readonly webhookSecret: Secret;
}

/** Where GitHub is: github.com, or a GitHub Enterprise Server. No address ends in a slash. */
export interface GitHubAddresses {
  readonly api: string;
  readonly graphql: string;
  readonly web: string;
}

/** What the environment says. */
export interface EnvironmentSettings {
  readonly github: GitHubCredentials | null;
  readonly addresses: GitHubAddresses;
  /** Where people reach this server, without a slash at its end; null where they aren't to be led here. */
  readonly publicUrl: string | null;
  readonly server: { readonly host: string; readonly port: number };
  readonly logLevel: LogLevel;
  readonly databaseUrl: Secret | null;
  readonly migrationDatabaseUrl: Secret | null;
  readonly ledgerKey: Secret | null;
  /** The one that signed until now, while the ledger's key is rotated. */
  readonly ledgerPreviousKey: Secret | null;
  readonly ledgerOrigin: string | null;
  readonly operatorFile: string | null;
}

/** Ours, so that a misspelt one is found. Those that begin with COUNTERSIGN_TEST_ or COUNTERSIGN_DEMO_ are left alone. */
const OUR_VARIABLES = [
  'COUNTERSIGN_CONFIG',
  'COUNTERSIGN_LEDGER_KEY',
  'COUNTERSIGN_LEDGER_KEY_FILE',
  'COUNTERSIGN_LEDGER_ORIGIN',
  'COUNTERSIGN_LEDGER_PREVIOUS_KEY',
  'COUNTERSIGN_LEDGER_PREVIOUS_KEY_FILE',
  'COUNTERSIGN_URL',
];

export function readEnvironment(env: Environment, readFile: ReadFile, report: Report): EnvironmentSettings {
  for (const name of Object.keys(env)) {
    if (!name.startsWith('COUNTERSIGN_') || OUR_VARIABLES.includes(name)) continue;
    if (name.startsWith('COUNTERSIGN_TEST_') || name.startsWith('COUNTERSIGN_DEMO_')) continue;
    const meant = nearest(name, OUR_VARIABLES);
    report(
      name,
      meant === null
        ? `is unknown; known are ${OUR_VARIABLES.join(', ')}`
        : `is unknown; did you mean ${meant}?`,
    );
  }
  return {
    github: readCredentials(env, readFile, report),
    addresses: readAddresses(env, report),
    publicUrl: readPublicUrl(env, report),
    server: { host: value(env, 'HOST') ?? 'localhost', port: readPort(env, report) },
    logLevel: readLogLevel(env, report),
    databaseUrl: readDatabaseUrl(env, 'DATABASE_URL', report),
    migrationDatabaseUrl: readDatabaseUrl(env, 'MIGRATION_DATABASE_URL', report),
    ledgerKey: readLedgerKey('COUNTERSIGN_LEDGER_KEY', env, readFile, report),
    ledgerPreviousKey: readLedgerKey('COUNTERSIGN_LEDGER_PREVIOUS_KEY', env, readFile, report),
    ledgerOrigin: readOrigin(env, report),
    operatorFile: value(env, 'COUNTERSIGN_CONFIG'),
  };
}

/** An empty variable is one that isn't there: that is how people unset them in a file. */
function value(env: Environment, name: string): string | null {
  const text = env[name]?.trim();
  return text === undefined || text === '' ? null : text;
}

/** Null where none of them is given: then there is no App yet, and the set-up page makes one. Some of them is a mistake. */
function readCredentials(env: Environment, readFile: ReadFile, report: Report): GitHubCredentials | null {
  const appIdText = value(env, 'APP_ID');
  const webhookSecret = value(env, 'WEBHOOK_SECRET');
  const keyGiven = value(env, 'PRIVATE_KEY') !== null || value(env, 'PRIVATE_KEY_PATH') !== null;
  if (appIdText === null && webhookSecret === null && !keyGiven) return null;

  const appId = Number(appIdText);
  const appIdRight = appIdText !== null && /^[1-9]\d{0,14}$/.test(appIdText);
  if (appIdText === null) report('APP_ID', "is missing; it is on the App's settings page");
  else if (!appIdRight)
    report('APP_ID', 'is not a whole number; it is the "App ID" on the App\'s settings page');

  const problem = secretProblem(webhookSecret);
  if (problem !== null) report('WEBHOOK_SECRET', problem);

  const privateKey = readPrivateKey(env, readFile, report);
  if (!appIdRight || problem !== null || webhookSecret === null || privateKey === null) return null;
  return { appId, privateKey, webhookSecret: new Secret(webhookSecret) };
}

/** Guessable ones that are set because an example had them. Probot's own default is the first. */
const DEFAULT_SECRETS = new Set([
  'development',
  'secret',
  'webhooksecret',
  'changeme',
  'password',
  'test',
  'example',
]);
const MIND_THE_SECRET = "make one with `openssl rand -hex 32` and set it here and in the App's settings";
const SHORTEST_SECRET = 16;

/**
 * Whoever knows the webhook secret can tell us anything about anyone, so there is no default for it. Sixteen characters
 * of hexadecimal are 64 bits, the least that can't be searched through from one recorded delivery.
 */
function secretProblem(secret: string | null): string | null {
  if (secret === null) return `is missing; ${MIND_THE_SECRET}`;
  if (DEFAULT_SECRETS.has(secret.toLowerCase().replaceAll(/[^a-z]/g, ''))) {
    return `is a default that everyone knows; ${MIND_THE_SECRET}`;
  }
  if (secret.length < SHORTEST_SECRET)
    return `is shorter than ${SHORTEST_SECRET} characters; ${MIND_THE_SECRET}`;
  if (new Set(secret).size < 6) return `can be guessed (it repeats itself); ${MIND_THE_SECRET}`;
  return null;
}

function readPrivateKey(env: Environment, readFile: ReadFile, report: Report): Secret | null {
  const given = value(env, 'PRIVATE_KEY');
  const file = value(env, 'PRIVATE_KEY_PATH');
  if (given !== null && file !== null) {
    report('PRIVATE_KEY', 'and PRIVATE_KEY_PATH are both set; leave one of them out');
    return null;
  }
  const name = given === null ? 'PRIVATE_KEY_PATH' : 'PRIVATE_KEY';
  const text = given ?? fileText(file, name, readFile, report);
  if (text === null) {
    if (file === null)
      report('PRIVATE_KEY', "is missing; generate one on the App's settings page, or set PRIVATE_KEY_PATH");
    return null;
  }
  const pem = pemOf(text);
  if (!isPrivateKey(pem)) {
    report(
      name,
      'holds no private key; it must be the PEM file that GitHub made (in a variable: with \\n, or as base64)',
    );
    return null;
  }
  return new Secret(pem);
}

/** As GitHub made it, on one line with `\n`, or as base64 of either. */
function pemOf(text: string): string {
  const decoded = text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64').toString('utf8');
  return `${decoded.replaceAll('\\n', '\n').trim()}\n`;
}

function isPrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}

/** One line of text from a file that a variable names, or null after saying why not. */
function fileText(file: string | null, name: string, readFile: ReadFile, report: Report): string | null {
  if (file === null) return null;
  try {
    return readFile(file);
  } catch (error) {
    report(name, `names ${file}, which can't be read (${errorCodeOf(error) ?? 'unknown error'})`);
    return null;
  }
}

function readAddresses(env: Environment, report: Report): GitHubAddresses {
  const host = value(env, 'GHE_HOST');
  const protocol = value(env, 'GHE_PROTOCOL') ?? 'https';
  if (protocol !== 'https' && protocol !== 'http')
    report('GHE_PROTOCOL', 'must be https (or http, on loopback)');
  if (host === null) {
    return {
      api: 'https://api.github.com',
      graphql: 'https://api.github.com/graphql',
      web: 'https://github.com',
    };
  }
  const url = URL.parse(`${protocol}://${host}`);
  if (url === null || url.host !== host.toLowerCase() || url.username !== '') {
    report('GHE_HOST', 'is not a host name (with a port, if need be), as in github.example.com');
  } else if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    report('GHE_PROTOCOL', `http would send tokens to ${url.hostname} in the open; use https`);
  }
  const web = `${protocol}://${host}`;
  return { api: `${web}/api/v3`, graphql: `${web}/api/graphql`, web };
}

/** It is put into GitHub deployments as `log_url`, so it must be one that a browser elsewhere can open. */
function readPublicUrl(env: Environment, report: Report): string | null {
  const text = value(env, 'COUNTERSIGN_URL');
  if (text === null) return null;
  const url = URL.parse(text);
  const plain =
    url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!plain || (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname)))) {
    report(
      'COUNTERSIGN_URL',
      'must be the https address at which people reach this server (http on loopback), without user, query or fragment',
    );
    return null;
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

function readPort(env: Environment, report: Report): number {
  const text = value(env, 'PORT') ?? '3000';
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    report('PORT', 'must be a whole number up to 65535 (0: any free one)');
  return port;
}

function readLogLevel(env: Environment, report: Report): LogLevel {
  const text = value(env, 'LOG_LEVEL')?.toLowerCase() ?? 'info';
  const level = LOG_LEVELS.find((each) => each === text);
  if (level === undefined) report('LOG_LEVEL', `must be one of ${LOG_LEVELS.join(', ')}`);
  return level ?? 'info';
}

function readDatabaseUrl(env: Environment, name: string, report: Report): Secret | null {
  const text = value(env, name);
  if (text === null) return null;
  const problem = databaseAddressProblem(text);
  if (problem === null) return new Secret(text);
  report(name, problem);
  return null;
}

function readLedgerKey(
  name: 'COUNTERSIGN_LEDGER_KEY' | 'COUNTERSIGN_LEDGER_PREVIOUS_KEY',
  env: Environment,
  readFile: ReadFile,
  report: Report,
): Secret | null {
  const given = value(env, name);
  const file = value(env, `${name}_FILE`);
  if (given !== null && file !== null) {
    report(name, `and ${name}_FILE are both set; leave one of them out`);
    return null;
  }
  const text = given ?? fileText(file, `${name}_FILE`, readFile, report);
  if (text === null) return null;
  if (!isEd25519(text)) {
    report(
      given === null ? `${name}_FILE` : name,
      'is no Ed25519 private key in PEM (PKCS8); make one with `countersign keygen`',
    );
    return null;
  }
  return new Secret(text.trim());
}

function isEd25519(pem: string): boolean {
  try {
    // A variable often holds the line ends as the two characters `\n`.
    return createPrivateKey(pem.trim().replaceAll('\\n', '\n')).asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
}

/** The log's name stands in every checkpoint and can't be changed later; see C2SP signed-note. */
function readOrigin(env: Environment, report: Report): string | null {
  const origin = value(env, 'COUNTERSIGN_LEDGER_ORIGIN');
  if (origin !== null && (/[\s+\p{Cc}]/u.test(origin) || origin.length > 128)) {
    report(
      'COUNTERSIGN_LEDGER_ORIGIN',
      'must be a name like audit.example.com/ledger/1, without blanks and "+"',
    );
    return null;
  }
  return origin;
}
