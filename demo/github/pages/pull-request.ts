/** One pull request: what was said and done, what the checks say, and the merge button. */
import { listCommits, type GitCommit } from '../git/commits.ts';
import { latestCheckRuns, latestStatuses } from '../rules/checks.ts';
import { mergeBlockers } from '../rules/demands.ts';
import { pullWeb } from '../shapes/pulls.ts';
import type { Comment, Pull, PullEvent, Repository, Review } from '../state.ts';
import type { World } from '../world.ts';
import { checkRunBox } from './check-run.ts';
import { html, type Html } from './html.ts';
import { mark, pullMark } from './icons.ts';
import { actAs, ago, authorOf, checkRow, commitLink, page } from './layout.ts';
import { markdown } from './markdown.ts';

export const pullState = (pull: Pull): 'open' | 'closed' | 'merged' | 'draft' =>
  pull.merge !== null ? 'merged' : pull.state === 'closed' ? 'closed' : pull.draft ? 'draft' : 'open';

interface Moment {
  readonly at: string;
  readonly shown: Html;
}

const VERBS: Readonly<Record<string, readonly [string, string]>> = {
  APPROVED: ['success', 'approved these changes'],
  CHANGES_REQUESTED: ['failure', 'requested changes'],
  COMMENTED: ['neutral', 'reviewed'],
  DISMISSED: ['neutral', 'reviewed, since dismissed,'],
};

function reviewMoment(world: World, pull: Pull, review: Review): Moment {
  const [state, verb] = VERBS[review.state] ?? ['neutral', 'started a review'];
  const stale =
    review.commit !== pull.headSha && html` <span class="label pending">not the head any more</span>`;
  return {
    at: review.submittedAt ?? pull.createdAt,
    shown: html`<div class="event">
      ${mark(state)} <b>${review.author.login}</b> ${verb} on
      ${commitLink(world, pull.repository, review.commit)}${stale}
      <span class="muted">${ago(world, review.submittedAt)}</span>
      ${review.body !== '' && markdown(review.body)}
    </div>`,
  };
}

function commitMoment(world: World, repository: Repository, commit: GitCommit): Moment {
  return {
    at: commit.committer.date,
    shown: html`<div class="event">
      ${mark('neutral')} ${commitLink(world, repository, commit.sha)} ${commit.message.split('\n')[0] ?? ''}
      <span class="muted">by ${authorOf(world, commit)} ${ago(world, commit.committer.date)}</span>
    </div>`,
  };
}

function commentMoment(world: World, comment: Comment): Moment {
  return {
    at: comment.createdAt,
    shown: html`<div class="event">
      <b>${comment.author.login}</b>
      <span class="muted">commented ${ago(world, comment.createdAt)}</span>${markdown(comment.body)}
    </div>`,
  };
}

function otherMoment(world: World, repository: Repository, event: PullEvent): Moment | null {
  if (event.type === 'ReviewDismissedEvent') return null;
  const what =
    event.type === 'HeadRefForcePushedEvent'
      ? html`force-pushed from ${commitLink(world, repository, event.before)} to
        ${commitLink(world, repository, event.after)}`
      : html`changed the base from <span class="branch">${event.before}</span> to
          <span class="branch">${event.after}</span>`;
  return {
    at: event.at,
    shown: html`<div class="event">
      ${mark('action_required')} <b>${event.actor.login}</b> ${what}
      <span class="muted">${ago(world, event.at)}</span>
    </div>`,
  };
}

