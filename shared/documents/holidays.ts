import Holidays from 'date-holidays';
import { DAY, HOUR } from '../domain/time.ts';
import type { Parsed, Problem } from './problem.ts';
import { makeProblem, nearest } from './problem.ts';
import type { LocalDay } from './values.ts';
import { formatDate, parseDate } from './values.ts';

/** What takes the place of `{ holidays }` in a schedule. */
export interface CompiledHolidays {
  readonly holidays: string;
  /** Local dates, rising. */
  readonly dates: readonly string[];
  /** The last date that is covered. */
  readonly until: string;
}

const YEARS = 3;
const MAX_LISTED = 60;

/**
 * A schedule as it goes into its parameter: the dates of its holidays are filled in, for three years from `fromYear`.
 * What else is wrong with it is for parseSchedule to say.
 */
export function compileScheduleHolidays(value: unknown, fromYear: number): Parsed<unknown> {
  const closed = isRecord(value) ? value['closed'] : undefined;
  if (!isRecord(value) || !Array.isArray(closed)) return { ok: true, value };
  const problems: Problem[] = [];
  const compiled = closed.map((entry: unknown, index) => {
    if (!isUncompiled(entry)) return entry;
    const result = compileHolidays(entry.holidays, fromYear);
    if (result.ok) return result.value;
    problems.push(...result.problems.map((problem) => under(index, problem)));
    return entry;
  });
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: { ...value, closed: compiled } };
}

/** Whether a schedule needs this (large) calendar at all. */
export function needsHolidays(value: unknown): boolean {
  const closed = isRecord(value) ? value['closed'] : undefined;
  return Array.isArray(closed) && closed.some(isUncompiled);
}

/** Public holidays of `DE`, `DE-BE` or `DE-BY-A`, whole days only, from `fromYear` for three years. */
export function compileHolidays(place: string, fromYear: number): Parsed<CompiledHolidays> {
  const [country = '', state = '', region = ''] = place.split('-');
  const calendar = new Holidays();
  // The library takes any name without a word and answers with the next larger place's holidays, or none.
  const levels: [string, readonly string[], string][] = [
    [country, Object.keys(calendar.getCountries()), 'country'],
    [state, Object.keys(calendar.getStates(country) ?? {}), `state of ${country}`],
    [region, Object.keys(calendar.getRegions(country, state) ?? {}), `region of ${country}-${state}`],
  ];
  for (const [code, known, what] of levels) {
    if (code === '') break;
    if (!known.includes(code)) return refuse(place, known, what, code);
  }
  calendar.init(country, state, region);
  const first = parseDate(`${fromYear}-01-01`);
  const last = parseDate(`${fromYear + YEARS - 1}-12-31`);
  if (first === undefined || last === undefined) throw new RangeError(`compileHolidays: year ${fromYear}`);
  const days = new Set<LocalDay>();
  // From the year before: holidays of several days may reach over New Year.
  for (let year = fromYear - 1; year < fromYear + YEARS; year += 1) {
    for (const { type, date, start, end } of calendar.getHolidays(year)) {
      const begin = parseDate(date.slice(0, 10));
      if (type !== 'public' || begin === undefined) continue;
      // A day is 23 hours long when clocks go forward; half holidays stay open.
      const length = Math.floor((end.getTime() - start.getTime() + 2 * HOUR) / DAY);
      for (let day = begin; day < begin + length; day += 1) if (day >= first && day <= last) days.add(day);
    }
  }
  const dates = [...days].sort((a, b) => a - b).map(formatDate);
  return { ok: true, value: { holidays: place, dates, until: formatDate(last) } };
}

function refuse(place: string, known: readonly string[], what: string, code: string): Parsed<never> {
  const names = known.length > MAX_LISTED ? 'two capital letters like DE' : known.join(', ');
  const allowed = known.length === 0 ? `no ${what}: there are none` : `a ${what}: ${names}`;
  const near = nearest(code, known);
  const didYouMean = near === undefined ? undefined : place.replace(code, near);
  return { ok: false, problems: [makeProblem(['holidays'], place, allowed, { didYouMean })] };
}

function under(index: number, problem: Problem): Problem {
  return { ...problem, field: `closed[${index}].${problem.field}`, path: ['closed', index, ...(problem.path ?? [])] };
}

function isUncompiled(entry: unknown): entry is { holidays: string } {
  return isRecord(entry) && typeof entry['holidays'] === 'string' && Object.keys(entry).length === 1;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
