/** Deployments by environment, and workflow runs with what holds their jobs. */
import { findTeam } from '../find.ts';
import { runWeb } from '../shapes/runs.ts';
import { repositoryWeb } from '../shapes/repository.ts';
import type {
  Deployment,
  Environment,
  EnvironmentReviewer,
  Repository,
  RunJob,
  WorkflowRun,
} from '../state.ts';
import type { World } from '../world.ts';
import { html, type Html } from './html.ts';
import { mark } from './icons.ts';
import { actAs, ago, commitLink, page, tone } from './layout.ts';
import { markdown } from './markdown.ts';

const stateOf = (deployment: Deployment): string => deployment.statuses.at(-1)?.state ?? 'pending';

export function deploymentRow(world: World, deployment: Deployment): Html {
  const last = deployment.statuses.at(-1);
  const state = stateOf(deployment);
  return html`<div class="row">
    ${mark(state)}
    <div class="grow">
      <b>${deployment.environment}</b> ${commitLink(world, deployment.repository, deployment.sha)}
      ${last !== undefined && last.description !== '' ? html`<span>${last.description}</span>` : html`<span class="muted">${deployment.description ?? ''}</span>`}<br />
      <span class="muted small">
        #${deployment.id} by ${deployment.creator.login} ${ago(world, deployment.createdAt)}
        ${deployment.run !== null && html` · <a href="${runWeb(world, deployment.run)}">${deployment.run.name} #${deployment.run.number}</a>`}
        ${last !== undefined && last.logUrl !== '' && html` · <a href="${last.logUrl}">log</a>`}
      </span>
    </div>
    <div class="right"><span class="label ${tone(state)}">${state.replaceAll('_', ' ')}</span></div>
  </div>`;
}

const nameOf = (world: World, reviewer: EnvironmentReviewer): string =>
  (reviewer.type === 'Team'
    ? findTeam(world, reviewer.id)?.slug
    : world.state.accounts.get(reviewer.id)?.login) ?? 'unknown';

function environmentBox(world: World, repository: Repository, environment: Environment): Html {
  const all = [...repository.deployments.values()].filter((one) => one.environment === environment.name);
  const active = all.toReversed().find((one) => stateOf(one) === 'success');
  return html`<div class="box">
    <div class="head">
      ${environment.name}
      <span class="muted small" style="font-weight:400">
        ${environment.reviewers.length > 0 && `reviewers: ${environment.reviewers.map((one) => nameOf(world, one)).join(', ')}`}
        ${environment.rules.length > 0 && ` · asks ${environment.rules.map((rule) => rule.app.slug).join(', ')}`}
        ${environment.branchPatterns.length > 0 && ` · from ${environment.branchPatterns.map(({ name }) => name).join(', ')}`}
      </span>
      ${active !== undefined && html`<span style="margin-left:auto;font-weight:400">${mark('success')} runs ${commitLink(world, repository, active.sha)}</span>`}
    </div>
    ${all.length === 0 ? html`<div class="row muted">Nothing was deployed here yet.</div>` : all.toReversed().map((one) => deploymentRow(world, one))}
  </div>`;
}

export function deploymentsPage(world: World, repository: Repository): Html {
  const environments = [...repository.environments.values()];
  return page(
    world,
    repository,
    'deployments',
    'Deployments',
    environments.length === 0
      ? html`<p class="muted">No environments yet.</p>`
      : html`${environments.map((one) => environmentBox(world, repository, one))}`,
  );
}

function jobBox(world: World, run: WorkflowRun, job: RunJob): Html {
  const state = job.conclusion ?? job.status;
  const waiting = job.status === 'waiting';
  return html`<div class="box">
    <div class="head">
      ${mark(state)} ${job.name} <span class="label">${job.environment.name}</span>
      <span class="label ${tone(state)}" style="margin-left:auto">${state.replaceAll('_', ' ')}</span>
    </div>
    ${job.gates.map(
      (gate) =>
        html`<div class="row">
          ${mark(gate.state)}
          <div class="grow">
            <b>${gate.app.slug}</b> <span class="muted">deployment protection rule: ${gate.state}</span>
            ${[...gate.reports, ...(gate.comment === '' ? [] : [gate.comment])].map((text) => markdown(text))}
          </div>
        </div>`,
    )}
    ${
      job.review !== null &&
      html`<div class="row">
        ${mark(job.review)}
        <div class="grow">
          <b>Review</b>
          <span class="muted"
            >by ${job.environment.reviewers.map((one) => nameOf(world, one)).join(', ')}: ${job.review}</span
          >
        </div>
      </div>`
    }
    ${job.bypassedBy !== null && html`<div class="row">${mark('action_required')} <b>${job.bypassedBy.login}</b> started it past the rules</div>`}
    ${
      waiting &&
      html`<div class="actions">
        ${
          job.review === 'pending' &&
          html`<form class="inline" method="post" action="${runWeb(world, run)}/review">
            ${actAs(world)}<input name="comment" placeholder="Comment" /><button
              class="primary"
              name="state"
              value="approved"
            >
              Approve and deploy</button
            ><button class="danger" name="state" value="rejected">Reject</button>
          </form>`
        }
        <form class="inline" method="post" action="${runWeb(world, run)}/bypass" style="margin-left:auto">
          ${actAs(world)}<button class="danger">Start all waiting jobs</button>
        </form>
      </div>`
    }
  </div>`;
}

export function runPage(world: World, run: WorkflowRun): Html {
  const state = run.conclusion ?? run.status;
  return page(
    world,
    run.repository,
    'actions',
    `${run.name} #${run.number}`,
    html`<h1>${run.commit.message.split('\n')[0] ?? run.name} <span class="number">#${run.number}</span></h1>
      <p class="muted" style="margin-top:0">
        <span class="state ${tone(state)}">${state.replaceAll('_', ' ')}</span> ${run.name} · ${run.event} by
        <b>${run.actor.login}</b> ·
        <span class="branch">${run.branch}</span> ${commitLink(world, run.repository, run.sha)} ·
        ${ago(world, run.createdAt)}
      </p>
      ${run.jobs.length === 0 ? html`<p class="notice">The branch ${run.branch} is not allowed to deploy to this environment.</p>` : run.jobs.map((job) => jobBox(world, run, job))}
      ${
        run.approvals.length > 0 &&
        html`<h2>Reviews</h2>
          <div class="box">
            ${run.approvals.map(
              (one) =>
                html`<div class="row">
                  ${mark(one.state)}
                  <span class="grow"
                    ><b>${one.user.login}</b> ${one.state} ${one.environment.name}
                    <span class="muted">${one.comment}</span></span
                  >
                </div>`,
            )}
          </div>`
      }`,
  );
}

export function runsPage(world: World, repository: Repository): Html {
  const runs = [...repository.runs.values()].toReversed();
  return page(
    world,
    repository,
    'actions',
    'Actions',
    runs.length === 0
      ? html`<p class="muted">No workflow runs yet.</p>`
      : html`<div class="box">
            ${runs.map(
              (run) =>
                html`<div class="row">
                  ${mark(run.conclusion ?? run.status)}
                  <div class="grow">
                    <a href="${runWeb(world, run)}"><b>${run.commit.message.split('\n')[0] ?? run.name}</b></a
                    ><br /><span class="muted small"
                      >${run.name} #${run.number} by ${run.actor.login} ${ago(world, run.createdAt)}</span
                    >
                  </div>
                  <span class="branch">${run.branch}</span>
                </div>`,
            )}
          </div>
          <p><a href="${repositoryWeb(world, repository)}">Back to ${repository.name}</a></p>`,
  );
}
