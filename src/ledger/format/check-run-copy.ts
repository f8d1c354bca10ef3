/**
 * A check run as somebody saved it: GitHub's JSON of it, or the Markdown in it. All of it may have been edited, the proof and
 * the entry that it names as well.
 */
import { z } from 'zod';
import { CodedError } from '../../domain/coded-error.ts';
import { PROOF_HEADER } from './proof.ts';

export interface CheckRunCopy {
  /** Each absent where the copy doesn't have it; Markdown alone has none of them. */
  readonly fields: Readonly<Partial<Record<CopiedField, string>>> | null;
  /** Summary and text, one after the other. */
  readonly markdown: string;
  /** The last tlog-proof in it, which is where ours is. */
  readonly proof: string | null;
  /** The entry that it says it follows from. */
  readonly named: { readonly index: number; readonly id: string } | null;
}

/** What GitHub's JSON says beside the Markdown, by the names under which we keep it. */
export type CopiedField = 'name' | 'sha' | 'externalId' | 'conclusion' | 'title' | 'summary' | 'text';

const checkRunJson = z.object({
  name: z.string().nullish(),
  head_sha: z.string().nullish(),
  external_id: z.string().nullish(),
  conclusion: z.string().nullish(),
  output: z.object({
    title: z.string().nullish(),
    summary: z.string().nullish(),
    text: z.string().nullish(),
  }),
});

/** Throws `check_run_unreadable` for JSON that is no check run. */
export function readCheckRunCopy(file: string): CheckRunCopy {
  const json = file.trimStart().startsWith('{') ? parsed(file) : null;
  if (json === null) return { fields: null, ...found(file) };
  const { title, summary, text } = json.output;
  const all = {
    name: json.name,
    sha: json.head_sha,
    externalId: json.external_id,
    conclusion: json.conclusion,
    title,
    summary: summary ?? '',
    text: text ?? '',
  };
  const fields: Partial<Record<CopiedField, string>> = {};
  // A null says that there is nothing, which can be as untrue as any word; only what was left out says nothing.
  for (const [key, value] of Object.entries(all) as [CopiedField, string | null | undefined][])
    if (value !== undefined) fields[key] = value ?? '';
  return { fields, ...found(`${summary ?? ''}\n\n${text ?? ''}`) };
}

function parsed(file: string): z.infer<typeof checkRunJson> {
  try {
    return checkRunJson.parse(JSON.parse(file));
  } catch (error) {
    throw new CodedError(
      'check_run_unreadable',
      'the file is JSON, and no check run: save what `gh api repos/OWNER/REPO/check-runs/ID` prints.',
      error,
    );
  }
}

function found(markdown: string): Pick<CheckRunCopy, 'markdown' | 'proof' | 'named'> {
  const lines = markdown.split(/\r\n|\n|\r/).map((line) => line.trimEnd());
  return { markdown, proof: proofIn(lines), named: namedIn(lines) };
}

/** From its header to its last signature, whatever fence stands around it. */
function proofIn(lines: readonly string[]): string | null {
  const first = lines.lastIndexOf(PROOF_HEADER);
  if (first === -1) return null;
  const [, ...rest] = lines.slice(first);
  const hashes = rest.indexOf('');
  const note = rest.indexOf('', hashes + 1);
  if (hashes === -1 || note === -1) return null;
  const signatures = rest.slice(note + 1).findIndex((line) => !line.startsWith('— '));
  const end = signatures === -1 ? rest.length : note + 1 + signatures;
  return `${[PROOF_HEADER, ...rest.slice(0, end)].join('\n')}\n`;
}

function namedIn(lines: readonly string[]): CheckRunCopy['named'] {
  const pattern =
    /^Entry \*{0,2}(\d{1,15})\*{0,2} of .{1,300} \(`?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})`?\)\.$/;
  const [, index, id] = lines.map((line) => pattern.exec(line)).findLast((match) => match !== null) ?? [];
  return index === undefined || id === undefined ? null : { index: Number(index), id };
}
