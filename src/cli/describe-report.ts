/** What `countersign verify` says of a log, for an auditor to read. */
import type { HeldAndGone, Predecessor, VerifyReport } from '../ledger/source/finding.ts';
import { checkpointName } from '../ledger/source/finding.ts';
import type { Retired } from '../ledger/source/retired-entries.ts';
import { countOf } from './progress-line.ts';

const NUMBER = new Intl.NumberFormat('en');

const UNKNOWN =
  'not known: entry 0 says whether the oldest log here goes on for another one, and its bytes were retired\n' +
  '               (verify it together with the archive that has them: --archive DIRECTORY)';

/** How many findings are shown: the first says what to do, the rest how far it goes. */
const SHOWN = 10;

/** `given`: the reader's own keys. */
export function describeReport(
  report: VerifyReport,
  how: { given: readonly string[]; colours: boolean },
): string {
  const paint = (colour: number, text: string): string =>
    how.colours ? `\u001b[${colour}m${text}\u001b[39m` : text;
  if (report.found > 0) {
    const more = report.found - Math.min(SHOWN, report.findings.length);
    return [
      paint(
        31,
        `The ledger ${report.origin} does NOT hold: ${countOf(report.found, 'thing is', 'things are')} wrong.`,
      ),
      '',
      ...report.findings.slice(0, SHOWN).map(({ sentence }) => `  ${sentence}`),
      ...(more > 0 ? [`  … and ${more} more.`] : []),
      '',
    ].join('\n');
  }
  const newest = report.newest === null ? 'none yet' : `the newest is ${checkpointName(report.newest)}`;
  const rows: [string, string][] = [
    ['log', report.origin],
    [
      'key',
      `${keysOf(report)}${report.vkeys.some((vkey) => how.given.includes(vkey)) ? '' : "\n               (the log's own statement: compare it with the key you know, or give that with --vkey)"}`,
    ],
    [
      'entries',
      `${countOf(report.size - (report.retired?.missing ?? 0), 'is', 'are')} as recorded${archived(report)}`,
    ],
    ...(report.retired === null ? [] : [['retired', retiredText(report.retired, '')] as [string, string]]),
    [
      'checkpoints',
      `${countOf(report.checkpoints, 'signature and root holds', 'signatures and roots hold')}; ${newest}`,
    ],
    ...report.witnessed.map(({ witness, checkpoints, size }): [string, string] => [
      'witness',
      `${countOf(checkpoints, 'checkpoint', 'checkpoints')} in ${witness}, up to ${size}: the log continues every one`,
    ]),
    ...otherRows(report.otherLogs),
    ...(report.beginningUnknown ? [['before', UNKNOWN] as [string, string]] : []),
    ...report.predecessors.map((before): [string, string] => ['before', beforeRow(before)]),
    ['documents', `${countOf(report.documents.held, 'is', 'are')} as sealed${gone(report.documents)}`],
    ['people', `${countOf(report.people.held, 'is', 'are')} known${gone(report.people)}`],
    ...(report.unreferenced.count === 0
      ? []
      : [['beside', besideRow(report.unreferenced)] as [string, string]]),
  ];
  const absent = absentFrom(report);
  const verdict =
    absent === 0
      ? paint(32, 'The ledger holds.')
      : paint(
          33,
          `The ledger holds, as far as it is here: the bytes of ${NUMBER.format(absent)} retired ${absent === 1 ? 'entry' : 'entries'} are not, and no archive of them was looked at.`,
        );
  return `${verdict}\n\n${rows.map(([what, how]) => `  ${what.padEnd(12)} ${how}`).join('\n')}\n`;
}

/** Names may be anybody's, so they are shown as JSON. */
function besideRow({ count, some }: VerifyReport['unreferenced']): string {
  const more = count > some.length ? ', …' : '';
  return (
    `${countOf(count, 'file belongs', 'files belong')} to nothing that was verified, and nobody signed ${count === 1 ? 'it' : 'them'}:\n` +
    `               ${some.map((path) => JSON.stringify(path)).join(', ')}${more}`
  );
}

/** Anybody who can push to a witness can make up as many as he likes. */
function otherRows(others: VerifyReport['otherLogs']): [string, string][] {
  const rows = others
    .slice(0, SHOWN)
    .map(({ witness, origin, size }): [string, string] => [
      'not here',
      `${origin.slice(0, 200)}, of which ${witness} has checkpoint ${size}: nothing here tells whose log that is\n` +
        '               (if it is of the same operator, or goes on for this one, ask for it)',
    ]);
  const more = others.length - rows.length;
  return more > 0 ? [...rows, ['not here', `${NUMBER.format(more)} more logs that a witness has`]] : rows;
}

/** The one that signs now, and those before it. */
function keysOf({ vkeys }: VerifyReport): string {
  const [newest, ...earlier] = vkeys.toReversed();
  return [newest, ...earlier.map((vkey) => `               before it ${vkey}`)].join('\n');
}

/** Retired entries whose bytes were read nowhere. */
export function absentFrom(report: VerifyReport): number {
  return [report, ...report.predecessors].reduce((all, { retired }) => all + (retired?.missing ?? 0), 0);
}

/** What is absent without a record is a finding, save in a copy that was made with nothing beside the log. */
function gone({ erased, lastErased, absent }: HeldAndGone): string {
  const recorded =
    lastErased === null
      ? ''
      : `; ${countOf(erased, 'was', 'were')} erased (the last on ${lastErased.slice(0, 10)}), and the entries hold without`;
  const without =
    absent === 0
      ? ''
      : `; ${countOf(absent, 'is', 'are')} not in this copy, which has none at all, and no entry says that ${absent === 1 ? 'it was' : 'they were'} erased`;
  return `${recorded}${without}`;
}

function archived({ archived }: { readonly archived: number }): string {
  return archived === 0 ? '' : `, ${countOf(archived, 'of them', 'of them')} read from an archive`;
}

function beforeRow(before: Predecessor): string {
  const { end, ended, size, retired } = before;
  const held = size - (retired?.missing ?? 0);
  const of = `${NUMBER.format(held)} of its ${NUMBER.format(ended ?? size)} entries`;
  return [
    end,
    ...(retired === null ? [] : [retiredText(retired, 'its ')]),
    `${of} ${held === 1 ? 'is' : 'are'} as recorded${archived(before)}`,
  ].join('\n               ');
}

/** An entry can say so whoever may record one: only the archive shows it. `whose`: nothing, or whose entries they are. */
function retiredText({ minimum, missing, statedBy, archive }: Retired, whose: '' | 'its '): string {
  const here = minimum - missing;
  return (
    `entries 0 to ${NUMBER.format(minimum - 1)}${whose === '' ? '' : ' of it'} were retired, as ${whose}entry ${statedBy} says: their hashes hold, and it says that their bytes are in the archive under checkpoint ${archive}, which was not looked at` +
    `${here === 0 ? '' : ` (${countOf(here, 'of them is', 'of them are')} still here)`}\n               (verify it together with this: --archive DIRECTORY)`
  );
}
