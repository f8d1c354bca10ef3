import type { DeploymentFacts } from '../domain/deployment-facts.ts';
import { block, type Section } from './fit-sections.ts';
import { escape } from './markdown.ts';
import { count, header, list, row } from './phrases.ts';

/**
 * What can keep this deployment back, and what can't: a decision alone stops nobody. GitHub offers some of it only for some
 * repositories and plans: https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments
 */
export function leversSection(facts: DeploymentFacts, hasTarget: boolean): Section {
  const { environment } = facts;
  const rows = environment.known
    ? [ourRule(facts, environment.value), reviewers(environment.value), bypass(environment.value)]
    : [row('❔ unknown', 'GitHub’s environment', `GitHub doesn’t show it: ${escape(environment.why, 200)}.`)];
  const all = [ownDeployment(facts, hasTarget), ...rows];
  return block(35, ['### What keeps it back', '', header('', 'By', 'How'), ...all].join('\n'));
}

type Environment = Extract<DeploymentFacts['environment'], { known: true }>['value'];

function ownDeployment({ request: { source } }: DeploymentFacts, hasTarget: boolean): string {
  if (hasTarget)
    return row(
      '✅ live',
      'Our own deployment',
      'Countersign deploys it over SSH, and only once it is approved.',
    );
  const how =
    source === 'actions'
      ? 'A workflow deploys, and only GitHub can hold its job.'
      : 'Countersign has no target for it and deploys nothing. GitHub holds no deployment that is made by its API: whoever deploys has to wait for the status that we set.';
  return row('➖ none', 'Our own deployment', how);
}

function ourRule({ visibility }: DeploymentFacts, { guardedByUs }: Environment): string {
  const what = 'Our deployment protection rule';
  if (!guardedByUs.known)
    return row('❔ unknown', what, `GitHub doesn’t show it: ${escape(guardedByUs.why, 200)}.`);
  if (guardedByUs.value)
    return row(
      '✅ live',
      what,
      'No job of GitHub Actions that names the environment starts before we answer.',
    );
  const plan =
    visibility === 'private' || visibility === 'internal'
      ? ` GitHub offers it to ${visibility} repositories with GitHub Enterprise only; without, let Countersign deploy.`
      : '';
  return row(
    '⚠️ off',
    what,
    `A job of GitHub Actions starts without asking us. Turn it on in the environment’s settings.${plan}`,
  );
}

function reviewers({ reviewers: asked }: Environment): string {
  const what = 'The environment’s reviewers';
  if (asked === null) return row('➖ none', what, 'GitHub asks nobody before a job starts.');
  const names = [
    ...asked.teams.map((slug) => `team ${escape(slug, 60)}`),
    ...asked.users.map(({ login }) => escape(login, 60)),
  ];
  const who = names.length === 0 ? 'nobody that it shows' : list(names, 'or');
  return row('✅ live', what, `GitHub waits for ${who} before a job starts.`);
}

function bypass({ adminsCanBypass: can, reviewers: asked, guardedByUs }: Environment): string {
  const rules = Number(asked !== null) + Number(guardedByUs.known && guardedByUs.value);
  const what = 'Administrators';
  if (rules === 0) return row('➖ none', what, 'There is no rule of the environment to pass by.');
  if (can === null)
    return row('❔ unknown', what, 'GitHub doesn’t say whether they can start a job past its rules.');
  if (!can) return row('✅ bound', what, `They can’t pass by ${count(rules, 'rule')} of the environment.`);
  return row(
    '⚠️ can pass',
    what,
    'They can start a job past the environment’s rules. Turn off “Allow administrators to bypass configured protection rules”.',
  );
}
