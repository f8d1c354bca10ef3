/** One check run as people read it: verdict, summary, text, and its buttons. */
import { readCommit } from '../git/commits.ts';
import { latestCheckRuns } from '../rules/checks.ts';
import { checkRunWeb } from '../shapes/checks.ts';
import { pullWeb } from '../shapes/pulls.ts';
import type { CheckRun, Repository } from '../state.ts';
import type { World } from '../world.ts';
import { html, type Html } from './html.ts';
import { mark } from './icons.ts';
import { actAs, ago, commitLink, page, stateOf, tone } from './layout.ts';
import { markdown } from './markdown.ts';

function took(run: CheckRun): string {
  if (run.startedAt === null || run.completedAt === null) return '';
  const seconds = Math.round((Date.parse(run.completedAt) - Date.parse(run.startedAt)) / 1000);
  if (seconds < 1) return '';
  return seconds < 60 ? ` in ${seconds}s` : ` in ${Math.floor(seconds / 60)}m ${seconds % 60}s`;
}

/** Its output and buttons; on a pull request's page folded, on its own page open. */
export function checkRunBox(world: World, repository: Repository, run: CheckRun): Html {
  const state = stateOf(run);
  const buttons = run.status === 'completed' ? run.actions : [];
  return html`<div class="box">
    <div class="head">${mark(state)} <span>${run.title ?? run.name}</span></div>
    <div class="body">
      ${run.summary === null ? html`<p class="muted">No output yet.</p>` : markdown(run.summary)}
      ${
        run.text !== null &&
        html`<hr style="border:0;border-top:1px solid var(--line);margin:20px 0" />
          ${markdown(run.text)}`
      }
    </div>
    ${
      buttons.length > 0 &&
      html`<form class="actions" method="post" action="${checkRunWeb(world, repository, run)}/press">
        ${buttons.map((action) => html`<button name="identifier" value="${action.identifier}" title="${action.description}">${action.label}</button>`)}
        ${actAs(world)}
        <span class="muted small">${buttons.map((action) => action.description).join(' · ')}</span>
      </form>`
    }
  </div>`;
}

export async function checkRunPage(world: World, repository: Repository, run: CheckRun): Promise<Html> {
  const commit = await readCommit(repository.directory, run.headSha);
  const state = stateOf(run);
  const siblings = latestCheckRuns(repository, run.headSha);
  const pull = [...repository.pulls.values()].find((one) => one.headSha === run.headSha);
  const shown = siblings.includes(run) ? siblings : [run, ...siblings];
  return page(
    world,
    repository,
    'pulls',
    `${run.name}: ${run.title ?? state}`,
    html`<p class="muted" style="margin-top:0">
        ${commitLink(world, repository, run.headSha)} ${commit.message.split('\n')[0] ?? ''}
        ${pull !== undefined && html` · <a href="${pullWeb(world, pull)}">#${pull.number} ${pull.title}</a>`}
      </p>
      <div class="columns">
        <aside class="side">
          <div class="box">
            <div class="head">Checks</div>
            ${shown.map(
              (one) =>
                html`<a
                  class="row ${one.id === run.id ? 'here' : ''}"
                  href="${checkRunWeb(world, repository, one)}"
                  >${mark(stateOf(one))}<span class="grow"
                    >${one.name}<br /><span class="muted small"
                      >${one.app?.slug ?? 'github-actions'}</span
                    ></span
                  ></a
                >`,
            )}
          </div>
        </aside>
        <section>
          <div class="run-head">
            <h1>${run.name}</h1>
            <span class="label ${tone(state)}">${state.replaceAll('_', ' ')}</span>
            <div class="right">
              <form class="inline" method="post" action="${checkRunWeb(world, repository, run)}/rerequest">
                ${actAs(world)}<button>Re-run</button>
              </form>
            </div>
          </div>
          <p class="muted" style="margin-top:0">
            ${run.status === 'completed' ? html`completed ${ago(world, run.completedAt)}${took(run)}` : html`started ${ago(world, run.startedAt)}`}
            by ${run.app?.slug ?? 'github-actions'}
          </p>
          ${checkRunBox(world, repository, run)}
        </section>
      </div>`,
  );
}
