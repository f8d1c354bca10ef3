import { describe, expect, test } from '@jest/globals';
import type { Actor } from '../../../src/domain/actor.ts';
import { openRoles } from '../../../src/facts/read-roles.ts';
import { type Scripted, scriptedGitHub } from './scripted-github.ts';

const repository = { id: 5, owner: 'acme', name: 'shop', installationId: 9 };
const alice: Actor = { id: 1, login: 'alice', kind: 'user' };
const bob: Actor = { id: 2, login: 'bob', kind: 'user' };
const robot: Actor = { id: 3, login: 'robot[bot]', kind: 'bot' };
const TEAM = 'GET /orgs/{org}/teams/{team_slug}/members';
const PERMISSION = 'GET /repos/{owner}/{repo}/collaborators/{username}/permission';
const people = (...actors: Actor[]) => ({ named: actors, acting: actors });

describe('teams', () => {
  const github = () => scriptedGitHub({ rest: { [TEAM]: () => ({ data: [{ id: 2 }, { id: 99 }] }) } });

  test('are resolved for the people named, by id', async () => {
    const roles = await openRoles(github(), repository).of(
      { teams: ['leads'], permissions: false },
      people(alice, bob, bob),
    );
    expect(roles).toEqual({
      teams: { leads: { known: true, value: [2] } },
      permissions: {},
      usersMustWrite: true,
    });
  });

  test('are read once for one gathering, however often they are asked for', async () => {
    const client = github();
    const reader = openRoles(client, repository);
    await Promise.all(
      [alice, bob].map((actor) =>
        reader.of({ teams: ['leads', 'leads'], permissions: false }, people(actor)),
      ),
    );
    expect(client.asked).toEqual([TEAM]);
  });

  test.each([403, 404])('that GitHub answers %d for are unknown, not empty', async (status) => {
    const client = scriptedGitHub({ rest: { [TEAM]: () => ({ fails: status }) } });
    const { teams } = await openRoles(client, repository).of(
      { teams: ['leads'], permissions: false },
      people(alice),
    );
    expect(teams['leads']).toEqual({ known: false, why: expect.stringContaining('acme/leads') });
  });

  test('that can not be read just now are no answer at all', async () => {
    const client = scriptedGitHub({ rest: { [TEAM]: () => ({ fails: 503 }) } });
    const reading = openRoles(client, repository).of({ teams: ['leads'], permissions: false }, people(alice));
    await expect(reading).rejects.toMatchObject({ code: 'github_unreachable' });
  });
});

describe('permissions', () => {
  const read = async (actor: Actor, answer: Scripted) => {
    const client = scriptedGitHub({ rest: { [PERMISSION]: () => answer } });
    const roles = await openRoles(client, repository).of({ teams: [], permissions: true }, people(actor));
    return roles.permissions[String(actor.id)];
  };
  const granted = (permission: string, role_name: string | null, id = 1): Scripted => ({
    data: { permission, role_name, user: { id } },
  });

  test.each([
    ['admin', 'admin', 'admin'],
    ['write', 'maintain', 'maintain'],
    ['read', 'triage', 'triage'],
    ['none', null, 'none'],
    ["an organisation's own role", 'release manager', 'write'],
  ])('%s (%s) is %s', async (permission, role, expected) => {
    const base = permission.startsWith('an ') ? 'write' : permission;
    await expect(read(alice, granted(base, role))).resolves.toEqual({ known: true, value: expected });
  });

  test.each([
    ['of somebody else who has the login by now', alice, granted('admin', 'admin', 77)],
    ['that GitHub refuses to tell', alice, { fails: 404 }],
    ['of a name that we do not know', alice, granted('owner', null)],
    ['of an App', robot, { fails: 500 }],
  ] as const)('%s are unknown', async (_, actor, answer) => {
    await expect(read(actor, answer)).resolves.toMatchObject({ known: false });
  });

  test('are asked only of those who act, and only if they count', async () => {
    const client = scriptedGitHub({ rest: { [PERMISSION]: () => granted('write', 'write') } });
    const reader = openRoles(client, repository);
    await reader.of({ teams: [], permissions: false }, people(alice));
    expect(client.asked).toEqual([]);
    const roles = await reader.of({ teams: [], permissions: true }, { named: [alice, bob], acting: [alice] });
    expect(Object.keys(roles.permissions)).toEqual(['1']);
  });
});
