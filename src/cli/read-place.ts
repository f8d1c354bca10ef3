import type { CommandArguments } from './parse-command-arguments.ts';

/** A repository's environment, as people name it on a command line. */
export interface PlaceAsked {
  readonly repository: string;
  readonly environment: string;
}

/** The first two words of a call. Throws where they, or the `others` that the command takes after them, aren't all there. */
export function readPlace(
  { positionals }: CommandArguments,
  command: string,
  ...others: readonly string[]
): PlaceAsked {
  const [repository, environment] = positionals;
  if (repository === undefined || environment === undefined || positionals.length !== 2 + others.length) {
    const wanted = ['OWNER/NAME', 'the name of an environment', ...others];
    throw new Error(`${command} takes ${wanted.slice(0, -1).join(', ')} and ${wanted.at(-1)}`);
  }
  return { repository, environment };
}

/** What --why says, for whoever reads the entry; null where it wasn't given. Throws where it says nothing. */
export function readWhy({ values }: CommandArguments): string | null {
  const why = values['why']?.trim();
  if (why === '') throw new Error('--why is empty: leave it out, or say why');
  return why ?? null;
}
