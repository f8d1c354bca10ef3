import { z } from 'zod';
import { CodedError } from '../domain/coded-error.ts';

/** A policy is a page or two; what is larger is a mistake, or meant to exhaust the parser. */
export const POLICY_BYTES_AT_MOST = 262_144;

/** What is asked of a `TreeEntry` that should be a policy. */
export const POLICY_FILE_FIELDS = 'mode type object { ... on Blob { byteSize isBinary isTruncated text } }';

export const policyFile = z.object({
  mode: z.int(),
  type: z.string(),
  object: z
    .object({
      byteSize: z.int().optional(),
      isBinary: z.boolean().nullish(),
      isTruncated: z.boolean().optional(),
      text: z.string().nullish(),
    })
    .nullable(),
});

const REGULAR_FILES = new Set([0o100644, 0o100755]);

/** The file's text. What can't be a policy (too large, binary, a link) throws `policy_unreadable`, which calls it `what`. */
export function textOfPolicyFile({ mode, type, object }: z.output<typeof policyFile>, what: string): string {
  if (type !== 'blob' || !REGULAR_FILES.has(mode) || object === null) {
    throw unreadable(`${what} is not an ordinary file: replace it by one`);
  }
  const size = object.byteSize ?? Number.POSITIVE_INFINITY;
  if (size > POLICY_BYTES_AT_MOST || object.isTruncated !== false) {
    throw unreadable(`${what} is larger than ${POLICY_BYTES_AT_MOST / 1024} KiB: shorten it`);
  }
  if (object.isBinary !== false || typeof object.text !== 'string') {
    throw unreadable(`${what} is binary: save it as UTF-8 text`);
  }
  return object.text;
}

function unreadable(message: string): CodedError<'policy_unreadable'> {
  return new CodedError('policy_unreadable', message);
}
