import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { StoredDeployment } from '../../../../src/pipeline/deployment/deployment-row.ts';
import { targetRefusal } from '../../../../src/pipeline/deployment/target-refusal.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { sha } from '../../../support/make-facts.ts';
import { waitingDeployment } from '../../../support/waiting-deployment.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

let ids = 0;
/** A repository with a name that nobody had, and one that came by it later. */
function pair() {
  ids += 2;
  const first = { id: ids, owner: 'acme', name: `shop-${ids}`, installationId: 9 };
  return { first, second: { ...first, id: ids + 1, owner: 'Acme' } };
}

const target = { environment: 'production', repositoryId: null };

test.each<[string, string, Partial<StoredDeployment>]>([
  [
    'was deployed from there',
    'production',
    { state: 'succeeded', started_entry: randomUUID(), started_sequence: 1 },
  ],
  [
    'was deployed from to another environment alone',
    'staging',
    { state: 'succeeded', started_entry: randomUUID(), started_sequence: 2 },
  ],
  ['only ever asked', 'production', {}],
  ['was refused', 'staging', { state: 'rejected' }],
])('one that came by the name of another, which %s, doesn’t get its target', async (_, environment, row) => {
  const { first, second } = pair();
  await waitingDeployment(database.db, { repository: first, environment, sha: sha('merge') }, row);
  expect(await targetRefusal(database.db, first, target)).toBeNull();
  expect(await targetRefusal(database.db, second, target)).toBe(
    `Another repository had the name Acme/${first.name} before (its id is ${first.id}; this one's is ${second.id}), and the operator's target for production may be meant for that one. If it is meant, set "repository_id: ${second.id}" on that target in the operator's file and deploy again.`,
  );
  expect(await targetRefusal(database.db, second, { ...target, repositoryId: second.id })).toBeNull();
});

test('of a name that nobody had before here nothing tells; with the id it is refused', async () => {
  const { first, second } = pair();
  await waitingDeployment(
    database.db,
    { repository: second, environment: 'production', sha: sha('merge') },
    {},
  );
  expect(await targetRefusal(database.db, second, target)).toBeNull();
  expect(await targetRefusal(database.db, second, { ...target, repositoryId: first.id })).toContain(
    `is of the repository with the id ${first.id}`,
  );
});
