/** What an `effect.finished` entry keeps of a finished check run: the words that GitHub got, proof and all. */
import { z } from 'zod';
import { CodedError } from '../../domain/coded-error.ts';

/** The sealed document's name. */
export const CHECK_RUN_DOCUMENT = 'check_run';

const recordSchema = z.object({
  name: z.string(),
  sha: z.string(),
  externalId: z.string(),
  conclusion: z.string().nullable(),
  title: z.string(),
  summary: z.string(),
  text: z.string().nullable(),
});

export type CheckRunRecord = z.infer<typeof recordSchema>;

/** Reads the document. Throws `document_altered` for one that is none of ours, which its commitment would have told before. */
export function parseCheckRunRecord(body: Uint8Array): CheckRunRecord {
  try {
    return recordSchema.parse(JSON.parse(Buffer.from(body).toString('utf8')));
  } catch (error) {
    throw new CodedError('document_altered', 'what was sealed as a check run is no check run.', error);
  }
}
