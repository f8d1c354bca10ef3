import { describe, expect, test } from '@jest/globals';
import type { EntryContent } from '../../../../src/ledger/format/entry.ts';
import { Findings } from '../../../../src/ledger/source/finding.ts';
import { IndexRanges } from '../../../../src/ledger/format/index-ranges.ts';
import { RetiredEntries } from '../../../../src/ledger/source/retired-entries.ts';
import { roomFor } from '../../../../src/ledger/retire/state-retirement.ts';
import { createSigner, generateLedgerKey } from '../../../../src/ledger/sequence/signer.ts';

const signer = createSigner({ origin: 'audit.example.com/ledger/1', privateKey: generateLedgerKey() });
const note = (size: number): string => signer.sign({ size, root: Buffer.alloc(32, 1) });

/** What a `ledger.pruned` entry says: all that the account of retired entries looks at. */
const pruned = (minimum: number, archive: string, kept = ''): EntryContent => ({
  schema: 'countersign.entry/v1',
  id: '019b76da-a800-7000-8000-000000000001',
  kind: 'ledger.pruned',
  occurred: '2028-02-01T12:00:00.000Z',
  recorded: '2028-02-01T12:00:00.000Z',
  who: [],
  hosts: [],
  outcome: 'pruned',
  reasons: [],
  documents: [],
  ledger: { act: 'pruned', minimum, kept, archive },
});

/** The bytes of entries `from` up to, not including, `to` are missing. */
function missing(from: number, to: number, findings: Findings): RetiredEntries {
  const retired = new RetiredEntries(1024);
  for (let index = from; index < to; index += 1)
    retired.standIn(index, null, Buffer.alloc(32, index % 256), findings);
  return retired;
}

describe('of entries without bytes', () => {
  const judge = { signed: 900, isOwn: async () => true, archived: false, bare: false };

  test('those are accounted for that a signed entry says were retired, though a newer one says more and is not signed', async () => {
    const findings = new Findings();
    const retired = missing(0, 256, findings);
    retired.met(700, pruned(256, note(600)));
    retired.met(900, pruned(512, note(800)));
    expect(await retired.judge(judge, findings)).toEqual({
      minimum: 256,
      missing: 256,
      statedBy: 700,
      archive: 600,
    });
    expect(findings.found).toBe(0);
  });

  test('no others are, and each part is told of with its reason', async () => {
    const findings = new Findings();
    const retired = missing(10, 800, findings);
    retired.met(700, pruned(256, note(600)));
    retired.met(701, pruned(512, note(600).replace('\n600\n', '\n601\n')));
    const isOwn = async (text: string): Promise<boolean> => text === note(600);
    expect(await retired.judge({ ...judge, isOwn }, findings)).toMatchObject({ minimum: 256 });
    expect(findings.gravestFirst().map(({ sentence }) => sentence)).toEqual([
      "Entry 701 says that the entries below 512 are in an archive, and the checkpoint that it gives of it is none of this log's: nothing shows that they were kept.",
      'Entries 512 to 799 are gone, and no entry says that they were retired.',
    ]);
  });

  test('where only some of a range are gone although archives were given, it does not say that all are', async () => {
    const findings = new Findings();
    const retired = missing(3, 4, findings);
    retired.standIn(9, null, Buffer.alloc(32), findings);
    retired.met(700, pruned(256, note(600)));
    await retired.judge({ ...judge, archived: true }, findings);
    expect(findings.gravestFirst().map(({ sentence }) => sentence)).toEqual([
      'Of the entries 3 to 9 some are in none of the archives that were given, and entry 700 says that they were retired to the one under checkpoint 600: give that with another --archive; if nobody has it, they are lost.',
    ]);
  });

  test('those that the retirement says stay are told of, each run of them, whether or not an archive has them', async () => {
    const findings = new Findings();
    const retired = missing(0, 20, findings);
    retired.elsewhere(20);
    retired.elsewhere(21);
    retired.elsewhere(600);
    retired.met(700, pruned(256, note(600), '4,7-8,20-21,90'));
    expect(await retired.judge(judge, findings)).toMatchObject({ minimum: 256, missing: 20 });
    expect(findings.gravestFirst().map(({ index, sentence }) => [index, sentence])).toEqual([
      [
        4,
        'Entry 4 is gone from here, and was not retired: entry 700, which says what was, says that it stays.',
      ],
      [
        7,
        'Entries 7 to 8 are gone from here, and were not retired: entry 700, which says what was, says that they stay.',
      ],
      [
        20,
        'Entries 20 to 21 are gone from here, and were not retired: entry 700, which says what was, says that they stay; an archive that was given has their bytes.',
      ],
      [
        600,
        'Entry 600 is gone, and no entry says that it was retired; an archive that was given has its bytes.',
      ],
    ]);
  });

  test('of two that say so of the same entries the newer counts', async () => {
    const findings = new Findings();
    const retired = missing(0, 256, findings);
    retired.met(700, pruned(256, note(600), '4'));
    retired.met(701, pruned(256, note(600), '4,9'));
    expect(await retired.judge(judge, findings)).toMatchObject({ statedBy: 701 });
    expect(findings.gravestFirst().map(({ index }) => index)).toEqual([4, 9]);
  });

  test.each(['4,', '9-7', '256', '200-256'])('nothing is believed of one whose list is %j', async (kept) => {
    const findings = new Findings();
    const retired = missing(0, 256, findings);
    retired.met(700, pruned(256, note(600), kept));
    expect(await retired.judge(judge, findings)).toBeNull();
    expect(findings.found).toBe(1);
  });

  test('nothing is said where there are none', async () => {
    const findings = new Findings();
    const retired = new RetiredEntries(1024);
    retired.met(700, pruned(256, 'no checkpoint'));
    expect(await retired.judge(judge, findings)).toBeNull();
    expect(findings.found).toBe(0);
  });
});

