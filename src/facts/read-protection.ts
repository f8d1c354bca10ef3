import { z } from 'zod';
import { type Known, known, unknown } from '../domain/known.ts';
import type { ProtectionFacts, ProtectionRules, RulesetFacts } from '../domain/protection-facts.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { askRest, askRestPages } from './ask-github.ts';
import { type GitHubError, isGitHubStatus, isRefusal } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { branchRule, classicProtection, classicRules, rulesetsOf } from './protection-of.ts';

const PAGES = 10;

interface BranchAsked {
  readonly branch: string;
  readonly appId: number;
  readonly classic?: ProtectionRules;
}

/**
 * What GitHub enforces on a branch now: classic protection and the active rules of every ruleset. `classic`: the former, where it was
 * read just now.
 */
export async function readProtection(
  github: GitHubReader,
  repository: RepositoryRef,
  { branch, appId, classic: read }: BranchAsked,
): Promise<ProtectionFacts> {
  const [classic, rulesets] = await Promise.all([
    read === undefined ? readClassic(github, repository, branch) : known(read),
    readRulesets(github, repository, branch),
  ]);
  return { branch, appId, classic, rulesets };
}

async function readClassic(
  github: GitHubReader,
  { owner, name }: RepositoryRef,
  branch: string,
): Promise<Known<ProtectionRules | null>> {
  const parameters = { owner, repo: name, branch };
  const route = 'GET /repos/{owner}/{repo}/branches/{branch}/protection';
  const doing = `reading the protection of ${owner}/${name}'s ${branch}`;
  try {
    return known(classicRules(await askRest(github, route, parameters, classicProtection, doing)));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (error.status !== 404) return unknown(error.message);
    return NOT_PROTECTED.test(error.said) ? known(null) : confirmNone(github, parameters, error);
  }
}

const NOT_PROTECTED = /^branch not protected$/i;
const branchAnswer = z.object({ protected: z.boolean() });

/**
 * A 404 means "none" or "you may not know". Where GitHub doesn't say outright that there is no classic protection, it is none only if
 * the branch itself, which we may read without that right, says that it isn't protected.
 */
async function confirmNone(
  github: GitHubReader,
  parameters: { readonly owner: string; readonly repo: string; readonly branch: string },
  refusal: GitHubError,
): Promise<Known<null>> {
  const doing = `reading whether ${parameters.owner}/${parameters.repo}'s ${parameters.branch} is protected`;
  try {
    const route = 'GET /repos/{owner}/{repo}/branches/{branch}';
    const answer = await askRest(github, route, parameters, branchAnswer, doing);
    if (!answer.protected) return known(null);
    return unknown(`${refusal.message}, though the branch says that it is protected`);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return unknown(isGitHubStatus(error, 404) ? `there is no branch ${parameters.branch}` : error.message);
  }
}

async function readRulesets(
  github: GitHubReader,
  { owner, name }: RepositoryRef,
  branch: string,
): Promise<Known<readonly RulesetFacts[]>> {
  try {
    const { complete, items } = await askRestPages(
      github,
      'GET /repos/{owner}/{repo}/rules/branches/{branch}',
      { owner, repo: name, branch },
      z.array(branchRule),
      (page) => page,
      { doing: `reading the rules of ${owner}/${name}'s ${branch}`, limit: PAGES },
    );
    return complete ? known(rulesetsOf(items)) : unknown(`${branch} has more than ${PAGES * 100} rules`);
  } catch (error) {
    if (isRefusal(error)) return unknown(error.message);
    throw error;
  }
}
