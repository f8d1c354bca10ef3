/** Clone, fetch and push over HTTP: git's own `http-backend` behind GitHub's authentication and branch rules. */
import { spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

import { refMoved } from './acts/pushes.ts';
import { authenticate } from './authentication.ts';
import { exclusive } from './exclusive.ts';
import { covers, findRepository } from './find.ts';
import { readRef } from './git/refs.ts';
import { git, gitEnvironment } from './git/run-git.ts';
import { HttpError, type Caller } from './http.ts';
import { pushVerdict } from './rules/demands.ts';
import { actorOf, atLeast, permits, roleOf } from './rules/roles.ts';
import type { Repository } from './state.ts';
import type { World } from './world.ts';

export const GIT_PATH = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/;

/** Whether a push is a fast-forward is known only once its objects are here, so git's own hook asks that. */
const HOOK = `#!/bin/sh
# What the server refuses anyway, and the branches that only move forward, come in the environment.
if [ -n "$STANDIN_REFUSAL" ]; then
  printf '%s\\n' "$STANDIN_REFUSAL" >&2
  exit 1
fi
while read -r old new ref; do
  case " $STANDIN_FORWARD_ONLY " in
  *" $ref "*)
    case $old$new in *0000000000000000000000000000000000000000*) continue ;; esac
    if ! git merge-base --is-ancestor "$old" "$new"; then
      echo "error: GH006: Protected branch update failed for $ref." >&2
      echo "error: Cannot force-push to this branch" >&2
      exit 1
    fi
    ;;
  esac
done
`;

/** Makes the bare repository behind a new one. */
export async function makeBareRepository(directory: string, defaultBranch: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await git(directory, ['init', '--quiet', '--bare', '--template=', '.']);
  await git(directory, ['symbolic-ref', 'HEAD', `refs/heads/${defaultBranch}`]);
  const settings = [
    ['http.receivepack', 'true'],
    ['uploadpack.allowAnySHA1InWant', 'true'],
    ['uploadpack.allowFilter', 'true'],
    ['receive.denyDeleteCurrent', 'ignore'],
    ['receive.autogc', 'false'],
    ['gc.auto', '0'],
  ];
  const lines = settings.map(([key = '', value = '']) => {
    const [section, name] = key.split('.');
    return `[${section}]\n\t${name} = ${value}\n`;
  });
  await writeFile(path.join(directory, 'config'), lines.join(''), { flag: 'a' });
  const hook = path.join(directory, 'hooks', 'pre-receive');
  await mkdir(path.dirname(hook), { recursive: true });
  await writeFile(hook, HOOK);
  await chmod(hook, 0o755);
}

interface Command {
  readonly before: string;
  readonly after: string;
  readonly ref: string;
}

/** The ref updates at the head of a push, in git's packet lines. */
export function pushCommands(body: Buffer): Command[] {
  const commands: Command[] = [];
  let offset = 0;
  while (offset + 4 <= body.length) {
    const length = Number.parseInt(body.subarray(offset, offset + 4).toString('latin1'), 16);
    if (!Number.isInteger(length) || length < 4) break;
    const line =
      body
        .subarray(offset + 4, offset + length)
        .toString('utf8')
        .split('\0')[0] ?? '';
    const [before = '', after = '', ref = ''] = line.trim().split(' ');
    if (/^[0-9a-f]{40}$/.test(before) && ref.startsWith('refs/')) commands.push({ before, after, ref });
    offset += length;
  }
  return commands;
}

function backend(
  world: World,
  request: IncomingMessage,
  repository: Repository,
  tail: string,
  body: Buffer,
  caller: Caller,
  env: Readonly<Record<string, string>>,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const search = new URL(request.url ?? '/', world.url).search.slice(1);
    const child = spawn('git', ['http-backend'], {
      env: gitEnvironment({
        ...env,
        GIT_PROJECT_ROOT: path.dirname(repository.directory),
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: `/${path.basename(repository.directory)}/${tail}`,
        REQUEST_METHOD: request.method ?? 'GET',
        QUERY_STRING: search,
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        CONTENT_LENGTH: String(body.length),
        REMOTE_ADDR: '127.0.0.1',
        ...(caller.kind === 'anonymous' ? {} : { REMOTE_USER: actorOf(world, caller).login }),
        ...(typeof request.headers['git-protocol'] === 'string'
          ? { GIT_PROTOCOL: request.headers['git-protocol'] }
          : {}),
      }),
    });
    const out: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.resume();
    child.stdin.on('error', () => undefined);
    child.on('error', reject);
    child.on('close', () => resolve(Buffer.concat(out)));
    child.stdin.end(body);
  });
}

