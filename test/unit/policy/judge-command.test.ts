import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { COMMAND_REFUSALS } from '../../../src/domain/command-answer.ts';
import { known } from '../../../src/domain/known.ts';
import { judgeCommand } from '../../../src/policy/commands/judge-command.ts';
import { rolesOfCommand } from '../../../src/policy/commands/roles-of-command.ts';
import { policyOf, withProduction } from '../../support/make-facts.ts';
import { commandCases, type CommandCase, commandFacts } from './command-cases.ts';
import { declared, emergencyPolicy } from './emergency-cases.ts';
import { emergencyCommandCases } from './emergency-command-cases.ts';

const allCases = [...commandCases, ...emergencyCommandCases];

const answerTo = ({ reading, policy, facts }: CommandCase) =>
  judgeCommand(reading ?? { kind: 'valid', policy: policy ?? policyOf() }, facts);

describe.each(allCases)('%s', (_, rows) => {
  test.each(rows)('$name', (row) => {
    const answer = answerTo(row);
    switch (answer.verdict) {
      case 'accepted':
        expect(answer.act).toEqual(row.answer);
        break;
      case 'refused':
        expect(answer.code).toBe(row.answer);
        expect(answer.why).toContain(row.says ?? '');
        break;
      case 'help':
        expect(row.answer).toBe('help');
    }
  });
});

test('every refusal is yielded by a row of the tables', () => {
  const yielded = allCases.flatMap(([, rows]) =>
    rows.flatMap((row) => {
      const answer = answerTo(row);
      return answer.verdict === 'refused' ? [answer.code] : [];
    }),
  );
  expect([...new Set(yielded)].toSorted()).toEqual(COMMAND_REFUSALS.toSorted());
});

test('whoever is in no role that the policy names does nothing, whatever they write', () => {
  const policy = withProduction({ lock: { by: { teams: ['leads'] } } });
  fc.assert(
    fc.property(
      fc.constantFrom('deploy' as const, 'lock' as const, 'unlock' as const),
      fc.string(),
      fc.integer({ min: 100 }),
      fc.string({ unit: 'binary' }),
      (name, environment, id, login) => {
        const command =
          name === 'deploy'
            ? { name, environment }
            : name === 'lock'
              ? { name, environment, why: login, only: null }
              : { name, environment, why: null };
        for (const place of [environment, 'production', 'staging']) {
          const facts = commandFacts(
            { ...command, environment: place },
            { commenter: { id, login, kind: 'user' }, lock: known(null) },
          );
          expect(judgeCommand({ kind: 'valid', policy }, facts).verdict).toBe('refused');
        }
      },
    ),
  );
});

test('only the roles that a command’s right may come from are looked up, on both sides', () => {
  const policy = withProduction({ lock: { by: { teams: ['on-call'], permission: 'admin' } } });
  expect(rolesOfCommand(policy, { name: 'deploy', environment: 'production' })).toEqual({
    teams: ['leads'],
    permissions: false,
  });
  const lock = { name: 'lock', environment: 'production', why: 'x', only: null } as const;
  expect(rolesOfCommand(policy, lock)).toEqual({ teams: ['on-call'], permissions: true });
  const by = { teams: ['auditors'] };
  const baseline = { version: 1, environments: { production: { lock: { by } } } } as const;
  expect(rolesOfCommand({ ...policy, baseline }, lock)).toEqual({
    teams: ['auditors', 'on-call'],
    permissions: true,
  });
  expect(rolesOfCommand(policy, { name: 'deploy', environment: 'moon' })).toEqual({
    teams: [],
    permissions: false,
  });
  expect(rolesOfCommand(policy, { name: 'help' })).toEqual({ teams: [], permissions: false });
});

test('the roles of an emergency’s command are those of its environment', () => {
  const policy = withProduction({ emergency: emergencyPolicy });
  const confirm = { name: 'confirm', emergency: declared().entry.slice(-8) } as const;
  const review = { ...confirm, name: 'review', verdict: 'justified', why: 'x' } as const;
  const declare = { name: 'emergency', environment: 'production', why: 'x', incident: null } as const;
  const nobody = { teams: [], permissions: false };
  expect(rolesOfCommand(policy, declare)).toEqual({ teams: ['leads'], permissions: false });
  expect(rolesOfCommand(policy, confirm, 'production')).toEqual({
    teams: ['maintainers'],
    permissions: false,
  });
  expect(rolesOfCommand(policy, confirm)).toEqual(nobody);
  // It names a login, which counts only with write permission.
  expect(rolesOfCommand(policy, review, 'production')).toEqual({ teams: [], permissions: true });
  expect(rolesOfCommand(policy, review)).toEqual(nobody);
  expect(rolesOfCommand(policyOf(), review, 'prodution')).toEqual({
    teams: ['maintainers'],
    permissions: false,
  });
});
