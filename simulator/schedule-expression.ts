import type { EpochMs } from './contract.ts';
import { localTimeOf, resolveLocalTime } from './time-zone.ts';

/** When a schedule fires. `next(after)` is the first instant strictly later, undefined when there is none. */
export interface Recurrence {
  readonly kind: 'rate' | 'cron' | 'at';
  next(after: EpochMs): EpochMs | undefined;
}

export interface RecurrenceOptions {
  /** IANA zone of cron() and at(). */
  readonly timeZone: string;
  /** From when rate() counts. */
  readonly anchor: EpochMs;
}

export class ScheduleExpressionError extends Error {
  constructor(expression: string, reason: string) {
    super(`${expression}: ${reason}`);
    this.name = 'ScheduleExpressionError';
  }
}

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

function parseRate(expression: string, anchor: EpochMs): Recurrence {
  const match = /^rate\((\d+) (minute|hour|day)(s?)\)$/.exec(expression);
  if (match === null)
    throw new ScheduleExpressionError(expression, 'must be rate(VALUE minute|minutes|hour|hours|day|days)');
  const count = Number(match[1]);
  if (count === 0) throw new ScheduleExpressionError(expression, 'the value must be 1 or more');
  const period = count * UNIT_MS[match[2]!]!;
  return {
    kind: 'rate',
    next(after) {
      if (after < anchor) return anchor;
      return anchor + (Math.floor((after - anchor) / period) + 1) * period;
    },
  };
}

