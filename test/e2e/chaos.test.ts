import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runOn } from '../../chaos/deploy.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { SSHD_USABLE } from '../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;

/** A network that goes dead, and a kill -9 while disks are full: what `npm run chaos deploy` does at length. */
const SEED = 14;

onSshd('deployments that are hit at a random moment', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  test('leave nothing half, doubled or lost', async () => {
    const said: string[] = [];
    const summary = await runOn(database.writerUrl, { runs: 2, seed: SEED, say: (line) => said.push(line) });
    expect({ said, summary }).toEqual({
      said: [expect.any(String), expect.any(String)],
      summary: expect.objectContaining({ runs: 2, half: 0, double: 0, lost: 0 }),
    });
    expect(summary.interrupted).toBeGreaterThan(0);
    expect(summary.succeeded + summary.failed).toBe(2);
  }, 240_000);
});
