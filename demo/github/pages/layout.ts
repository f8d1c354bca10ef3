/** What every page shares: the head, the repository's name, its tabs, and small words about time and people. */
import { accountOfEmail } from '../find.ts';
import type { GitCommit } from '../git/commits.ts';
import { checkRunWeb } from '../shapes/checks.ts';
import { repositoryName, repositoryWeb } from '../shapes/repository.ts';
import type { CheckRun, Repository, User } from '../state.ts';
import type { World } from '../world.ts';
import { html, Html, type Content } from './html.ts';
import { mark } from './icons.ts';
import { STYLE } from './style.ts';

export type Tab = 'overview' | 'pulls' | 'actions' | 'deployments';

export function page(
  world: World,
  repository: Repository,
  tab: Tab | null,
  title: string,
  content: Html,
): Html {
  const web = repositoryWeb(world, repository);
  const open = [...repository.pulls.values()].filter((pull) => pull.state === 'open').length;
  const tabs: readonly (readonly [Tab, string, string, number])[] = [
    ['overview', 'Overview', web, 0],
    ['pulls', 'Pull requests', `${web}/pulls`, open],
    ['actions', 'Actions', `${web}/actions`, repository.runs.size],
    ['deployments', 'Deployments', `${web}/deployments`, repository.deployments.size],
  ];
  return document(
    `${title} · ${repositoryName(repository)}`,
    html`<header class="top">
        <div class="name">
          <span>${repository.owner.login}</span><span class="muted">/</span
          ><b><a href="${web}">${repository.name}</a></b>
          <span class="label">${repository.private ? 'Private' : 'Public'}</span>
          <span class="stand-in">a stand-in for GitHub</span>
        </div>
        <nav class="tabs">
          ${tabs.map(
            ([name, text, address, count]) =>
              html`<a href="${address}" class="${name === tab ? 'here' : ''}"
                >${text} ${count > 0 && html`<span class="count">${count}</span>`}</a
              >`,
          )}
        </nav>
      </header>
      <main>${content}</main>`,
  );
}

export function document(title: string, body: Content): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        ${body}
        <footer>
          Served by the project’s stand-in for GitHub, from real git repositories. Nothing here left this
          machine.
        </footer>
      </body>
    </html>`;
}

const UNITS: readonly (readonly [number, string])[] = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
];

/** "3 minutes ago". */
export function ago(world: World, at: string | null): Html {
  if (at === null) return html``;
  const seconds = Math.max(0, Math.round((world.now().getTime() - Date.parse(at)) / 1000));
  const unit = UNITS.find(([size]) => seconds >= size);
  const count = unit === undefined ? 0 : Math.floor(seconds / unit[0]);
  const text = unit === undefined ? 'just now' : `${count} ${unit[1]}${count === 1 ? '' : 's'} ago`;
  return html`<time datetime="${at}" title="${at}">${text}</time>`;
}

export const commitLink = (world: World, repository: Repository, sha: string): Html =>
  html`<a class="mono" href="${repositoryWeb(world, repository)}/commit/${sha}">${sha.slice(0, 7)}</a>`;

/** Who a commit is by: the account, or the bare name where no account has the e-mail. */
export function authorOf(world: World, commit: GitCommit): Html {
  const account = accountOfEmail(world, commit.author.email);
  return account === null
    ? html`<span title="${commit.author.email}: no account">${commit.author.name} (no account)</span>`
    : html`<b>${account.login}</b>`;
}

/** A list to choose in whose name a button is pressed. */
export function actAs(world: World, chosen?: User): Html {
  const users = [...world.state.accounts.values()].filter((account) => account.kind === 'User');
  return html`<select name="as" aria-label="as">
    ${users.map((user) => html`<option value="${user.login}" ${user.id === chosen?.id ? 'selected' : ''}>as ${user.login}</option>`)}
  </select>`;
}

export const stateOf = (run: CheckRun): string =>
  run.status === 'completed' ? (run.conclusion ?? 'failure') : run.status;

const PASSED = new Set(['success', 'neutral', 'skipped']);

/** The colour of a state. */
export function tone(state: string): 'success' | 'failure' | 'pending' | 'neutral' {
  if (state === 'success' || state === 'approved') return 'success';
  if (PASSED.has(state) || state === 'cancelled' || state === 'inactive') return 'neutral';
  return ['queued', 'in_progress', 'waiting', 'pending', 'requested', 'action_required'].includes(state)
    ? 'pending'
    : 'failure';
}

/** One line for a check run. */
export function checkRow(world: World, repository: Repository, run: CheckRun): Html {
  return html`<div class="row">
    ${mark(stateOf(run))}
    <div class="grow">
      <b>${run.name}</b> <span class="muted">${run.title ?? stateOf(run).replaceAll('_', ' ')}</span>
    </div>
    <div class="right"><a href="${checkRunWeb(world, repository, run)}">Details</a></div>
  </div>`;
}
