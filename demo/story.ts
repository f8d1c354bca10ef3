/**
 * The main job, told once: one change from a pull request to two servers, past everything that should stop it. Each act is
 * done the way a person does it on GitHub, and the story goes on only when the check run says what it should.
 */
import type { SeenCheckRun } from './stage/watch.ts';
import { until, untilCheckRun } from './stage/watch.ts';
import { shopPolicy } from './stage/policy.ts';
import type { Person, Stage } from './stage/stage.ts';
import type { Terminal } from './terminal.ts';

const CHANGE = 'countersign/change';
const deployCheck = (environment: string): string => `countersign/deploy (${environment})`;

export async function tellStory(stage: Stage, terminal: Terminal): Promise<void> {
  const at = { owner: stage.owner, repo: stage.repo };
  const { github, people } = stage;

  terminal.scene('A pull request is held until somebody who had no part in it approves');
  const number = await terminal.act('alice', 'opens a pull request that she wrote together with bob', async () => {
    await github.commit(people.alice, stage.repository, {
      branch: 'tax',
      from: 'main',
      files: { 'public/index.html': page('Prices with tax.'), 'config/app.json': '{ "tax": true }\n' },
      message: 'Show prices with tax',
      coAuthors: [people.bob],
    });
    const { data } = await stage.as('alice').rest.pulls.create({ ...at, title: 'Show prices with tax', head: 'tax', base: 'main' });
    return data.number;
  });
  const head = await headOf(stage, number);
  await show(stage, terminal, head, CHANGE, 'held');

  await terminal.act('bob', 'approves it, but it is his own work too', () => approve(stage, 'bob', number));
  await show(stage, terminal, head, CHANGE, 'held', (run) => said(run).includes('bob'));
  await terminal.act('carol', 'approves it', () => approve(stage, 'carol', number));
  await show(stage, terminal, head, CHANGE, 'good');

  terminal.scene('It is merged, and the merge deploys it to staging');
  const merged = await terminal.act('carol', 'merges it', () => merge(stage, 'carol', number));
  await show(stage, terminal, merged, deployCheck('staging'), 'good');
  await served(stage, terminal, 'staging', 'Prices with tax.');

  terminal.scene('Production waits for the reviewer whom its GitHub environment names');
  await terminal.act('dave', 'asks for a deployment of that commit to production', () => ask(stage, merged));
  await show(stage, terminal, merged, deployCheck('production'), 'held');

  terminal.scene('A commit that was pushed past review holds every deployment that has it');
  const pushed = await terminal.act('frank', 'owns the organisation, and pushes to main past every rule', () =>
    github.commit(people.frank, stage.repository, {
      branch: 'main',
      files: { 'public/index.html': page('Prices with tax, and a surprise.') },
      message: 'Quick fix',
    }),
  );
  await show(stage, terminal, pushed, CHANGE, 'bad');
  await terminal.act('dave', 'asks for the newest commit on production', () => ask(stage, pushed));
  await show(stage, terminal, pushed, deployCheck('production'), 'held', (run) => said(run).includes(pushed.slice(0, 7)));

  terminal.scene('Reviewed, approved, deployed');
  const fixed = await terminal.act(
    'alice',
    'opens a pull request that accepts the commit by name; carol reviews, approves and merges it',
    async () => {
      await github.commit(people.alice, stage.repository, {
        branch: 'accept',
        from: 'main',
        files: { '.github/countersign.yml': shopPolicy(pushed), 'public/index.html': page('Prices with tax, rounded.') },
        message: `Accept ${pushed.slice(0, 7)}, and round the prices`,
      });
      const { data } = await stage
        .as('alice')
        .rest.pulls.create({ ...at, title: 'Accept the quick fix, and round the prices', head: 'accept', base: 'main' });
      await approve(stage, 'carol', data.number);
      await untilCheckRun(stage, await headOf(stage, data.number), CHANGE, (run) => run.conclusion === 'success');
      return merge(stage, 'carol', data.number);
    },
  );
  await show(stage, terminal, fixed, deployCheck('staging'), 'good');
  await terminal.act('dave', 'asks for it on production', () => ask(stage, fixed));
  const waiting = await show(stage, terminal, fixed, deployCheck('production'), 'held');
  await terminal.act('dave', 'tries to approve it himself', () =>
    Promise.resolve(github.pressButton(stage.repository, waiting.id, 'approve', people.dave)));
  await show(stage, terminal, fixed, deployCheck('production'), 'held', (run) => said(run).includes('dave'));
  await terminal.act('erin', 'approves it with the button on the check run', async () => {
    const run = await untilCheckRun(stage, fixed, deployCheck('production'), (each) => each.conclusion === 'action_required');
    github.pressButton(stage.repository, run.id, 'approve', people.erin);
  });
  await show(stage, terminal, fixed, deployCheck('production'), 'good');
  await served(stage, terminal, 'production', 'rounded');
}

type Look = 'good' | 'held' | 'bad';

const LOOKS: Readonly<Record<Look, (run: SeenCheckRun) => boolean>> = {
  good: (run) => run.conclusion === 'success' && !run.title.startsWith('Approved: deploy'),
  held: (run) => run.title.startsWith('Held'),
  bad: (run) => run.conclusion === 'failure',
};

async function show(
  stage: Stage,
  terminal: Terminal,
  sha: string,
  name: string,
  look: Look,
  also: (run: SeenCheckRun) => boolean = () => true,
): Promise<SeenCheckRun> {
  const run = await untilCheckRun(stage, sha, name, (each) => LOOKS[look](each) && also(each), 60);
  terminal.shows(name, look, run.title);
  return run;
}

const said = (run: SeenCheckRun): string => `${run.title}\n${run.summary}\n${run.text}`;

async function served(stage: Stage, terminal: Terminal, environment: 'staging' | 'production', text: string): Promise<void> {
  const page = await until(`${text} on ${environment}`, async () => {
    const found = await stage.served(environment, 'public/index.html');
    return found?.includes(text) === true ? found : null;
  });
  terminal.shows(`the ${environment} server`, 'good', `serves “${/<p>(.*)<\/p>/.exec(page)?.[1] ?? ''}”`);
}

async function headOf(stage: Stage, number: number): Promise<string> {
  const { data } = await stage.as('alice').rest.pulls.get({ owner: stage.owner, repo: stage.repo, pull_number: number });
  return data.head.sha;
}

async function approve(stage: Stage, who: Person, number: number): Promise<void> {
  const at = { owner: stage.owner, repo: stage.repo, pull_number: number };
  await stage.as(who).rest.pulls.createReview({ ...at, event: 'APPROVE', commit_id: await headOf(stage, number) });
}

async function merge(stage: Stage, who: Person, number: number): Promise<string> {
  const at = { owner: stage.owner, repo: stage.repo, pull_number: number };
  const { data } = await stage.as(who).rest.pulls.merge({ ...at, merge_method: 'squash' });
  return data.sha;
}

async function ask(stage: Stage, sha: string): Promise<void> {
  const at = { owner: stage.owner, repo: stage.repo };
  await stage.as('dave').rest.repos.createDeployment({
    ...at,
    ref: sha,
    environment: 'production',
    auto_merge: false,
    required_contexts: [],
  });
}

const page = (text: string): string => `<!doctype html>\n<title>Shop</title>\n<p>${text}</p>\n`;
