import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { listEntries } from '../../../../src/ledger/store/read.ts';
import { judgePush } from '../../../../src/pipeline/change/judge-push.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { POLICY } from '../../../support/make-facts.ts';
import { pipelineOn } from '../../../support/pipeline.ts';
import { scriptedGitHub } from '../../../unit/facts/scripted-github.ts';

const COMPARE = 'GET /repos/{owner}/{repo}/compare/{basehead}';
const sha = (digit: string) => digit.repeat(40);
const repository = { id: 5, owner: 'acme', name: 'shop', installationId: 9 };
const push = {
  repository,
  branch: 'main',
  before: sha('a'),
  after: sha('b'),
  forced: false,
  pusher: null,
  delivery: null,
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** A shop whose policy stands at `b`, and that can't compare. */
const github = () =>
  scriptedGitHub({
    rest: { [COMPARE]: () => ({ fails: 404 }) },
    graphql: (operation) => {
      if (operation !== 'TrunkPolicy') throw new Error(`nobody asks for ${operation}`);
      const object = { byteSize: POLICY.length, isBinary: false, isTruncated: false, text: POLICY };
      const file = { mode: 0o100644, type: 'blob', object };
      const defaultBranchRef = { name: 'main', target: { oid: sha('b'), file } };
      return {
        repository: { databaseId: 5, visibility: 'PRIVATE', defaultBranchRef },
        account: { owner: { id: 'O_1', login: 'acme' } },
        baseline: null,
      };
    },
  });

test('a push whose commits can’t be listed doesn’t pass for one without an unreviewed commit', async () => {
  const patient = pipelineOn(database, github(), { patience: { attempts: 1, seconds: 7 } });
  await judgePush(patient, push);
  expect(patient.sent).toContainEqual({
    queue: 'push',
    data: { ...push, looks: 1 },
    startAfterSeconds: 7,
  });
  const last = pipelineOn(database, github());
  await expect(judgePush(last, { ...push, looks: 1 })).rejects.toMatchObject({ code: 'push_unreadable' });
  expect(await listEntries(database.db, { kinds: ['change.unreviewed'] })).toEqual([]);
});
