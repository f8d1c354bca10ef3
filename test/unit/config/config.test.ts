import { describe, expect, test } from '@jest/globals';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import ssh2 from 'ssh2';
import type { Config } from '../../../src/config.ts';
import { readConfig } from '../../../src/config.ts';
import { type HeldKey, revealed } from '../../../src/config/credentials.ts';
import { CodedError } from '../../../src/domain/coded-error.ts';

const appKey = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
}).privateKey;
// Not ssh2's own generator: about one in three hundred of its Ed25519 keys is malformed.
const sshKey = (): string =>
  generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;
const [productionKey, stagingKey] = [sshKey(), sshKey()];

const CREDENTIALS = {
  APP_ID: '12345',
  PRIVATE_KEY: appKey,
  WEBHOOK_SECRET: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
};

const FINGERPRINT = 'SHA256:uNiVztksCsDhcc0u9e8BrjUr6N0S6JP3vQ8Vb6Rxn1A';
const STAGING_FINGERPRINT = 'SHA256:Wq9nTz3sXbYk7Lr2Vg5uCf8Jd1Hm4Pe6Oa0Ii7Rt3Ew';

const PRODUCTION = `
  - repository: acme/shop
    environment: production
    hosts: [{ host: web1.internal, port: 22, user: deploy, fingerprint: "${FINGERPRINT}" }]
    credential: { private_key: { file: /run/secrets/production } }
    path: /srv/shop
    keep: 3
    shared: [.env, storage]
    commands: { build: make, before_switch: ./migrate, after_switch: ./reload, health: curl -f localhost }
    timeout: 900
`;
const STAGING = `
  - repository: acme/shop
    environment: staging
    hosts: [{ host: stage1.internal, user: deploy, fingerprint: "${STAGING_FINGERPRINT}" }]
    credential: { private_key: { env: STAGING_KEY } }
    path: /srv/shop
`;

const FILES: Record<string, string> = {
  'countersign.yaml': `targets:${PRODUCTION}${STAGING}`,
  '/run/secrets/production': productionKey,
  'app.pem': appKey,
};

interface Given {
  readonly env?: Record<string, string | undefined>;
  readonly files?: Record<string, string>;
  readonly environments?: string[];
}

function read({ env = {}, files = {}, environments }: Given = {}): { config: Config; opened: string[] } {
  const opened: string[] = [];
  const all = { ...FILES, ...files };
  const readFile = (path: string): string => {
    opened.push(path);
    const text = all[path];
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return text;
  };
  const full = { ...CREDENTIALS, STAGING_KEY: stagingKey, ...env };
  return { config: readConfig(full, readFile, { environments: environments ?? null }), opened };
}

/** As `ssh-keygen -l` has it, without its `SHA256:`. */
function keyFingerprint(pem: string): string {
  const parsed = ssh2.utils.parseKey(pem);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined || key instanceof Error) throw new Error('no key');
  return createHash('sha256').update(key.getPublicSSH()).digest('base64').replace(/=+$/, '');
}

function textOf(key: HeldKey | null): string {
  const text = key === null ? '' : revealed(key);
  if (typeof text !== 'string') throw new Error('it is in an agent');
  return text.trim();
}

