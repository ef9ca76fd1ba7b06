import * as v from 'valibot';
import { hashValue } from '../domain/hash.ts';
import { MINUTE } from '../domain/time.ts';
import { checkFrame } from './limits.ts';
import type { Parsed } from './problem.ts';
import { at, choice, fields, list, oneOf, text, toProblems, word } from './schema.ts';
import type { LocalDay, LocalTime } from './values.ts';
import {
  DATE_PATTERN,
  DATE_RANGE_PATTERN,
  DAYS_ALLOWED,
  LOCAL_FROM_PATTERN,
  LOCAL_TO_PATTERN,
  minutesOf,
  parseDate,
  parseDays,
  parseLocalTime,
  TIME_FROM_PATTERN,
  TIME_TO_PATTERN,
  WEEKDAYS,
} from './values.ts';
import type { Zone } from './zones.ts';
import { findZone, zoneNames } from './zones.ts';

const MAX_OPEN = 100;
const MAX_CLOSED = 400;
const MAX_EXTRA = 200;
const MAX_HOLIDAYS = 400;

const ZONE_ALLOWED = 'an IANA time zone like Europe/Berlin';
const FROM_ALLOWED = 'a local time from "00:00" to "23:59"';
const TO_ALLOWED = 'a local time from "00:00" to "24:00"';
const LOCAL_ALLOWED = 'a local date and time without an offset, like 2026-11-27T00:00';
const DATE_ALLOWED = 'a date that exists, like 2026-12-24';
const CLOSED_ALLOWED =
  'a date like 2026-12-24, a range like 2026-12-24..2027-01-01 (not backwards), or { holidays: DE-BE }';
const HOLIDAYS_ALLOWED = 'a country, with its state and region where it has them, like DE or DE-BE';
const UNCOMPILED =
  'compiled holidays, { holidays, dates, until }: apply the document with the endpoint-scaler command, which adds the dates';
const ALL_DAYS = 0b1111111;
const WEEKDAY = `(?:${WEEKDAYS.join('|')})`;
const DAYS_PATTERN = new RegExp(`^${WEEKDAY}(?:-${WEEKDAY})?(?:, ?${WEEKDAY}(?:-${WEEKDAY})?)*$`);
const DAY_RANGE = new RegExp(`${DATE_PATTERN.source}|${DATE_RANGE_PATTERN.source}`);

const days = text(DAYS_PATTERN, DAYS_ALLOWED, parseDays);
const date = text(DATE_PATTERN, DATE_ALLOWED, parseDate);

const daysSchema = oneOf(
  (input) => (Array.isArray(input) ? 1 : 0),
  [
    days,
    v.pipe(
      list(days, DAYS_ALLOWED, 7),
      v.minLength(1, DAYS_ALLOWED),
      v.transform((bits) => bits.reduce((all, bit) => all | bit, 0)),
    ),
  ],
);

const windowSchema = v.pipe(
  fields({
    days: v.optional(daysSchema),
    from: text(TIME_FROM_PATTERN, FROM_ALLOWED, minutesOf),
    to: text(TIME_TO_PATTERN, TO_ALLOWED, minutesOf),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (dataset.typed && dataset.value.from === dataset.value.to) {
      addIssue({
        message: 'a time other than `from`: equal ends are no window (a whole day is 00:00 to 24:00)',
        path: at('to'),
      });
    }
  }),
);

const holidaysSchema = v.pipe(
  fields({
    holidays: word(/^[A-Z]{2}(?:-[A-Za-z0-9]{1,5}){0,2}$/, HOLIDAYS_ALLOWED),
    dates: v.optional(list(date, 'a list of dates', MAX_HOLIDAYS)),
    until: v.optional(date),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (dataset.typed && (dataset.value.dates === undefined || dataset.value.until === undefined)) {
      addIssue({ message: UNCOMPILED });
    }
  }),
);

const closedSchema = oneOf(
  (input) => (typeof input === 'object' && input !== null ? 1 : 0),
  [text(DAY_RANGE, CLOSED_ALLOWED, parseRange), holidaysSchema],
);

