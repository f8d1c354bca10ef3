import type { Policy } from './schema.ts';

/**
 * What became of reading a policy. Only `valid` can approve anything. `problems` are whole sentences with file, line,
 * column and key. `unreadable`: GitHub didn't give the file, so nobody knows whether there is one.
 */
export type PolicyReading =
  | { readonly kind: 'valid'; readonly policy: Policy }
  | { readonly kind: 'absent' }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] }
  | { readonly kind: 'unreadable'; readonly why: string };
