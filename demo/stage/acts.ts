import type { Person, Stage } from './stage.ts';

export { CHANGE_CHECK } from '../../src/domain/change-check.ts';

/** The name of the check run of deployments to an environment. */
export const deployCheck = (environment: string): string => `countersign/deploy (${environment})`;

export interface Opened {
  readonly number: number;
  readonly head: string;
}

/** Commits to a new branch as somebody, and opens a pull request into main. */
export async function openChange(
  stage: Stage,
  who: Person,
  change: {
    readonly branch: string;
    readonly title: string;
    readonly files: Readonly<Record<string, string>>;
    readonly coAuthors?: readonly Person[];
    readonly author?: { readonly name: string; readonly email: string };
  },
): Promise<Opened> {
  const { github, people, repository } = stage;
  await github.commit(people[who], repository, {
    branch: change.branch,
    from: 'main',
    files: change.files,
    message: change.title,
    ...(change.author === undefined ? {} : { author: change.author }),
    ...(change.coAuthors === undefined ? {} : { coAuthors: change.coAuthors.map((login) => people[login]) }),
  });
  const { data } = await stage.as(who).rest.pulls.create({
    owner: stage.owner,
    repo: stage.repo,
    title: change.title,
    head: change.branch,
    base: 'main',
  });
  return { number: data.number, head: data.head.sha };
}

/** The head commit of a pull request, now. */
export async function headOf(stage: Stage, number: number): Promise<string> {
  const { data } = await stage
    .as('alice')
    .rest.pulls.get({ owner: stage.owner, repo: stage.repo, pull_number: number });
  return data.head.sha;
}

/** Approves a pull request on its head. */
export async function approve(stage: Stage, who: Person, number: number): Promise<void> {
  await stage.as(who).rest.pulls.createReview({
    owner: stage.owner,
    repo: stage.repo,
    pull_number: number,
    event: 'APPROVE',
    commit_id: await headOf(stage, number),
  });
}

/** Merges a pull request on the web, and answers the commit on main. */
export async function merge(
  stage: Stage,
  who: Person,
  number: number,
  method: 'squash' | 'merge' | 'rebase' = 'squash',
): Promise<string> {
  const at = { owner: stage.owner, repo: stage.repo, pull_number: number };
  const { data } = await stage.as(who).rest.pulls.merge({ ...at, merge_method: method });
  return data.sha;
}

/** Asks for a deployment by GitHub's API, as anybody with a token can. Answers GitHub's id of it. */
export async function ask(
  stage: Stage,
  who: Person,
  sha: string,
  environment = 'production',
): Promise<number> {
  const { data } = await stage.as(who).rest.repos.createDeployment({
    owner: stage.owner,
    repo: stage.repo,
    ref: sha,
    environment,
    auto_merge: false,
    required_contexts: [],
  });
  if (!('id' in data)) throw new Error(`GitHub merged instead of deploying: ${JSON.stringify(data)}`);
  return data.id;
}

/** Writes a comment on a pull request, and answers its id. */
export async function comment(stage: Stage, who: Person, number: number, body: string): Promise<number> {
  const at = { owner: stage.owner, repo: stage.repo, issue_number: number };
  const { data } = await stage.as(who).rest.issues.createComment({ ...at, body });
  return data.id;
}
