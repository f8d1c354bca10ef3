import type { CommitFacts } from '../../domain/change-facts.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import { addAll, addCommit, authorsOfChange, type Authorship, type Contribution } from '../authorship.ts';

/**
 * Everyone who made any part of what would be deployed. A merge that GitHub made carries whoever pressed the button as its
 * author and adds nothing of theirs, so it makes nobody an author; a squash has the change's author and co-authors.
 */
export function authorsOfDeployment({
  changes,
  range,
}: Pick<DeploymentFacts, 'changes' | 'range'>): Authorship {
  const authors = new Map<number, Contribution>();
  const merges = new Set(changes.flatMap(({ pullRequest }) => pullRequest.merged?.commit.sha ?? []));
  for (const change of changes) addAll(authors, authorsOfChange(change));
  for (const { commit } of range.commits.items) {
    if (!(merges.has(commit.sha) && isMergeByGitHub(commit))) addCommit(authors, commit);
  }
  return authors;
}

const isMergeByGitHub = ({ signedByGitHub, parents }: CommitFacts) => signedByGitHub && parents.length > 1;
