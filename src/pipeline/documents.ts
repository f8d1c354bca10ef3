import type { NewDocument } from '../domain/entry.ts';
import type { PolicySource } from '../domain/policy-reading.ts';

/** A value as a sealed JSON document of an entry. */
export function jsonDocument(name: string, value: unknown): NewDocument {
  return { name, mediaType: 'application/json', body: Buffer.from(JSON.stringify(value)) };
}

/** The policy as it was read: its text beside where it came from, so that the decision can be performed again. */
export function policyDocument(source: PolicySource): NewDocument {
  return jsonDocument('policy', source);
}
