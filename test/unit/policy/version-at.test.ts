import { expect, test } from '@jest/globals';
import { versionAt, type PolicyVersion } from '../../../src/policy/version-at.ts';
import { POLICY, policyOf, sha } from '../../support/make-facts.ts';

const version = (commit: string, since: string): PolicyVersion => ({
  source: { path: '.github/countersign.yml', ref: 'refs/heads/main', commit: sha(commit), text: commit },
  policy: policyOf(POLICY),
  commit: sha(commit),
  since,
});

const adopted = version('adopted', '2026-03-01T10:00:00.123Z');
const tightened = version('tightened', '2026-03-02T10:00:00Z');
const newestFirst = [tightened, adopted];

test.each([
  ['a merge before the change is judged by what stood there then', '2026-03-02T09:59:59Z', adopted],
  ['the merge that brings the change is judged by what it replaces', '2026-03-02T10:00:00Z', adopted],
  ['a merge after it is judged by what it brought', '2026-03-02T10:00:01Z', tightened],
  ['what came before the first version is judged by the first', '2026-02-01T00:00:00Z', adopted],
])('%s', (_, moment, expected) => {
  expect(versionAt(newestFirst, moment)).toBe(expected);
});

test('without a version there is none', () => {
  expect(versionAt([], '2026-03-02T10:00:00Z')).toBeNull();
});
