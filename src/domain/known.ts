/**
 * A fact that GitHub may refuse to tell an App. "Unknown" is never "no": a gate that rests on an unknown fact holds,
 * and says why it is unknown.
 */
export type Known<T> =
  { readonly known: true; readonly value: T } | { readonly known: false; readonly why: string };

export const known = <T>(value: T): Known<T> => ({ known: true, value });
export const unknown = (why: string): Known<never> => ({ known: false, why });