const isZero = (sha: string): boolean => /^0+$/.test(sha);

async function receive(
  world: World,
  request: IncomingMessage,
  repository: Repository,
  tail: string,
  body: Buffer,
  caller: Caller,
): Promise<Buffer> {
  const actor = actorOf(world, caller);
  const commands = pushCommands(body);
  const refusals: string[] = [];
  const forwardOnly: string[] = [];
  for (const command of commands) {
    if (command.ref.startsWith('refs/pull/')) refusals.push(`error: ${command.ref} is read-only`);
    if (!command.ref.startsWith('refs/heads/')) continue;
    const branch = command.ref.slice('refs/heads/'.length);
    const verdict = pushVerdict(
      world,
      repository,
      branch,
      isZero(command.after) ? null : command.after,
      actor,
    );
    if (verdict.refusals.length > 0)
      refusals.push(
        `error: GH006: Protected branch update failed for ${command.ref}.`,
        ...verdict.refusals.map((line) => `error: ${line}`),
      );
    if (verdict.fastForwardOnly) forwardOnly.push(command.ref);
  }
  const env = { STANDIN_REFUSAL: refusals.join('\n'), STANDIN_FORWARD_ONLY: forwardOnly.join(' ') };
  return exclusive(repository, async () => {
    const before = await Promise.all(commands.map((command) => readRef(repository.directory, command.ref)));
    const output = await backend(world, request, repository, tail, body, caller, env);
    for (const [index, command] of commands.entries()) {
      const was = before[index] ?? null;
      const is = await readRef(repository.directory, command.ref);
      if (was !== is) await refMoved(world, repository, { ref: command.ref, before: was, after: is, actor });
    }
    return output;
  });
}

function authorize(world: World, caller: Caller, repository: Repository, write: boolean): void {
  if (caller.kind === 'app') throw new HttpError(401, 'Bad credentials');
  if (caller.kind === 'anonymous') {
    if (write || repository.private) throw new HttpError(401, 'Authentication required');
    return;
  }
  if (caller.kind === 'user') {
    const role = roleOf(world, caller.user, repository);
    if (!atLeast(role, 'read')) throw new HttpError(404, 'Repository not found.');
    if (write && !atLeast(role, 'write'))
      throw new HttpError(
        403,
        `Permission to ${repository.owner.login}/${repository.name}.git denied to ${caller.user.login}.`,
      );
    return;
  }
  const { installation, token } = caller;
  const inScope =
    covers(installation, repository) &&
    (token.repositories === null || token.repositories.has(repository.id));
  if (!inScope) throw new HttpError(404, 'Repository not found.');
  if (!permits(token.permissions, write ? 'contents:write' : 'contents:read'))
    throw new HttpError(403, 'Write access to repository not granted.');
}

/** Answers one request of a git client. */
export async function serveGit(
  world: World,
  request: IncomingMessage,
  response: ServerResponse,
  raw: Buffer,
): Promise<void> {
  const address = new URL(request.url ?? '/', world.url);
  const [, owner = '', name = '', tail = ''] = GIT_PATH.exec(address.pathname) ?? [];
  const write = tail === 'git-receive-pack' || address.searchParams.get('service') === 'git-receive-pack';
  try {
    const caller = authenticate(world, request.headers.authorization);
    const repository = findRepository(world, owner, name);
    if (repository === null)
      throw new HttpError(caller.kind === 'anonymous' ? 401 : 404, 'Repository not found.');
    authorize(world, caller, repository, write);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    const output =
      tail === 'git-receive-pack'
        ? await receive(world, request, repository, tail, body, caller)
        : await backend(world, request, repository, tail, body, caller, {});
    const end = output.indexOf('\r\n\r\n');
    const headers = output.subarray(0, end).toString('latin1').split('\r\n');
    let status = 200;
    for (const line of headers) {
      const [key = '', ...rest] = line.split(': ');
      if (key.toLowerCase() === 'status') status = Number.parseInt(rest.join(': '), 10);
      else response.setHeader(key, rest.join(': '));
    }
    response.writeHead(status).end(output.subarray(end + 4));
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const challenge = error.status === 401 ? { 'www-authenticate': 'Basic realm="GitHub"' } : {};
    response
      .writeHead(error.status, { 'content-type': 'text/plain', ...challenge })
      .end(`${error.message}\n`);
  }
}
