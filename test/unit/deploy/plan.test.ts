import { describe, expect, test } from '@jest/globals';
import type { HostFacts } from '../../../src/deploy/host-facts.ts';
import { type DeployPlan, planDeployment, planHost, planPrune } from '../../../src/deploy/plan.ts';
import type { ManifestEntry, Target } from '../../../src/domain/deploy.ts';

const file = (path: string, content = 'x'): ManifestEntry => ({
  path,
  mode: '100644',
  oid: content.padEnd(40, '0'),
  sha256: content.padEnd(64, '0'),
  size: 1000,
});

const TARGET: Target = {
  repository: 'acme/shop',
  repositoryId: null,
  environment: 'production',
  hosts: [{ host: 'web1.internal', port: 22, user: 'deploy', fingerprint: 'SHA256:x' }],
  path: '/srv/shop/',
  keep: 3,
  shared: ['.env', 'storage/'],
  commands: { build: null, beforeSwitch: null, afterSwitch: 'restart', health: 'curl' },
  timeout: 60,
  showOutput: false,
};

const MANIFEST = [file('a'), file('b', 'new'), file('storage/.keep')];
const RUNNING = { release: 'old', manifest: [file('a'), file('b'), file('storage/.keep'), file('gone')] };

const plan = (
  changes: {
    target?: Partial<Target>;
    release?: string;
    manifest?: readonly ManifestEntry[];
    running?: typeof RUNNING | null;
  } = {},
): DeployPlan =>
  planDeployment({
    target: { ...TARGET, ...changes.target },
    release: changes.release ?? 'new',
    sha: 'c'.repeat(40),
    manifest: changes.manifest ?? MANIFEST,
    digest: 'digest',
    running: changes.running === undefined ? RUNNING : changes.running,
  });

const facts = (changes: Partial<HostFacts> = {}): HostFacts => ({
  missing: [],
  copy: '-dR --preserve=mode,timestamps',
  unwritable: null,
  freeBytes: 1e9,
  freeInodes: 1e6,
  current: 'releases/old',
  blocked: false,
  lockOwner: null,
  releases: new Set(['old']),
  ours: new Set(['old']),
  activated: ['old'],
  verified: null,
  previous: undefined,
  withdrawn: null,
  shared: new Set(['.env']),
  ...changes,
});

const paths = (entries: readonly ManifestEntry[]) => entries.map((entry) => entry.path);

describe('planning a deployment', () => {
  test('only the steps whose commands the target has', () => {
    expect(plan().steps).toEqual([
      'connect',
      'probe',
      'lock',
      'stage',
      'verify',
      'switch',
      'after_switch',
      'health',
      'prune',
      'unlock',
    ]);
  });

  test('the difference is against what runs', () => {
    const { added, changed, removed } = plan().difference;
    expect([paths(added), paths(changed), paths(removed)]).toEqual([[], ['b'], ['gone']]);
  });

  test.each([
    ['a relative path', { path: 'srv/shop' }, /absolute/],
    ['the root', { path: '/' }, /absolute/],
    ['a path that climbs', { path: '/srv/../etc' }, /absolute/],
    ['a path with a line break', { path: '/srv/a\nb' }, /absolute/],
    ['a shared path that climbs', { shared: ['../x'] }, /shared "\.\.\/x"/],
    ['an absolute shared path', { shared: ['/etc/passwd'] }, /shared/],
    ['a shared path in another', { shared: ['storage/', 'storage/logs/'] }, /inside another/],
    ['a shared path twice', { shared: ['storage', 'storage/'] }, /twice/],
    ['no hosts', { hosts: [] }, /no hosts/],
    ['keep 0', { keep: 0 }, /keep/],
    ['no time', { timeout: 0 }, /timeout/],
    ['a NUL byte in a command', { commands: { ...TARGET.commands, health: 'a\0b' } }, /NUL/],
  ])('%s is refused', (_, target, message) => {
    expect(() => plan({ target })).toThrow(
      expect.objectContaining({ code: 'target_refused', message: expect.stringMatching(message) }),
    );
  });

  test.each(['app', 'app/var'])(
    'a commit that has a file or a link at %s, above a shared path, is refused',
    (path) => {
      const target = { shared: ['storage/', 'app/var/logs/'] };
      expect(() => plan({ target, manifest: [file('a'), { ...file(path), mode: '120000' }] })).toThrow(
        expect.objectContaining({
          code: 'path_refused',
          message: `"${path}" cannot be deployed: the target shares "app/var/logs", so this must be a folder. Rename or remove it in the repository.`,
        }),
      );
      expect(() =>
        plan({ target, manifest: [file('a'), file('app/var/logs'), file('app/b')] }),
      ).not.toThrow();
    },
  );

  test.each(['', '.', '..', '.hidden', 'a/b', 'a b', 'a\nb', '-x', 'x'.repeat(101), "a'b"])(
    '%j is no release',
    (release) => {
      expect(() => plan({ release })).toThrow(expect.objectContaining({ code: 'target_refused' }));
    },
  );
});

