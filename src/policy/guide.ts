/** What a code means, and what to do about it; null where nothing is wrong. The manual's table is made of these. */
export interface Guide {
  readonly means: string;
  readonly mend: string | null;
}

export const fine = (means: string): Guide => ({ means, mend: null });
export const wrong = (means: string, mend: string): Guide => ({ means, mend });
