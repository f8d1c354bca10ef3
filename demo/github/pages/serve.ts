/** The stand-in's own pages. */
import type { World } from '../world.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';

export type PageServer = (
  request: IncomingMessage,
  response: ServerResponse,
  address: URL,
  body: Buffer,
) => Promise<void>;

export function makePages(_world: World): PageServer {
  return (_request, response) => {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Not Found\n');
    return Promise.resolve();
  };
}