const extraSchema = v.pipe(
  fields({
    from: text(LOCAL_FROM_PATTERN, LOCAL_ALLOWED, parseLocalTime),
    to: text(LOCAL_TO_PATTERN, LOCAL_ALLOWED, parseLocalTime),
    name: v.optional(word(/^[^\n]{1,64}$/, 'a name of at most 64 characters, only shown')),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (dataset.typed && dataset.value.from >= dataset.value.to) {
      addIssue({ message: 'a local date and time after `from`', path: at('to') });
    }
  }),
);

/** The grammar of a schedule; JSON Schema and types come from here. */
export const scheduleSchema = v.pipe(
  fields({
    timezone: text(/^[A-Za-z]/, ZONE_ALLOWED, findZone),
    open: v.optional(list(windowSchema, 'a list of windows, { days, from, to }', MAX_OPEN)),
    closed: v.optional(list(closedSchema, `a list, each ${CLOSED_ALLOWED}`, MAX_CLOSED)),
    extra: v.optional(list(extraSchema, 'a list of one-off windows, { from, to, name }', MAX_EXTRA)),
    tier: v.optional(choice(['standard', 'advanced'])),
  }),
  v.title('Schedule'),
  v.description('A named set of time windows in one IANA time zone, with closed days and extra windows.'),
);

/** A weekly window in milliseconds of its local date; `to` counts from the midnight before `from`, so it may lie beyond 24 h. */
export interface WeeklyWindow {
  /** Bit 0 is Monday. */
  readonly days: number;
  readonly from: number;
  readonly to: number;
}

/** Inclusive. */
export interface DayRange {
  readonly first: LocalDay;
  readonly last: LocalDay;
}

/** A valid schedule. */
export interface Schedule {
  readonly name: string;
  readonly zone: Zone;
  readonly open: readonly WeeklyWindow[];
  readonly closed: readonly DayRange[];
  readonly extra: readonly { readonly from: LocalTime; readonly to: LocalTime; readonly name?: string }[];
  /** The last day whose holidays are known; absent without holidays. */
  readonly holidaysUntil?: LocalDay;
  /** Changes with the content. */
  readonly hash: string;
}

/** A schedule from its plain value (what SSM holds as JSON), or everything that is wrong with it. */
export function parseSchedule(name: string, value: unknown): Parsed<Schedule> {
  const framing = checkFrame(name, value);
  const result = v.safeParse(scheduleSchema, value);
  if (framing.length > 0 || !result.success) {
    const hints = { [ZONE_ALLOWED]: zoneNames };
    return { ok: false, problems: [...framing, ...toProblems(value, result.issues ?? [], hints)] };
  }
  return { ok: true, value: buildSchedule(name, value, result.output) };
}

function buildSchedule(name: string, value: unknown, document: v.InferOutput<typeof scheduleSchema>): Schedule {
  const closed: DayRange[] = [];
  let holidaysUntil: LocalDay | undefined;
  for (const entry of document.closed ?? []) {
    if ('first' in entry) {
      closed.push(entry);
      continue;
    }
    for (const day of entry.dates ?? []) closed.push({ first: day, last: day });
    if (entry.until !== undefined) holidaysUntil = Math.min(holidaysUntil ?? entry.until, entry.until);
  }
  return {
    name,
    zone: document.timezone,
    open: (document.open ?? []).map(({ days: bits = ALL_DAYS, from, to }) => ({
      days: bits,
      from: from * MINUTE,
      to: (to <= from ? to + 24 * 60 : to) * MINUTE,
    })),
    closed: closed.sort((a, b) => a.first - b.first),
    extra: (document.extra ?? []).map(({ from, to, name: label }) => ({ from, to, ...(label && { name: label }) })),
    ...(holidaysUntil === undefined ? {} : { holidaysUntil }),
    hash: hashValue(value),
  };
}

function parseRange(input: string): DayRange | undefined {
  const [from = '', to = from] = input.split('..');
  const first = parseDate(from);
  const last = parseDate(to);
  return first === undefined || last === undefined || last < first ? undefined : { first, last };
}
