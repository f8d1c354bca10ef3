/** `npm run schema`: publishes the JSON Schemas that the policy room has, for editors. A test holds that they are in step. */
import { writeFile } from 'node:fs/promises';
import { policySchemas } from '../../src/policy/schema.ts';

const docs = new URL('../../docs/', import.meta.url);
for (const [name, schema] of Object.entries(policySchemas())) {
  await writeFile(new URL(name, docs), `${JSON.stringify(schema, null, 2)}\n`);
}
