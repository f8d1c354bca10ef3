/** `countersign export`: the log as files that prove themselves. */
import { exportLog } from '../ledger/export/export.ts';
import type { CommandIo } from './command-io.ts';
import { openLedgerSource } from './ledger-source.ts';
import { parseCommandArguments } from './parse-command-arguments.ts';
import { pasteable } from './pasteable.ts';
import { countOf, progressLine } from './progress-line.ts';

const USAGE = `countersign export --out DIRECTORY

Writes the ledger in DATABASE_URL, up to its newest checkpoint, to a directory that must be new or empty: checkpoint, vkey,
tile/…, tile/entries/… as any tool for C2SP logs reads them, and documents/, subjects.jsonl and manifest.json for reading.
\`countersign verify DIRECTORY\` needs nothing else. Documents and people are in it in the open: keep it accordingly.
`;

export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseCommandArguments(args, { usage: USAGE, options: ['out'], positionals: 0 }, io);
  if (typeof parsed === 'number') return parsed;
  const directory = parsed.values['out'];
  if (directory === undefined) {
    io.stderr.write(`countersign: --out is missing\n\n${USAGE}`);
    return 2;
  }
  const ledger = await openLedgerSource(io.env);
  const progress = progressLine(io, 'exporting');
  try {
    const { size, documents, people } = await exportLog(ledger.db, {
      directory,
      now: new Date().toISOString(),
      progress: progress.show,
    });
    progress.clear();
    const parts = [
      countOf(size, 'entry', 'entries'),
      countOf(documents.held, 'document', 'documents'),
      countOf(people, 'person', 'people'),
    ];
    io.stdout.write(
      `Exported ${parts.join(', ')} to ${directory}: copied, not verified. To verify it, here or anywhere, run:\n` +
        `npx countersign verify ${pasteable(directory)}\n`,
    );
    return 0;
  } finally {
    progress.clear();
    await ledger.close();
  }
}
