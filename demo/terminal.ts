/** What the demo prints: scenes with their acts, and what came of each. Colours only where a terminal shows them. */
export interface Terminal {
  scene(title: string): void;
  /** Somebody does something; `doing` is shown at once, the outcome when it is there. */
  act<T>(who: string, doing: string, work: () => Promise<T>): Promise<T>;
  /** `verdict: null`: more about the line before. */
  shows(what: string, verdict: 'good' | 'held' | 'bad' | null, line: string): void;
  say(line: string): void;
}

export function openTerminal(stream: NodeJS.WriteStream, started: number): Terminal {
  const colour = stream.isTTY && process.env['NO_COLOR'] === undefined;
  const paint = (code: number, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const marks = { good: paint(32, '✔'), held: paint(33, '●'), bad: paint(31, '✘') };
  let scenes = 0;
  const seconds = (): string => `${((Date.now() - started) / 1000).toFixed(1)} s`.padStart(7);
  return {
    scene(title) {
      scenes += 1;
      stream.write(`\n${paint(1, `${scenes}. ${title}`)}\n`);
    },
    async act(who, doing, work) {
      const line = `${paint(2, seconds())}  ${paint(36, who)} ${doing}`;
      if (colour) stream.write(`${line} …`);
      const result = await work();
      stream.write(colour ? `\r\u001b[2K${line}\n` : `${line}\n`);
      return result;
    },
    shows(what, verdict, line) {
      if (verdict === null) stream.write(`${' '.repeat(11)}${paint(2, line)}\n`);
      else stream.write(`${' '.repeat(9)}${marks[verdict]} ${paint(2, what)}  ${line}\n`);
    },
    say(line) {
      stream.write(`${line}\n`);
    },
  };
}
