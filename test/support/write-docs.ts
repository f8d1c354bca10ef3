/** `npm run docs`: writes what is generated in `docs/`: the JSON Schemas, for editors, and every decision. Tests hold that they are in step. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { policySchemas } from '../../src/policy/schema.ts';
import { decisionsPage } from './decisions-page.ts';

const docs = new URL('../../docs/', import.meta.url);
for (const [name, schema] of Object.entries(policySchemas())) {
  const file = new URL(name, docs);
  const config = await resolveConfig(fileURLToPath(file));
  await writeFile(file, await format(JSON.stringify(schema), { ...config, parser: 'json' }));
}
await writeFile(new URL('decisions.md', docs), decisionsPage());