function problemsOf(given: Given): string[] {
  try {
    read(given);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    expect(error.code).toBe('configuration_invalid');
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

describe('a right configuration', () => {
  test('becomes frozen settings', () => {
    const { config } = read({
      env: { PORT: '8080', LOG_LEVEL: 'WARN', DATABASE_URL: 'postgresql://app:pw@db/countersign' },
    });
    expect(config).toMatchObject({
      github: { appId: 12345 },
      addresses: {
        api: 'https://api.github.com',
        graphql: 'https://api.github.com/graphql',
        web: 'https://github.com',
      },
      server: { host: 'localhost', port: 8080 },
      logLevel: 'warn',
      migrationDatabaseUrl: null,
      ledgerKey: null,
      ledgerPreviousKey: null,
      ledgerOrigin: null,
    });
    expect(config.databaseUrl?.reveal()).toBe('postgresql://app:pw@db/countersign');
    expect(config.github?.privateKey?.reveal().trim()).toBe(appKey.trim());
    expect(config.targets[0]?.target).toEqual({
      repository: 'acme/shop',
      repositoryId: null,
      environment: 'production',
      hosts: [{ host: 'web1.internal', port: 22, user: 'deploy', fingerprint: FINGERPRINT }],
      path: '/srv/shop',
      keep: 3,
      shared: ['.env', 'storage'],
      commands: {
        build: 'make',
        beforeSwitch: './migrate',
        afterSwitch: './reload',
        health: 'curl -f localhost',
      },
      timeout: 900,
      showOutput: false,
      rollout: { canary: 0, batch: 1, pause: 0, parallel: 8, onFailure: 'roll_back_all' },
    });
    expect(config.targets[1]?.target).toMatchObject({
      keep: 5,
      shared: [],
      commands: { build: null },
      timeout: 600,
    });
    expect(config.targets.map(({ privateKey }) => textOf(privateKey))).toEqual([
      productionKey.trim(),
      stagingKey.trim(),
    ]);
    expect(Object.isFrozen(config) && Object.isFrozen(config.targets[0]?.target.hosts)).toBe(true);
  });

  test('several pins while a key is renewed, and ways by other hosts, with their own key or ours', () => {
    const hosts = [
      `{ host: web1.internal, user: deploy, fingerprint: [${FINGERPRINT}, ${FINGERPRINT}] }`,
      `{ host: web2.internal, user: deploy, fingerprint: ${FINGERPRINT}, jump: { host: near, user: hop, fingerprint: ${FINGERPRINT}, credential: { private_key: { file: /run/jump } } } }`,
    ];
    const text = String(FILES['countersign.yaml']).replace(
      /hosts: .*\n/,
      `hosts: [${hosts.join(', ')}]\n    jump: { host: far, port: 2222, user: hop, fingerprint: ${FINGERPRINT} }\n`,
    );
    const jumpKey = sshKey();
    const { config } = read({ files: { 'countersign.yaml': text, '/run/jump': jumpKey } });
    const [first] = config.targets;
    expect(first?.target.hosts).toMatchObject([
      { fingerprint: [FINGERPRINT, FINGERPRINT], jump: { host: 'far', port: 2222, user: 'hop', key: null } },
      { fingerprint: FINGERPRINT, jump: { host: 'near', port: 22, key: 'file /run/jump' } },
    ]);
    expect(Object.entries(first?.jumpKeys ?? {}).map(([name, key]) => [name, textOf(key)])).toEqual([
      ['file /run/jump', jumpKey.trim()],
    ]);
    expect(JSON.stringify(config)).not.toContain(jumpKey.slice(60, 100));
    // Another environment's key is refused there as anywhere.
    const [problem] = problemsOf({ files: { 'countersign.yaml': text, '/run/jump': stagingKey } });
    expect(problem).toMatch(/has the same credential as acme\/shop \(production\)/);
  });

  test('a health_url, and what it is without more', () => {
    const text = String(FILES['countersign.yaml']).replace(
      'keep: 3',
      'health_url: { url: "http://{host}:80/h" }',
    );
    expect(read({ files: { 'countersign.yaml': text } }).config.targets[0]?.target.healthUrl).toEqual({
      url: 'http://{host}:80/h',
      status: 200,
      tries: 5,
      interval: 2,
      timeout: 5,
    });
  });

  test.each([
    ['batch: 3', { batch: 3 }],
    ['batch: 25%', { batch: { percent: 25 } }],
    ["batch: '100%'", { batch: { percent: 100 } }],
    ['batch: all', { batch: 'all' }],
    [
      'canary: 2, pause: 60, parallel: 100, on_failure: stop',
      { canary: 2, pause: 60, parallel: 100, onFailure: 'stop', batch: 1 },
    ],
  ])('a rollout: %s', (written, expected) => {
    const text = String(FILES['countersign.yaml']).replace('keep: 3', `rollout: { ${written} }`);
    const { config } = read({ files: { 'countersign.yaml': text } });
    expect(config.targets[0]?.target.rollout).toMatchObject(expected);
  });

  test.each([
    ['as it is', { PRIVATE_KEY: appKey }],
    ['with \\n', { PRIVATE_KEY: appKey.replaceAll('\n', '\\n') }],
    ['as base64', { PRIVATE_KEY: Buffer.from(appKey).toString('base64') }],
    ['from a file', { PRIVATE_KEY: undefined, PRIVATE_KEY_PATH: 'app.pem' }],
  ])('takes the App key %s', (_, env) => {
    expect(read({ env }).config.github?.privateKey.reveal().trim()).toBe(appKey.trim());
  });

  test('without any credentials there is no App yet, and without a file there are no targets', () => {
    const config = readConfig({}, () => {
      throw Object.assign(new Error('no'), { code: 'ENOENT' });
    });
    expect(config.github).toBeNull();
    expect(config.targets).toEqual([]);
    expect(config.document).toBe('{"targets":[]}');
  });

  test('a file by the usual name that can not be read does not pass for none', () => {
    const denied = (): never => {
      throw Object.assign(new Error('no'), { code: 'EACCES' });
    };
    expect(() => readConfig({}, denied)).toThrow("countersign.yaml: can't be read (EACCES)");
  });

  test('a GitHub Enterprise Server has its own addresses', () => {
    expect(read({ env: { GHE_HOST: 'github.example.com' } }).config.addresses).toEqual({
      api: 'https://github.example.com/api/v3',
      graphql: 'https://github.example.com/api/graphql',
      web: 'https://github.example.com',
    });
    const loopback = read({ env: { GHE_HOST: '127.0.0.1:4330', GHE_PROTOCOL: 'http' } }).config;
    expect(loopback.addresses.api).toBe('http://127.0.0.1:4330/api/v3');
  });

  test('a process for one environment reads only that one’s secrets', () => {
    const { config, opened } = read({ environments: ['staging'] });
    // The others are known, so that nobody takes them for deployed by a workflow; their keys aren't.
    expect(config.targets.map(({ target, privateKey }) => [target.environment, privateKey !== null])).toEqual(
      [
        ['production', false],
        ['staging', true],
      ],
    );
    expect(config.environments).toEqual(['staging']);
    expect(opened).not.toContain('/run/secrets/production');
    // The other one's key may even be out of its reach.
    expect(() => read({ environments: ['production'], env: { STAGING_KEY: undefined } })).not.toThrow();
    expect(problemsOf({ environments: ['prod'] })).toEqual([
      '--environment: prod is no environment of a target in countersign.yaml; there are production, staging',
    ]);
    expect(problemsOf({ environments: ['prodution'] })).toEqual([
      '--environment: prodution is no environment of a target in countersign.yaml; did you mean production?',
    ]);
  });

  test('a process for one environment asks for no other’s variable, be it a key or where an agent listens', () => {
    const asked: string[] = [];
    const env = new Proxy<Record<string, string | undefined>>(
      { ...CREDENTIALS, STAGING_KEY: stagingKey },
      {
        get: (variables, name) => {
          asked.push(String(name));
          return variables[String(name)];
        },
      },
    );
    const agent = `{ agent: { env: PRODUCTION_AGENT }, fingerprint: ${FINGERPRINT} }`;
    const text = String(FILES['countersign.yaml']).replace(
      '{ private_key: { file: /run/secrets/production } }',
      agent,
    );
    const readFile = (path: string): string => {
      if (path !== 'countersign.yaml') throw new Error(`it opened ${path}`);
      return text;
    };
    readConfig(env, readFile, { environments: ['staging'] });
    expect(asked).toContain('STAGING_KEY');
    expect(asked).not.toContain('PRODUCTION_AGENT');
    asked.length = 0;
    expect(() => readConfig(env, readFile, { environments: ['production'] })).toThrow(
      /targets\[0\]\.credential\.agent: names the variable PRODUCTION_AGENT, which is not set/,
    );
    expect(asked).not.toContain('STAGING_KEY');
  });

  test.each([
    ['socket: /run/agent', {}],
    ['env: SSH_AUTH_SOCK', { SSH_AUTH_SOCK: '/run/agent' }],
  ])('a key that an agent has (%s), for the target and for a host on the way', (where, env) => {
    const credential = (pin: string) => `{ agent: { ${where} }, fingerprint: "${pin}" }`;
    const other = `SHA256:${'B'.repeat(43)}`;
    const text = String(FILES['countersign.yaml'])
      .replace('{ private_key: { file: /run/secrets/production } }', credential(FINGERPRINT))
      .replace(
        'path: /srv/shop\n    keep',
        `jump: { host: far, user: hop, fingerprint: "${FINGERPRINT}", credential: ${credential(other)} }\n    path: /srv/shop\n    keep`,
      );
    const [target] = read({ env, files: { 'countersign.yaml': text } }).config.targets;
    expect(target?.privateKey).toEqual({ agent: '/run/agent', fingerprint: FINGERPRINT });
    const name = target?.target.hosts[0]?.jump?.key ?? '';
    expect(target?.jumpKeys).toEqual({ [name]: { agent: '/run/agent', fingerprint: other } });
  });

  test('the digest follows the content, not its spelling', () => {
    const { digest } = read().config;
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    const respelt = `# a comment\n${FILES['countersign.yaml']}`.replace('keep: 3', 'keep:   3 # three');
    expect(read({ files: { 'countersign.yaml': respelt } }).config.digest).toBe(digest);
    const changed = String(FILES['countersign.yaml']).replace('keep: 3', 'keep: 4');
    expect(read({ files: { 'countersign.yaml': changed } }).config.digest).not.toBe(digest);
    expect(read({ environments: ['staging'] }).config.digest).toBe(digest);
  });

  test('no secret shows, however it is printed', () => {
    const { config } = read({ env: { DATABASE_URL: 'postgresql://app:hunter2@db/countersign' } });
    const shown = `${inspect(config, { depth: 9, showHidden: true })}${JSON.stringify(config)}${String(config.github?.webhookSecret)}`;
    const secrets = [
      CREDENTIALS.WEBHOOK_SECRET,
      'hunter2',
      appKey.slice(40, 80),
      productionKey.slice(60, 90),
    ];
    expect(secrets.filter((secret) => shown.includes(secret))).toEqual([]);
    expect(shown).toContain('[secret]');
  });
});

describe('a wrong environment', () => {
  test.each<[string, Record<string, string | undefined>, string]>([
    ['no secret', { WEBHOOK_SECRET: undefined }, 'WEBHOOK_SECRET: is missing'],
    ['an empty secret', { WEBHOOK_SECRET: '  ' }, 'WEBHOOK_SECRET: is missing'],
    [
      "Probot's default secret",
      { WEBHOOK_SECRET: 'development' },
      'WEBHOOK_SECRET: is a default that everyone knows',
    ],
    [
      'a short secret',
      { WEBHOOK_SECRET: '0123456789abcde' },
      'WEBHOOK_SECRET: is shorter than 16 characters',
    ],
    ['a repeating secret', { WEBHOOK_SECRET: 'abababababababababab' }, 'WEBHOOK_SECRET: can be guessed'],
    ['no App', { APP_ID: undefined }, 'APP_ID: is missing'],
    ['no number', { APP_ID: 'my-app' }, 'APP_ID: is not a whole number'],
    ['no key', { PRIVATE_KEY: undefined }, 'PRIVATE_KEY: is missing'],
    ['no key in it', { PRIVATE_KEY: 'hello' }, 'PRIVATE_KEY: holds no private key'],
    ['two keys', { PRIVATE_KEY_PATH: 'app.pem' }, 'PRIVATE_KEY: and PRIVATE_KEY_PATH are both set'],
    [
      'no such key file',
      { PRIVATE_KEY: undefined, PRIVATE_KEY_PATH: 'no.pem' },
      "PRIVATE_KEY_PATH: names no.pem, which can't be read (ENOENT)",
    ],
    ['no port', { PORT: '70000' }, 'PORT: must be a whole number up to 65535'],
    ['no level', { LOG_LEVEL: 'loud' }, 'LOG_LEVEL: must be one of trace'],
    ['no PostgreSQL', { DATABASE_URL: 'mysql://a@b/c' }, 'DATABASE_URL: is not an address like'],
    [
      'no database',
      { MIGRATION_DATABASE_URL: 'postgres://a@b' },
      'MIGRATION_DATABASE_URL: is not an address like',
    ],
    ['no host', { GHE_HOST: 'https://github.example.com/' }, 'GHE_HOST: is not a host name'],
    [
      'tokens in the open',
      { GHE_HOST: 'github.example.com', GHE_PROTOCOL: 'http' },
      'GHE_PROTOCOL: http would send tokens',
    ],
    ['no protocol', { GHE_PROTOCOL: 'ftp' }, 'GHE_PROTOCOL: must be https'],
    [
      'a misspelt variable',
      { COUNTERSIGN_CONFG: 'x' },
      'COUNTERSIGN_CONFG: is unknown; did you mean COUNTERSIGN_CONFIG?',
    ],
    [
      'no operator file',
      { COUNTERSIGN_CONFIG: 'no.yaml' },
      "COUNTERSIGN_CONFIG: names no.yaml, which can't be read (ENOENT)",
    ],
    [
      'an impossible origin',
      { COUNTERSIGN_LEDGER_ORIGIN: 'a b' },
      'COUNTERSIGN_LEDGER_ORIGIN: must be a name',
    ],
    [
      'people led here in the open',
      { COUNTERSIGN_URL: 'http://countersign.example.com' },
      'COUNTERSIGN_URL: must be the https address',
    ],
    [
      'people led here with a password',
      { COUNTERSIGN_URL: 'https://user:hush@countersign.example.com' },
      'COUNTERSIGN_URL: must be the https address',
    ],
    [
      'two ledger keys',
      { COUNTERSIGN_LEDGER_KEY: 'a', COUNTERSIGN_LEDGER_KEY_FILE: 'b' },
      'COUNTERSIGN_LEDGER_KEY: and',
    ],
  ])('%s', (_, env, expected) => {
    const problems = problemsOf({ env });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
  });

  test('everything wrong is said at once, and nothing of a value', () => {
    const env = {
      WEBHOOK_SECRET: 'hush',
      APP_ID: 'x',
      PORT: '-1',
      DATABASE_URL: 'hunter2',
      PRIVATE_KEY: 'also-hush',
    };
    const problems = problemsOf({ env, files: { 'countersign.yaml': 'targets: 7' } });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'APP_ID',
      'WEBHOOK_SECRET',
      'PRIVATE_KEY',
      'PORT',
      'DATABASE_URL',
      'countersign.yaml',
    ]);
    expect(problems.join()).not.toMatch(/hush|hunter2/);
  });
});

