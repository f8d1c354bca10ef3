/** The repository's overview, its pull requests and its commits. */
import { changedFiles, listTree, readBlob, readCommit, resolveCommit } from '../git/commits.ts';
import { listBranches } from '../git/refs.ts';
import { latestCheckRuns } from '../rules/checks.ts';
import { isProtected } from '../rules/demands.ts';
import { pullWeb } from '../shapes/pulls.ts';
import { repositoryWeb } from '../shapes/repository.ts';
import type { Pull, Repository } from '../state.ts';
import type { World } from '../world.ts';
import { deploymentRow } from './deployments.ts';
import { html, type Content, type Html } from './html.ts';
import { mark, pullMark } from './icons.ts';
import { ago, authorOf, checkRow, commitLink, page, stateOf, tone } from './layout.ts';
import { markdown } from './markdown.ts';
import { pullState } from './pull-request.ts';

/** All checks on a commit in one mark. */
function summaryMark(repository: Repository, sha: string): Content {
  const tones = latestCheckRuns(repository, sha).map((run) => tone(stateOf(run)));
  if (tones.length === 0) return null;
  const worst = tones.includes('failure') ? 'failure' : tones.includes('pending') ? 'pending' : 'success';
  return mark(worst);
}

function pullRow(world: World, pull: Pull): Html {
  const approvals = new Set(
    pull.reviews.filter((review) => review.state === 'APPROVED').map((review) => review.author.login),
  );
  return html`<div class="row">
    ${pullMark(pullState(pull))}
    <div class="grow">
      <a href="${pullWeb(world, pull)}"><b>${pull.title}</b></a>
      ${summaryMark(pull.repository, pull.headSha)}<br />
      <span class="muted small"
        >#${pull.number} by ${pull.author.login} ${ago(world, pull.createdAt)} ·
        <span class="branch">${pull.headRef}</span> → <span class="branch">${pull.baseRef}</span></span
      >
    </div>
    <div class="right muted small">${approvals.size > 0 && `approved by ${[...approvals].join(', ')}`}</div>
  </div>`;
}

const newestFirst = (repository: Repository): Pull[] =>
  [...repository.pulls.values()].toSorted((a, b) => b.number - a.number);

export function pullsPage(world: World, repository: Repository): Html {
  const pulls = newestFirst(repository);
  return page(
    world,
    repository,
    'pulls',
    'Pull requests',
    html`<div class="box">
      <div class="head">
        ${pulls.filter((pull) => pull.state === 'open').length} open ·
        ${pulls.filter((pull) => pull.state === 'closed').length} closed
      </div>
      ${pulls.map((pull) => pullRow(world, pull))}
    </div>`,
  );
}

async function readme(repository: Repository, tip: string): Promise<Content> {
  const [entry] = await listTree(repository.directory, tip, 'README.md', false);
  if (entry === undefined) return null;
  const text = (await readBlob(repository.directory, entry.sha)).toString('utf8');
  return html`<div class="box">
    <div class="head">README.md</div>
    <div class="body">${markdown(text)}</div>
  </div>`;
}

export async function overviewPage(world: World, repository: Repository): Promise<Html> {
  const branches = await listBranches(repository.directory);
  const main = branches.find(({ name }) => name === repository.defaultBranch);
  const tip = main === undefined ? null : await readCommit(repository.directory, main.sha);
  const deployments = [...repository.deployments.values()].toReversed().slice(0, 5);
  const pulls = newestFirst(repository);
  return page(
    world,
    repository,
    'overview',
    'Overview',
    html`${
        tip !== null &&
        html`<div class="box">
          <div class="row">
            <span class="branch">${repository.defaultBranch}</span>
            <div class="grow">
              ${authorOf(world, tip)} ${tip.message.split('\n')[0] ?? ''} ${summaryMark(repository, tip.sha)}
            </div>
            <div class="right muted">
              ${commitLink(world, repository, tip.sha)} · ${ago(world, tip.committer.date)}
            </div>
          </div>
        </div>`
      }
      <h2>Pull requests</h2>
      ${pulls.length === 0 ? html`<p class="muted">None yet.</p>` : html`<div class="box">${pulls.slice(0, 8).map((pull) => pullRow(world, pull))}</div>`}
      <h2>Deployments</h2>
      ${deployments.length === 0 ? html`<p class="muted">None yet.</p>` : html`<div class="box">${deployments.map((one) => deploymentRow(world, one))}</div>`}
      <h2>Branches</h2>
      <div class="box">
        ${branches.map(
          ({ name, sha }) =>
            html`<div class="row">
              <span class="branch">${name}</span>
              <div class="grow">
                ${isProtected(repository, name) && html`<span class="label">protected</span>`}
              </div>
              <span>${summaryMark(repository, sha)} ${commitLink(world, repository, sha)}</span>
            </div>`,
        )}
      </div>
      ${tip !== null && (await readme(repository, tip.sha))}`,
  );
}

export async function commitPage(world: World, repository: Repository, name: string): Promise<Html | null> {
  const sha = await resolveCommit(repository.directory, name);
  if (sha === null) return null;
  const commit = await readCommit(repository.directory, sha);
  const files = await changedFiles(repository.directory, commit.parents[0] ?? null, sha);
  const [title = '', ...rest] = commit.message.split('\n');
  const runs = latestCheckRuns(repository, sha);
  return page(
    world,
    repository,
    'overview',
    title,
    html`<h1>${title}</h1>
      ${rest.join('\n').trim() !== '' && html`<pre class="muted">${rest.join('\n').trim()}</pre>`}
      <p class="muted">
        ${authorOf(world, commit)} committed ${ago(world, commit.committer.date)} ·
        <span class="mono">${sha}</span>
        ${repository.signed.has(sha) && html` · <span class="label success">Verified</span>`} ·
        ${commit.parents.length} parent${commit.parents.length === 1 ? '' : 's'}
        ${commit.parents.map((parent) => html` ${commitLink(world, repository, parent)}`)}
      </p>
      ${
        runs.length > 0 &&
        html`<h2>Checks</h2>
          <div class="box">${runs.map((run) => checkRow(world, repository, run))}</div>`
      }
      <h2>${files.length} changed file${files.length === 1 ? '' : 's'}</h2>
      <div class="box">
        ${files.map((file) => html`<div class="row"><span class="grow mono">${file.filename}</span><span class="label">${file.status}</span><span class="mono" style="color:var(--green)">+${file.additions}</span><span class="mono" style="color:var(--red)">−${file.deletions}</span></div>`)}
      </div>
      <p><a href="${repositoryWeb(world, repository)}">Back to ${repository.name}</a></p>`,
  );
}
