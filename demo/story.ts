/**
 * The main job, told once: one change from a pull request to two servers, past everything that should stop it. Each act is
 * done the way a person does it on GitHub, and the story goes on only when the check run says what it should.
 */
import type { SeenCheckRun } from './stage/watch.ts';
import { until, untilCheckRun } from './stage/watch.ts';
import { approve, ask, CHANGE_CHECK as CHANGE, deployCheck, merge, openChange } from './stage/acts.ts';
import { shopPolicy } from './stage/policy.ts';
import type { Stage } from './stage/stage.ts';
import type { Terminal } from './terminal.ts';

export async function tellStory(stage: Stage, terminal: Terminal): Promise<void> {
  const { github, people } = stage;

  terminal.scene('A pull request is held until somebody who had no part in it approves');
  const { number, head } = await terminal.act(
    'alice',
    'opens a pull request that she wrote together with bob',
    () =>
      openChange(stage, 'alice', {
        branch: 'tax',
        title: 'Show prices with tax',
        files: { 'public/index.html': page('Prices with tax.'), 'config/app.json': '{ "tax": true }\n' },
        coAuthors: ['bob'],
      }),
  );
  await show(stage, terminal, head, CHANGE, 'held');

  await terminal.act('bob', 'approves it, but it is his own work too', () => approve(stage, 'bob', number));
  await show(stage, terminal, head, CHANGE, 'held', 'bob’s approval');
  await terminal.act('carol', 'approves it', () => approve(stage, 'carol', number));
  await show(stage, terminal, head, CHANGE, 'good');

  terminal.scene('It is merged, and the merge deploys it to staging');
  const merged = await terminal.act('carol', 'merges it', () => merge(stage, 'carol', number));
  await show(stage, terminal, merged, deployCheck('staging'), 'good');
  await served(stage, terminal, 'staging', 'Prices with tax.');

  terminal.scene('Production waits for the reviewer whom its GitHub environment names');
  await terminal.act('dave', 'asks for a deployment of that commit to production', () =>
    ask(stage, 'dave', merged),
  );
  await show(stage, terminal, merged, deployCheck('production'), 'held');

  terminal.scene('A commit that was pushed past review holds every deployment that has it');
  const pushed = await terminal.act(
    'frank',
    'owns the organisation, and pushes to main past every rule',
    () =>
      github.commit(people.frank, stage.repository, {
        branch: 'main',
        files: { 'public/index.html': page('Prices with tax, and a surprise.') },
        message: 'Quick fix',
      }),
  );
  await show(stage, terminal, pushed, CHANGE, 'bad');
  await terminal.act('dave', 'asks for the newest commit on production', () => ask(stage, 'dave', pushed));
  await show(stage, terminal, pushed, deployCheck('production'), 'held', `Commit ${pushed.slice(0, 7)}`);

  terminal.scene('Reviewed, approved, deployed');
  const fixed = await terminal.act(
    'alice',
    'opens a pull request that accepts the commit by name; carol reviews, approves and merges it',
    async () => {
      const opened = await openChange(stage, 'alice', {
        branch: 'accept',
        title: 'Accept the quick fix, and round the prices',
        files: {
          '.github/countersign.yml': shopPolicy(pushed),
          'public/index.html': page('Prices with tax, rounded.'),
        },
      });
      await approve(stage, 'carol', opened.number);
      await untilCheckRun(stage, opened.head, CHANGE, (run) => run.conclusion === 'success');
      return merge(stage, 'carol', opened.number);
    },
  );
  await show(stage, terminal, fixed, deployCheck('staging'), 'good');
  await terminal.act('dave', 'asks for it on production', () => ask(stage, 'dave', fixed));
  const waiting = await show(stage, terminal, fixed, deployCheck('production'), 'held');
  await terminal.act('dave', 'tries to approve it himself', () =>
    Promise.resolve(github.pressButton(stage.repository, waiting.id, 'approve', people.dave)),
  );
  await show(stage, terminal, fixed, deployCheck('production'), 'held', 'dave’s answer');
  await terminal.act('erin', 'approves it with the button on the check run', async () => {
    const run = await untilCheckRun(
      stage,
      fixed,
      deployCheck('production'),
      (each) => each.conclusion === 'action_required',
    );
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

/** Waits for a check run that looks so, and that says a sentence with `word` in it, which is shown too. */
async function show(
  stage: Stage,
  terminal: Terminal,
  sha: string,
  name: string,
  look: Look,
  word?: string,
): Promise<SeenCheckRun> {
  const expected = (run: SeenCheckRun): boolean =>
    LOOKS[look](run) && (word === undefined || sentenceWith(word, run) !== null);
  const run = await untilCheckRun(stage, sha, name, expected, 60);
  terminal.shows(name, look, run.title);
  const sentence = word === undefined ? null : sentenceWith(word, run);
  if (sentence !== null) terminal.shows('', null, sentence);
  return run;
}

/** The first sentence of a check run's gates that has a word in it, without its Markdown. */
function sentenceWith(word: string, run: SeenCheckRun): string | null {
  const cells = run.summary
    .split('\n')
    .flatMap((line) => (line.startsWith('|') ? [line.split('|')[3] ?? ''] : []));
  const plain = cells
    .flatMap((cell) => cell.split('<br>'))
    .map((cell) => cell.replaceAll(/[`*]|\u200b|\[|\]\([^)]*\)/g, '').trim());
  return plain.find((cell) => cell.includes(word)) ?? null;
}

async function served(
  stage: Stage,
  terminal: Terminal,
  environment: 'staging' | 'production',
  text: string,
): Promise<void> {
  const page = await until(`${text} on ${environment}`, async () => {
    const found = await stage.served(environment, 'public/index.html');
    return found?.includes(text) === true ? found : null;
  });
  terminal.shows(`the ${environment} server`, 'good', `serves “${/<p>(.*)<\/p>/.exec(page)?.[1] ?? ''}”`);
}

const page = (text: string): string => `<!doctype html>\n<title>Shop</title>\n<p>${text}</p>\n`;
