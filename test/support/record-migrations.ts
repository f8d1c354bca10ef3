/**
 * `node test/support/record-migrations.ts`: adds the digests of new migrations to `test/fixtures/migrations.json`. From
 * then on the architecture test holds that they don't change. It changes no digest that is there.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const directory = new URL('../../migrations/', import.meta.url);
const file = new URL('../fixtures/migrations.json', import.meta.url);

const landed = readLanded();
const names = readdirSync(directory).sort();
const digests = names.map((name) => {
  const digest = createHash('sha256')
    .update(readFileSync(new URL(name, directory)))
    .digest('hex');
  return [name, landed[name] ?? digest] as const;
});
writeFileSync(file, `${JSON.stringify(Object.fromEntries(digests), null, 2)}\n`);

function readLanded(): Record<string, string> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  } catch {
    return {};
  }
}