describe('a wrong operator file', () => {
  const file = (text: string): Given => ({ files: { 'countersign.yaml': text } });
  const edited = (from: string, to: string): Given =>
    file(String(FILES['countersign.yaml']).replace(from, to));

  test.each([
    ['url: "ftp://{host}/"', 'url: must be an http or https address'],
    ['url: "http://user:hush@{host}/"', 'url: must be an http or https address'],
    ['url: nothing', 'url: must be an http or https address'],
    ['url: "http://{host}/", status: 99', 'status: must be from 100 to 599'],
    ['url: "http://{host}/", tries: 0', 'tries: must be from 1 to 60'],
    ['url: "http://{host}/", timeout: 0', 'timeout: must be from 1 to 60 seconds'],
    ['status: 200', 'url: is missing'],
  ])('a health_url with %s', (written, expected) => {
    const problems = problemsOf(edited('keep: 3', `health_url: { ${written} }`));
    expect(problems).toEqual([expect.stringContaining(`targets[0].health_url.${expected}`)]);
    expect(problems.join()).not.toContain('hush');
  });

  test.each([
    ['batch: 0', 'batch: must be a number of hosts, a share of them like "25%", or all'],
    ['batch: 0%', 'batch: must be a number of hosts'],
    ['batch: 101%', 'batch: must be a number of hosts'],
    ['batch: some', 'batch: must be a number of hosts'],
    ['canary: -1', 'canary: '],
    ['parallel: 101', 'parallel: must be from 1 to 100'],
    ['pause: 4000', 'pause: must be at most an hour'],
    ['on_failure: go_on', 'on_failure: must be roll_back_all, roll_back_failed or stop'],
    ['batches: 2', 'batches: is unknown; known here are canary, batch'],
  ])('a rollout with %s', (written, expected) => {
    const problems = problemsOf(edited('keep: 3', `rollout: { ${written} }`));
    expect(problems).toEqual([expect.stringContaining(`targets[0].rollout.${expected}`)]);
  });

  test.each<[string, Given, string]>([
    [
      'an unknown key',
      edited('keep: 3', 'kep: 3'),
      'countersign.yaml:7 targets[0].kep: is unknown; did you mean keep?',
    ],
    [
      'an unknown key of a host',
      edited('port: 22', 'prt: 22'),
      'countersign.yaml:4 targets[0].hosts[0].prt: is unknown; did you mean port?',
    ],
    [
      'a missing key',
      edited('    path: /srv/shop\n    keep', '    keep'),
      'countersign.yaml:2 targets[0].path: is missing',
    ],
    [
      'a key without a value',
      edited('    path: /srv/shop\n', '    path:\n'),
      'countersign.yaml:6 targets[0].path: is empty: write its value, or leave the key out',
    ],
    [
      'a wrong port',
      edited('port: 22', 'port: 99999'),
      'countersign.yaml:4 targets[0].hosts[0].port: must be from 1 to 65535',
    ],
    [
      'a short fingerprint',
      edited(FINGERPRINT, 'SHA256:abc'),
      "targets[0].hosts[0].fingerprint: must be the host key's SHA256:…, as `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` prints it on the host itself",
    ],
    [
      'a key in the file',
      edited('{ file: /run/secrets/production }', '"-----BEGIN"'),
      'the key itself does not belong in this file',
    ],
    [
      'a path with ..',
      edited('path: /srv/shop', 'path: /srv/../etc'),
      'targets[0].path: must be an absolute path',
    ],
    ['the root', edited('path: /srv/shop', 'path: /'), 'targets[0].path: must be an absolute path'],
    [
      'a shared path outside',
      edited('[.env, storage]', '[../x]'),
      'targets[0].shared[0]: must be a path inside the release',
    ],
    [
      'a port in a host’s name',
      edited('host: stage1.internal', 'host: "stage1.internal:2222"'),
      'targets[1].hosts[0].host: must be a host name or an IP address, without a port',
    ],
    [
      'no hosts',
      edited('[{ host: stage1.internal, user: deploy, fingerprint: "' + STAGING_FINGERPRINT + '" }]', '[]'),
      'targets[1].hosts: must name at least one host',
    ],
    ['keep 1', edited('keep: 3', 'keep: 1'), 'targets[0].keep: must be at least 2'],
    ['no mapping', file('- 1'), 'countersign.yaml:1'],
    ['broken YAML', file('targets: [\n  {a: 1'), 'countersign.yaml:'],
    ['a key twice', file('targets: []\ntargets: []'), 'countersign.yaml:2: Map keys must be unique'],
    [
      'an unreadable key file',
      edited('/run/secrets/production', '/run/secrets/gone'),
      'targets[0].credential.private_key: names the file /run/secrets/gone',
    ],
    [
      'an unset key variable',
      { env: { STAGING_KEY: undefined } },
      'targets[1].credential.private_key: names the variable STAGING_KEY, which is not set',
    ],
    [
      'no key in the variable',
      { env: { STAGING_KEY: 'x' } },
      'names a variable STAGING_KEY that holds no private SSH key',
    ],
  ])('%s', (_, given, expected) => {
    expect(problemsOf(given).join('\n')).toContain(expected);
  });

  test('two environments with the same key, whatever it is called', () => {
    expect(problemsOf({ env: { STAGING_KEY: productionKey.replaceAll('\n', '\\n') } })).toEqual([
      'countersign.yaml:15 targets[1].credential: acme/shop (staging) has the same credential as acme/shop (production); give each environment a key of its own',
    ]);
  });

  test('two environments with the same key of an agent, by whatever socket; or one has it in a file', () => {
    const pin = `SHA256:${keyFingerprint(productionKey)}`;
    const agent = (socket: string) => `{ agent: { socket: ${socket} }, fingerprint: "${pin}" }`;
    const one = edited('{ private_key: { env: STAGING_KEY } }', agent('/run/one'));
    expect(problemsOf(one).join()).toContain(
      'acme/shop (staging) has the same credential as acme/shop (production)',
    );
    const text = String(one.files?.['countersign.yaml']);
    const both = file(text.replace('{ private_key: { file: /run/secrets/production } }', agent('/run/two')));
    // Which key it is stands in the file: nobody has to read the other's secret to see it.
    for (const environments of [undefined, ['staging'], ['production']])
      expect(problemsOf({ ...both, ...(environments && { environments }) }).join()).toContain(
        'has the same credential as',
      );
  });

  test.each([
    ['{}', 'credential.private_key: must be here, or agent'],
    ['{ agent: { socket: /a } }', 'credential.fingerprint: must be here'],
    ['{ agent: { socket: a }, fingerprint: PIN }', 'credential.agent: must be the absolute path of a socket'],
    ['{ agent: { env: NOWHERE }, fingerprint: PIN }', 'names the variable NOWHERE, which is not set'],
    ['{ agent: { env: WRONG }, fingerprint: PIN }', 'names the variable WRONG, which holds no absolute path'],
    ['{ agent: { socket: /a }, fingerprint: MD5:00 }', "credential.fingerprint: must be the key's SHA256:…"],
    ['{ private_key: { env: STAGING_KEY }, fingerprint: PIN }', 'credential.fingerprint: must not be here'],
    [
      '{ private_key: { env: STAGING_KEY }, agent: { socket: /a }, fingerprint: PIN }',
      'credential.agent: must not be here beside private_key',
    ],
  ])('the credential %s', (written, expected) => {
    const given = edited('{ private_key: { env: STAGING_KEY } }', written.replace('PIN', `"${FINGERPRINT}"`));
    expect(problemsOf({ ...given, env: { WRONG: 'x' } }).join('\n')).toContain(expected);
  });

  test('the same key file is found even where its secret is not read', () => {
    const given = edited('{ env: STAGING_KEY }', '{ file: /run/secrets/production }');
    expect(problemsOf({ ...given, environments: ['staging'] }).join()).toContain(
      'has the same credential as',
    );
  });

  test.each([
    ['the same path', '/srv/shop'],
    ['a path inside the other', '/srv/shop/staging'],
  ])('two environments on one host with %s', (_, path) => {
    const given = file(
      `targets:${PRODUCTION}${STAGING.replace('stage1.internal', 'WEB1.internal').replace('/srv/shop', path)}`,
    );
    expect(problemsOf(given)).toEqual([
      expect.stringContaining(
        'acme/shop (staging) and acme/shop (production) share /srv/shop on web1.internal:22',
      ),
    ]);
  });

  test('two environments on one host under two names: it is known by its key', () => {
    const renewed = STAGING.replace(
      `"${STAGING_FINGERPRINT}"`,
      `["${STAGING_FINGERPRINT}", "${FINGERPRINT}"]`,
    );
    expect(problemsOf(file(`targets:${PRODUCTION}${renewed}`))).toEqual([
      expect.stringContaining(
        `share /srv/shop on web1.internal:22, which has the same host key ${FINGERPRINT} as stage1.internal:22`,
      ),
    ]);
    const apart = renewed.replace('path: /srv/shop', 'path: /srv/staging');
    expect(read(file(`targets:${PRODUCTION}${apart}`)).config.targets).toHaveLength(2);
  });

  test('one environment twice', () => {
    expect(problemsOf(file(`targets:${PRODUCTION}${PRODUCTION}`)).join()).toContain(
      'acme/shop (production) is there twice',
    );
  });
});

