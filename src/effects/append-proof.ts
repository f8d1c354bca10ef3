/**
 * Writes the ledger's proof into a finished check run, so that GitHub keeps a copy of the signed checkpoint that whoever
 * owns the database can't rewrite. It goes last, and whatever else there is makes room for it.
 */
import type { CheckRunContent } from '../domain/effect.ts';
import { byteLength } from './clip.ts';
import { CHECK_RUN_LIMIT, PROOF_ROOM } from './fit-sections.ts';
import { code, details, fenced } from './markdown.ts';

/** An entry's place in the log, and its proof as a C2SP tlog-proof. */
export interface EntryProof {
  readonly entryId: string;
  readonly index: number;
  readonly origin: string;
  readonly proof: string;
  /** The log's verifier key, where a reader should have it at hand. */
  readonly vkey?: string;
}

/** The same check run with a ledger section at its end: of the text, or of the summary where there is no text. */
export function appendProof(content: CheckRunContent, proof: EntryProof): CheckRunContent {
  const whole = ledgerSection(proof);
  // An entry as large as a list of hosts may make it is left out before the check run's own words are.
  const fits = byteLength(whole) <= PROOF_ROOM ? whole : ledgerSection(withoutEntry(proof));
  // A proof that large can't be ours, but a check run without its verdict would be worse than one without its proof.
  const section = byteLength(fits) > CHECK_RUN_LIMIT / 2 ? ledgerSection({ ...proof, proof: null }) : fits;
  const room = CHECK_RUN_LIMIT - byteLength(section) - 2;
  return content.text === null
    ? { ...content, summary: `${cutAtBlock(content.summary, room)}\n\n${section}` }
    : { ...content, text: `${cutAtBlock(content.text, room)}\n\n${section}` };
}

function withoutEntry(proof: EntryProof): EntryProof {
  return { ...proof, proof: proof.proof.replace(/^extra .*\n/m, '') };
}

const HOW =
  'Save it as a file, and the key from where its owner publishes it: `npx countersign verify FILE --vkey KEY` says whether it holds and prints the entry.';

function ledgerSection({
  entryId,
  index,
  origin,
  proof,
  vkey,
}: Omit<EntryProof, 'proof'> & { readonly proof: string | null }): string {
  const key = vkey === undefined ? [] : ['', `The log’s key: ${code(vkey, 300)}`];
  const fold =
    proof === null
      ? `Its proof is too long to be shown here; \`npx countersign prove ${index}\` prints it.`
      : details(
          `Its proof, to keep: whoever has it needs neither us nor our database`,
          [fenced(proof.trimEnd().split('\n'), 'text'), ...key, '', HOW].join('\n'),
        );
  const prove = `npx countersign prove ${index}`;
  return [
    '### Ledger',
    '',
    `Entry **${index}** of ${code(origin)} (${code(entryId)}).`,
    '',
    '```sh',
    `${'npx countersign verify'.padEnd(prove.length)}  # the whole ledger`,
    `${prove}  # this entry's proof, as the ledger has it now`,
    '```',
    '',
    fold,
  ].join('\n');
}

/**
 * As many whole blocks of a text as fit into `max` bytes: never inside a fence, a fold or a table row. What we rendered
 * ourselves fits as it is, since room was left.
 */
export function cutAtBlock(markdown: string, max: number): string {
  if (byteLength(markdown) <= max) return markdown;
  const cut = '…the rest is in the ledger.';
  const room = max - byteLength(cut) - 2;
  let size = 0;
  let end = 0;
  let at = 0;
  let fence: string | null = null;
  let folds = 0;
  for (const line of markdown.split('\n')) {
    if (line === '' && fence === null && folds === 0 && at > 0) end = at - 1;
    const mark = /^(`{3,})/.exec(line)?.[1] ?? null;
    if (fence === null) {
      fence = mark;
      if (line.startsWith('<details>')) folds += 1;
      if (line.startsWith('</details>')) folds -= 1;
    } else if (mark !== null && mark.length >= fence.length && line === mark) fence = null;
    size += byteLength(line) + 1;
    at += line.length + 1;
    if (size - 1 > room) break;
  }
  return end === 0 ? cut : `${markdown.slice(0, end)}\n\n${cut}`;
}
