/** One line that is written over itself while a command works, on a terminal only: a log of it would be noise. */
import type { CommandIo } from './command-io.ts';

const NUMBER = new Intl.NumberFormat('en');

export interface ProgressLine {
  readonly show: (done: number, size: number) => void;
  readonly clear: () => void;
}

export function progressLine(io: CommandIo, doing: string): ProgressLine {
  if (io.stderr.isTTY !== true) return { show: () => undefined, clear: () => undefined };
  let shown = -1;
  return {
    show(done, size) {
      const percent = Math.floor((done / size) * 100);
      if (percent === shown) return;
      shown = percent;
      io.stderr.write(
        `\r${doing} ${NUMBER.format(done)} of ${countOf(size, 'entry', 'entries')} (${percent} %)`,
      );
    },
    clear() {
      if (shown >= 0) io.stderr.write('\r\u001b[K');
    },
  };
}

/** `1 entry`, `12,000 entries` */
export function countOf(count: number, one: string, many: string): string {
  return `${NUMBER.format(count)} ${count === 1 ? one : many}`;
}
