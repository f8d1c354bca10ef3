/** `countersign policy simulate`: what a policy would have decided otherwise over the ledger's past. */
import { parseArgs } from 'node:util';
import type { Verdict } from '../domain/decision.ts';
import type { BaselineSource } from '../domain/policy-reading.ts';
import { gateTitle } from '../effects/gate-title.ts';
import { type Otherwise, simulate } from '../evidence/simulate.ts';
import { listEntries } from '../ledger/store/read.ts';
import { readingOf } from '../policy/reading-of.ts';
import { aboutEntry } from './about-entry.ts';
import type { CommandIo } from './command-io.ts';
import { type OpenLedger, openLedgerSource } from './ledger-source.ts';
import { policyText } from './policy-text.ts';
import { countOf } from './progress-line.ts';
import { wrongCallText } from './wrong-call.ts';

const USAGE = `countersign policy simulate FILE --repository OWNER/NAME [--days 90] [--baseline FILE]

Judges the last decision on each change and deployment of a repository again, by the policy in FILE, and lists those that would
have come out otherwise. The facts are those that were recorded then; where the policy asks for something that nobody looked up
then, the outcome is unknown. Writes nothing. Exits with 0 when it was done, 1 where FILE has problems, 2 where it could not be done.

  --days N          how far to look back; 90 if not given
  --baseline FILE   an organisation's baseline that would hold beside it
  DATABASE_URL      any login that may read the ledger
`;

const DAY_MILLISECONDS = 86_400_000;

/** Runs the command, `args` being what follows `simulate`, and answers its exit code. */
export async function policySimulate(args: readonly string[], io: CommandIo): Promise<number> {
  let call: Call | null;
  try {
    call = parse(args);
  } catch (error) {
    io.stderr.write(`countersign: ${wrongCallText(error)}\n\n${USAGE}`);
    return 2;
  }
  if (call === null) {
    io.stdout.write(USAGE);
    return 0;
  }
  const text = await policyText(call.file, io.stderr);
  const baseline = call.baseline === null ? null : await baselineOf(call.baseline, io.stderr);
  if (text === null || (call.baseline !== null && baseline === null)) return 2;
  const source = { path: call.file, ref: '', commit: null, text };
  const reading = readingOf(baseline === null ? source : { ...source, baseline });
  if (reading.kind !== 'valid') {
    const problems = reading.kind === 'invalid' ? reading.problems : [`${call.file}: no policy was found`];
    for (const problem of problems) io.stderr.write(`${problem}\n`);
    return 1;
  }
  const ledger = await openLedgerSource(io.env);
  try {
    const id = await repositoryIdOf(ledger.db, call.repository);
    if (id === null) {
      io.stderr.write(
        `countersign: the ledger in ${ledger.name} has no entry about a repository ${call.repository}\n`,
      );
      return 2;
    }
    const since = new Date(Date.now() - call.days * DAY_MILLISECONDS).toISOString();
    const { decisions, otherwise, unknown, cut } = await simulate(ledger.db, reading.policy, {
      repositoryId: id,
      since,
    });
    for (const each of otherwise) io.stdout.write(`${lineOf(each)}\n`);
    const lost =
      unknown === 0 ? '' : `; of ${unknown} it can't be said, since what it asks for wasn't looked up then`;
    const more = cut ? '; older ones were left out' : '';
    io.stdout.write(
      `${otherwise.length} of ${countOf(decisions, 'decision', 'decisions')} in ${call.days} days would have come out otherwise${lost}${more}\n`,
    );
    return 0;
  } finally {
    await ledger.close();
  }
}

/** A repository by the name that its newest entry has for it; null where none has that name. */
async function repositoryIdOf(db: OpenLedger['db'], name: string): Promise<number | null> {
  const rows = await db
    .selectFrom('ledger.projection')
    .select('repository_id')
    .distinct()
    .where('repository_id', 'is not', null)
    .execute();
  for (const { repository_id: id } of rows) {
    const [newest] = id === null ? [] : await listEntries(db, { repositoryId: id, limit: 1 });
    if (newest?.content.repository?.name.toLowerCase() === name.toLowerCase()) return id;
  }
  return null;
}

interface Call {
  readonly file: string;
  readonly repository: string;
  readonly days: number;
  readonly baseline: string | null;
}

/** Null: help was asked for. Throws where the call is wrong. */
function parse(args: readonly string[]): Call | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      repository: { type: 'string' },
      days: { type: 'string' },
      baseline: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return null;
  const [file, ...more] = positionals;
  if (file === undefined) throw new Error('FILE is missing');
  if (more.length > 0) throw new Error(`one file at a time, and ${JSON.stringify(more[0])} is one more`);
  const { repository, days = '90', baseline = null } = values;
  if (repository === undefined || !/^[^/]+\/[^/]+$/.test(repository)) {
    throw new Error('--repository OWNER/NAME is missing');
  }
  if (!/^[1-9]\d{0,3}$/.test(days))
    throw new Error(`--days is ${JSON.stringify(days)}; it must be a whole number of days`);
  return { file, repository, days: Number(days), baseline };
}

async function baselineOf(file: string, stderr: CommandIo['stderr']): Promise<BaselineSource | null> {
  const text = await policyText(file, stderr);
  return text === null ? null : { path: file, ref: null, commit: null, text };
}

function lineOf({ entry, was, wouldBe, gates }: Otherwise): string {
  const { kind, occurred } = entry.content;
  const why = gates.length === 0 ? '' : ` (${gates.map(gateTitle).join(', ')})`;
  return `${occurred.slice(0, 10)}  ${aboutEntry(entry.content)}  ${whatWas(kind)} was ${word(was)}, would be ${word(wouldBe)}${why}`;
}

/** What was decided on; the commit of a merge queue's group has a decision as a change has. */
function whatWas(kind: string): string {
  if (kind === 'change.merged') return 'merge';
  return kind.startsWith('deployment.') ? 'deployment' : 'change';
}

const word = (verdict: Verdict) => verdict.replaceAll('_', ' ');
