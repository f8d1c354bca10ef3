/** One entry in words and lines, for somebody who has to understand what happened. */
import type { AroundDocument, AroundEntry, NeighbourEntry } from '../ledger/prove/read-around.ts';
import { REASON_GUIDE } from '../policy/reason-guide.ts';

const [RED, GREEN, YELLOW, BOLD, DIM] = [31, 32, 33, 1, 2] as const;
const WIDTH = 14;

/** Colours, if they are wanted, are for terminals. */
export function describeEntry(entry: AroundEntry, colours: boolean): string {
  const paint = (style: number, text: string): string =>
    colours ? `\u001b[${style}m${text}\u001b[0m` : text;
  const { content } = entry;
  const row = (what: string, ...values: readonly string[]): string[] =>
    values.map((value, at) => `  ${paint(DIM, (at === 0 ? what : '').padEnd(WIDTH))}${value}`);
  const optional = (what: string, value: string | undefined): string[] =>
    value === undefined ? [] : row(what, value);
  const title = entry.index === null ? 'An entry without an index yet' : `Entry ${entry.index}`;
  return [
    `${paint(BOLD, title)}${entry.origin === null ? '' : ` of ${entry.origin}`}`,
    '',
    ...row('what', `${paint(BOLD, content.kind)}  ${paint(moodOf(content.outcome), content.outcome)}`),
    ...reasonRows(entry).flatMap((reason) => row('', reason)),
    ...row('occurred', content.occurred),
    ...row('recorded', content.recorded),
    ...optional('repository', content.repository?.name),
    ...optional('pull request', content.pullRequest === undefined ? undefined : `#${content.pullRequest}`),
    ...optional('commit', content.commit),
    ...optional('environment', content.environment),
    ...(content.hosts.length === 0 ? [] : row('hosts', ...content.hosts)),
    ...row('who', ...peopleOf(entry)),
    ...optional('delivery', content.delivery),
    ...ledgerRows(entry).flatMap((line) => row('ledger', line)),
    ...row('documents', ...documentsOf(entry)),
    ...(content.answers === undefined
      ? []
      : row(
          'answers',
          entry.answers === null ? `${content.answers}, which is not here` : line(entry.answers),
        )),
    ...(entry.answeredBy.length === 0 ? [] : row('answered by', ...entry.answeredBy.map(line))),
    ...row('id', entry.id),
    ...row('holds', ...holding(entry, paint)),
    '',
  ].join('\n');
}

function moodOf(outcome: string): number {
  if (
    /(?:approved|success|compliant|created|adopted|reviewed|restored)$/.test(outcome) &&
    !outcome.startsWith('not_')
  )
    return GREEN;
  return /(?:rejected|failure|error|not_compliant|refused)$/.test(outcome) ? RED : YELLOW;
}

function reasonRows({ content }: AroundEntry): string[] {
  const longest = Math.max(0, ...content.reasons.map((code) => code.length));
  const guide: Readonly<Record<string, { readonly means: string } | undefined>> = REASON_GUIDE;
  return content.reasons.map((code) =>
    `${code.padEnd(longest)}  ${Object.hasOwn(guide, code) ? (guide[code]?.means ?? '') : ''}`.trimEnd(),
  );
}

function peopleOf({ people }: AroundEntry): string[] {
  if (people.length === 0) return ['nobody is named'];
  return people.map(({ role, type, actor, erased }) => {
    if (actor === null)
      return `${role}: ${erased === null ? 'gone, and no entry says that they were erased' : `erased on ${erased.recordedAt.slice(0, 10)} (entry ${erased.index ?? erased.id})`}`;
    const bot = type === 'bot' ? ', a bot' : '';
    return `${role}: ${actor.login ?? 'a login that is gone'} (GitHub id ${actor.id}${bot})`;
  });
}

function documentsOf({ documents }: AroundEntry): string[] {
  if (documents.length === 0) return ['none'];
  const longest = Math.max(...documents.map(({ name }) => name.length));
  return documents.map(
    (document) => `${document.name.padEnd(longest)}  ${document.type}, ${state(document)}`,
  );
}

function state({ size, erased }: AroundDocument): string {
  if (size !== null) return sized(size);
  return erased === null
    ? 'gone, and no entry says that it was erased'
    : `erased on ${erased.recordedAt.slice(0, 10)} (entry ${erased.index ?? erased.id})`;
}

function sized(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function ledgerRows({ content }: AroundEntry): string[] {
  const fact = content.ledger;
  if (fact === undefined) return [];
  switch (fact.act) {
    case 'erased':
      return [`erased: ${fact.subjects.length} people, ${fact.documents.length} documents`];
    case 'rotated':
      return [`another key signs: ${fact.to}`];
    case 'incarnated':
      return [`goes on from ${fact.predecessor.origin} at ${fact.predecessor.size} entries`];
    case 'pruned':
      return [
        `entries below ${fact.minimum} are kept outside`,
        ...(fact.kept === '' ? [] : [`of them stay here: ${shortened(fact.kept.replaceAll(',', ', '))}`]),
      ];
  }
}

/** There may be thousands; `--json` has them all. */
function shortened(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, text.lastIndexOf(',', 200))} …`;
}

function line({ index, id, kind, outcome, recorded }: NeighbourEntry): string {
  return `entry ${index ?? id}  ${kind}, ${outcome}, ${recorded}`;
}

function holding(
  { holds, checkpoint, index }: AroundEntry,
  paint: (style: number, text: string) => string,
): string[] {
  if (holds === false)
    return [paint(RED, 'NO: its bytes are not those that were signed. `countersign verify` tells more.')];
  if (index === null) return [paint(YELLOW, 'it waits for its index: does `countersign start` run?')];
  if (holds === null || checkpoint === null) return [paint(YELLOW, 'no checkpoint covers it yet')];
  return [
    paint(GREEN, 'yes, as it was recorded'),
    `first under checkpoint ${checkpoint.size}, said to be signed at ${checkpoint.signedAt}`,
    `\`countersign prove ${index}\` prints its proof`,
  ];
}
