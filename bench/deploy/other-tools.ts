/** What other tools take for the same files, once each, since nobody waits for them twice. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { NodeSSH } from 'node-ssh';
import SftpClient from 'ssh2-sftp-client';
import { quote } from '../../src/deploy/quote.ts';
import { has, shell } from './programs.ts';
import { REPOSITORY_ID } from './release-files.ts';
import type { Setup } from './ways.ts';

/** Holds every tenth folder. */
const PART = 'part-0';

type Row = Record<string, string | number>;

/** Rows for the table; a tool that isn't installed is said and left out. */
export async function measureOtherTools(
  setup: Setup & { readonly directory: string },
): Promise<readonly Row[]> {
  const { host, release, root, keyFile } = setup;
  const [folder] = release.folders;
  const rows: Row[] = [];
  const once = async (
    what: string,
    where: string,
    does: string,
    work: () => Promise<unknown>,
  ): Promise<void> => {
    const started = performance.now();
    await work();
    const ms = Math.round(performance.now() - started);
    console.error(`  ${where}: ${what} ${ms} ms`);
    rows.push({ where, what: `${what}, once`, ms, rounds: ms, does: `run once, cold: ${does}` });
  };
  // They wait for each file in turn, minutes for all of them.
  const tenth = `loopback, a tenth of the ${release.files} files`;
  const login = {
    host: host.host,
    port: host.port,
    username: host.user,
    privateKey: await readFile(keyFile, 'utf8'),
  };

  const ssh = new NodeSSH();
  await once(
    'node-ssh putDirectory',
    tenth,
    'file by file over SFTP, as it comes; modes are lost; verifies nothing',
    async () => {
      await ssh.connect(login);
      await ssh.putDirectory(path.join(folder, PART), path.join(root, 'node-ssh'), { recursive: true });
    },
  );
  ssh.dispose();

  const sftp = new SftpClient();
  await once(
    'ssh2-sftp-client uploadDir',
    tenth,
    'ten files at a time over SFTP, as it comes; modes are lost; verifies nothing',
    async () => {
      await sftp.connect(login);
      await sftp.uploadDir(path.join(folder, PART), path.join(root, 'sftp-client'));
    },
  );
  await sftp.end();

  if (await has('cap')) {
    const project = await capistranoProject(setup);
    const deploy = (branch: string) => (): Promise<unknown> =>
      shell(`BRANCH=${branch} cap production deploy`, project);
    const [first, second] = release.commits;
    const does =
      'the host clones from git, which here lies on its own disk, and unpacks an archive of it; verifies nothing';
    await once('Capistrano', `loopback, ${release.files} files, all of it`, does, deploy(first));
    await once('Capistrano', 'loopback, 20 files changed', does, deploy(second));
  } else {
    console.error('left out, for it is not installed: Capistrano');
  }
  for (const name of ['node-ssh', 'sftp-client', 'cap']) {
    await rm(path.join(root, name), { recursive: true, force: true });
  }
  return rows;
}

/** The least that Capistrano takes: one server, one repository. */
async function capistranoProject({
  host,
  release,
  root,
  keyFile,
  directory,
}: Setup & { readonly directory: string }): Promise<string> {
  const project = path.join(directory, 'capistrano');
  const repository = path.join(release.mirrors, `${REPOSITORY_ID}.git`);
  await mkdir(path.join(project, 'config', 'deploy'), { recursive: true });
  // It deploys branches.
  for (const sha of release.commits) await shell(`git -C ${quote(repository)} branch -f b${sha} ${sha}`);
  await writeFile(
    path.join(project, 'Capfile'),
    "require 'capistrano/setup'\nrequire 'capistrano/deploy'\nrequire 'capistrano/scm/git'\ninstall_plugin Capistrano::SCM::Git\n",
  );
  await writeFile(
    path.join(project, 'config', 'deploy.rb'),
    [
      "set :application, 'shop'",
      `set :repo_url, '${repository}'`,
      `set :deploy_to, '${path.join(root, 'cap')}'`,
      "set :branch, 'b' + ENV['BRANCH']",
      'set :keep_releases, 2',
      'set :format_options, color: false',
      '',
    ].join('\n'),
  );
  await writeFile(
    path.join(project, 'config', 'deploy', 'production.rb'),
    `server '${host.host}', user: '${host.user}', roles: %w{app}, ssh_options: { port: ${host.port}, keys: ['${keyFile}'], keys_only: true, verify_host_key: :never, config: false }\n`,
  );
  return project;
}
