/** What people read in answer to a command, kept as Markdown; see `golden.test.ts`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { CommandAct, CommandAnswer } from '../../../src/domain/command-answer.ts';
import { planAnswer } from '../../../src/effects/plan-answer.ts';
import { renderCommandAnswer } from '../../../src/effects/render-command-answer.ts';
import { entryId, repository, sha, webUrl } from './example-facts.ts';

const directory = new URL('../../fixtures/comments/', import.meta.url);
const place = { entryId, repository, webUrl };
const accepted = (act: CommandAct): CommandAnswer => ({
  schema: 'command-answer/v1',
  verdict: 'accepted',
  act,
});
const lock = { kind: 'lock', environment: 'production', why: 'the migration runs' } as const;

const answers: Readonly<Record<string, CommandAnswer>> = {
  'deploy-accepted': accepted({
    kind: 'deploy',
    environment: 'production',
    sha: sha('1a2b3c4'),
    ref: 'main',
  }),
  'lock-accepted': accepted({ ...lock, pullRequest: null }),
  'lock-only-accepted': accepted({ ...lock, environment: 'eu west', pullRequest: 14 }),
  'unlock-accepted': accepted({ kind: 'unlock', environment: 'production', why: null }),
  'rollback-accepted': accepted({
    kind: 'rollback',
    environment: 'production',
    sha: sha('1a2b3c4'),
    from: sha('5d6e7f8'),
    why: null,
  }),
  'rollback-past-emergency': accepted({
    kind: 'rollback',
    environment: 'production',
    sha: sha('1a2b3c4'),
    from: sha('5d6e7f8'),
    why: null,
    passedOver: [{ sha: sha('9a0b1c2'), lifted: ['approvals', 'changes'] }],
  }),
  'emergency-declared': accepted({
    kind: 'declare',
    environment: 'production',
    sha: sha('1a2b3c4'),
    ref: 'main',
    why: 'nobody can pay',
    incident: 'INC-42',
    expiresAt: '2026-11-22T11:00:00.000Z',
    confirm: 'somebody of team `leads`',
  }),
  'emergency-confirmed': accepted({
    kind: 'confirm',
    environment: 'production',
    sha: sha('1a2b3c4'),
    ref: 'main',
    emergency: '0199c0de-0000-7000-8000-0000a1b2c3d4',
    declaredBy: { id: 4, login: 'dave', kind: 'user' },
    expiresAt: '2026-11-22T11:00:00.000Z',
  }),
  'emergency-reviewed': accepted({
    kind: 'review',
    environment: 'production',
    emergency: '0199c0de-0000-7000-8000-0000a1b2c3d4',
    sha: sha('1a2b3c4'),
    verdict: 'unjustified',
    why: 'it could wait',
  }),
  refused: {
    schema: 'command-answer/v1',
    verdict: 'refused',
    code: 'not_allowed',
    why: 'alice may not deploy to `production`: the policy asks for somebody of team `leads`.',
  },
  help: { schema: 'command-answer/v1', verdict: 'help' },
};

describe('an answer reads as it did', () => {
  test.each(Object.entries(answers))('%s', (name, answer) => {
    const shown = `${renderCommandAnswer(answer, { ...place, emergency: 'a1b2c3d4', asked: true })}\n`;
    const file = new URL(`${name}.md`, directory);
    if (process.env['UPDATE_GOLDEN'] === '1') {
      mkdirSync(directory, { recursive: true });
      writeFileSync(file, shown);
    }
    expect(shown).toBe(readFileSync(file, 'utf8'));
  });
});

test('nobody is pinged and nothing is linked by what somebody wrote', () => {
  const why = '@acme/leads see https://evil.example/ and #7 <img src=x> | `code` [x](y)';
  const said = renderCommandAnswer(accepted({ ...lock, why, pullRequest: null }), place);
  expect(said).not.toMatch(/@acme|https:\/\/evil|#7|(?<!\\)<img|\[x\]\(y\)/);
});

test.each([
  ['refused', '-1'],
  ['help', '+1'],
  ['unlock-accepted', '+1'],
])('%s: a reaction, and then the comment', (name, content) => {
  const commented = { repository, number: 12, commentId: 70 };
  const now = '2026-03-03T10:00:00.000Z';
  const effects = planAnswer(commented, answers[name]!, { entryId, now, webUrl });
  expect(effects).toMatchObject([
    { kind: 'reaction', key: `reaction:${content}:${entryId}`, content, commentId: 70, number: 12 },
    { kind: 'comment', key: `comment:${entryId}`, number: 12, plannedAt: now },
  ]);
});

test('where a workflow deploys, whoever confirmed is told to start it', () => {
  const answer = answers['emergency-confirmed'];
  if (answer === undefined) throw new Error('there is one');
  expect(renderCommandAnswer(answer, { ...place, asked: false })).toContain(
    'Where a workflow deploys, start it now',
  );
});
