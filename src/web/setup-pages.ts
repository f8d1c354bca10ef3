/** The set-up's pages as HTML. Pure; no script, and everything that isn't ours is escaped. */
import { createHash } from 'node:crypto';
import type { AppManifest } from './app-manifest.ts';
import { escapeHtml as text } from './escape-html.ts';

const STYLE = `
:root { color-scheme: light dark; --line: #d1d9e0; --soft: #59636e; --field: #fff; --page: #f6f8fa; --sheet: #fff; --go: #1f883d; --bad: #d1242f; }
@media (prefers-color-scheme: dark) { :root { --line: #3d444d; --soft: #9198a1; --field: #0d1117; --page: #010409; --sheet: #0d1117; --go: #238636; --bad: #f85149; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; background: var(--page); margin: 0; padding: 4rem 1rem; }
main { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; max-width: 42rem; margin: 0 auto; padding: 2rem 2.5rem 2.5rem; }
h1 { font-size: 1.5rem; margin: .25rem 0 1rem; }
.step { color: var(--soft); font-size: .875rem; margin: 0; }
label { display: block; font-weight: 600; margin-top: 1.25rem; }
.hint { color: var(--soft); font-size: .875rem; margin: .25rem 0 0; }
input { font: inherit; width: 100%; padding: .4rem .75rem; border: 1px solid var(--line); border-radius: 6px; background: var(--field); margin-top: .35rem; }
button, .go { font: inherit; font-weight: 600; color: #fff; background: var(--go); border: 0; border-radius: 6px; padding: .55rem 1.25rem; margin-top: 1.75rem; cursor: pointer; display: inline-block; text-decoration: none; }
input:focus-visible, button:focus-visible, .go:focus-visible { outline: 2px solid #0969da; outline-offset: 2px; }
code { font: .875em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; margin-top: .5rem; }
td { border-top: 1px solid var(--line); padding: .4rem .5rem .4rem 0; vertical-align: top; }
td:first-child { white-space: nowrap; padding-right: 1.5rem; }
.bad { border-left: 4px solid var(--bad); padding: .25rem 1rem; margin: 1rem 0; }
li { margin: .35rem 0; }
`;

/** Lets just this stylesheet through. */
export const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

/** What was filled in on the first page. */
export interface SetupForm {
  readonly address: string;
  readonly organization: string;
  readonly name: string;
}

/** First: where this server is reached, and whose App it will be. */
export function formPage(form: SetupForm, csrf: string, problem: string | null): string {
  return page(
    'Create the GitHub App',
    `<p class="step">Step 1 of 3</p>
<h1>Create the GitHub App</h1>
<p>Countersign acts on GitHub as an App of your own. It is created from <code>app.yml</code>, with just the permissions that stand there, and can be installed only by the account that owns it.</p>
${problem === null ? '' : `<p class="bad" role="alert">${text(problem)}</p>`}
<form method="post" action="/setup">
<input type="hidden" name="csrf" value="${text(csrf)}">
<label for="address">Address at which GitHub reaches this server</label>
<input id="address" name="address" type="url" required placeholder="https://countersign.example.com" value="${text(form.address)}">
<p class="hint">GitHub sends its webhooks there. It can be changed later in the App’s settings.</p>
<label for="organization">Organisation</label>
<input id="organization" name="organization" autocomplete="off" value="${text(form.organization)}">
<p class="hint">The organisation that owns the App and the repositories. Empty: your own account.</p>
<label for="name">Name of the App</label>
<input id="name" name="name" required maxlength="34" placeholder="Countersign of acme" value="${text(form.name)}">
<p class="hint">Names are unique on all of GitHub, so put something of yours into it.</p>
<button>Continue</button>
</form>`,
  );
}

/** Second: what will be created, and the button that asks GitHub for it. */
export function confirmPage(
  manifest: AppManifest,
  reasons: Readonly<Record<string, string>>,
  action: string,
): string {
  const permissions = Object.entries(manifest.default_permissions).map(
    ([name, access]) =>
      `<tr><td><code>${text(name)}</code>: ${access}</td><td>${text(reasons[name] ?? '')}</td></tr>`,
  );
  return page(
    'Create the GitHub App',
    `<p class="step">Step 2 of 3</p>
<h1>${text(manifest.name)}</h1>
<p>Webhooks go to <code>${text(manifest.hook_attributes.url)}</code>. The App may do this, and nothing else:</p>
<table>${permissions.join('')}</table>
<form method="post" action="${text(action)}">
<input type="hidden" name="manifest" value="${text(JSON.stringify(manifest))}">
<button>Create it on ${text(new URL(action).host)}</button>
</form>`,
  );
}

/** Third: it is there; what to do next. */
export function donePage(app: { readonly name: string; readonly url: string }, stored: string): string {
  return page(
    'The GitHub App is created',
    `<p class="step">Step 3 of 3</p>
<h1>${text(app.name)} is created</h1>
<p>Its credentials are in <code>${text(stored)}</code>, which only the user that runs Countersign can read. Countersign is starting with them now; this page is gone.</p>
<ol>
<li><strong>Install the App</strong> on the repositories that it shall guard.</li>
<li>Add <code>.github/countersign.yml</code> to one of them, with <code>mode: observe</code> to begin with.</li>
<li>Make the check <code>countersign/change</code> required on the guarded branches, from this App only.</li>
<li>For the servers it deploys to, write <code>countersign.yaml</code> here, and start Countersign again.</li>
</ol>
<a class="go" href="${text(`${app.url}/installations/new`)}" rel="noreferrer">Install the App</a>`,
  );
}

/** GitHub sent somebody back, and it didn't work. */
export function failedPage(why: string): string {
  return page(
    'The GitHub App was not created',
    `<h1>The credentials could not be fetched</h1>
<p class="bad" role="alert">${text(why)}.</p>
<p>If GitHub shows the App in your settings, delete it there before you try again: its private key can’t be fetched a second time.</p>
<a class="go" href="/setup">Try again</a>`,
  );
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(title)} · Countersign</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}
