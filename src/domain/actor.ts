/**
 * Somebody or something that acts on GitHub. `id` is GitHub's database id and the identity we compare by: a login can
 * be renamed, and a deleted account's login can be taken by someone else.
 */
export interface Actor {
  readonly id: number;
  readonly login: string;
  readonly kind: 'user' | 'bot';
}

/** True where both are the same GitHub account, whatever they are called now. */
export function sameActor(a: Actor | null, b: Actor | null): boolean {
  return a !== null && b !== null && a.id === b.id;
}