describe('planning a host', () => {
  const host = (changes: Partial<HostFacts> = {}, of: DeployPlan = plan()) =>
    planHost(of, facts(changes), 'web1');

  describe('where a release of the same commit was kept', () => {
    const again = () => ({ ...plan(), kept: ['gone', 'older', 'oldest'] });
    const releases = new Set(['old', 'older', 'oldest']);

    test('all of it is copied from the newest of them, but what is shared', () => {
      const { base, reuse, send } = host({ releases }, again());
      expect([base?.release, paths(reuse), paths(send)]).toEqual(['older', ['a', 'b'], ['storage/.keep']]);
    });

    test('none is there any more: what stays is copied from the running one', () => {
      const { base, send } = host({}, again());
      expect([base?.release, paths(send)]).toEqual(['old', ['b', 'storage/.keep']]);
    });

    test('nor can anything be copied: all of it is sent', () => {
      expect(host({ releases, copy: null }, again()).send).toHaveLength(MANIFEST.length);
    });
  });

  test.each([
    [null, false],
    ['new', true],
    ['new/0a1b', true],
    ['newer/0a1b', false],
    ['other', false],
  ])('held by %p: it was left over from an earlier attempt: %p', (lockOwner, locked) => {
    expect(host({ lockOwner }).locked).toBe(locked);
  });

  test('what an earlier attempt began to take back is said', () => {
    expect([host().withdrawn, host({ withdrawn: 'It was ill.' }).withdrawn]).toEqual([null, 'It was ill.']);
  });

  test('what stays is copied there, what changed is sent, and what is shared is never copied', () => {
    const { base, reuse, send, expected, previous, previousRelease } = host();
    expect({
      base: base?.release,
      reuse: paths(reuse),
      send: paths(send),
      expected,
      previous,
      previousRelease,
    }).toEqual({
      base: 'old',
      reuse: ['a'],
      send: ['b', 'storage/.keep'],
      expected: 'releases/old',
      previous: 'releases/old',
      previousRelease: 'old',
    });
  });

  test.each([
    ['a new host', { current: null, releases: new Set<string>() }],
    ['a host whose running release is gone', { releases: new Set<string>() }],
    ['a host whose cp cannot', { copy: null }],
  ])('%s gets everything', (_, changes) => {
    const { base, send } = host(changes);
    expect([base, send.length]).toEqual([null, 3]);
  });

  test('a running commit that cannot be read any more: everything is sent', () => {
    expect(host({}, plan({ running: { release: 'old', manifest: null as never } })).send).toHaveLength(3);
  });

  test('the first deployment goes back to nothing', () => {
    const { expected, previous } = host({ current: null, releases: new Set() }, plan({ running: null }));
    expect([expected, previous]).toEqual([null, null]);
  });

  test('a host that somebody switched is said, expected as found, and goes back to what the ledger has', () => {
    const found = host({ current: 'releases/older', releases: new Set(['old', 'older']) });
    expect(found).toMatchObject({
      expected: 'releases/older',
      previous: 'releases/old',
      drift: 'web1 ran older, while the ledger has old',
    });
  });

  test('where the release that the ledger has is gone there, it goes back to what was found', () => {
    expect(host({ current: 'releases/older', releases: new Set(['older']) })).toMatchObject({
      previous: 'releases/older',
    });
  });

  test("another tool's absolute link is taken over", () => {
    const found = host(
      { current: '/srv/shop/releases/20260101', releases: new Set(['20260101']) },
      plan({ running: null }),
    );
    expect(found).toMatchObject({
      expected: '/srv/shop/releases/20260101',
      previous: '/srv/shop/releases/20260101',
      drift: null,
    });
  });

  describe('after a crash', () => {
    test('staged and verified: planned as if it weren’t, should it not be the commit any more', () => {
      const again = host({ releases: new Set(['old', 'new']), verified: 'digest' });
      const { base, reuse, send } = host({});
      expect(again).toMatchObject({ staged: true, switched: false, base, reuse, send });
      expect([reuse.length, send.length].includes(0)).toBe(false);
    });

    test.each([
      ['no note', { releases: new Set(['old', 'new']), verified: null }],
      ['a note of other files', { releases: new Set(['old', 'new']), verified: 'other' }],
      ['a note and no folder', { verified: 'digest' }],
    ])('%s: staged anew', (_, changes) => expect(host(changes).staged).toBe(false));

    test('switched: it goes back to what was noted before the switch', () => {
      const again = host({
        current: 'releases/new',
        releases: new Set(['old', 'new']),
        verified: 'digest',
        previous: 'releases/noted',
      });
      expect(again).toMatchObject({
        switched: true,
        finished: false,
        previous: 'releases/noted',
        drift: null,
      });
    });

    test.each<[string, string | undefined, string | null]>([
      ['climbs', 'releases/../shared', 'has a note that "releases/../shared" ran before'],
      ['leads elsewhere', '/etc', 'has a note that "/etc" ran before'],
      ['names what runs now', 'releases/new', 'has a note that "releases/new" ran before'],
      ['is no text', 'releases/\u0000', String.raw`has a note that "releases/\u{0}" ran before`],
      ['is lost', undefined, null],
    ])('a note that %s: it goes back to what the ledger has', (_, note, drift) => {
      const again = host({
        current: 'releases/new',
        releases: new Set(['old', 'new']),
        verified: 'digest',
        previous: note,
      });
      expect(again).toMatchObject({
        switched: true,
        previous: 'releases/old',
        previousRelease: 'old',
        drift: drift === null ? null : `web1 ${drift}, which can't be; it was old by the ledger`,
      });
    });

    test('switched, and somebody made the link absolute: it is switched all the same', () => {
      const again = host({
        current: '/srv/shop/releases/new',
        releases: new Set(['old', 'new']),
        verified: 'digest',
        previous: '/srv/shop/releases/old',
      });
      expect(again).toMatchObject({
        switched: true,
        staged: true,
        previous: '/srv/shop/releases/old',
        previousRelease: 'old',
        drift: null,
      });
    });

    test('switched from nothing: it goes back to nothing', () => {
      const again = host({
        current: 'releases/new',
        releases: new Set(['old', 'new']),
        verified: 'digest',
        previous: null,
      });
      expect(again.previous).toBeNull();
    });

    test('finished: nothing is left to do', () => {
      const again = host({
        current: 'releases/new',
        releases: new Set(['new']),
        verified: 'digest',
        activated: ['old', 'new'],
      });
      expect(again).toMatchObject({ switched: true, finished: true });
    });

    test('running but never verified: refused', () => {
      expect(() => host({ current: 'releases/new', releases: new Set(['new']) })).toThrow(
        expect.objectContaining({ code: 'verification_failed' }),
      );
    });
  });

  test.each([
    ['probe_failed', { missing: ['tar', 'mv -T'] }, /tar, mv -T/],
    ['probe_failed', { unwritable: '/srv' }, /cannot write to \/srv/],
    ['probe_failed', { blocked: true }, /symbolic link must be/],
    ['probe_failed', { current: '/opt/other' }, /no release below/],
    ['probe_failed', { current: 'releases/../../etc' }, /no release below/],
    ['shared_missing', { shared: new Set<string>() }, /\/srv\/shop\/shared\/\.env is not there/],
    ['disk_full', { freeBytes: 5999 }, /free/],
    ['disk_full', { freeInodes: 5 }, /more files/],
  ])('%s: %j', (code, changes, message) => {
    expect(() => host(changes)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  test.each<[string, Partial<HostFacts>]>([
    ['an attempt that staged it all', { releases: new Set(['old', 'new']), verified: 'digest' }],
    [
      'an attempt that switched to it',
      {
        current: 'releases/new',
        releases: new Set(['old', 'new']),
        verified: 'digest',
        previous: 'releases/old',
      },
    ],
  ])('needs no room any more after %s', (_, changes) => {
    expect(host({ ...changes, freeBytes: 10, freeInodes: 1 })).toMatchObject({ staged: true });
  });

  test('needs the room of one release where an earlier attempt left it half: that is cleared first', () => {
    const half = { lockOwner: 'new/1', freeBytes: 3000 };
    expect(host(half).locked).toBe(true);
    expect(() => host({ ...half, freeBytes: 2999 })).toThrow(/what the release takes/);
  });

  test('a disk that does not say what is free is not held against the host', () => {
    expect(host({ freeBytes: null, freeInodes: null }).send).toHaveLength(2);
  });
});

describe('which releases are removed', () => {
  const prune = (activated: string[], others: string[] = [], keep = 2) =>
    planPrune(
      plan({ target: { keep } }),
      facts({
        activated,
        ours: new Set([...activated, ...others]),
        releases: new Set([...activated, ...others, 'theirs']),
      }),
      'old',
    );

  test.each<[string, string[], string[], number, string[]]>([
    ['as many as are kept stay', ['old'], [], 2, []],
    ['the oldest goes', ['one', 'two', 'old'], [], 2, ['one', 'two']],
    ['never the one before, however few are kept', ['one', 'old'], [], 1, ['one']],
    ['what failed and never became active goes', ['old'], ['failed'], 5, ['failed']],
    ['a release that was activated again counts from then', ['new', 'one', 'old'], [], 3, []],
  ])('%s', (_, activated, others, keep, expected) =>
    expect(prune(activated, others, keep)).toEqual(expected),
  );

  test('never one that is not ours, and never the new one', () => {
    expect(prune(['a', 'b', 'c', 'old'], ['new'], 1)).toEqual(['a', 'b', 'c']);
  });
});
