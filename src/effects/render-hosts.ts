import type { CommandOutcome, Host, HostOutcome, ManifestDifference } from '../domain/deploy.ts';
import { writtenAddress } from '../domain/host-address.ts';
import type { DeployProgress, HostStep } from './deploy-progress.ts';
import { code, escape, fenced, html, plain } from './markdown.ts';
import { block, type Section } from './fit-sections.ts';
import { between, bytes, count, header, inLedger, type Place, row, seconds } from './phrases.ts';

const OUTCOMES: Record<HostOutcome['outcome'], string> = {
  success: '✅ deployed',
  failure: '❌ failed',
  unknown: '❓ unknown',
  rolled_back: '↩️ rolled back',
  not_reached: '➖ not reached',
};

const FILES = 50;
const OUTPUT_LINES = 200;

/** Each host, what became of it, and how long it took. */
export function hostsSection(progress: DeployProgress, place: Place): Section {
  if (progress.state === 'none') return block(80, '');
  const rows =
    progress.state === 'deploying'
      ? progress.hosts.map((host) =>
          row('🚀 deploying', code(writtenAddress(host)), '', '', whereabouts(host, progress.steps ?? [])),
        )
      : progress.hosts
          .toSorted((a, b) => Number(a.outcome === 'success') - Number(b.outcome === 'success'))
          .map(hostRow);
  if (rows.length === 0) return block(80, '');
  return {
    ...block(80, `### Hosts (${rows.length})\n\n${header('', 'Host', 'Files', 'Time', 'What happened')}`),
    items: rows,
    floor: 30,
    more: (left) => `\n${inLedger(left, 'host', place)}`,
  };
}

const STEP_STATES = {
  started: 'at',
  finished: 'past',
  failed: 'failed at',
  unknown: 'not seen since',
} as const;

function whereabouts(host: Host, steps: readonly HostStep[]): string {
  const seen = steps.find((step) => writtenAddress(step.host) === writtenAddress(host));
  return seen === undefined ? '' : `${STEP_STATES[seen.state]} ${code(seen.step, 30)}`;
}

function hostRow(outcome: HostOutcome): string {
  const { host, files, traffic, startedAt, finishedAt } = outcome;
  const reached = outcome.outcome !== 'not_reached';
  const length = reached ? between(startedAt, finishedAt) : null;
  return row(
    OUTCOMES[outcome.outcome],
    code(writtenAddress(host)),
    reached
      ? `${files.transferred} sent (${bytes(traffic.sent)}), ${files.verified} of ${files.total} verified`
      : '',
    length === null ? '' : seconds(length),
    whatHappened(outcome),
  );
}

function whatHappened({ outcome, failedAt, message, release, previousRelease }: HostOutcome): string {
  const at = failedAt === null ? '' : `at ${code(failedAt, 60)}: `;
  const before = previousRelease === null ? null : code(previousRelease, 60);
  if (outcome === 'success')
    // What was odd on the way, though it went well: the host ran something else before, or cleaning up failed.
    return `runs ${code(release, 60)}${before === null ? '' : `, before it ${before}`}${message === '' ? '' : `. ⚠️ ${escape(message, 300)}`}`;
  const now = outcome === 'rolled_back' && before !== null ? `; ${before} runs again` : '';
  return `${at}${escape(message, 300)}${now}`;
}

type Ended = Extract<DeployProgress, { showOutput: boolean }>;

/**
 * The end of what the commands that failed printed, folded away, one fold a command. It is masked already, but no mask knows
 * every secret that a command can find on a host: where it isn't to be shown, it says where it is kept.
 */
export function outputSections({ hosts, showOutput }: Ended, { entryId }: Place): readonly Section[] {
  const failed = hosts.flatMap(({ host, commands }) =>
    commands.filter(({ exitCode }) => exitCode !== 0).map((command) => ({ host: host.host, command })),
  );
  if (showOutput || failed.length === 0)
    return failed.slice(0, 8).map(({ host, command }, index) => outputSection(host, command, index === 0));
  const commands = failed.slice(0, 8).map(({ host, command }) => `- ${titleOf(host, command)}`);
  return [
    block(
      40,
      `### The failed commands\n\n${commands.join('\n')}\n\nWhat they printed is in the ledger, sealed: \`countersign entry ${entryId} --document hosts\`.`,
    ),
  ];
}

const titleOf = (host: string, command: CommandOutcome): string =>
  `<b>${html(command.step, 60)}</b> on ${html(host, 100)}: ${ended(command)}, after ${seconds(command.milliseconds)}`;

function outputSection(host: string, command: CommandOutcome, first: boolean): Section {
  const lines = command.output
    .trimEnd()
    .split(/\r?\n|\r/)
    .map((line) => line.slice(0, 400));
  const shown = lines.slice(-OUTPUT_LINES);
  const opened = fenced(shown, 'text').split('\n');
  const fence = opened.at(-1) ?? '```';
  const title = titleOf(host, command);
  const earlier = `[…] ${command.truncated ? 'The host’s output was longer than what is kept.' : 'Earlier lines are in the ledger.'}`;
  return {
    weight: 40,
    head: `${first ? '### What the failed commands printed\n\n' : ''}<details><summary>${title}</summary>\n\n${opened[0] ?? fence}`,
    items: opened.slice(1, -1),
    keep: 'last',
    beyond: lines.length - shown.length + (command.truncated ? 1 : 0),
    more: () => earlier,
    floor: 20,
    foot: `${fence}\n\n</details>`,
  };
}

const ended = ({ exitCode, signal }: CommandOutcome) =>
  exitCode === null
    ? signal === null
      ? 'the connection was lost'
      : `killed by ${html(signal, 20)}`
    : `exit code ${exitCode}`;

/** The files that differ from what ran before: how many, and the first of them. */
export function filesSection(difference: ManifestDifference | null, place: Place): Section {
  if (difference === null) return block(20, '');
  const { added, changed, removed, total } = difference;
  const all = [
    ...changed.map(({ path }) => ({ sign: '!', path })),
    ...added.map(({ path }) => ({ sign: '+', path })),
    ...removed.map(({ path }) => ({ sign: '-', path })),
  ].toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const counts = `${changed.length} changed, ${added.length} added, ${removed.length} removed, of ${count(total, 'file')}`;
  if (all.length === 0)
    return block(20, `### Files\n\nNone differs from what ran before, of ${count(total, 'file')}.`);
  const opened = fenced(
    all.slice(0, FILES).map(({ sign, path }) => `${sign} ${plain(path, 300)}`),
    'diff',
  ).split('\n');
  const fence = opened.at(-1) ?? '```';
  return {
    weight: 20,
    head: `### Files\n\n<details><summary>${counts}</summary>\n\n${opened[0] ?? fence}`,
    items: opened.slice(1, -1),
    keep: 'first',
    beyond: Math.max(0, all.length - FILES),
    more: (left) => `  …and ${left} more; all are in ledger entry ${place.entryId}`,
    floor: 10,
    foot: `${fence}\n\n</details>`,
  };
}
