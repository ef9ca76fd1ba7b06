import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, test } from 'vitest';
import type { Parsed, Policy, Schedule } from '../../shared/documents/index.ts';
import { compilePolicy, parsePolicy, parseSchedule } from '../../shared/documents/index.ts';
import { windowsBetween } from '../../shared/documents/windows.ts';
import type { Transition, Zone } from '../../shared/documents/zones.ts';
import { findZone, transitionsBetween } from '../../shared/documents/zones.ts';
import { currentWindowBegin, nextChange, rungAt, stepsFrom } from '../../shared/domain/agenda.ts';
import type { Agenda } from '../../shared/domain/policy.ts';
import type { OracleSchedule, WallClock } from './window-oracle.ts';
import { paintOpen, paintRungs, stepsOf, watchClock } from './window-oracle.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const WEEK = 7 * DAY;
const FIRST = Date.UTC(1970, 0, 2);
const LAST = Date.UTC(2041, 0, 1);
const ZONES = Intl.supportedValuesOf('timeZone');
/** Repeat a failure with FAST_CHECK_SEED=<the seed it printed>. */
const SEED = Number(process.env['FAST_CHECK_SEED'] ?? 20_260_323);

type Documents = Readonly<Record<string, OracleSchedule>>;

function must<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(parsed.problems.map((problem) => `${problem.field}: ${problem.allowed}`).join('\n'));
  return parsed.value;
}

function zoneOf(name: string): Zone {
  const zone = findZone(name);
  if (zone === undefined) throw new Error(`${name}: no such zone`);
  return zone;
}

function policyOf(...names: string[]): Policy {
  const capacity = names.map((during, index) => ({ during, min: index + 1, max: index + 1 }));
  return must(parsePolicy('policy', { capacity, otherwise: 'zero' }));
}

const isoDate = (local: number) => new Date(local).toISOString().slice(0, 10);
const isoMinute = (local: number) => new Date(local).toISOString().slice(0, 16);
const clockTime = (local: number) => new Date(Math.floor(local / MINUTE) * MINUTE).toISOString().slice(11, 16);

/** Schedules whose edges lie before, in and after the hour that a change of the clocks skips or repeats. */
function schedulesAround(timezone: string, { at, before, after }: Transition): Documents {
  const low = at + Math.min(before, after);
  const high = at + Math.max(before, after);
  const middle = (low + high) / 2;
  const daily = (from: number, to: number) => ({ timezone, open: [{ from: clockTime(from), to: clockTime(to) }] });
  const exact = clockTime(low) === clockTime(high) ? [] : daily(low, high).open;
  return {
    office: {
      timezone,
      open: [
        { days: 'mon-fri', from: '08:00', to: '19:00' },
        { days: 'sat', from: '10:00', to: '14:00' },
      ],
    },
    nights: { timezone, open: [{ days: 'fri-mon', from: '22:00', to: '06:00' }] },
    always: { timezone, open: [{ from: '00:00', to: '24:00' }] },
    begins: daily(middle, high + 120 * MINUTE),
    ends: daily(low - 120 * MINUTE, middle),
    exact: { timezone, open: exact },
    abutting: {
      timezone,
      open: [daily(low - 60 * MINUTE, middle).open[0]!, daily(middle, high + 60 * MINUTE).open[0]!],
    },
    special: {
      timezone,
      open: [{ from: '20:00', to: '12:00' }],
      closed: [isoDate(low), `${isoDate(high + 2 * DAY)}..${isoDate(high + 3 * DAY)}`],
      extra: [{ from: isoMinute(low - 90 * MINUTE), to: isoMinute(high + 90 * MINUTE) }],
    },
  };
}

function expectSound(agenda: Agenda, from: number, until: number): void {
  expect(agenda.steps[0]?.[0]).toBe(from);
  agenda.steps.forEach(([at, rung], index) => {
    const next = agenda.steps[index + 1];
    expect(agenda.rungs[rung]).toBeDefined();
    // Strictly rising and never twice the same: nothing flaps, no step has length zero.
    if (next !== undefined && !(next[0] > at && next[1] !== rung)) expect.unreachable(`step ${index + 1}: ${next}`);
    if (at >= until) expect.unreachable(`step ${index} at the end or past it`);
  });
  expect(rungAt(agenda, from - 1)).toBeUndefined();
  expect(rungAt(agenda, until)).toBeUndefined();
  let total = 0;
  for (const span of stepsFrom(agenda, from)) {
    total += span.until - span.from;
    if (rungAt(agenda, span.from) !== span.rung || rungAt(agenda, span.until - 1) !== span.rung) {
      expect.unreachable(`the rung differs within ${span.from} to ${span.until}`);
    }
    if (nextChange(agenda, span.from) !== span.until) expect.unreachable(`next change after ${span.from}`);
  }
  expect(total).toBe(until - from);
}

