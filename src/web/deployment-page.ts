/** What a deployment does, as HTML that brings itself up to date. Pure; no script, and everything that isn't ours is escaped. */
import { createHash } from 'node:crypto';
import { escapeHtml } from './escape-html.ts';

const STYLE = `
:root { color-scheme: light dark; --line: #d1d9e0; --soft: #59636e; --page: #f6f8fa; --sheet: #fff; --good: #1a7f37; --bad: #d1242f; --busy: #0969da; }
@media (prefers-color-scheme: dark) { :root { --line: #3d444d; --soft: #9198a1; --page: #010409; --sheet: #0d1117; --good: #3fb950; --bad: #f85149; --busy: #4493f8; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; background: var(--page); margin: 0; padding: 2rem 1rem; }
main { max-width: 60rem; margin: 0 auto; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font: 600 1rem ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; margin: 0; padding: .75rem 1rem; border-bottom: 1px solid var(--line); }
p { color: var(--soft); margin: .25rem 0; }
section { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; margin-top: 1.25rem; overflow: hidden; }
ol { list-style: none; margin: 0; padding: .5rem 1rem; }
li { display: grid; grid-template-columns: 1.5rem 9rem 5rem 1fr; padding: .2rem 0; }
li > span:nth-child(3) { color: var(--soft); text-align: right; padding-right: 1rem; font-variant-numeric: tabular-nums; }
pre { grid-column: 1 / -1; font: .8125rem/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--page); border-radius: 6px; padding: .5rem .75rem; margin: .35rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
code { font: .875em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.good { color: var(--good); } .bad { color: var(--bad); } .busy { color: var(--busy); }
@media (max-width: 36rem) { li { grid-template-columns: 1.5rem 1fr 4.5rem; } li > span:nth-child(4) { grid-column: 2 / -1; color: var(--soft); } }
`;

/** Lets just this stylesheet through. */
export const DEPLOYMENT_STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

export interface ShownDeployment {
  readonly repository: string;
  readonly environment: string;
  readonly sha: string;
  readonly state: 'running' | 'succeeded' | 'failed' | 'unknown';
  /** What commands print may be read by whoever sees the repository. */
  readonly showsOutput: boolean;
  readonly lines: readonly LogLine[];
  /** There were more lines than are here: these are the newest. */
  readonly cut: boolean;
}

export interface LogLine {
  readonly at: Date;
  readonly host: string;
  readonly step: string;
  readonly kind: 'started' | 'finished' | 'failed' | 'unknown' | 'output';
  readonly text: string;
}

interface Step {
  readonly name: string;
  readonly begun: Date;
  ended: Date | null;
  kind: Exclude<LogLine['kind'], 'output'>;
  message: string;
  readonly output: string[];
}

const STATES = {
  running: ['busy', 'Deploying', 'It goes on; this page brings itself up to date.'],
  succeeded: ['good', 'Deployed', ''],
  failed: ['bad', 'Failed to deploy', ''],
  unknown: ['bad', 'Unknown whether it deployed', 'Its hosts are looked at again by themselves.'],
} as const;
const MARKS = {
  started: ['busy', '●', 'under way'],
  finished: ['good', '✓', 'done'],
  failed: ['bad', '✗', 'failed'],
  unknown: ['bad', '?', 'unknown'],
} as const;

/** Each host with its steps, how long each took, and what the operator's commands print. */
export function deploymentPage(shown: ShownDeployment): string {
  const { repository, environment, sha, state, showsOutput, lines, cut } = shown;
  const [color, word, note] = STATES[state];
  const hosts = [...new Set(lines.map(({ host }) => host))];
  const goesOn = state === 'running' || state === 'unknown';
  const title = `${word} ${sha.slice(0, 7)} to ${environment}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
${goesOn ? '<meta http-equiv="refresh" content="3">\n' : ''}<title>${escapeHtml(title)} · Countersign</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1><span class="${color}">${word}</span> <code>${escapeHtml(sha.slice(0, 7))}</code> to ${escapeHtml(environment)}</h1>
<p>${escapeHtml(repository)}${note === '' ? '' : `. ${note}`}</p>
${showsOutput ? '' : '<p>What commands print isn’t shown here: others than those who were let in may see the repository, or we weren’t told who does. It is sealed in the ledger.</p>'}
${cut ? '<p>Only the newest lines are here.</p>' : ''}
${lines.length === 0 ? '<p>No host was spoken to yet.</p>' : ''}
${hosts.map((host) => section(host, stepsOf(lines.filter((line) => line.host === host)), showsOutput)).join('\n')}
</main>
</body>
</html>
`;
}

function section(host: string, steps: readonly Step[], showsOutput: boolean): string {
  const items = steps.map((step) => {
    const [color, mark, meaning] = MARKS[step.kind];
    const took =
      step.ended === null ? '' : `${((step.ended.getTime() - step.begun.getTime()) / 1000).toFixed(1)} s`;
    const output =
      showsOutput && step.output.length > 0 ? `<pre>${escapeHtml(step.output.join('\n'))}</pre>` : '';
    return `<li><span class="${color}" title="${meaning}">${mark}</span><span>${escapeHtml(step.name.replaceAll('_', '-'))}</span><span>${took}</span><span>${escapeHtml(step.message)}</span>${output}</li>`;
  });
  return `<section><h2>${escapeHtml(host)}</h2><ol>\n${items.join('\n')}\n</ol></section>`;
}

/** In the order in which they began. After a crash a step can be there twice; the first then has no end. */
function stepsOf(lines: readonly LogLine[]): readonly Step[] {
  const steps: Step[] = [];
  for (const { at, step: name, kind, text } of lines) {
    let step = steps.findLast((each) => each.name === name && each.ended === null);
    if (kind === 'started' || step === undefined) {
      step = { name, begun: at, ended: null, kind: 'started', message: '', output: [] };
      steps.push(step);
    }
    if (kind === 'output') step.output.push(text);
    else if (kind !== 'started') Object.assign(step, { ended: at, kind, message: text });
  }
  return steps;
}
