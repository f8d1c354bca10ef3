import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A file's text, or what else stands at a path. */
export type FileSpec =
  string | Buffer | { readonly text: string | Buffer; readonly executable: true } | { readonly link: string };

const ENVIRONMENT = {
  PATH: process.env['PATH'],
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'alice',
  GIT_AUTHOR_EMAIL: 'alice@example.test',
  GIT_COMMITTER_NAME: 'alice',
  GIT_COMMITTER_EMAIL: 'alice@example.test',
  GIT_AUTHOR_DATE: '2026-01-02T03:04:05Z',
  GIT_COMMITTER_DATE: '2026-01-02T03:04:05Z',
};

/** A bare repository on disk whose commits a test spells out, made by git's own plumbing. */
export class GitRepository {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(directory: string): Promise<GitRepository> {
    await mkdir(directory, { recursive: true });
    const repository = new GitRepository(directory);
    await repository.git(['init', '--quiet', '--bare', '--template=', '.']);
    return repository;
  }

  /** A commit of exactly these files. */
  async commit(files: Readonly<Record<string, FileSpec>>, ref = 'refs/heads/main'): Promise<string> {
    const lines: Buffer[] = [];
    for (const [path, spec] of Object.entries(files)) {
      const { mode, body } = parts(spec);
      const oid = await this.git(['hash-object', '-w', '--stdin'], body);
      lines.push(Buffer.from(`${mode} ${oid}\t${path}\0`));
    }
    await this.git(['read-tree', '--empty']);
    await this.git(['update-index', '-z', '--index-info'], Buffer.concat(lines));
    return this.commitTree(await this.git(['write-tree']), ref);
  }

  async commitTree(tree: string, ref = 'refs/heads/main'): Promise<string> {
    const sha = await this.git(['commit-tree', tree, '-m', 'a commit']);
    await this.git(['update-ref', ref, sha]);
    return sha;
  }

  /** A tree as nobody's git would make it: names and modes as given. */
  async rawTree(entries: readonly { mode: string; name: string | Buffer; oid: string }[]): Promise<string> {
    const body = entries.map(({ mode, name, oid }) =>
      Buffer.concat([Buffer.from(`${mode} `), Buffer.from(name), Buffer.from([0]), Buffer.from(oid, 'hex')]),
    );
    return this.git(['hash-object', '-t', 'tree', '-w', '--literally', '--stdin'], Buffer.concat(body));
  }

  async blob(text: string | Buffer): Promise<string> {
    return this.git(['hash-object', '-w', '--stdin'], text);
  }

  async git(args: readonly string[], input: string | Buffer = ''): Promise<string> {
    const child = spawn('git', args, {
      cwd: this.directory,
      env: { ...ENVIRONMENT, GIT_DIR: this.directory },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const said: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    await once(child, 'close');
    if (child.exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${Buffer.concat(errors).toString()}`);
    return Buffer.concat(said).toString('utf8').trim();
  }
}

/** What a shell command prints; it must succeed. */
export async function run(program: string, args: readonly string[], cwd?: string): Promise<string> {
  const { stdout } = await promisify(execFile)(program, [...args], cwd === undefined ? {} : { cwd });
  return stdout;
}

function parts(spec: FileSpec): { mode: string; body: string | Buffer } {
  if (typeof spec === 'string' || Buffer.isBuffer(spec)) return { mode: '100644', body: spec };
  if ('link' in spec) return { mode: '120000', body: spec.link };
  return { mode: '100755', body: spec.text };
}