/** Compiles policies with these schedules from the top, and holds each against the oracle, at every minute. */
function compare(documents: Documents, orders: readonly (readonly string[])[], from: number, until: number): void {
  const entries = Object.entries(documents);
  // Windows that reach in from before, and the days in which a window in force at `from` began.
  const clock = watchClock(entries[0]![1].timezone, from - 11 * DAY, until + 3 * DAY);
  const open = new Map(entries.map(([name, document]) => [name, paintOpen(document, clock)]));
  const schedules = new Map(entries.map(([name, document]) => [name, must(parseSchedule(name, document))]));
  for (const order of orders) compareOrder(order, { clock, open, schedules, from, until });
}

interface Comparison {
  readonly clock: WallClock;
  readonly open: ReadonlyMap<string, Uint8Array>;
  readonly schedules: ReadonlyMap<string, Schedule>;
  readonly from: number;
  readonly until: number;
}

function compareOrder(order: readonly string[], { clock, open, schedules, from, until }: Comparison): void {
  const painted = paintRungs([...order, undefined], open, clock.local.length);
  const { agenda } = must(compilePolicy(policyOf(...order), schedules, { from, until }));
  expectSound(agenda, from, until);
  expect(agenda.steps.map(([at, rung]) => [new Date(at).toISOString(), rung])).toEqual(
    stepsOf(painted, clock, from, until).map(([at, rung]) => [new Date(at).toISOString(), rung]),
  );
  // What came into force within the look-back has its true begin; older than that, none is claimed.
  const earlier = stepsOf(painted, clock, from - 8 * DAY, from + 1).slice(1);
  expect(currentWindowBegin(agenda, from)).toBe(earlier.at(-1)?.[0]);
}

/** What a transition looks like from its own zone's wall clock; equal looks must give equal agendas. */
function lookOf(transition: Transition, all: readonly Transition[]): string {
  const near = all.filter(({ at }) => Math.abs(at - transition.at) < 2 * WEEK);
  const neighbours = near.map(({ at, before, after }) => [at - transition.at, before, after].join('/'));
  return `${(transition.at + transition.before) % WEEK} ${neighbours.join(' ')}`;
}

describe('around every change of the clocks of every zone, 1970 to 2040', () => {
  const known = new Map(ZONES.map((name) => [name, transitionsBetween(zoneOf(name), FIRST, LAST)]));

  test('the changes are those that Temporal finds', () => {
    let total = 0;
    for (const [name, transitions] of known) {
      const found: number[] = [];
      let at: Temporal.ZonedDateTime | null = Temporal.Instant.fromEpochMilliseconds(FIRST).toZonedDateTimeISO(name);
      for (;;) {
        at = at.getTimeZoneTransition('next');
        if (at === null || at.epochMilliseconds > LAST) break;
        found.push(at.epochMilliseconds);
      }
      total += found.length;
      expect(
        transitions.map((transition) => transition.at),
        name,
      ).toEqual(found);
    }
    // A run that covers nothing must not pass.
    expect(ZONES.length).toBeGreaterThan(400);
    expect(total).toBeGreaterThan(20_000);
  });

  test('agendas agree with the oracle within 3 days of each', () => {
    const verified = new Map<string, { readonly steps: string; readonly at: number }>();
    let covered = 0;
    for (const [name, transitions] of known) {
      for (const transition of transitions) {
        const look = lookOf(transition, transitions);
        const before = verified.get(look);
        const documents = schedulesAround(name, transition);
        const from = transition.at - 3 * DAY;
        const until = transition.at + 3 * DAY;
        try {
          if (before === undefined) {
            const singles = Object.keys(documents).map((schedule) => [schedule]);
            compare(documents, [...singles, ['exact', 'special', 'begins', 'ends', 'nights', 'office']], from, until);
          }
          const steps = relativeSteps(name, documents, transition.at);
          if (before === undefined) verified.set(look, { steps, at: transition.at });
          else expect(steps).toBe(before.steps);
        } catch (error) {
          throw new Error(`${name} ${new Date(transition.at).toISOString()}`, { cause: error });
        }
        covered += 1;
      }
    }
    expect(covered).toBeGreaterThan(20_000);
    expect(verified.size).toBeGreaterThan(300);
  });
});

