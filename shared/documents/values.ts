import type { DurationMs, Instant } from '../domain/time.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../domain/time.ts';

/** Days since 1970-01-01 in the proleptic Gregorian calendar. */
export type LocalDay = number;

/** A local date and time as milliseconds since 1970-01-01T00:00 on the wall clock of no particular zone. */
export type LocalTime = number;

// At most nine digits a unit: longer numbers leave the range in which milliseconds are exact.
export const DURATION_PATTERN = /^(?=\d)(?:\d{1,9}d)?(?:\d{1,9}h)?(?:\d{1,9}m)?(?:\d{1,9}s)?(?:\d{1,9}ms)?$/;
export const DURATION_ALLOWED =
  'a duration like 90s, 30m, 1d2h or 1d2h3m4s5ms (units in that order, each at most once)';
export const OFFSET_PATTERN = new RegExp(DURATION_PATTERN.source.replace('^', '^\\+'));
export const OFFSET_ALLOWED = 'an offset like +26h30m';
export const INSTANT_PATTERN = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;
export const INSTANT_ALLOWED = 'an instant in ISO form with an offset, like 2026-03-23T00:00:00+01:00';
export const DATE_PATTERN = /^\d{4}-\d{2}-\d{2}$/;
export const DATE_RANGE_PATTERN = /^\d{4}-\d{2}-\d{2}\.\.\d{4}-\d{2}-\d{2}$/;
export const TIME_FROM_PATTERN = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
export const TIME_TO_PATTERN = /^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/;
export const LOCAL_FROM_PATTERN = /^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d$/;
export const LOCAL_TO_PATTERN = /^\d{4}-\d{2}-\d{2}T(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/;

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export const DAYS_ALLOWED =
  'days of mon, tue, wed, thu, fri, sat, sun: one, a range like mon-fri (may wrap, fri-mon), or a list';

const UNITS: readonly (readonly [string, number])[] = [
  ['d', DAY],
  ['h', HOUR],
  ['m', MINUTE],
  ['s', SECOND],
  ['ms', 1],
];

/** Milliseconds of `1d2h3m4s5ms`; undefined when the text is no duration. */
export function parseDuration(text: string): DurationMs | undefined {
  if (!DURATION_PATTERN.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|[dhms])/g)) {
    total += Number(amount) * UNITS.find(([name]) => name === unit)![1];
  }
  return total;
}

/** `+26h30m` as milliseconds; undefined when the text is no offset. */
export function parseOffset(text: string): DurationMs | undefined {
  return text.startsWith('+') ? parseDuration(text.slice(1)) : undefined;
}

/** The shortest text that parseDuration reads back. */
export function formatDuration(duration: DurationMs): string {
  let rest = Math.round(duration);
  let text = '';
  for (const [unit, size] of UNITS) {
    const amount = Math.floor(rest / size);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * size;
  }
  return text === '' ? '0s' : text;
}

/** An ISO instant with an offset; undefined for anything else, dates that do not exist included. */
export function parseInstant(text: string): Instant | undefined {
  if (!INSTANT_PATTERN.test(text)) return undefined;
  const [, date, hour, minute, second = '0', zone] =
    /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?(.*)$/.exec(text)!;
  const day = parseDate(date!);
  const offset = zone === 'Z' ? 0 : parseZoneOffset(zone!);
  if (day === undefined || offset === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) >= 60) {
    return undefined;
  }
  const wall = day * DAY + Number(hour) * HOUR + Number(minute) * MINUTE + Math.round(Number(second) * SECOND);
  return wall - offset;
}

function parseZoneOffset(text: string): DurationMs | undefined {
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(4));
  if (hours > 23 || minutes > 59) return undefined;
  return (text.startsWith('-') ? -1 : 1) * (hours * HOUR + minutes * MINUTE);
}

/** `2026-12-24` as a day number; undefined for dates that do not exist. */
export function parseDate(text: string): LocalDay | undefined {
  if (!DATE_PATTERN.test(text)) return undefined;
  const at = Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)) - 1, Number(text.slice(8)));
  const day = at / DAY;
  // Date.UTC rolls 02-30 over into March, and takes years below 100 as 19xx.
  return formatDate(day) === text ? day : undefined;
}

export function formatDate(day: LocalDay): string {
  return new Date(day * DAY).toISOString().slice(0, 10);
}

/** `08:30` in minutes from midnight; the caller has checked the pattern. */
export function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}

/** `2026-11-27T00:00` as a local time; undefined when the date does not exist. */
export function parseLocalTime(text: string): LocalTime | undefined {
  if (!LOCAL_TO_PATTERN.test(text)) return undefined;
  const day = parseDate(text.slice(0, 10));
  return day === undefined ? undefined : day * DAY + minutesOf(text.slice(11)) * MINUTE;
}

/** `2026-11-27T00:00`, with seconds only where there are any. */
export function formatLocalTime(local: LocalTime): string {
  const text = new Date(local).toISOString();
  return text.slice(17, 19) === '00' ? text.slice(0, 16) : text.slice(0, 19);
}

/** 0 = Monday. 1970-01-01 was a Thursday. */
export function weekdayOf(day: LocalDay): number {
  return (((day + 3) % 7) + 7) % 7;
}

/** A day, a range, or several separated by commas, as bits (1 = Monday); undefined when it is none of these. */
export function parseDays(text: string): number | undefined {
  let bits = 0;
  for (const part of text.split(',')) {
    const [first, last = first, more] = part
      .trim()
      .split('-')
      .map((name) => name.trim());
    const from = WEEKDAYS.indexOf(first as (typeof WEEKDAYS)[number]);
    const to = WEEKDAYS.indexOf(last as (typeof WEEKDAYS)[number]);
    if (from < 0 || to < 0 || more !== undefined) return undefined;
    // mon-mon could mean one day or eight: neither is worth guessing.
    if (from === to && part.includes('-')) return undefined;
    for (let day = from; ; day = (day + 1) % 7) {
      bits |= 1 << day;
      if (day === to) break;
    }
  }
  return bits;
}
