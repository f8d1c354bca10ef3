import { expect, test } from '@jest/globals';
import { pruneDeploymentLogs } from '../../../../src/pipeline/deployment/prune-deployment-logs.ts';
import { createTestDatabase } from '../../../support/database.ts';
import { repository, sha } from '../../../support/make-facts.ts';
import { waitingDeployment } from '../../../support/waiting-deployment.ts';

test('lines go after 90 days, and none before', async () => {
  const database = await createTestDatabase();
  try {
    const { db } = database;
    const { id } = await waitingDeployment(db, { repository, environment: 'production', sha: sha('merge') });
    const line = { deployment_id: id, host: 'web1', step: 'switch', kind: 'output' as const };
    const days = ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z', '2026-03-31T00:00:00.000Z'];
    await db
      .insertInto('countersign.deployment_log')
      .values(days.map((at) => ({ ...line, at: new Date(at), text: at })))
      .execute();
    await pruneDeploymentLogs({ db, now: () => '2026-04-01T12:00:00.000Z' });
    const left = await db.selectFrom('countersign.deployment_log').select('text').orderBy('line').execute();
    expect(left.map(({ text }) => text)).toEqual(days.slice(1));
  } finally {
    await database.drop();
  }
});
