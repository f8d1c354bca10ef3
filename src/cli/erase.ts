/** `countersign erase`: takes a person or a sealed document away, after saying which, and has the ledger say so. */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { CodedError } from '../domain/coded-error.ts';
import { newEntryId } from '../ledger/format/entry-id.ts';
import { erase } from '../ledger/erase/erase.ts';
import type { ErasurePlan } from '../ledger/erase/plan-erasure.ts';
import { planDocumentErasure, planPersonErasure } from '../ledger/erase/plan-erasure.ts';
import { queryOf } from '../ledger/store/query.ts';
import { readEntryAt } from '../ledger/store/read.ts';
import { deploymentsUnderWay } from '../pipeline/deployment/deployments-under-way.ts';
import { TRUSTED_OUTCOMES } from '../pipeline/policy/last-reviewed-policy.ts';
import type { CommandIo } from './command-io.ts';
import { describeErasure } from './describe-erasure.ts';
import { openLedgerSource } from './ledger-source.ts';
import { wrongCallText } from './wrong-call.ts';

const USAGE = `countersign erase --subject WHO [--with-documents [--also TEXT …]] [--reason TEXT] [--yes]
countersign erase --document COMMITMENT [--reason TEXT] [--yes]
countersign erase --document NAME --entry INDEX [--reason TEXT] [--yes]

Takes a person's name, or a sealed document, away for good. Entries stay as they are, and every proof holds without; an entry of
the kind ledger.erased records it in the same transaction.

  --subject WHO      a login (any they had) or GitHub's id; all their logins go
  --with-documents   also the sealed documents whose text has a login or the id of them in it
  --also TEXT        other words that name them, as their name or e-mail (may be repeated)
  --document         its commitment, in hex or base64url; or its name, with --entry
  --reason TEXT      sealed beside the record: don't name the person in it
  --yes              without asking

  DATABASE_URL       a login in countersign_eraser

Not reached: check runs on GitHub, exports that were handed out, backups and WAL archives, deliveries and effects in the program's
own tables. docs/ledger.md says what to do about each.
`;

/** How long the record's index is waited for. */
const PATIENCE = 1_000;

type Asked =
  | { readonly subject: string; readonly alsoDocuments: readonly string[] | null }
  | { readonly document: string; readonly entry: number | null };

/** 0 when it is erased, 1 when whoever was asked said no, 2 when it could not be done. */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  let call: { readonly asked: Asked; readonly reason: string | null; readonly yes: boolean } | null;
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
  const { asked, reason, yes } = call;
  const ledger = await openLedgerSource(io.env, 'eraserUrl');
  try {
    await assertEraser(ledger.db);
    const plan = await planOf(ledger.db, asked);
    const searched = 'subject' in asked && asked.alsoDocuments !== null;
    io.stdout.write(`To be erased:\n\n${describeErasure(plan, searched)}\n`);
    if (!yes) {
      if (io.ask === undefined) {
        io.stderr.write('countersign: nothing was erased: there is nobody to ask, so it needs --yes.\n');
        return 2;
      }
      const answer = await io.ask("This can't be undone. Type erase to go on: ");
      if (answer.trim().toLowerCase() !== 'erase') {
        io.stdout.write('Nothing was erased.\n');
        return 1;
      }
    }
    const now = new Date().toISOString();
    const ids = await erase(ledger.db, plan, reason, {
      now,
      newId: () => newEntryId(now, randomBytes),
      random: randomBytes,
    });
    const [id = ''] = ids;
    const index = await indexOf(ledger.db, id);
    const more = ids.length === 1 ? '' : ` and ${ids.length - 1} that answer it`;
    const where =
      index === null
        ? `entry ${id}${more}, which gets its index as soon as \`countersign start\` runs`
        : `entry ${index} (${id})${more}`;
    io.stdout.write(`Erased, and recorded as ${where}.\n`);
    return 0;
  } finally {
    await ledger.close();
  }
}

