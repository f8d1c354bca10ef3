import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ONE_BY_ONE, batchesOf, restoringOrder } from '../../../src/deploy/plan-rollout.ts';
import type { Rollout } from '../../../src/domain/deploy.ts';

const hosts = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const rollout = (changes: Partial<Rollout>): Rollout => ({ ...ONE_BY_ONE, ...changes });

describe('the batches of a rollout', () => {
  test.each<[string, number, Partial<Rollout>, number[]]>([
    ['one after the other, if nothing is said', 3, {}, [1, 1, 1]],
    ['two at a time', 5, { batch: 2 }, [2, 2, 1]],
    ['more than there are', 3, { batch: 10 }, [3]],
    ['all', 4, { batch: 'all' }, [4]],
    ['a canary, then the others', 5, { canary: 1, batch: 'all' }, [1, 4]],
    ['a canary of two, then two by two', 7, { canary: 2, batch: 2 }, [2, 2, 2, 1]],
    ['more canaries than hosts', 3, { canary: 5, batch: 2 }, [3]],
    ['as many canaries as hosts', 3, { canary: 3, batch: 'all' }, [3]],
    ['one host and a canary', 1, { canary: 1, batch: { percent: 50 } }, [1]],
    ['a quarter', 8, { batch: { percent: 25 } }, [2, 2, 2, 2]],
    ['a quarter that is no whole number, rounded up', 10, { batch: { percent: 25 } }, [3, 3, 3, 1]],
    ['1 % of few', 3, { batch: { percent: 1 } }, [1, 1, 1]],
    [
      '29 % of a hundred, though that is no binary fraction',
      100,
      { batch: { percent: 29 } },
      [29, 29, 29, 13],
    ],
    ['100 %', 3, { batch: { percent: 100 } }, [3]],
    ['a share is of all, canaries included', 9, { canary: 1, batch: { percent: 50 } }, [1, 5, 3]],
    ['no hosts', 0, { canary: 2, batch: 'all' }, []],
  ])('%s', (_, count, changes, expected) => {
    const batches = batchesOf(hosts(count), rollout(changes));
    expect(batches.map((batch) => batch.length)).toEqual(expected);
    expect(batches.flat()).toEqual(hosts(count));
  });

  test('each host is in one, in its order, and none is empty, whatever is asked for', () => {
    const batch = fc.oneof(
      fc.integer({ min: 1, max: 200 }),
      fc.record({ percent: fc.integer({ min: 1, max: 100 }) }),
      fc.constant('all' as const),
    );
    fc.assert(
      fc.property(fc.nat(150), fc.nat(200), batch, (count, canary, size) => {
        const batches = batchesOf(hosts(count), rollout({ canary, batch: size }));
        expect(batches.flat()).toEqual(hosts(count));
        expect(batches.every(({ length }) => length > 0)).toBe(true);
      }),
    );
  });
});

describe('what is switched back after a failure', () => {
  const host = (name: string, state: string) => ({
    name,
    switched: state !== 'waits' && state !== 'refused',
    failed: state === 'ill' || state === 'refused',
  });
  const batches = [
    [host('a', 'well')],
    [host('b', 'well'), host('c', 'well')],
    [host('d', 'ill'), host('e', 'well'), host('f', 'refused')],
    [host('g', 'waits')],
  ];
  test.each<[Rollout['onFailure'], boolean, string[]]>([
    ['roll_back_all', false, ['ed', 'cb', 'a']],
    ['roll_back_failed', false, ['d']],
    ['stop', false, []],
    ['roll_back_failed', true, ['ed', 'cb', 'a']],
    ['stop', true, ['ed', 'cb', 'a']],
  ])('%s, cancelled: %p', (onFailure, cancelled, expected) => {
    const back = restoringOrder(batches, { onFailure }, cancelled);
    expect(back.map((batch) => batch.map(({ name }) => name).join(''))).toEqual(expected);
  });
});
