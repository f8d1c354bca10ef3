import type { Pipeline } from '../pipeline.ts';

/** The page that shows what a deployment does; null where it has none, or where people aren't led to this server. */
export function logUrl(
  { publicUrl }: Pick<Pipeline, 'publicUrl'>,
  { log_key: key }: { readonly log_key: string | null },
): string | null {
  return publicUrl === null || key === null ? null : `${publicUrl}/deployments/${key}`;
}
