import { describe, expect, test } from '@jest/globals';
import { openOwners } from '../../../src/facts/read-owners.ts';
import { openRoles } from '../../../src/facts/read-roles.ts';
import { scriptedGitHub, type Scripted } from './scripted-github.ts';

const repository = { id: 5, owner: 'acme', name: 'shop', installationId: 9 };
const TEAMS = 'GET /repos/{owner}/{repo}/teams';
const COMMITS = 'GET /repos/{owner}/{repo}/commits';
const nobody = { teams: [], emails: [], people: false };

const team = (slug: string, push: boolean, privacy = 'closed') => ({ slug, privacy, permissions: { push } });
const commit = (email: string, id: number | null) => ({
  commit: { author: { email } },
  author: id === null ? null : { id, login: `person-${id}`, type: 'User' },
});

describe('teams that own code', () => {
  const github = (answer: Scripted) => scriptedGitHub({ rest: { [TEAMS]: () => answer } });
  const of = async (answer: Scripted, ...teams: string[]) =>
    (await openOwners(github(answer), repository).of({ ...nobody, teams })).owningTeams;

  test('are those that everyone sees and that may write here themselves', async () => {
    const data = [team('writers', true), team('readers', false), team('hidden', true, 'secret')];
    expect(await of({ data }, 'writers', 'readers', 'hidden', 'strangers')).toEqual({
      writers: { known: true, value: true },
      readers: { known: true, value: false },
      hidden: { known: true, value: false },
      strangers: { known: true, value: false },
    });
  });

  test('are unknown where GitHub doesn’t tell', async () => {
    expect(await of({ fails: 403 }, 'writers')).toEqual({
      writers: { known: false, why: expect.stringContaining('acme/shop') },
    });
  });

  test('are asked for once, and not at all where none owns anything', async () => {
    const client = github({ data: [] });
    const owners = openOwners(client, repository);
    await owners.of(nobody);
    expect(client.asked).toEqual([]);
    await owners.of({ ...nobody, teams: ['a'] });
    await owners.of({ ...nobody, teams: ['b'] });
    expect(client.asked).toEqual([TEAMS]);
  });

  test('that can’t be read just now are no answer', async () => {
    await expect(of({ fails: 502 }, 'writers')).rejects.toMatchObject({ code: 'github_unreachable' });
  });
});

describe('e-mails that own code', () => {
  const of = async (answer: Scripted, email = 'Docs@Acme.test') => {
    const client = scriptedGitHub({ rest: { [COMMITS]: () => answer } });
    const { ownersByEmail } = await openOwners(client, repository).of({ ...nobody, emails: [email] });
    return ownersByEmail;
  };

  test('are the account that GitHub has for a commit of it', async () => {
    expect(await of({ data: [commit('docs@acme.test', 7)] })).toEqual({
      'docs@acme.test': { known: true, value: 7 },
    });
  });

  test.each<[string, Scripted]>([
    ['of nobody who committed here', { data: [] }],
    ['that GitHub answers with another’s commit', { data: [commit('other@acme.test', 7)] }],
    ['of no account', { data: [commit('docs@acme.test', null)] }],
    ['that GitHub doesn’t tell of', { fails: 404 }],
  ])('%s are unknown, and never shown whole', async (_, answer) => {
    const found = await of(answer);
    expect(found['docs@acme.test']).toMatchObject({ known: false });
    expect(JSON.stringify(Object.values(found))).not.toContain('docs@');
  });

  test('are asked for once each, and of too many the rest is unknown', async () => {
    const client = scriptedGitHub({ rest: { [COMMITS]: () => ({ data: [] }) } });
    const emails = Array.from({ length: 30 }, (_, index) => `p${index}@acme.test`);
    const owners = openOwners(client, repository);
    await owners.of({ ...nobody, emails });
    const { ownersByEmail } = await owners.of({ ...nobody, emails });
    expect(client.asked).toHaveLength(20);
    expect(Object.values(ownersByEmail).filter((each) => !each.known)).toHaveLength(30);
  });
});

test('roles of owners are resolved beside those of the policy: their teams, and the permission of who reviewed', async () => {
  const bob = { id: 2, login: 'bob', kind: 'user' } as const;
  const client = scriptedGitHub({
    rest: {
      [TEAMS]: () => ({ data: [team('payments', true)] }),
      'GET /orgs/{org}/teams/{team_slug}/members': () => ({ data: [{ id: 2 }] }),
      'GET /repos/{owner}/{repo}/collaborators/{username}/permission': () => ({
        data: { permission: 'write', role_name: 'write', user: { id: 2 } },
      }),
    },
  });
  const roles = await openRoles(client, repository).of(
    { teams: [], permissions: false },
    { named: [bob], acting: [bob] },
    { teams: ['payments'], emails: [], people: true },
  );
  expect(roles).toEqual({
    teams: { payments: { known: true, value: [2] } },
    permissions: { '2': { known: true, value: 'write' } },
    usersMustWrite: true,
    owningTeams: { payments: { known: true, value: true } },
    ownersByEmail: {},
  });
});
