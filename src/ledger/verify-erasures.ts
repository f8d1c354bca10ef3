/** Holds what an exported directory lacks, and what its `erased.jsonl` says, against the log's own record of erasures. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readIfThere } from './directory-source.ts';
import type { Erasures } from './erasures.ts';
import type { Findings } from './finding.ts';

const erasedLine = z.object({ reference: z.string(), entry: z.int(), recorded: z.string() });

/** The first of `all` is the directory's own and must have seen the whole log; the others are of the logs after it. */
export async function verifyErasures(
  directory: string,
  all: readonly Erasures[],
  findings: Findings,
): Promise<void> {
  if (await hasBeside(directory)) all[0]?.judge(findings, all);
  const told = (await readIfThere(join(directory, 'erased.jsonl')))?.toString() ?? '';
  for (const line of told.split('\n').filter((each) => each !== '')) {
    const said = erasedLine.safeParse(json(line)).data;
    const isSo = all.some((erasures) => {
      const erasure = erasures.of(said?.reference ?? '');
      return erasure !== null && erasure.index === said?.entry && erasure.recordedAt === said.recorded;
    });
    if (isSo) continue;
    findings.add(
      'erasure_unrecorded',
      null,
      `A line of erased.jsonl says what no entry says: ${line.slice(0, 120)}.`,
    );
  }
}

/** A copy that has only what C2SP asks for leaves all of it out, and nothing is missing from it. */
async function hasBeside(directory: string): Promise<boolean> {
  const files = await Promise.all(
    ['manifest.json', 'subjects.jsonl'].map((name) => readIfThere(join(directory, name))),
  );
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
