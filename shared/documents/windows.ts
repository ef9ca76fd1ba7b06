import type { Instant } from '../domain/time.ts';
import { DAY } from '../domain/time.ts';
import type { DayRange, Schedule } from './schedule.ts';
import type { LocalDay } from './values.ts';
import { weekdayOf } from './values.ts';
import { toInstant, toLocal } from './zones.ts';

/** A stretch of time in which a schedule is open, [begin, end). */
export interface Window {
  readonly begin: Instant;
  readonly end: Instant;
}

// A weekly window ends at most a day after its date; a date's instants lie within 26 h of UTC's, and a zone may skip
// a whole date.
const DAYS_BEFORE = 4;
const DAYS_AFTER = 3;

interface Memo {
  readonly from: Instant;
  readonly until: Instant;
  readonly windows: readonly Window[];
}

// Many policies share a schedule and ask for the same span in one run.
const memos = new WeakMap<Schedule, Memo>();

/**
 * The windows of a schedule that touch [from, until), merged where they overlap or abut, in order. The first one's
 * begin is exact unless it is older than the days looked back at.
 */
export function windowsBetween(schedule: Schedule, from: Instant, until: Instant): readonly Window[] {
  const memo = memos.get(schedule);
  if (memo !== undefined && memo.from === from && memo.until === until) return memo.windows;
  const windows = merge([...weeklyWindows(schedule, from, until), ...extraWindows(schedule)]).filter(
    ({ begin, end }) => end > from && begin < until,
  );
  memos.set(schedule, { from, until, windows });
  return windows;
}

function weeklyWindows(schedule: Schedule, from: Instant, until: Instant): Window[] {
  const { zone, open, closed } = schedule;
  const windows: Window[] = [];
  if (open.length === 0) return windows;
  const first = Math.floor(toLocal(zone, from) / DAY) - DAYS_BEFORE;
  const last = Math.floor(toLocal(zone, until) / DAY) + DAYS_AFTER;
  for (let day = first; day <= last; day += 1) {
    if (isClosed(closed, day)) continue;
    const bit = 1 << weekdayOf(day);
    for (const window of open) {
      if ((window.days & bit) === 0) continue;
      const begin = toInstant(zone, day * DAY + window.from, 'begin');
      const end = toInstant(zone, day * DAY + window.to, 'end');
      // A gap can swallow a window whole.
      if (begin < end) windows.push({ begin, end });
    }
  }
  return windows;
}

function extraWindows(schedule: Schedule): Window[] {
  return schedule.extra
    .map(({ from, to }) => ({
      begin: toInstant(schedule.zone, from, 'begin'),
      end: toInstant(schedule.zone, to, 'end'),
    }))
    .filter(({ begin, end }) => begin < end);
}

function isClosed(closed: readonly DayRange[], day: LocalDay): boolean {
  for (const { first, last } of closed) {
    if (first > day) return false;
    if (day <= last) return true;
  }
  return false;
}

function merge(windows: Window[]): Window[] {
  windows.sort((a, b) => a.begin - b.begin);
  const merged: { begin: Instant; end: Instant }[] = [];
  for (const { begin, end } of windows) {
    const last = merged.at(-1);
    if (last !== undefined && begin <= last.end) last.end = Math.max(last.end, end);
    else merged.push({ begin, end });
  }
  return merged;
}