/** Null: help was asked for. Throws where the call is wrong. */
function parse(
  args: readonly string[],
): { readonly asked: Asked; readonly reason: string | null; readonly yes: boolean } | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      subject: { type: 'string' },
      'with-documents': { type: 'boolean' },
      also: { type: 'string', multiple: true },
      document: { type: 'string' },
      entry: { type: 'string' },
      reason: { type: 'string' },
      yes: { type: 'boolean', short: 'y' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return null;
  const { subject, document, entry, also } = values;
  if ((subject === undefined) === (document === undefined))
    throw new Error('give either --subject or --document');
  if (entry !== undefined && (document === undefined || !/^\d{1,15}$/.test(entry)))
    throw new Error('--entry is the index of the entry that --document NAME is one of');
  if (also !== undefined && values['with-documents'] !== true)
    throw new Error('--also is for --with-documents');
  if (also?.some((word) => word.trim() === '') === true) throw new Error('--also is empty');
  const call = { reason: values.reason ?? null, yes: values.yes === true };
  if (document !== undefined)
    return { ...call, asked: { document, entry: entry === undefined ? null : Number(entry) } };
  const alsoDocuments = values['with-documents'] === true ? (also ?? []) : null;
  return { ...call, asked: { subject: subject ?? '', alsoDocuments } };
}

async function planOf(db: Kysely<Database>, asked: Asked): Promise<ErasurePlan> {
  const needs = {
    policyOutcomes: TRUSTED_OUTCOMES,
    underWay: await deploymentsUnderWay(queryOf(db)),
  };
  if ('subject' in asked) {
    const { subject: who, alsoDocuments } = asked;
    return await planPersonErasure(db, { who, alsoDocuments, needs });
  }
  return await planDocumentErasure(db, await commitmentFrom(db, asked), needs);
}

async function commitmentFrom(
  db: Kysely<Database>,
  { document, entry: index }: Extract<Asked, { document: string }>,
): Promise<string> {
  if (index !== null) {
    const entry = await readEntryAt(db, index);
    const sealed = entry?.content.documents ?? [];
    const found = sealed.find(({ name }) => name === document);
    if (found !== undefined) return found.commitment;
    const has =
      entry === null
        ? `there is no entry ${index}`
        : `it has ${sealed.length === 0 ? 'none' : sealed.map(({ name }) => name).join(', ')}`;
    throw new CodedError('document_gone', `entry ${index} has no document ${document}: ${has}.`);
  }
  if (/^[0-9a-fA-F]{64}$/.test(document)) return Buffer.from(document, 'hex').toString('base64url');
  if (/^[A-Za-z0-9_-]{43}$/.test(document)) return document;
  throw new CodedError(
    'document_gone',
    `${document} is no commitment (64 hex digits, or 43 letters of base64url); to name a document, say of which entry with --entry.`,
  );
}

/** Whoever may do more could also take the record of it away; whoever may do less fails half way. */
async function assertEraser(db: Kysely<Database>): Promise<void> {
  const { rows } = await sql<{ login: string; superuser: boolean; eraser: boolean }>`
    SELECT rolname AS login, rolsuper AS superuser, pg_has_role(current_user, 'countersign_eraser', 'USAGE') AS eraser
    FROM pg_roles WHERE rolname = current_user`.execute(db);
  const [role] = rows;
  if (role?.eraser === true && !role.superuser) return;
  const is = role?.superuser === true ? 'is a superuser' : 'may not erase';
  throw new CodedError(
    'eraser_needed',
    `${role?.login ?? 'this login'} ${is}: give in DATABASE_URL a login that is a member of countersign_eraser and of nothing else.`,
  );
}

async function indexOf(db: Kysely<Database>, id: string): Promise<number | null> {
  for (let waited = 0; waited < PATIENCE; waited += 50) {
    const row = await db
      .selectFrom('ledger.integration')
      .select('index')
      .where('entry_id', '=', id)
      .executeTakeFirst();
    if (row !== undefined) return row.index;
    await wait(50);
  }
  return null;
}
