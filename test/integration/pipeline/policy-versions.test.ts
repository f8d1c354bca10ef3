import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { policyVersions } from '../../../src/pipeline/policy/last-reviewed-policy.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase } from '../../support/database.ts';
import { act, makeEntry, recordOne } from '../ledger/ledger-fixture.ts';

let database: TestDatabase;
const commits = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(40));

/** Four versions, one after the other. */
beforeAll(async () => {
  database = await createTestDatabase();
  const text =
    'version: 1\nchanges: { branches: [main], approvals: { required: 1, from: { teams: [maintainers] } } }\n';
  for (const [at, commit] of commits.entries()) {
    const body = Buffer.from(JSON.stringify({ path: '.github/countersign.yml', ref: 'main', commit, text }));
    await recordOne(
      database.db,
      makeEntry(at, {
        kind: 'policy.changed',
        outcome: at === 0 ? 'adopted' : 'reviewed',
        environment: null,
        documents: [{ name: 'policy', mediaType: 'application/json', body }],
      }),
    );
  }
});
afterAll(() => database.drop());

const read = async (): Promise<string[]> =>
  (await policyVersions(database.db, 5)).map(({ commit }) => commit[0] ?? '');
const erase = (commit = ''): Promise<void> =>
  act(database.eraserUrl, `DELETE FROM ledger.document WHERE convert_from(body, 'UTF8') LIKE '%${commit}%'`);

test('versions of a policy are read back to the first that was erased, and not at all where that is the one in force', async () => {
  expect(await read()).toEqual(['d', 'c', 'b', 'a']);
  await erase(commits[1]);
  expect(await read()).toEqual(['d', 'c']);
  await erase(commits[3]);
  await expect(read()).rejects.toThrow('was its document erased?');
});