describe('what stays is named in one entry,', () => {
  const every = (step: number): IndexRanges =>
    IndexRanges.of(Array.from({ length: 11_000 }, (_, index) => index * step));
  const plan = (from: number) => ({ from, year: { year: 2026 } });

  test('with more beside it where it lies in too many places', () => {
    expect(roomFor(every(1), plan(0)).toString()).toBe('0-10999');
    const kept = every(2);
    const fitted = roomFor(kept, plan(0));
    const text = fitted.toString();
    expect(text.length).toBeLessThanOrEqual(60_000);
    expect(text.length).toBeGreaterThan(59_900);
    expect(IndexRanges.parse(text)).toEqual(fitted);
    expect(kept.ranges.every(([index]) => fitted.has(index))).toBe(true);
  });

  test('and what is gone since earlier retirements is not among it', () => {
    const fitted = roomFor(every(2), plan(12_000));
    expect(fitted.has(11_999)).toBe(false);
    expect(fitted.ranges.filter(([first]) => first < 12_000)).toHaveLength(6_000);
  });

  test('the nearest first', () => {
    const kept = IndexRanges.of([0, 2, 7, 11, 100]);
    // 0,2,7,11,100 has twelve characters; 0-2,7,11,100 as many.
    expect(kept.fittedTo(12, 0)?.toString()).toBe('0,2,7,11,100');
    expect(kept.fittedTo(11, 0)?.toString()).toBe('0-11,100');
    expect(kept.fittedTo(5, 0)?.toString()).toBe('0-100');
    expect(kept.fittedTo(5, 3)).toBeNull();
  });

  test('or nothing is retired', () => {
    expect(() => roomFor(every(2), plan(22_000))).toThrow(
      "the program still rests on entries of 2026 and before in 11000 places of the log, and one entry can't name so many, so nothing was retired: " +
        'retire the year later, when newer deployments, locks and policies have taken the place of some.',
    );
  });
});
