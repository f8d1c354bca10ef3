import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { explain } from '../../../src/policy/explain.ts';
import { reason } from '../../../src/policy/reasons.ts';
import { manifestFor, parseManifest, permissionReasons } from '../../../src/web/app-manifest.ts';
import { KNOWN_EVENTS } from '../../../src/webhooks/triggers-of.ts';

const text = readFileSync(new URL('../../../app.yml', import.meta.url), 'utf8');
const security = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8');
const manual = readFileSync(new URL('../../../docs/policy.md', import.meta.url), 'utf8');
const manifest = parseManifest(text);

/** The permission without which GitHub doesn't let an App subscribe, by GitHub's description of each event. */
const NEEDED: Readonly<Record<string, string>> = {
  pull_request: 'pull_requests',
  pull_request_review: 'pull_requests',
  // Of comments on pull requests; those on issues need another one, and aren't delivered.
  issue_comment: 'pull_requests',
  check_run: 'checks',
  check_suite: 'checks',
  status: 'statuses',
  push: 'contents',
  merge_group: 'merge_queues',
  deployment: 'deployments',
  deployment_protection_rule: 'deployments',
  deployment_review: 'deployments',
  deployment_status: 'deployments',
  workflow_run: 'actions',
  branch_protection_rule: 'administration',
  branch_protection_configuration: 'administration',
  repository_ruleset: 'administration',
  repository: 'metadata',
  installation_target: 'metadata',
  team: 'members',
  membership: 'members',
  member: 'members',
  organization: 'members',
};

describe('app.yml', () => {
  test('subscribes to just what the program handles; every App is told of its own installations', () => {
    const always = ['installation', 'installation_repositories'];
    expect(manifest.default_events.toSorted()).toEqual(
      KNOWN_EVENTS.filter((event) => !always.includes(event)).toSorted(),
    );
  });

  test.each([...manifest.default_events])('has the permission for %s', (event) => {
    expect(Object.keys(manifest.default_permissions)).toContain(NEEDED[event]);
  });

  test('writes only what it has to', () => {
    const writes = Object.entries(manifest.default_permissions).filter(([, access]) => access === 'write');
    expect(writes.map(([name]) => name).toSorted()).toEqual(['checks', 'deployments', 'pull_requests']);
  });

  test('what it writes, the page on security names, and nothing else', () => {
    const [, section = ''] = /^## What it can see and do\n(.*?)^## /ms.exec(security) ?? [];
    const named = [...section.matchAll(/\(`(\w+): write`\)/g)].map(([, name = '']) => name);
    const writes = Object.entries(manifest.default_permissions).filter(([, access]) => access === 'write');
    expect(named.toSorted()).toEqual(writes.map(([name]) => name).toSorted());
  });

  test.each(['two_factor_unknown', 'saml_unknown'] as const)(
    'leaves out the organisation’s permission that `identity` takes, and %s says so',
    (code) => {
      expect(Object.keys(manifest.default_permissions)).not.toContain('organization_administration');
      const said = explain(reason(code, { owner: 'acme', why: 'it was not told' }));
      expect(said).toMatch(
        /“Administration: read” on the organisation, under “Organization permissions” in .*: the “Administration” that app\.yml asks for is the repository’s/,
      );
      const [, identity = ''] = /^\*\*Identity\.\*\*(.*?)\n\n/ms.exec(manual) ?? [];
      expect(identity).toMatch(
        /adds it by hand.*_Organization permissions_, set _Administration_ to _Read-only_/s,
      );
    },
  );

  test('says why, for each permission and each group of events', () => {
    const reasons = permissionReasons(text);
    expect(Object.keys(reasons)).toEqual(Object.keys(manifest.default_permissions));
    for (const reason of Object.values(reasons)) expect(reason).toMatch(/^[A-Z][^\n]+\.$/);
    expect(text).toMatch(/default_events:\n {2}# [A-Z]/);
  });
});

describe('the manifest for one server', () => {
  const name = 'Countersign for acme';
  const redirectUrl = 'http://127.0.0.1:4000/setup/callback';
  test.each([
    ['https://deploy.example.com', 'https://deploy.example.com'],
    ['https://deploy.example.com/', 'https://deploy.example.com'],
    ['https://example.com/countersign/', 'https://example.com/countersign'],
    ['https://example.com/api/github/webhooks', 'https://example.com'],
  ])('at %s', (address, url) => {
    const made = manifestFor(manifest, { name, address, redirectUrl });
    expect(made).toEqual({
      ...manifest,
      name,
      url,
      hook_attributes: { active: true, url: `${url}/api/github/webhooks` },
      redirect_url: redirectUrl,
    });
  });

  test.each([
    ['public: true', 'public'],
    ['colour: red', 'colour'],
    ['default_permissions: { checks: admin }', 'default_permissions.checks'],
  ])('a file with %s is refused, and the key named', (line, key) => {
    const [name = ''] = line.split(':', 1);
    const rest = text.replace(new RegExp(`^${name}:.*\\n(?: .*\\n)*`, 'm'), '');
    expect(() => parseManifest(`${rest}\n${line}\n`)).toThrow(key);
  });
});
