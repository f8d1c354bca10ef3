import * as fs from 'node:fs/promises';
import { CodedError } from '../../domain/coded-error.ts';

/** Who runs PostgreSQL: ourselves (`ids` empty), or an unprivileged account, since PostgreSQL refuses root. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly ids: { readonly uid?: number; readonly gid?: number };
}

/** Accounts that systems have and that own nothing of worth. `initdb` demands one that has a name. */
const UNPRIVILEGED = ['nobody', 'daemon', 'bin'];

/** `dataOwner`: who owns the data of an earlier start, and so must run it again. */
export async function accountFor(dataOwner: number | null): Promise<Account> {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  if (uid !== 0) return { uid, gid, ids: {} };
  const accounts = parsePasswd(await fs.readFile('/etc/passwd', 'utf8').catch(() => ''));
  const chosen =
    accounts.find((account) => account.uid === dataOwner && account.uid !== 0) ??
    UNPRIVILEGED.map((name) => accounts.find((account) => account.name === name)).find(Boolean);
  if (chosen === undefined) {
    throw new CodedError(
      'no_unprivileged_account',
      'PostgreSQL does not run as root, and /etc/passwd names no account "nobody" to run it as. ' +
        'Start Countersign as an ordinary user, or set DATABASE_URL and MIGRATION_DATABASE_URL.',
    );
  }
  return { uid: chosen.uid, gid: chosen.gid, ids: { uid: chosen.uid, gid: chosen.gid } };
}

function parsePasswd(text: string): { name: string; uid: number; gid: number }[] {
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter((account) => Number.isInteger(account.uid) && Number.isInteger(account.gid));
}
