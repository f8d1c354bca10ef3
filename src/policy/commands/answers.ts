import type { CommandAct, CommandAnswer, CommandRefusal } from '../../domain/command-answer.ts';

/** It is done, by exactly this. */
export const accepted = (act: CommandAct): CommandAnswer => ({
  schema: 'command-answer/v1',
  verdict: 'accepted',
  act,
});

export type Refusal = Extract<CommandAnswer, { readonly verdict: 'refused' }>;

/** It isn't done; `why` is a whole sentence of Markdown. */
export const refused = (code: CommandRefusal, why: string): Refusal => ({
  schema: 'command-answer/v1',
  verdict: 'refused',
  code,
  why,
});
