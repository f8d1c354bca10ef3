import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { repositoryIdNamed, repositoryNamed } from '../../../src/cli/repository-named.ts';
import type { RepositoryRef } from '../../../src/domain/repository.ts';
import { noteSeen } from '../../../src/pipeline/repository/where-now.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { waitingDeployment } from '../../support/waiting-deployment.ts';

const shop: RepositoryRef = { id: 5, owner: 'Acme', name: 'Shop', installationId: 9 };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const named = (name: string) => repositoryNamed(database.db, name);
const deployed = (repository: RepositoryRef, requestedAt: string) =>
  waitingDeployment(
    database.db,
    { repository, environment: 'production', sha: 'c'.repeat(40) },
    { requested_at: new Date(requestedAt) },
  );

test('a repository is found by the name that it has now, and by those that it had when it was deployed', async () => {
  await expect(named('acme/shop')).rejects.toMatchObject({ code: 'repository_unknown' });
  expect(await repositoryIdNamed(database.db, 'acme/shop')).toBeNull();

  await deployed(shop, '2026-03-01T00:00:00.000Z');
  expect(await named('acme/shop')).toEqual({ id: 5, fullName: 'Acme/Shop' });

  await noteSeen(database.db, { ...shop, name: 'Store' });
  expect(await named('ACME/store')).toEqual({ id: 5, fullName: 'Acme/Store' });
  // Recorded by the name that it has now.
  expect(await named('acme/shop')).toEqual({ id: 5, fullName: 'Acme/Store' });

  // Another repository took the name: whoever has it now is meant.
  await noteSeen(database.db, { ...shop, id: 6 });
  expect(await named('acme/shop')).toEqual({ id: 6, fullName: 'Acme/Shop' });
});

test('of two that were listed by one name, the one that was deployed last', async () => {
  const two = [7, 8].map((id) => ({ ...shop, id, name: 'stall' })) as [RepositoryRef, RepositoryRef];
  for (const each of two) await noteSeen(database.db, each);
  await deployed(two[1], '2026-03-02T00:00:00.000Z');
  await deployed(two[0], '2026-03-01T00:00:00.000Z');
  expect(await named('acme/stall')).toMatchObject({ id: 8 });
});