describe('witnesses', () => {
  const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEPYKzPAcbMoDFvDYzS25Dqfv3t2wmJ3XbJsfHXEhMzW';
  const VKEY = 'witness.example.com/w1+2d0f5bb4+BAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f';
  const GIT = `  - git: ssh://git@git.example.com:2222/audit/ledger.git
    credential: { private_key: { env: WITNESS_KEY } }
    host_key: ${HOST_KEY}
`;
  const witnessKey = sshKey();
  const given = (text: string, env: Record<string, string> = {}): Given => ({
    env: { WITNESS_KEY: witnessKey, ...env },
    files: { 'countersign.yaml': `targets:${PRODUCTION}witnesses:\n${text}` },
  });

  test('are read, with what was left out', () => {
    const vkey = vkeyOf('witness.example.com/w1');
    const { config } = read(
      given(`${GIT}  - { c2sp: "https://witness.example.com/prefix/", vkey: "${vkey}", every: 60 }\n`),
    );
    expect(config.witnesses).toEqual([
      {
        kind: 'git',
        url: 'ssh://git@git.example.com:2222/audit/ledger.git',
        branch: 'ledger-witness',
        hostKey: HOST_KEY,
        privateKey: expect.anything(),
        everySeconds: 10,
      },
      { kind: 'c2sp', url: 'https://witness.example.com/prefix', vkey, everySeconds: 60 },
    ]);
    expect(inspect(config.witnesses, { depth: 9 })).not.toContain(witnessKey.split('\n')[1]);
    expect(config.document).not.toContain(witnessKey.split('\n')[1]);
  });

  test('an operator file without any says the same as it always did', () => {
    expect(read({}).config.witnesses).toEqual([]);
    expect(read({}).config.document).not.toContain('witnesses');
  });

  const edited = (from: string, to: string): Given => given(GIT.replace(from, to));
  test.each<[string, Given, string]>([
    [
      'https',
      edited('ssh://git@', 'https://'),
      'countersign.yaml:12 witnesses[0].git: must be an SSH address like ssh://git@host/path.git',
    ],
    ['a password', edited('git@git', 'git:hush@git'), 'witnesses[0].git: must be an SSH address'],
    [
      'an option for a host',
      edited('git@git.example.com:2222', '-oProxyCommand=x'),
      'witnesses[0].git: must be an SSH address',
    ],
    ['no host key', edited(`    host_key: ${HOST_KEY}\n`, ''), 'witnesses[0].host_key: must be here'],
    [
      'a fingerprint for a host key',
      edited(HOST_KEY, '"SHA256:abc"'),
      "witnesses[0].host_key: must be the host's public key, like ssh-ed25519 AAAA…",
    ],
    [
      'no credential',
      edited('    credential: { private_key: { env: WITNESS_KEY } }\n', ''),
      'witnesses[0].credential: must be here',
    ],
    [
      'a key that is not there',
      given(GIT, { WITNESS_KEY: '' }),
      'witnesses[0].credential.private_key: names the variable WITNESS_KEY, which is not set',
    ],
    [
      'the key of a server',
      given(GIT, { WITNESS_KEY: productionKey }),
      'is also the key of acme/shop (production); give the witness a key of its own',
    ],
    [
      'an odd branch',
      edited('    host_key', '    branch: ../x\n    host_key'),
      'witnesses[0].branch: must be the name of a branch',
    ],
    [
      'an unknown key',
      edited('host_key', 'hostkey'),
      'countersign.yaml:14 witnesses[0].hostkey: is unknown; did you mean host_key?',
    ],
    [
      'neither',
      given('  - { every: 5 }\n'),
      'witnesses[0].git: must be here, or c2sp: which of the two is it?',
    ],
    [
      'both',
      edited('  - git', `  - vkey: ${VKEY}\n    git`),
      'witnesses[0].vkey: must not be here: it belongs to a c2sp witness',
    ],
    [
      'http',
      given(`  - { c2sp: "http://witness.example.com", vkey: "${VKEY}" }\n`),
      'witnesses[0].c2sp: must be an https address',
    ],
    [
      'an altered key',
      given(`  - { c2sp: "https://witness.example.com", vkey: "${VKEY}" }\n`),
      "witnesses[0].vkey: must be the witness's cosignature key",
    ],
    [
      'too often',
      edited('    host_key', '    every: 0\n    host_key'),
      'witnesses[0].every: must be from 1 to 3600 seconds',
    ],
    [
      'one twice',
      given(GIT + GIT),
      'witnesses[1]: ssh://git@git.example.com:2222/audit/ledger.git#ledger-witness is there twice',
    ],
  ])('%s', (_, wrong, expected) => {
    const problems = problemsOf(wrong).join('\n');
    expect(problems).toContain(expected);
    expect(problems).not.toContain('hush');
  });
});

/** A C2SP witness's key, with the id that belongs to it. */
function vkeyOf(name: string): string {
  const key = Buffer.concat([Buffer.of(4), Buffer.alloc(32, 7)]);
  const id = createHash('sha256').update(`${name}\n`).update(key).digest('hex').slice(0, 8);
  return `${name}+${id}+${key.toString('base64')}`;
}
