/**
 * A stand-in for GitHub: real git repositories, GitHub's REST and GraphQL APIs as far as this project calls them,
 * signed webhooks, and people who act. Every call and every answer is held against GitHub's own descriptions.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import {
  acceptPermissions,
  createApp,
  install,
  renameAccount,
  selectRepository,
  suspend,
  uninstall,
} from './acts/apps.ts';
import { pressButton, rerequest, rerequestSuite } from './acts/checking.ts';
import { setEnvironment } from './acts/deploying.ts';
import {
  changeMember,
  changeTeam,
  createOrganization,
  createTeam,
  createUser,
  personOf,
} from './acts/organizations.ts';
import { updatePull } from './acts/updating.ts';
import { enqueuePull, openMergeQueue, tamperWithGroup } from './acts/merge-queue.ts';
import { setDraft } from './acts/pull-requests.ts';
import { createRepository, forkRepository } from './acts/repositories.ts';
import {
  archiveRepository,
  deleteRepository,
  renameRepository,
  setVisibility,
  transferRepository,
} from './acts/repository-life.ts';
import { bypass, reviewDeployments } from './acts/answering.ts';
import { cancelRun, finishRun, startRun } from './acts/running.ts';
import type { GitHub, GitHubOptions } from './control.ts';
import { startCourier } from './deliveries.ts';
import { commitAs, pushAs } from './desk.ts';
import { makeFaults } from './faults.ts';
import { needCheckRun, needPull, needSuite } from './find.ts';
import { branchTip } from './git/commits.ts';
import { makeGraphql } from './graphql/serve.ts';
import { loadRestOracle } from './oracle/rest-oracle.ts';
import { loadWebhookOracle } from './oracle/webhook-oracle.ts';
import { makePages } from './pages/serve.ts';
import { makeRateLimiter } from './rate-limit.ts';
import { allRoutes } from './routes/all.ts';
import { makeServer, type LoggedRequest } from './server.ts';
import { makeWorld, type World } from './world.ts';

export type { CreatedApp, NewApp } from './acts/apps.ts';
export type { NewUser } from './acts/organizations.ts';
export type { NewRepository } from './acts/repositories.ts';
export type { NewRun } from './acts/running.ts';
export type { Actions, EnvironmentRules, GitHub, GitHubOptions } from './control.ts';
export type { Deliveries, Delivery } from './deliveries.ts';
export type { Committer, FileContent, NewCommit, Person } from './desk.ts';
export type { Faults } from './faults.ts';
export type { LoggedRequest } from './server.ts';
export type {
  App,
  Environment,
  Installation,
  Organization,
  Repository,
  Role,
  Team,
  User,
  WorkflowRun,
} from './state.ts';

/** Starts one; everything it holds is gone when it closes. */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHub> {
  const log = options.log ?? (() => undefined);
  const dataDir = options.dataDir ?? (await mkdtemp(path.join(tmpdir(), 'standin-github-')));
  await mkdir(path.join(dataDir, 'repositories'), { recursive: true });
  const faults = makeFaults();
  const requests: LoggedRequest[] = [];
  const judge = loadWebhookOracle();
  let url = '';
  const courier = startCourier(() => world, faults, log);
  const world: World = makeWorld({
    dataDir,
    seed: options.seed ?? 1000,
    clock: options.clock ?? (() => new Date()),
    url: () => url,
    emit: (happening) => {
      world.violations.push(...judge(happening.event, happening.action, happening.payload));
      courier.accept(happening);
    },
  });
  const limiter = makeRateLimiter(() => world);
  const server = makeServer({
    world,
    oracle: loadRestOracle(),
    routes: allRoutes(() => courier, limiter),
    graphql: makeGraphql(world),
    pages: makePages(world),
    faults,
    limiter,
    requests,
    log,
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    world,
    url,
    apiUrl: world.apiUrl,
    deliveries: courier,
    faults,
    requests,
    violations: world.violations,
    resetRequests: () => {
      requests.length = 0;
    },
    createUser: (user) => createUser(world, user),
    createOrganization: (login, { owner, members }) => createOrganization(world, login, owner, members ?? []),
    createTeam: (organization, slug, members) => createTeam(world, organization, slug, members),
    addToTeam: (organization, slug, user, by) =>
      changeTeam(world, organization, slug, user, 'added', by ?? personOf(world, organization)),
    removeFromTeam: (organization, slug, user, by) =>
      changeTeam(world, organization, slug, user, 'removed', by ?? personOf(world, organization)),
    addMember: (organization, user, by) =>
      changeMember(world, organization, user, 'member_added', by ?? personOf(world, organization)),
    removeMember: (organization, user, by) =>
      changeMember(world, organization, user, 'member_removed', by ?? personOf(world, organization)),
    createRepository: (owner, name, wanted) => createRepository(world, owner, name, wanted ?? {}),
    fork: (repository, owner) => forkRepository(world, repository, owner),
    grant(repository, to, role) {
      if ('slug' in to) repository.teams.set(to.id, role);
      else repository.collaborators.set(to.id, role);
    },
    createApp: (app) => createApp(world, app),
    install: (app, account, repositories) => install(world, app, account, repositories),
    suspend: (installation, suspended, by) =>
      suspend(world, installation, suspended, by ?? personOf(world, installation.account)),
    selectRepository: (installation, repository, action, by) =>
      selectRepository(world, installation, repository, action, by ?? personOf(world, installation.account)),
    rename: (repository, name, by) => renameRepository(world, repository, name, by),
    renameAccount: (account, login, by) => renameAccount(world, account, login, by),
    transfer: (repository, owner, by) => transferRepository(world, repository, owner, by),
    archive: (repository, archived, by) => archiveRepository(world, repository, archived, by),
    setVisibility: (repository, visibility, by) => setVisibility(world, repository, visibility, by),
    deleteRepository: (repository, by) => deleteRepository(world, repository, by),
    acceptPermissions: (installation, permissions, by) =>
      acceptPermissions(world, installation, permissions, by ?? personOf(world, installation.account)),
    uninstall: (installation, by) =>
      uninstall(world, installation, by ?? personOf(world, installation.account)),
    setWebhookUrl(app, address) {
      app.webhookUrl = address;
    },
    commit: (user, repository, commit) => commitAs(world, repository, user, commit),
    push: (user, repository, refspecs, { force = false } = {}) =>
      pushAs(world, repository, user, refspecs, force),
    deleteBranch: (user, repository, branch) => pushAs(world, repository, user, [`:refs/heads/${branch}`]),
    tip: (repository, branch) => branchTip(repository.directory, branch),
    pressButton: (repository, id, identifier, user) =>
      pressButton(world, repository, needCheckRun(repository, id), identifier, user),
    rerequest: (repository, id, user) => rerequest(world, repository, needCheckRun(repository, id), user),
    rerequestSuite: (repository, id, user) =>
      rerequestSuite(world, repository, needSuite(repository, id), user),
    updateBranch: (repository, number, user, wish) =>
      updatePull(world, needPull(repository, String(number)), user, wish),
    alterLanding(repository, number, files) {
      needPull(repository, String(number)).landsAs = files;
    },
    mergeQueue: {
      open: openMergeQueue,
      add: async (repository, number, user) =>
        (await enqueuePull(world, needPull(repository, String(number)), user)).headSha,
      tamper: (repository, number, what) =>
        tamperWithGroup(world, needPull(repository, String(number)), what),
      numbers: (repository, branch) =>
        (repository.queues.get(branch)?.entries ?? []).map(({ pull }) => pull.number),
    },
    setDraft: (repository, number, draft, user) =>
      setDraft(world, needPull(repository, String(number)), draft, user),
    setEnvironment: (repository, name, rules) => setEnvironment(world, repository, name, rules),
    actions: {
      startRun: (repository, run) => startRun(world, repository, run),
      review(run, user, { state, comment = '' }) {
        const environments = run.jobs.map((job) => job.environment.id);
        reviewDeployments(world, run, user, { environments, state, comment });
      },
      bypass: (run, user) => bypass(world, run, user),
      finish: (run, conclusion) => finishRun(world, run, conclusion),
      cancel: (run) => cancelRun(world, run),
    },
    async close({ allowViolations = false } = {}) {
      courier.stop();
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
      if (allowViolations || world.violations.length === 0) return;
      const distinct = [...new Set(world.violations)];
      throw new Error(
        `Calls or answers that do not conform to GitHub's description:\n${distinct.join('\n')}`,
      );
    },
  };
}
