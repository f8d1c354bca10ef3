import { z } from 'zod';
import { CodedError } from '../domain/coded-error.ts';
import { Secret } from '../domain/secret.ts';

/** What GitHub returns for an App that was made from a manifest, as far as we need it. */
export interface AppCredentials {
  readonly appId: number;
  readonly privateKey: Secret;
  readonly webhookSecret: Secret;
  /** The App's public page. */
  readonly url: string;
  readonly name: string;
}

const conversionSchema = z.object({
  id: z.int().positive(),
  name: z.string(),
  html_url: z.url({ protocol: /^https?$/ }),
  pem: z.string().startsWith('-----BEGIN'),
  webhook_secret: z.string().min(16),
});

/** GitHub's codes; whatever else comes in the address is nobody we asked. */
const CODE = /^[\w-]{1,128}$/;
const PATIENCE_MS = 20_000;

/** Exchanges the code that GitHub gave the browser for the App's credentials. It works once, and for an hour. */
export async function exchangeCode(apiUrl: string, code: string): Promise<AppCredentials> {
  if (!CODE.test(code)) throw failed('the address that GitHub sent you back to has no code of GitHub’s');
  let response: Response;
  try {
    response = await fetch(`${apiUrl}/app-manifests/${code}/conversions`, {
      method: 'POST',
      headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (error) {
    throw failed(`${new URL(apiUrl).host} could not be reached`, error);
  }
  if (response.status === 404 || response.status === 422) {
    throw failed('GitHub does not know the code any more: it works once, within an hour');
  }
  if (!response.ok) throw failed(`GitHub answered with status ${response.status}`);
  const parsed = conversionSchema.safeParse(await response.json().catch(() => null));
  // Not zod's own words: they may quote what was read, and that is a private key.
  if (!parsed.success) {
    const fields = parsed.error.issues.map(({ path }) => path.join('.') || 'all of it');
    throw failed(`GitHub’s answer lacks what an App needs (${[...new Set(fields)].join(', ')})`);
  }
  const { id, name, html_url: url, pem, webhook_secret: secret } = parsed.data;
  return { appId: id, privateKey: new Secret(pem), webhookSecret: new Secret(secret), url, name };
}

const failed = (why: string, cause?: unknown) => new CodedError('app_not_created', why, cause);
