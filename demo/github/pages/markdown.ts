/** Markdown as GitHub shows it in check runs: tables, task lists, folded parts; any other HTML is shown as text. */
import { Marked, type Tokens } from 'marked';

import { escapeHtml, Html } from './html.ts';

/** What GitHub lets through and check runs use. */
const ALLOWED = /^<\/?(?:details|summary|br|sub|sup|kbd|b|i|em|strong|code)(?:\s+open(?:="")?)?\s*\/?>$/i;

const cleaned = (raw: string): string =>
  raw
    .replaceAll(/<!--[\s\S]*?-->/g, '')
    .replaceAll(/<[^>]*>|[<>]/g, (tag) => (ALLOWED.test(tag) ? tag : escapeHtml(tag)));

const ALERTS: Readonly<Record<string, string>> = {
  NOTE: 'Note',
  TIP: 'Tip',
  IMPORTANT: 'Important',
  WARNING: 'Warning',
  CAUTION: 'Caution',
};

/** GitHub's `> [!NOTE]` blocks. */
function alerts(rendered: string): string {
  return rendered.replaceAll(/<blockquote>\s*<p>\[!(\w+)\]\s*(?:<br>)?\s*/g, (whole, kind: string) => {
    const title = ALERTS[kind];
    return title === undefined
      ? whole
      : `<blockquote class="alert ${kind.toLowerCase()}"><p class="alert-title">${title}</p><p>`;
  });
}

const safeAddress = (address: string): boolean => /^(?:https?:|mailto:|#|\/)/i.test(address);

const marked = new Marked({
  gfm: true,
  renderer: {
    html: ({ text }: Tokens.HTML | Tokens.Tag) => cleaned(text),
    link(this: { parser: { parseInline(tokens: Tokens.Generic[]): string } }, { href, tokens }: Tokens.Link) {
      const inner = this.parser.parseInline(tokens);
      return safeAddress(href) ? `<a href="${escapeHtml(href)}">${inner}</a>` : inner;
    },
    image: ({ text }: Tokens.Image) => escapeHtml(text),
  },
});

export function markdown(source: string): Html {
  const rendered = marked.parse(source, { async: false });
  return new Html(`<div class="markdown">${alerts(rendered)}</div>`);
}
