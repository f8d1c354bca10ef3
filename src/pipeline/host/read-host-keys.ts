import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { Target } from '../../domain/deploy.ts';
import type { HostKeyFact } from '../../domain/deployment-facts.ts';
import { listEntries, readDocument, type ReadEntry } from '../../ledger/store/read.ts';

/** Far more than one environment of one repository has hosts. */
const MOST_ENROLMENTS = 1_000;

/** As `recordEnrolment` seals it. */
interface Enrolment {
  readonly repository: string;
  readonly evidence: { readonly presentedFingerprint: string };
}

/**
 * Which of a target's hosts were enrolled by a recorded act (`countersign host add`), and by which: for this repository and environment, at
 * this address, with a key that is pinned now. One whose sealed document was erased says nothing of a key, so it counts no more.
 */
export async function readHostKeys(
  db: Kysely<Database>,
  repositoryId: number,
  { repository, environment, hosts }: Pick<Target, 'repository' | 'environment' | 'hosts'>,
): Promise<readonly HostKeyFact[]> {
  const enrolments = (of: number | null) =>
    listEntries(db, { repositoryId: of, environment, kinds: ['host.enrolled'], limit: MOST_ENROLMENTS });
  // Each by itself, or other repositories' environments of that name would crowd these out. What names no repository is older: from the
  // first on that is seen of one, its enrolments name it.
  const entries = [...(await enrolments(repositoryId)), ...(await enrolments(null))];
  const isHere = ({ content }: ReadEntry, enrolment: Enrolment): boolean =>
    content.repository === undefined
      ? // Before anything of a repository was seen here, a host is enrolled by the repository's name alone.
        enrolment.repository.toLowerCase() === repository.toLowerCase()
      : content.repository.id === String(repositoryId);
  const newestOf = async (name: string, pins: readonly string[]): Promise<string | null> => {
    for (const entry of entries) {
      if (!entry.content.hosts.includes(name)) continue;
      const enrolment = await enrolmentOf(db, entry);
      if (enrolment === null || !isHere(entry, enrolment)) continue;
      if (pins.includes(enrolment.evidence.presentedFingerprint)) return entry.id;
    }
    return null;
  };
  const facts: HostKeyFact[] = [];
  for (const { host, port, fingerprint } of hosts) {
    const name = `${host}:${port}`;
    facts.push({ host: name, enrolled: await newestOf(name, [fingerprint].flat()) });
  }
  return facts;
}

async function enrolmentOf(db: Kysely<Database>, { content }: ReadEntry): Promise<Enrolment | null> {
  const sealed = content.documents.find(({ name }) => name === 'enrolment');
  const body = sealed === undefined ? null : await readDocument(db, sealed.commitment);
  // `recordEnrolment` wrote it, in this form, and the commitment holds it.
  return body === null ? null : (JSON.parse(body.toString('utf8')) as Enrolment);
}
