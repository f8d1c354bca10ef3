/** Holds what an exported directory (an archive, or the log that it belongs to) lacks, and what its `erased.jsonl` says, against the log's own record of erasures. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

import { readPlainFile } from '../source/plain-file.ts';
import type { Erasures } from '../source/erasures.ts';
import type { Findings } from '../source/finding.ts';

const erasedLine = z.object({ reference: z.string(), entry: z.int(), recorded: z.string() });

/**
 * `all` is what the whole log says of erasures, its archives and the logs after it included. Every entry must have been looked
 * beside. `beside`: whether something has to stand beside this one, since it does beside the copy that it is read together with.
 */
export async function verifyErasures(
  { directory, erasures }: { readonly directory: string; readonly erasures: Erasures },
  all: readonly Erasures[],
  beside: boolean,
  findings: Findings,
): Promise<void> {
  if (beside || (await hasBeside(directory))) erasures.judge(findings, all);
  const told = (await readPlainFile(join(directory, 'erased.jsonl')))?.toString() ?? '';
  for (const line of told.split('\n').filter((each) => each !== '')) {
    const said = erasedLine.safeParse(json(line)).data;
    const isSo = all.some((each) => {
      const erasure = each.of(said?.reference ?? '');
      return erasure !== null && erasure.index === said?.entry && erasure.recordedAt === said.recorded;
    });
    if (isSo) continue;
    findings.add(
      'erasure_unrecorded',
      null,
      `A line of erased.jsonl says what no entry says: ${JSON.stringify(line.slice(0, 120))}.`,
    );
  }
}

/** What only an export of ours has: whoever takes people and documents away has to take all of these to make it look like another copy. */
const OURS = ['manifest.json', 'subjects.jsonl', 'checkpoints.jsonl', 'erased.jsonl', 'vkeys'];

/** A copy that has only what C2SP asks for leaves all of it out, and nothing is missing from it. */
export async function hasBeside(directory: string): Promise<boolean> {
  const files = await Promise.all(OURS.map((name) => readPlainFile(join(directory, name))));
  const documents = await readdir(join(directory, 'documents')).catch(() => []);
  return documents.length > 0 || files.some((file) => file !== null);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
