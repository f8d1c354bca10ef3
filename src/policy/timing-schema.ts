/** The form of what a policy asks by time and order: soak, freezes, and what is asked of the accounts of those who act. */
import { z } from 'zod';
import { nearest } from '../domain/nearest.ts';
import { durationProblem } from './duration.ts';
import { beginsBeforeItEnds, localTimeProblem } from './freeze-window.ts';

/** A check of one text that answers what is wrong with it. */
export const checked = (problemOf: (text: string) => string | null) =>
  z.string().superRefine((text, context) => {
    const message = problemOf(text);
    if (message !== null) context.addIssue({ code: 'custom', message });
  });

/** How a problem begins where a mapping has nothing in it. */
export const NOTHING = 'asks for nothing; ';

const soak = checked((text) => durationProblem(text)).describe(
  'How long it has to have run there undisturbed, as 45m, 2h or 3d; 30d at most.',
);

export const after = z
  .record(z.string().min(1).max(255), z.strictObject({ soak: soak.optional() }))
  .refine(
    (environments) => Object.keys(environments).length > 0,
    'is empty; name an environment of this policy',
  )
  .describe('The same commit has to have been deployed to these environments of this policy before.');

const timezone = checked(timezoneProblem).describe('A time zone by its IANA name, as Europe/London, or UTC.');

const localTime = checked(localTimeProblem);

const weekTime = z
  .string()
  .regex(
    /^(?:mon|tues|wednes|thurs|fri|satur|sun)day (?:[01]\d|2[0-3]):[0-5]\d$/,
    'is no day and time of a week; write as friday 16:00',
  );

const weekly = z
  .strictObject({ from: weekTime, until: weekTime })
  .refine(
    ({ from, until }) => from !== until,
    'ends when it begins, so nobody can tell whether it is always or never',
  )
  .describe('Each week from one day and time until another; until is not part of it.');

const freezeOnce = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(100)
      .regex(/^[^\p{C}]+$/u, 'has an invisible character in it')
      .describe('What people read.'),
    from: localTime
      .optional()
      .describe(
        'The first day, or day and time there, of a freeze of once. A day begins at its first moment.',
      ),
    until: localTime
      .optional()
      .describe(
        'When it is over: not part of it. A day alone is its first moment, so the last frozen day is the one before.',
      ),
    weekly: weekly.optional(),
    timezone,
  })
  .superRefine(({ from, until, weekly, timezone }, context) => {
    const issue = (message: string, path: string[] = []) =>
      context.addIssue({ code: 'custom', message, path });
    if (weekly !== undefined && (from !== undefined || until !== undefined))
      issue('says both once and weekly; leave from and until out, or weekly');
    else if (weekly === undefined && (from === undefined || until === undefined))
      issue('doesn’t say when; give from and until, or weekly');
    else if (from !== undefined && until !== undefined && areRight(from, until, timezone)) {
      if (!beginsBeforeItEnds(from, until, timezone)) issue('is not after from', ['until']);
    }
  });

const areRight = (from: string, until: string, timezone: string) =>
  localTimeProblem(from) === null && localTimeProblem(until) === null && timezoneProblem(timezone) === null;

export const freeze = z
  .array(freezeOnce)
  .min(1)
  .max(50)
  .describe('Times in which nothing is deployed here. Each holds by itself.');

export const identity = z
  .strictObject({
    two_factor: z
      .literal('required')
      .optional()
      .describe('The organisation requires two-factor authentication of its members.'),
    saml: z
      .literal('required')
      .optional()
      .describe('Whoever asks and whoever approves has a SAML identity in the organisation.'),
  })
  .refine(
    ({ two_factor, saml }) => two_factor !== undefined || saml !== undefined,
    `${NOTHING}give two_factor or saml`,
  )
  .describe('What is asked of the accounts of those who ask and approve.');

export type FreezePolicy = z.output<typeof freezeOnce>;
export type AfterPolicy = z.output<typeof after>;

/** A name, and no offset: an offset doesn't know when the clocks change. */
function timezoneProblem(name: string): string | null {
  if (name === 'UTC') return null;
  if (/^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)+$/.test(name) && isKnown(name)) return null;
  const meant = nearest(name, Intl.supportedValuesOf('timeZone'));
  return `is no time zone’s name; ${meant === null ? 'write as Europe/London' : `did you mean ${meant}?`}`;
}

function isKnown(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
