import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openChanges } from '../../../src/facts/open-changes.ts';
import { readChange } from '../../../src/facts/read-change.ts';
import { readDefaultTip } from '../../../src/facts/read-default-tip.ts';
import { readPolicy } from '../../../src/facts/read-policy.ts';
import { readTrunkPolicy } from '../../../src/facts/read-trunk-policy.ts';
import { POLICY_PATH } from '../../../src/facts/wire-policy.ts';
import { repositoriesOf } from '../../../src/facts/repositories-of.ts';
import { type Acme, openAcme } from './acme.ts';

let acme: Acme;
beforeAll(async () => {
  acme = await openAcme();
});
/** Throws where a call of ours did not conform to GitHub's descriptions. */
afterAll(async () => {
  await acme.github.close();
});

describe('the policy', () => {
  const write = (branch: string, content: string | Buffer, from = 'main') =>
    acme.commit(acme.dave, { branch, from, message: 'Set the policy', files: { [POLICY_PATH]: content } });

  test("is a branch's own, with the commit that it was read at, and whatever a tag of that name has", async () => {
    const { ours, repository, github, shop, dave } = acme;
    const before = await readPolicy(ours, repository, 'main');
    expect(before).toMatchObject({
      ref: 'refs/heads/main',
      text: null,
      commit: await github.tip(shop, 'main'),
    });
    const commit = await write('release/2', 'version: 1\n');
    await github.push(dave, shop, [`${before.commit ?? ''}:refs/tags/release/2`]);
    await expect(readPolicy(ours, repository, 'release/2')).resolves.toEqual({
      path: POLICY_PATH,
      ref: 'refs/heads/release/2',
      commit,
      text: 'version: 1\n',
      baseline: { path: 'acme/.github: countersign.yml', ref: null, commit: null, text: null },
    });
    await expect(readPolicy(ours, repository, 'main')).resolves.toEqual(before);
  });

  test.each([
    ['binary', Buffer.from([0, 1, 2])],
    ['larger than we read', 'x'.repeat(300_000)],
    ['larger than GitHub tells', 'x'.repeat(600_000)],
  ])('that is %s is unreadable', async (what, content) => {
    const branch = what.replaceAll(' ', '-');
    await write(branch, content);
    await expect(readPolicy(acme.ours, acme.repository, branch)).resolves.toMatchObject({
      text: null,
      unreadable: expect.stringContaining(`${POLICY_PATH} on ${branch} is `),
    });
  });

  test('that is a link is unreadable', async () => {
    const link = { content: '../README.md', mode: '120000' } as const;
    await acme.commit(acme.dave, {
      branch: 'link',
      from: 'main',
      message: 'Link',
      files: { [POLICY_PATH]: link },
    });
    await expect(readPolicy(acme.ours, acme.repository, 'link')).resolves.toMatchObject({
      text: null,
      unreadable: expect.stringContaining('is not an ordinary file'),
    });
  });

  test('on a branch that is not there is no policy', async () => {
    const source = await readPolicy(acme.ours, acme.repository, 'nowhere');
    expect(source).toMatchObject({ commit: null, text: null });
  });
});

describe('what is open', () => {
  test('is told by branch, by commit, or all of it; and the base branch of each', async () => {
    const { alice, dave, ours, repository } = acme;
    await acme.commit(dave, { branch: 'stable', message: 'Stable' });
    const head = await acme.commit(alice, { branch: 'one', message: 'One' });
    await acme.commit(alice, { branch: 'two', message: 'Two' });
    await acme.commit(alice, { branch: 'three', message: 'Three' });
    const [one, two, closed] = [
      await acme.open(alice, 'one'),
      await acme.open(alice, 'two', 'stable'),
      await acme.open(alice, 'three'),
    ];
    await acme
      .as(alice)
      .rest.pulls.update({ owner: 'acme', repo: 'shop', pull_number: closed, state: 'closed' });
    const numbers = async (branch: string | null, sha: string | null) =>
      [...(await openChanges(ours, repository, { branch, sha }))].sort((a, b) => a - b);

    expect(await numbers(null, null)).toEqual([one, two]);
    expect(await numbers('stable', null)).toEqual([two]);
    expect(await numbers('nowhere', null)).toEqual([]);
    expect(await numbers(null, head)).toEqual([one]);
    expect(await numbers('stable', head)).toEqual([]);
    const read = await readChange(ours, repository, two);
    expect(read).toMatchObject({ trunk: { trunk: 'main' }, base: { name: 'stable' } });
    expect(read.pullRequest).toMatchObject({ number: two });
    expect(read.trunk).toEqual(await readTrunkPolicy(ours, repository));
    expect(read.trunk.source).toEqual(await readPolicy(ours, repository, 'main'));
    expect(read.base.source).toEqual(await readPolicy(ours, repository, 'stable'));
    await expect(readChange(ours, repository, 9999)).rejects.toMatchObject({
      code: 'github_refused',
    });
  });
});

test('the default branch, and the repositories of the installation', async () => {
  const { ours, repository } = acme;
  expect(await readDefaultTip(ours, repository)).toEqual({
    name: 'main',
    tip: await acme.github.tip(acme.shop, 'main'),
  });
  expect(await repositoriesOf(ours, repository.installationId)).toEqual([repository]);
});
