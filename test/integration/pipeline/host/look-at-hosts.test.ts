import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { RepositoryRef } from '../../../../src/domain/repository.ts';
import { lookAtHosts } from '../../../../src/pipeline/host/look-at-hosts.ts';
import type { DeployTarget } from '../../../../src/pipeline/pipeline.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { pipelineOn } from '../../../support/pipeline.ts';
import { waitingDeployment } from '../../../support/waiting-deployment.ts';
import { scriptedGitHub } from '../../../unit/facts/scripted-github.ts';
import { makeEntry, recordOne } from '../../ledger/ledger-fixture.ts';

/** Two repositories that had one name, one after the other. */
const older: RepositoryRef = { id: 5, owner: 'acme', name: 'shop', installationId: 9 };
const newer: RepositoryRef = { ...older, id: 6 };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function deployed(repository: RepositoryRef, environment: string, sequence: number): Promise<void> {
  const sha = String(sequence).repeat(40);
  const { id, owner, name } = repository;
  const finished = await recordOne(
    database.db,
    makeEntry(sequence, {
      kind: 'deployment.finished',
      outcome: 'success',
      repository: { id, fullName: `${owner}/${name}` },
      environment,
      commit: sha,
      pullRequest: null,
    }),
  );
  await waitingDeployment(
    database.db,
    { repository, environment, sha },
    {
      state: 'succeeded',
      started_sequence: sequence,
      started_entry: randomUUID(),
      finished_entry: finished,
      release: `r${sequence}`,
    },
  );
}

/** For which repositories a target's key was read, to ask its hosts, where the operator's file says that id. */
async function asked(repositoryId: number | null): Promise<readonly string[]> {
  const found: string[] = [];
  const targetOf = (repository: RepositoryRef, environment: string) =>
    ({
      target: { environment, repositoryId, hosts: [], path: '/srv/shop', timeout: 1 },
      privateKey: () => {
        found.push(`${repository.id} ${environment}`);
        return Promise.reject(new Error('no key in this test'));
      },
      jumpKeys: () => Promise.resolve({}),
    }) as unknown as DeployTarget;
  await lookAtHosts(pipelineOn(database, scriptedGitHub({}), { targetOf }));
  return found;
}

test('each place is looked at once, however often something was deployed there, and only by whose target it is', async () => {
  await deployed(older, 'production', 1);
  await deployed(older, 'production', 2);
  await deployed(older, 'staging', 3);
  await waitingDeployment(database.db, { repository: older, environment: 'never', sha: 'a'.repeat(40) });
  expect(await asked(null)).toEqual(['5 production', '5 staging']);

  await deployed(newer, 'production', 4);
  expect(await asked(newer.id)).toEqual(['6 production']);
  expect(await asked(older.id)).toEqual(['5 production', '5 staging']);
  // By its name alone it may be either's, wherever that was deployed to.
  expect(await asked(null)).toEqual([]);
});
