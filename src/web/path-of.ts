import type { IncomingMessage } from 'node:http';

/** The path that a request names, as it stands there: a stranger's text, which need not be one that a URL can have. */
export function pathOf({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  return url.split('?', 1)[0] ?? '/';
}
