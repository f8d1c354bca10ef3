/**
 * When a freeze lasts, in the time zone that it names. Temporal is chosen for what it asks us to decide: a local time that
 * the clocks skip, or have twice, is several instants, and a freeze takes the longest reading of both: it begins at the
 * earlier and ends at the later.
 */
import { Temporal } from 'temporal-polyfill';
import type { FreezePolicy } from './timing-schema.ts';

/** The end of a freeze that lasts now. */
export interface FreezeEnd {
  /** RFC 3339 in UTC; not frozen any more at this instant. */
  readonly until: string;
  /** As people there read it: `Mon 4 Jan 2027 00:00 Europe/London`. */
  readonly shown: string;
}

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const DAY_NAMES = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** When the freeze that lasts at `now` (RFC 3339) ends; null where it doesn't last now. */
export function freezeEnd(freeze: FreezePolicy, now: string): FreezeEnd | null {
  const moment = Temporal.Instant.from(now);
  const ends = windowsNear(freeze, moment)
    .filter(([from, until]) => compare(from, moment) <= 0 && compare(moment, until) < 0)
    .map(([, until]) => until)
    .toSorted(compare);
  const end = ends.at(-1);
  return end === undefined
    ? null
    : { until: end.toString({ smallestUnit: 'millisecond' }), shown: shown(end, freeze.timezone) };
}

/** An instant as people in that time zone read it. */
export function shownIn(instant: string, timezone: string): string {
  return shown(Temporal.Instant.from(instant), timezone);
}

/** What is wrong with a date or local date-time of a policy; null where nothing is. */
export function localTimeProblem(text: string): string | null {
  const words = 'is no date or time of day; write 2026-12-20, or 2026-12-20T16:00 with a time';
  if (!/^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?$/.test(text)) return words;
  try {
    Temporal.PlainDateTime.from(text.replace(' ', 'T'), { overflow: 'reject' });
    return null;
  } catch {
    return 'is no date that there is, or no time of day';
  }
}

/** Whether a freeze of once has a beginning before its end. Both have to be right by themselves. */
export function beginsBeforeItEnds(from: string, until: string, timezone: string): boolean {
  return compare(boundary(from, timezone, 'earlier'), boundary(until, timezone, 'later')) < 0;
}

type Window = readonly [from: Temporal.Instant, until: Temporal.Instant];
type Reading = 'earlier' | 'later';

const compare = (a: Temporal.Instant, b: Temporal.Instant) => Temporal.Instant.compare(a, b);

function windowsNear(freeze: FreezePolicy, now: Temporal.Instant): readonly Window[] {
  const { from, until, weekly, timezone } = freeze;
  if (weekly === undefined) {
    // The schema lets through either both or `weekly`.
    return from === undefined || until === undefined
      ? []
      : [[boundary(from, timezone, 'earlier'), boundary(until, timezone, 'later')]];
  }
  const today = now.toZonedDateTimeISO(timezone).toPlainDate();
  const monday = today.subtract({ days: today.dayOfWeek - 1 });
  const begins = weekTime(weekly.from);
  const ends = weekTime(weekly.until);
  const over = ends.minutes <= begins.minutes ? 7 : 0;
  // Last week's may still last, and where clocks skip, next week's may begin the evening before.
  return [-7, 0, 7].map((days) => [
    at(monday.add({ days: days + begins.day }), begins.time, timezone, 'earlier'),
    at(monday.add({ days: days + ends.day + over }), ends.time, timezone, 'later'),
  ]);
}

function boundary(text: string, timezone: string, reading: Reading): Temporal.Instant {
  const [date = '', time] = text.split(/[T ]/);
  const day = Temporal.PlainDate.from(date);
  return time === undefined
    ? day.toZonedDateTime(timezone).toInstant()
    : at(day, Temporal.PlainTime.from(time), timezone, reading);
}

const at = (day: Temporal.PlainDate, time: Temporal.PlainTime, timezone: string, disambiguation: Reading) =>
  day.toPlainDateTime(time).toZonedDateTime(timezone, { disambiguation }).toInstant();

/** `friday 16:00` */
function weekTime(text: string) {
  const [name = '', clock = '00:00'] = text.split(' ');
  const day = DAYS.indexOf(name);
  const time = Temporal.PlainTime.from(clock);
  return { day, time, minutes: (day * 24 + time.hour) * 60 + time.minute };
}

function shown(instant: Temporal.Instant, timezone: string): string {
  const local = instant.toZonedDateTimeISO(timezone);
  const two = (number: number) => String(number).padStart(2, '0');
  const seconds = local.second === 0 ? '' : `:${two(local.second)}`;
  const day = `${DAY_NAMES[local.dayOfWeek - 1]} ${local.day} ${MONTHS[local.month - 1]} ${local.year}`;
  return `${day} ${two(local.hour)}:${two(local.minute)}${seconds} ${timezone}`;
}
