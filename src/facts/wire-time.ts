import { z } from 'zod';

/** A time from GitHub, always as RFC 3339 in UTC, so that one moment is one text wherever it came from. */
export const utcTime = z.string().transform((text, context): string => {
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time.toISOString();
  context.addIssue({ code: 'custom', message: `not a time: ${text.slice(0, 40)}` });
  return z.NEVER;
});
