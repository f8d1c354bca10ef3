/**
 * The verifier that isn't ours: builds `test/outside`, a small program on Go's own `x/mod/sumdb`, and runs it. Go and that
 * library come from the machine, as Debian has them, so nothing is fetched.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const SOURCE = join(import.meta.dirname, '../outside');
/** The last is where Debian puts the sources of Go libraries. */
const GOPATHS = [...(process.env['GOPATH'] ?? '').split(delimiter).filter(Boolean), '/usr/share/gocode'];

export interface Told {
  /** 0: it holds; 1: it doesn't; 2: it couldn't be read. */
  readonly code: number | null;
  readonly says: string;
}

export type Outside = (...args: readonly string[]) => Told;

/** What this machine lacks to build it; null where it lacks nothing. */
export function missingForOutside(): string | null {
  if (spawnSync('go', ['version']).status !== 0) return 'Go (Debian: golang-go)';
  const library = GOPATHS.some((path) => existsSync(join(path, 'src/golang.org/x/mod/sumdb/tlog')));
  return library ? null : 'golang.org/x/mod in GOPATH (Debian: golang-golang-x-mod-dev)';
}

/** Built into `directory`, which also keeps Go's cache from the home of whoever runs this. */
export function buildOutside(directory: string): Outside {
  const program = join(directory, 'outside');
  const built = spawnSync('go', ['build', '-o', program, '.'], {
    cwd: SOURCE,
    env: {
      ...process.env,
      GO111MODULE: 'off',
      GOPATH: GOPATHS.join(delimiter),
      GOFLAGS: '',
      GOCACHE: join(directory, 'cache'),
    },
    encoding: 'utf8',
  });
  if (built.status !== 0) throw new Error(`test/outside can't be built: ${built.stderr}`);
  return (...args) => {
    const { status, stdout, stderr } = spawnSync(program, args, {
      encoding: 'utf8',
      maxBuffer: 4 * 1024 * 1024,
    });
    return { code: status, says: stdout + stderr };
  };
}
