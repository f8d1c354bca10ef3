/** One thing that is wrong with the configuration: where (a variable, or file:line and key), and what to do about it. */
export interface Problem {
  readonly where: string;
  readonly message: string;
}

/** Collects problems, so that all of them are said at once. */
export type Report = (where: string, message: string) => void;
