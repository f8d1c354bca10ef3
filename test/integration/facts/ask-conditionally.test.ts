import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { z } from 'zod';
import { askConditionally } from '../../../src/facts/ask-conditionally.ts';
import { askRestPages } from '../../../src/facts/ask-github.ts';
import { gatherChange } from '../../../src/facts/gather-change.ts';
import { KeptAnswers } from '../../../src/facts/kept-answers.ts';
import { readProtection } from '../../../src/facts/read-protection.ts';
import { openRoles } from '../../../src/facts/read-roles.ts';
import { agreeingTrees } from '../../support/agreeing-trees.ts';
import { type Acme, openAcme } from './acme.ts';

let acme: Acme;
beforeAll(async () => {
  acme = await openAcme();
});
afterAll(async () => {
  await acme.github.close();
});
beforeEach(() => acme.github.resetRequests());

const statuses = () =>
  acme.github.requests.flatMap(({ route, status }) => (route === 'graphql' ? [] : [status]));
const used = async () => (await acme.ours.rest.rateLimit.get()).data.resources.core.used;
const carols = { named: [] as const, acting: [] as const };

test('what has not changed costs nothing of the hourly limit, and is asked for all the same', async () => {
  const ours = askConditionally(acme.ours, new KeptAnswers(), 'installation');
  await acme.commit(acme.alice, { branch: 'a', message: 'Add a till' });
  const number = await acme.open(acme.alice, 'a');
  const asked = {
    repository: acme.repository,
    number,
    appId: acme.appId,
    pushes: [],
    roles: { teams: ['maintainers'], permissions: false },
    paths: false,
    trees: agreeingTrees,
    now: '2026-11-02T10:00:00.000Z',
  };
  await acme.as(acme.dave).rest.repos.updateBranchProtection({
    owner: 'acme',
    repo: 'shop',
    branch: 'main',
    required_status_checks: null,
    enforce_admins: true,
    required_pull_request_reviews: null,
    restrictions: null,
  });
  const first = await gatherChange(ours, asked);
  const before = await used();
  acme.github.resetRequests();
  await expect(gatherChange(ours, asked)).resolves.toEqual(first);
  expect(statuses()).toEqual([304, 304, 304, 304]);
  expect(await used()).toBe(before);
});

test('what has changed is seen at once', async () => {
  const ours = askConditionally(acme.ours, new KeptAnswers(), 'installation');
  const read = () =>
    openRoles(ours, acme.repository).of(
      { teams: ['maintainers'], permissions: false },
      { ...carols, named: [{ id: acme.carol.id, login: 'carol', kind: 'user' }] },
    );
  await expect(read()).resolves.toMatchObject({ teams: { maintainers: { value: [acme.carol.id] } } });
  await expect(read()).resolves.toMatchObject({ teams: { maintainers: { value: [acme.carol.id] } } });
  acme.github.removeFromTeam(acme.organization, 'maintainers', acme.carol);
  await expect(read()).resolves.toMatchObject({ teams: { maintainers: { value: [] } } });
  expect(statuses()).toEqual([200, 304, 200]);
});

test('nobody is given what another was shown', async () => {
  const kept = new KeptAnswers();
  const branch = { branch: 'main', appId: acme.appId };
  await readProtection(askConditionally(acme.ours, kept, 'one'), acme.repository, branch);
  acme.github.resetRequests();
  await readProtection(askConditionally(acme.ours, kept, 'two'), acme.repository, branch);
  expect(statuses()).not.toContain(304);
});

test('who gets an answer may change it, and the next one gets what GitHub said', async () => {
  const ours = askConditionally(acme.ours, new KeptAnswers(), 'one');
  const route = 'GET /orgs/{org}/teams/{team_slug}/members';
  const parameters = { org: 'acme', team_slug: 'developers' };
  const ids = async () =>
    ((await ours.request(route, parameters)).data as { id: number }[]).map(({ id }) => id);
  const members = await ids();
  const { data } = await ours.request(route, parameters);
  (data as unknown[]).length = 0;
  await expect(ids()).resolves.toEqual(members);
  await expect(ours.request(route, { ...parameters, per_page: 1 })).resolves.toMatchObject({
    data: [expect.anything()],
  });
});

test('what comes after a page that was the last, and full, is seen', async () => {
  const ours = askConditionally(acme.ours, new KeptAnswers(), 'one');
  const route = 'GET /orgs/{org}/teams/{team_slug}/members';
  const pages = (size: number) =>
    askRestPages(
      ours,
      route,
      { org: 'acme', team_slug: 'developers', per_page: size },
      z.array(z.object({ id: z.int() })),
      (page) => page,
      { doing: 'reading', limit: 9 },
    );
  const { items } = await pages(100);
  acme.github.addToTeam(acme.organization, 'developers', acme.dave);
  acme.github.removeFromTeam(acme.organization, 'developers', acme.dave);
  await expect(pages(items.length)).resolves.toEqual({ complete: true, items });
  acme.github.addToTeam(acme.organization, 'developers', acme.dave);
  const more = await pages(items.length);
  expect(more.items.map(({ id }) => id)).toEqual([...items.map(({ id }) => id), acme.dave.id]);
  // Of a hundred a page it is neither full nor asked for without its ETag.
  acme.github.resetRequests();
  await pages(100);
  await pages(100);
  expect(statuses()).toEqual([200, 304]);
});
