import type { ServerResponse } from 'node:http';

export interface Reply {
  readonly status: number;
  readonly type: 'text/plain' | 'text/html' | 'text/plain; version=0.0.4';
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Nothing of ours is framed, sniffed or kept by a browser, and no page of ours runs a script. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Writes a whole answer; `headers` may replace the ones that every answer has. */
export function respond(response: ServerResponse, { status, type, body, headers = {} }: Reply): void {
  const [media, parameter] = type.split(';', 2);
  const contentType = [media, parameter?.trim(), 'charset=utf-8']
    .filter((part) => part !== undefined)
    .join('; ');
  response.writeHead(status, {
    ...HEADERS,
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** The answer to whatever isn't there, or isn't for whoever asks. */
export const NOT_FOUND: Reply = { status: 404, type: 'text/plain', body: 'Not found\n' };
