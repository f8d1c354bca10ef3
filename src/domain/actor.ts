/**
 * Somebody or something that acts on GitHub. `id` is GitHub's database id and the identity we compare by: a login can
 * be renamed, and a deleted account's login can be taken by someone else.
 */
export interface Actor {
  readonly id: number;
  readonly login: string;
  readonly kind: 'user' | 'bot';
}
