import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { Host } from '../../../../src/domain/deploy.ts';
import { newEntryId } from '../../../../src/ledger/format/entry-id.ts';
import { record } from '../../../../src/ledger/store/record.ts';
import { queryOf } from '../../../../src/ledger/store/query.ts';
import { entriesInUse } from '../../../../src/pipeline/entries-in-use.ts';
import { readHostKeys } from '../../../../src/pipeline/host/read-host-keys.ts';
import { recordEnrolment } from '../../../../src/pipeline/host/record-enrolment.ts';
import { createTestDatabase, query, type TestDatabase } from '../../../support/database.ts';

const pin = (letter: string) => `SHA256:${letter.repeat(43)}`;
const host: Host = { host: 'web1.internal', port: 22, user: 'deploy', fingerprint: pin('A') };
const target = { repository: 'acme/shop', environment: 'production', path: '/srv/shop', hosts: [host] };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** By the repository's id, if it is known; answers the entry's id. */
async function enrol(fingerprint: string, repositoryId: number | null, over: Partial<typeof target> = {}) {
  const now = new Date().toISOString();
  const evidence = {
    presentedFingerprint: fingerprint,
    server: null,
    kex: '',
    cipher: '',
    clientKey: '',
    jump: null,
  };
  return recordEnrolment(
    { db: database.db, now: () => now, newId: () => newEntryId(now, randomBytes), random: randomBytes },
    {
      target: { ...target, ...over },
      repositoryId,
      host,
      readiness: { evidence, problems: [], freeBytes: null },
      why: null,
    },
  );
}
const read = async (over: Partial<typeof target> = {}) =>
  (await readHostKeys(database.db, 5, { ...target, ...over })).map(({ enrolled }) => enrolled);

test('other repositories’ environments of that name crowd nothing out, however many there are', async () => {
  const environment = 'crowded';
  const named = await enrol(pin('A'), null, { environment });
  const others = { kind: 'host.enrolled', who: [], commit: null, pullRequest: null, environment } as const;
  await database.db.transaction().execute(async (tx) => {
    for (let index = 0; index < 1_001; index += 1) {
      const occurredAt = new Date().toISOString();
      await record(
        tx,
        {
          ...others,
          occurredAt,
          repository: { id: 6, fullName: 'acme/stall' },
          hosts: ['web9.internal:22'],
          outcome: 'ready',
          reasons: [],
          delivery: null,
          answers: null,
          documents: [],
        },
        { id: newEntryId(occurredAt, randomBytes), now: occurredAt, random: randomBytes },
      );
    }
  });
  expect(await read({ environment })).toEqual([named]);
  const byId = await enrol(pin('A'), 5, { environment });
  expect(await read({ environment })).toEqual([byId]);
}, 60_000);

test('a host counts as enrolled by the newest entry that found a key which is pinned now, for this place', async () => {
  expect(await readHostKeys(database.db, 5, target)).toEqual([{ host: 'web1.internal:22', enrolled: null }]);
  // Another key, another repository (by its id, or by its name), another environment.
  await enrol(pin('B'), 5);
  await enrol(pin('A'), 6);
  await enrol(pin('A'), null, { repository: 'acme/stall' });
  await enrol(pin('A'), 5, { environment: 'staging' });
  expect(await read()).toEqual([null]);

  const early = await enrol(pin('A'), null, { repository: 'Acme/Shop' });
  expect(await read()).toEqual([early]);
  const newer = await enrol(pin('A'), 5);
  expect(await read()).toEqual([newer]);
  // While the key is renewed both are pinned; another port is another host.
  const both = { ...host, fingerprint: [pin('C'), pin('A')] };
  expect(await read({ hosts: [both, { ...host, port: 2222 }] })).toEqual([newer, null]);
  // No year is retired from under it.
  expect(await entriesInUse(queryOf(database.db))).toEqual(expect.arrayContaining([early, newer]));

  await query(database.superuserUrl, 'DELETE FROM ledger.document');
  expect(await read()).toEqual([null]);
});
