import type { CheckRunContent } from '../domain/effect.ts';
import type { NewDocument } from '../domain/entry.ts';
import type { PolicySource } from '../domain/policy-reading.ts';
import { CHECK_RUN_DOCUMENT } from '../ledger/format/check-run-record.ts';

/** A value as a sealed JSON document of an entry. */
export function jsonDocument(name: string, value: unknown): NewDocument {
  return { name, mediaType: 'application/json', body: Buffer.from(JSON.stringify(value)) };
}

/** The policy as it was read: its text beside where it came from, so that the decision can be performed again. */
export function policyDocument(source: PolicySource): NewDocument {
  return jsonDocument('policy', source);
}

/** What a check run says, so that anybody can tell later whether its text was edited. `ledger/verify/verify-check-run.ts` reads it. */
export function checkRunDocument(checkRun: CheckRunContent): NewDocument {
  const { name, sha, externalId, title, summary, text } = checkRun;
  // As `write-check-run.ts` concludes what is completed.
  const conclusion = checkRun.conclusion ?? 'neutral';
  return jsonDocument(CHECK_RUN_DOCUMENT, { name, sha, externalId, conclusion, title, summary, text });
}
