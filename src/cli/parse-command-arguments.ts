/** Reads a command's arguments strictly: an option that doesn't exist is an error, not an argument. */
import type { ParseArgsOptionsConfig } from 'node:util';
import { parseArgs } from 'node:util';
import type { CommandIo } from './command-io.ts';
import { wrongCallText } from './wrong-call.ts';

export interface CommandArguments {
  readonly values: Readonly<Record<string, string | undefined>>;
  /** Of options that may be given again and again; empty where one wasn't given. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  /** Options without a value that were given. */
  readonly flags: ReadonlySet<string>;
  readonly positionals: readonly string[];
}

export interface CommandShape {
  readonly usage: string;
  readonly options: readonly string[];
  readonly repeatable?: readonly string[];
  readonly flags?: readonly string[];
  /** How many at the most. */
  readonly positionals: number;
}

/** The arguments, or the exit code with which the command ends: 0 after `--help`, 2 after a mistake that was told. */
export function parseCommandArguments(
  args: readonly string[],
  command: CommandShape,
  io: CommandIo,
): CommandArguments | number {
  return parseCall(args, command, io, (given) => given);
}

/** What `read` makes of the arguments, which throws where they are no call; or the exit code, as above. */
export function parseCall<Asked extends object>(
  args: readonly string[],
  command: CommandShape,
  io: CommandIo,
  read: (given: CommandArguments) => Asked,
): Asked | number {
  try {
    const options: ParseArgsOptionsConfig = { help: { type: 'boolean', short: 'h' } };
    for (const name of command.options) options[name] = { type: 'string' };
    for (const name of command.repeatable ?? []) options[name] = { type: 'string', multiple: true };
    for (const name of command.flags ?? []) options[name] = { type: 'boolean' };
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: command.positionals > 0,
      options,
    });
    if (values['help'] === true) {
      io.stdout.write(command.usage);
      return 0;
    }
    if (positionals.length > command.positionals)
      throw new Error(`one argument too many: ${positionals.at(-1)}`);
    const texts: Record<string, string> = {};
    const lists: Record<string, readonly string[]> = {};
    const flags = new Set<string>();
    for (const [name, value] of Object.entries(values)) {
      if (typeof value === 'string') texts[name] = value;
      else if (value === true) flags.add(name);
      else if (Array.isArray(value)) lists[name] = value.map(String);
    }
    return read({ values: texts, lists, flags, positionals });
  } catch (error) {
    io.stderr.write(`countersign: ${mistakeOf(error, command)}\n\n${command.usage}`);
    return 2;
  }
}

function mistakeOf(error: unknown, { options, repeatable = [], flags = [] }: CommandShape): string {
  return wrongCallText(
    error,
    [...options, ...repeatable, ...flags, 'help'].map((name) => `--${name}`),
  );
}