const parsedOnce = new Map<string, Schedule>();

/** Windows of each schedule as distances from the transition, for comparing zones with one another. */
function relativeSteps(name: string, documents: Documents, at: number): string {
  const parts: string[] = [];
  for (const [schedule, document] of Object.entries(documents)) {
    const { timezone: _timezone, ...rest } = document;
    const key = JSON.stringify(rest);
    let parsed = parsedOnce.get(key);
    if (parsed === undefined) {
      parsed = must(parseSchedule(schedule, document));
      if (schedule !== 'special') parsedOnce.set(key, parsed);
    }
    const windows = windowsBetween({ ...parsed, zone: zoneOf(name) }, at - 3 * DAY, at + 3 * DAY);
    for (const { begin, end } of windows) if (begin >= end) throw new Error(`${schedule}: window without length`);
    // The first and last reach out of the span as far as the look-around goes, not as far as they are long.
    parts.push(windows.map(({ begin, end }) => `${clip(begin - at)}+${clip(end - at)}`).join(' '));
  }
  return parts.join(';');
}

function clip(distance: number): number {
  return Math.max(-3 * DAY, Math.min(3 * DAY, distance));
}

const minute = fc.integer({ min: 0, max: 1439 }).map((value) => clockTime(value * MINUTE));
const roundMinute = fc.constantFrom('00:00', '01:00', '02:00', '02:30', '03:00', '08:00', '12:00', '23:00', '23:59');
const time = fc.oneof(minute, roundMinute);
const days = fc.constantFrom(undefined, 'mon-fri', 'sat,sun', 'fri-mon', 'sun', 'tue,thu-fri', 'sat-wed');
const window = fc
  .record({ days, from: time, to: fc.oneof(time, fc.constant('24:00')) })
  .filter(({ from, to }) => from !== to)
  .map(({ days: named, ...rest }) => (named === undefined ? rest : { days: named, ...rest }));

/** A schedule with closed days and extra windows near `middle`. */
function schedule(timezone: string, middle: number): fc.Arbitrary<OracleSchedule> {
  const nearDay = fc.integer({ min: -12, max: 6 }).map((day) => middle + day * DAY);
  const closed = fc.oneof(
    nearDay.map(isoDate),
    fc.tuple(nearDay, fc.nat(4)).map(([day, more]) => `${isoDate(day)}..${isoDate(day + more * DAY)}`),
    nearDay.map((day) => ({ holidays: 'DE', dates: [isoDate(day)], until: isoDate(day + 90 * DAY) })),
  );
  const extra = fc.tuple(nearDay, fc.nat(1439), fc.integer({ min: 1, max: 3000 })).map(([day, start, length]) => {
    const from = Math.floor(day / DAY) * DAY + start * MINUTE;
    return { from: isoMinute(from), to: isoMinute(from + length * MINUTE) };
  });
  return fc.record({
    timezone: fc.constant(timezone),
    open: fc.array(window, { maxLength: 4 }),
    closed: fc.array(closed, { maxLength: 3 }),
    extra: fc.array(extra, { maxLength: 2 }),
  });
}

const cases = fc
  .record({
    zone: fc.constantFrom(...ZONES),
    // Whole minutes, as ticks have them; `from` itself may fall on an edge.
    from: fc.integer({ min: FIRST / MINUTE + 20_000, max: LAST / MINUTE }).map((value) => value * MINUTE),
    length: fc.integer({ min: 1, max: 8 * 1440 }).map((value) => value * MINUTE),
  })
  .chain(({ zone, from, length }) =>
    fc.record({
      from: fc.constant(from),
      until: fc.constant(from + length),
      documents: fc.record({ a: schedule(zone, from), b: schedule(zone, from), c: schedule(zone, from) }),
    }),
  );

test('any schedules, any zone, any date agree with the oracle', () => {
  fc.assert(
    fc.property(cases, ({ documents, from, until }) => {
      compare(documents, [['a', 'b', 'c']], from, until);
    }),
    { seed: SEED, numRuns: 300 },
  );
});
