/**
 * The process whose CPU is measured: `bare` takes the body and checks its HMAC, `ingress` is ours with its database.
 * It answers the parent's messages: `cpu` with the CPU time used so far, in microseconds.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { openDatabase } from '../src/db/open-database.ts';
import { openQueue } from '../src/db/queue.ts';
import { Secret } from '../src/domain/secret.ts';
import { createIngress } from '../src/webhooks/ingress.ts';

const [kind, secret = '', url = ''] = process.argv.slice(2);
const server = createServer(kind === 'bare' ? bare : await ingress());
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as { port: number }).port }));
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system });
});
process.on('disconnect', () => process.exit());

function bare(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const expected = Buffer.from(
      `sha256=${createHmac('sha256', secret).update(Buffer.concat(chunks)).digest('hex')}`,
    );
    const given = Buffer.from(String(request.headers['x-hub-signature-256']));
    response.statusCode = given.length === expected.length && timingSafeEqual(given, expected) ? 202 : 401;
    response.end('ok\n');
  });
}

async function ingress(): Promise<(request: IncomingMessage, response: ServerResponse) => void> {
  const log = { info: () => undefined, warn: () => undefined, error: console.error };
  const db = openDatabase(url);
  const queue = openQueue(db, url, { log });
  await queue.start();
  const handle = createIngress({ secret: new Secret(secret), db, queue, log, now: () => new Date() });
  return (request, response) => void handle(request, response);
}
