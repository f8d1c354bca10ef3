/** GitHub's own description as judge of the webhooks that the stand-in sends. */
import { encodePointer, isObject, loadSchemaSet } from './schema-set.ts';

/** Faults of a payload against what GitHub documents for its event and action. */
export type WebhookOracle = (event: string, action: string | null, payload: unknown) => string[];

let loaded: WebhookOracle | null = null;

/** Loads the slice, once a process. */
export function loadWebhookOracle(): WebhookOracle {
  loaded ??= makeWebhookOracle();
  return loaded;
}

function makeWebhookOracle(): WebhookOracle {
  const set = loadSchemaSet('webhooks.json', { emptyAddresses: true });
  const known = isObject(set.document['webhooks']) ? set.document['webhooks'] : {};
  return (event, action, payload) => {
    const name = [event, ...(action === null ? [] : [action])].join('-').replaceAll('_', '-');
    if (known[name] === undefined)
      return [`${name} is no webhook in the slice: add it to description/webhooks.ts`];
    return set.problems(`/webhooks/${encodePointer(name)}`, payload, `webhook ${name}`);
  };
}
