import { describe, expect, test } from '@jest/globals';
import { readProtection } from '../../../src/facts/read-protection.ts';
import { type Scripted, scriptedGitHub } from './scripted-github.ts';

const repository = { id: 5, owner: 'acme', name: 'shop', installationId: 9 };
const MAIN = { branch: 'main', appId: 77 };
const RULES = 'GET /repos/{owner}/{repo}/rules/branches/{branch}';
const PROTECTION = 'GET /repos/{owner}/{repo}/branches/{branch}/protection';
const BRANCH = 'GET /repos/{owner}/{repo}/branches/{branch}';

const read = (protection: Scripted, branch: Scripted, rules: Scripted = { data: [] }) =>
  readProtection(
    scriptedGitHub({
      rest: { [RULES]: () => rules, [PROTECTION]: () => protection, [BRANCH]: () => branch },
    }),
    repository,
    MAIN,
  );

describe("a branch's classic protection, where GitHub says", () => {
  const isProtected = { data: { protected: true } };
  const isNot = { data: { protected: false } };
  const none = { known: true, value: null };

  test.each([
    ['404, and the branch is not protected', { fails: 404, message: 'Not Found' }, isNot, none],
    [
      '"Branch not protected", whatever a ruleset makes of the branch',
      { fails: 404, message: 'Branch not protected' },
      isProtected,
      none,
    ],
    ['404, yet the branch is protected', { fails: 404, message: 'Not Found' }, isProtected, { known: false }],
    [
      '404, and there is no such branch',
      { fails: 404 },
      { fails: 404 },
      { known: false, why: 'there is no branch main' },
    ],
    ['403', { fails: 403, message: 'Resource not accessible by integration' }, isNot, { known: false }],
    [
      'what it is',
      { data: { allow_deletions: { enabled: false } } },
      isNot,
      { known: true, value: { deletionBlocked: true } },
    ],
  ])('%s', async (_, protection, branch, expected) => {
    await expect(read(protection, branch)).resolves.toMatchObject({ classic: expected });
  });

  test('"Branch not protected" is asked nothing more', async () => {
    const github = scriptedGitHub({
      rest: {
        [RULES]: () => ({ data: [] }),
        [PROTECTION]: () => ({ fails: 404, message: 'Branch not protected' }),
      },
    });
    await readProtection(github, repository, MAIN);
    expect(github.asked.toSorted()).toEqual([PROTECTION, RULES]);
  });

  test.each([401, 500, 503])('%d is no answer at all', async (status) => {
    await expect(read({ fails: status }, isNot)).rejects.toMatchObject({ status });
  });
});

describe('the rules of a branch', () => {
  const off: Scripted = { fails: 404, message: 'Branch not protected' };
  const unprotected: Scripted = { data: { protected: false } };

  test('that GitHub refuses to tell are unknown, not none', async () => {
    const { rulesets } = await read(off, unprotected, { fails: 403, message: 'Upgrade to GitHub Pro' });
    expect(rulesets).toEqual({ known: false, why: expect.stringContaining('Upgrade to GitHub Pro') });
  });

  test('are read to the last page', async () => {
    const link = '<https://api.github.test/x?page=2>; rel="next"';
    const rule = (id: number) => ({ type: 'deletion', ruleset_id: id });
    const pages: Record<string, Scripted> = { 1: { data: [rule(1)], link }, 2: { data: [rule(2)] } };
    const github = scriptedGitHub({
      rest: {
        [RULES]: ({ page }) => pages[page === '2' ? 2 : 1] ?? { fails: 500 },
        [PROTECTION]: () => off,
        [BRANCH]: () => unprotected,
      },
    });
    const { rulesets } = await readProtection(github, repository, MAIN);
    expect(rulesets).toMatchObject({ known: true, value: [{ id: 1 }, { id: 2 }] });
  });
});
