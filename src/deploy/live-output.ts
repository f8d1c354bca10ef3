import { StringDecoder } from 'node:string_decoder';
import { mask } from './mask.ts';

/** In characters. A longer line isn't shown: cut, it could end in half a secret, which is not known as one. */
const LONGEST = 4_096;
/** Of one stream. What a command prints without end is not looked at line by line for ever: masking takes longer than printing. */
const MOST_LINES = 10_000;
const TOO_MANY = `[… more than ${MOST_LINES} lines: the rest isn’t shown …]`;
const TOO_LONG = `[… a line of more than ${LONGEST} characters …]`;
const KEY_BEGINS = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const KEY_ENDS = /-----END [A-Z ]*PRIVATE KEY-----/;

/**
 * What one stream of a command prints, line by line as it comes, with secrets taken out. A line is let go once it is whole. What
 * spans lines (a private key) is left out from its first line to its last.
 */
export class LiveOutput {
  readonly #secrets: readonly string[];
  readonly #told: (line: string) => void;
  /** UTF-8 may be cut between two chunks. */
  readonly #decoder = new StringDecoder('utf8');
  #line = '';
  #tooLong = false;
  #inKey = false;
  #lines = 0;

  constructor(secrets: readonly string[], told: (line: string) => void) {
    this.#secrets = secrets;
    this.#told = told;
  }

  add(chunk: Buffer): void {
    if (this.#lines > MOST_LINES) return;
    const [first = '', ...more] = this.#decoder.write(chunk).split('\n');
    this.#append(first);
    for (const text of more) {
      this.#end();
      this.#append(text);
    }
  }

  /** The command has ended; so has its last line. */
  end(): void {
    if (this.#lines > MOST_LINES) return;
    this.#append(this.#decoder.end());
    if (this.#line !== '' || this.#tooLong) this.#end();
  }

  #append(text: string): void {
    if (this.#tooLong) return;
    this.#line += text;
    if (this.#line.length <= LONGEST) return;
    this.#tooLong = true;
    this.#line = '';
  }

  #end(): void {
    this.#lines += 1;
    if (this.#lines > MOST_LINES) {
      if (this.#lines === MOST_LINES + 1) this.#told(TOO_MANY);
      return;
    }
    const line = this.#line;
    const told = this.#tooLong ? TOO_LONG : this.#shown(line);
    this.#line = '';
    this.#tooLong = false;
    if (told !== null) this.#told(told);
  }

  #shown(line: string): string | null {
    if (this.#inKey) {
      if (KEY_ENDS.test(line)) this.#inKey = false;
      return null;
    }
    this.#inKey = KEY_BEGINS.test(line) && !KEY_ENDS.test(line);
    const masked = mask(line.replace(/\r+$/, ''), this.#secrets);
    // A progress bar writes over its line: what stands there in the end is what a terminal shows.
    return masked.slice(masked.lastIndexOf('\r') + 1);
  }
}
