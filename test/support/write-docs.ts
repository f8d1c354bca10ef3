/** `npm run docs`: writes what is generated in `docs/`: the JSON Schemas, for editors, and every decision. Tests hold that they are in step. */
import { writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { policySchemas } from '../../src/policy/schema.ts';
import { decisionsPage } from './decisions-page.ts';

const docs = new URL('../../docs/', import.meta.url);
for (const [name, schema] of Object.entries(policySchemas())) {
  await writeFile(
    new URL(name, docs),
    await format(JSON.stringify(schema), { parser: 'json', printWidth: 110 }),
  );
}
await writeFile(new URL('decisions.md', docs), decisionsPage());