async function mergeBox(world: World, pull: Pull): Promise<Html | null> {
  if (pull.state === 'closed') return null;
  const blockers = await mergeBlockers(world, pull, world.webFlow, 'squash');
  return html`<div class="box">
    <div class="head">
      ${mark(blockers.length === 0 ? 'success' : 'action_required')}
      ${blockers.length === 0 ? 'This branch may be merged' : 'Merging is blocked'}
    </div>
    ${blockers.map((line) => html`<div class="row">${mark('failure')} <span class="grow">${line}</span></div>`)}
    <div class="row">
      <form class="inline" method="post" action="${pullWeb(world, pull)}/review">
        ${actAs(world)}<button name="event" value="APPROVE">Approve</button
        ><button name="event" value="REQUEST_CHANGES">Request changes</button>
      </form>
      <form class="inline right" method="post" action="${pullWeb(world, pull)}/merge">
        ${actAs(world)}
        <select name="method" aria-label="method">
          <option value="squash">Squash and merge</option>
          <option value="merge">Create a merge commit</option>
          <option value="rebase">Rebase and merge</option>
        </select>
        <button class="primary">Merge</button>
      </form>
    </div>
  </div>`;
}

export async function pullRequestPage(world: World, pull: Pull): Promise<Html> {
  const { repository } = pull;
  const commits = await listCommits(repository.directory, [
    '--reverse',
    '--topo-order',
    `${pull.baseSha}..${pull.headSha}`,
  ]);
  const moments = [
    ...commits.map((commit) => commitMoment(world, repository, commit)),
    ...pull.reviews.map((review) => reviewMoment(world, pull, review)),
    ...repository.comments
      .filter((comment) => comment.number === pull.number)
      .map((comment) => commentMoment(world, comment)),
    ...pull.events.map((event) => otherMoment(world, repository, event)).filter((moment) => moment !== null),
  ].toSorted((a, b) => a.at.localeCompare(b.at));
  const runs = latestCheckRuns(repository, pull.headSha);
  const statuses = latestStatuses(repository, pull.headSha);
  const state = pullState(pull);
  const count = `${commits.length} commit${commits.length === 1 ? '' : 's'}`;
  return page(
    world,
    repository,
    'pulls',
    `#${pull.number} ${pull.title}`,
    html`<h1>${pull.title} <span class="number">#${pull.number}</span></h1>
      <p style="margin-top:0">
        <span class="state ${state}"
          >${pullMark(state)} ${state.slice(0, 1).toUpperCase()}${state.slice(1)}</span
        >
        <span class="muted"
          ><b>${(pull.merge?.by ?? pull.author).login}</b>
          ${pull.merge === null ? 'wants to merge' : 'merged'} ${count} into
          <span class="branch">${pull.baseRef}</span> from
          <span class="branch"
            >${pull.headRepository.id === repository.id ? '' : `${pull.headRepository.owner.login}:`}${pull.headRef}</span
          ></span
        >
      </p>
      <div class="box">
        <div class="head">
          <span>${pull.author.login}</span>
          <span class="muted" style="font-weight:400">opened this ${ago(world, pull.createdAt)}</span>
        </div>
        <div class="body">
          ${pull.body === null || pull.body === '' ? html`<span class="muted">No description provided.</span>` : markdown(pull.body)}
        </div>
      </div>
      <div class="timeline">
        ${moments.map((moment) => moment.shown)}
        ${
          pull.merge !== null &&
          html`<div class="event">
            ${pullMark('merged')} <b>${pull.merge.by.login}</b> merged it as
            ${commitLink(world, repository, pull.merge.sha)}
            <span class="muted">${ago(world, pull.merge.at)}</span>
          </div>`
        }
      </div>
      ${await mergeBox(world, pull)}
      <h2>Checks on ${pull.headSha.slice(0, 7)}</h2>
      ${
        runs.length + statuses.length === 0
          ? html`<p class="muted">None yet.</p>`
          : html`<div class="box">
              ${runs.map((run) => checkRow(world, repository, run))}
              ${statuses.map(
                (status) =>
                  html`<div class="row">
                    ${mark(status.state)}
                    <div class="grow">
                      <b>${status.context}</b>
                      <span class="muted">${status.description ?? status.state}</span>
                    </div>
                    <span class="muted small">status by ${status.creator.login}</span>
                  </div>`,
              )}
            </div>`
      }
      ${runs
        .filter((run) => run.summary !== null)
        .map(
          (run) =>
            html`<h2>${run.name}</h2>
              ${checkRunBox(world, repository, run)}`,
        )}`,
  );
}