function parseAt(expression: string, timeZone: string): Recurrence {
  const match = /^at\((\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\)$/.exec(expression);
  if (match === null)
    throw new ScheduleExpressionError(expression, 'must be at(yyyy-mm-ddThh:mm:ss), without an offset');
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
  if (!isDate || hour > 23 || minute > 59 || second > 59)
    throw new ScheduleExpressionError(expression, 'is not a date and time');
  const base = resolveLocalTime({ year, month, day, hour, minute }, timeZone);
  return {
    kind: 'at',
    next: (after) => (base !== undefined && base + second * 1000 > after ? base + second * 1000 : undefined),
  };
}

function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** 1 = Sunday, as cron() counts. */
function weekdayOf(year: number, month: number, day: number): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

interface FieldKind {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const FIELDS: Readonly<Record<'minute' | 'hour' | 'day' | 'month' | 'weekday' | 'year', FieldKind>> = {
  minute: { name: 'minutes', min: 0, max: 59 },
  hour: { name: 'hours', min: 0, max: 23 },
  day: { name: 'day-of-month', min: 1, max: 31 },
  month: { name: 'month', min: 1, max: 12, names: MONTHS },
  weekday: { name: 'day-of-week', min: 1, max: 7, names: WEEKDAYS },
  year: { name: 'year', min: 1970, max: 2199 },
};

class CronFields {
  readonly #expression: string;

  constructor(expression: string) {
    this.#expression = expression;
  }

  fail(reason: string): never {
    throw new ScheduleExpressionError(this.#expression, reason);
  }

  number(text: string, field: FieldKind): number {
    const named = field.names?.indexOf(text.toUpperCase()) ?? -1;
    if (named >= 0) return named + field.min;
    if (!/^\d+$/.test(text)) this.fail(`${field.name}: ${text}: must be a number from ${field.min} to ${field.max}`);
    const value = Number(text);
    if (value < field.min || value > field.max)
      this.fail(`${field.name}: ${text}: must be from ${field.min} to ${field.max}`);
    return value;
  }

  // Values, ranges, steps (also of a star), and lists of them.
  set(text: string, field: FieldKind): ReadonlySet<number> {
    const values = new Set<number>();
    for (const part of text.split(',')) this.#addPart(part, field, values);
    return values;
  }

  #addPart(part: string, field: FieldKind, values: Set<number>): void {
    const [range = '', stepText, ...rest] = part.split('/');
    if (rest.length > 0 || range === '') this.fail(`${field.name}: ${part}: is not a value, range or step`);
    const step = stepText === undefined ? 1 : Number(stepText);
    if (!Number.isInteger(step) || step < 1 || stepText === '')
      this.fail(`${field.name}: ${part}: a step is a whole number from 1`);
    let [from, to] = [field.min, field.max];
    if (range !== '*') {
      const [low = '', high, ...more] = range.split('-');
      if (more.length > 0) this.fail(`${field.name}: ${part}: is not a range`);
      from = this.number(low, field);
      to = high === undefined ? (stepText === undefined ? from : field.max) : this.number(high, field);
    }
    if (from <= to) {
      for (let value = from; value <= to; value += step) values.add(value);
      return;
    }
    // A range may wrap (FRI-MON) where the field has names; 20-10 hours is refused by AWS.
    if (field.names === undefined) this.fail(`${field.name}: ${part}: the range runs backwards`);
    const size = field.max - field.min + 1;
    for (let value = from; value <= to + size; value += step) values.add(((value - field.min) % size) + field.min);
  }
}

type DayTest = (year: number, month: number, day: number) => boolean;

function compileDayOfMonth(text: string, fields: CronFields): DayTest {
  if (text === '*' || text === '?') return () => true;
  if (text === 'L') return (year, month, day) => day === daysInMonth(year, month);
  if (text === 'LW') return (year, month, day) => day === nearestWeekday(year, month, daysInMonth(year, month));
  const fromLast = /^L-(\d+)$/.exec(text);
  if (fromLast !== null) {
    const back = fields.number(fromLast[1]!, { name: 'day-of-month', min: 0, max: 30 });
    return (year, month, day) => day === daysInMonth(year, month) - back;
  }
  const weekday = /^(\d+)W$/.exec(text);
  if (weekday !== null) {
    const wanted = fields.number(weekday[1]!, FIELDS.day);
    return (year, month, day) => wanted <= daysInMonth(year, month) && day === nearestWeekday(year, month, wanted);
  }
  const days = fields.set(text, FIELDS.day);
  return (_year, _month, day) => days.has(day);
}

/** The weekday nearest to a date within its month. */
function nearestWeekday(year: number, month: number, day: number): number {
  const weekday = weekdayOf(year, month, day);
  if (weekday === 7) return day > 1 ? day - 1 : day + 2;
  if (weekday === 1) return day < daysInMonth(year, month) ? day + 1 : day - 2;
  return day;
}

function compileDayOfWeek(text: string, fields: CronFields): DayTest {
  if (text === '*' || text === '?') return () => true;
  if (text === 'L') return (year, month, day) => weekdayOf(year, month, day) === 7;
  const last = /^([A-Za-z0-9]+)L$/.exec(text);
  if (last !== null) {
    const wanted = fields.number(last[1]!, FIELDS.weekday);
    return (year, month, day) => weekdayOf(year, month, day) === wanted && day > daysInMonth(year, month) - 7;
  }
  const nth = /^([A-Za-z0-9]+)#(\d)$/.exec(text);
  if (nth !== null) {
    const wanted = fields.number(nth[1]!, FIELDS.weekday);
    const count = fields.number(nth[2]!, { name: 'day-of-week', min: 1, max: 5 });
    return (year, month, day) => weekdayOf(year, month, day) === wanted && Math.ceil(day / 7) === count;
  }
  const days = fields.set(text, FIELDS.weekday);
  return (year, month, day) => days.has(weekdayOf(year, month, day));
}

const sorted = (values: ReadonlySet<number>): number[] => [...values].sort((a, b) => a - b);

function parseCron(expression: string, timeZone: string): Recurrence {
  const fields = new CronFields(expression);
  const inside = /^cron\((.*)\)$/.exec(expression)?.[1] ?? '';
  const parts = inside.split(' ');
  if (parts.length !== 6 || parts.includes(''))
    fields.fail('must be cron(minutes hours day-of-month month day-of-week year)');
  const [minuteText, hourText, dayText, monthText, weekdayText, yearText] = parts as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  if ((dayText === '?') === (weekdayText === '?')) fields.fail('exactly one of day-of-month and day-of-week must be ?');
  const minutes = sorted(fields.set(minuteText, FIELDS.minute));
  const hours = sorted(fields.set(hourText, FIELDS.hour));
  const months = fields.set(monthText, FIELDS.month);
  const years = fields.set(yearText, FIELDS.year);
  const isDay = compileDayOfMonth(dayText, fields);
  const isWeekday = compileDayOfWeek(weekdayText, fields);
  const lastYear = Math.max(...years);
  const matchesDate = (year: number, month: number, day: number): boolean =>
    years.has(year) && months.has(month) && isDay(year, month, day) && isWeekday(year, month, day);
  return { kind: 'cron', next: (after) => nextCron({ minutes, hours, lastYear, matchesDate }, after, timeZone) };
}

interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly lastYear: number;
  readonly matchesDate: DayTest;
}

/**
 * Walks local dates and times. Local times resolve to their first occurrence (an overlap fires once), and times in a
 * spring gap resolve to nothing (skipped). First occurrences never go backwards, so times up to `after`'s can be left out.
 */
function nextCron(cron: Cron, after: EpochMs, timeZone: string): EpochMs | undefined {
  const start = localTimeOf(after, timeZone);
  const date = new Date(Date.UTC(start.year, start.month - 1, start.day));
  const startMinute = start.hour * 60 + start.minute;
  for (let isFirst = true; ; isFirst = false) {
    const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
    if (year > cron.lastYear) return undefined;
    if (cron.matchesDate(year, month, day)) {
      for (const hour of cron.hours) {
        for (const minute of cron.minutes) {
          if (isFirst && hour * 60 + minute <= startMinute) continue;
          const instant = resolveLocalTime({ year, month, day, hour, minute }, timeZone);
          if (instant !== undefined && instant > after) return instant;
        }
      }
    }
    date.setUTCDate(date.getUTCDate() + 1);
  }
}

/** Parses at(), rate() and cron() as EventBridge does; throws ScheduleExpressionError. */
export function parseScheduleExpression(expression: string, options: RecurrenceOptions): Recurrence {
  if (expression.startsWith('rate(')) return parseRate(expression, options.anchor);
  if (expression.startsWith('at(')) return parseAt(expression, options.timeZone);
  if (expression.startsWith('cron(')) return parseCron(expression, options.timeZone);
  throw new ScheduleExpressionError(expression, 'must be at(…), rate(…) or cron(…)');
}
