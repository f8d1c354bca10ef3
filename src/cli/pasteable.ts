import { quote } from '../deploy/quote.ts';

/** An argument as it is pasted into a shell: in quotes where the shell would read it otherwise. */
export const pasteable = (argument: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(argument) ? argument : quote(argument);
