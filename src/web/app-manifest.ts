import { readFile } from 'node:fs/promises';
import { isMap, isScalar, parse, parseDocument } from 'yaml';
import { z } from 'zod';
import { CodedError } from '../domain/coded-error.ts';

const manifestSchema = z.strictObject({
  name: z.string().min(1).max(34),
  description: z.string(),
  url: z.url(),
  hook_attributes: z.strictObject({ url: z.url(), active: z.boolean() }),
  redirect_url: z.url(),
  public: z.literal(false),
  request_oauth_on_install: z.literal(false),
  setup_on_update: z.literal(false),
  default_permissions: z.record(z.string(), z.enum(['read', 'write'])),
  default_events: z.array(z.string()).min(1),
});

/** What GitHub makes an App from. */
export type AppManifest = Readonly<z.infer<typeof manifestSchema>>;

/** `app.yml`, checked: an App that is public, or that GitHub can't reach, is a mistake in the file. */
export function parseManifest(text: string): AppManifest {
  const parsed = manifestSchema.safeParse(parse(text));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new CodedError(
    'app_manifest_invalid',
    `app.yml is not a GitHub App's manifest: ${problems.join('; ')}`,
  );
}

/** Why the App needs each permission: the comment that stands above it in `app.yml`. */
export function permissionReasons(text: string): Readonly<Record<string, string>> {
  const permissions = parseDocument(text).get('default_permissions');
  if (!isMap(permissions)) return {};
  const reasons = permissions.items.flatMap(({ key }, index) => {
    if (!isScalar(key)) return [];
    // The first one's comment belongs to the map that it begins.
    const comment = index === 0 ? (key.commentBefore ?? permissions.commentBefore) : key.commentBefore;
    const lines = (comment ?? '').split('\n').map((line) => line.trim());
    return [[String(key.value), lines.join(' ')] as const];
  });
  return Object.fromEntries(reasons);
}

/** {@link parseManifest} of a file. */
export async function readManifest(file: string | URL): Promise<AppManifest> {
  return parseManifest(await readFile(file, 'utf8'));
}

/** The manifest for one server. `address` is where GitHub reaches it; `redirectUrl` is where the browser comes back to. */
export function manifestFor(
  manifest: AppManifest,
  { name, address, redirectUrl }: { name: string; address: string; redirectUrl: string },
): AppManifest {
  const { pathname } = new URL(manifest.hook_attributes.url);
  const base = address.replace(/\/+$/, '');
  const url = base.endsWith(pathname) ? base : `${base}${pathname}`;
  return {
    ...manifest,
    name,
    url: base.endsWith(pathname) ? base.slice(0, -pathname.length) : base,
    hook_attributes: { ...manifest.hook_attributes, url },
    redirect_url: redirectUrl,
  };
}
