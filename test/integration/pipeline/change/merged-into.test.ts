import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mergedInto } from '../../../../src/pipeline/change/merged-into.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { makeEntry, recordOne } from '../../ledger/ledger-fixture.ts';

const [one, two, elsewhere, other] = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(40)) as [
  string,
  string,
  string,
  string,
];
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  const merged = { kind: 'change.merged', outcome: 'compliant', environment: null } as const;
  await recordOne(database.db, makeEntry(8, { ...merged, commit: two }));
  await recordOne(database.db, makeEntry(7, { ...merged, commit: one }));
  const repository = { id: 6, fullName: 'acme/stall' };
  await recordOne(database.db, makeEntry(9, { ...merged, commit: elsewhere, repository }));
  await recordOne(database.db, makeEntry(10, { kind: 'decision.made', environment: null, commit: other }));
});
afterAll(() => database.drop());

test('the ledger says which pull requests left which commits', async () => {
  const numbers = (...shas: string[]) => mergedInto(database.db, 5, shas);
  await expect(numbers(one, two)).resolves.toEqual([7, 8]);
  await expect(numbers(two)).resolves.toEqual([8]);
  // Another repository's merge, and what is no merge.
  await expect(numbers(elsewhere, other)).resolves.toEqual([]);
  await expect(numbers()).resolves.toEqual([]);
});
