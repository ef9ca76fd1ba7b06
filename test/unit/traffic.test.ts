import { describe, expect, it } from 'vitest';
import { countDiurnal, type Diurnal } from '../../rehearsal/traffic/diurnal.ts';
import { countConstant, countStretches } from '../../rehearsal/traffic/plan.ts';
import { fitTrace, parseTrace } from '../../rehearsal/traffic/trace.ts';
import { arrivalsOf } from '../../rehearsal/traffic/traffic.ts';
import { findZone } from '../../shared/documents/zones.ts';

const sum = (counts: Iterable<number>): number => [...counts].reduce((all, one) => all + one, 0);

describe('requests of a minute', () => {
  it.each([0, 1, 2, 5, 6, 7, 59, 444])('are exact in number and evenly spread over its slots: %i', (count) => {
    const arrivals = arrivalsOf(Int32Array.of(3, count, 9));
    const slots = [6, 7, 8, 9, 10, 11].map(arrivals);
    expect(sum(slots)).toBe(count);
    expect(Math.max(...slots) - Math.min(...slots)).toBeLessThanOrEqual(1);
  });

  it('are none before the start and after the last minute', () => {
    const arrivals = arrivalsOf(Int32Array.of(6));
    expect([arrivals(-1), arrivals(6), arrivals(1e9)]).toEqual([0, 0, 0]);
  });
});

describe('rates', () => {
  it('below one a minute come as whole requests, none lost', () => {
    expect([...countConstant(0.5, 6)]).toEqual([0, 1, 0, 1, 0, 1]);
    expect(sum(countConstant(0.29, 100))).toBe(29);
    expect(sum(countConstant(0.1, 14 * 1440))).toBe(2016);
  });

  it('of stretches hold from their first to before their last minute, and overlapping ones add up', () => {
    const minute = 60_000;
    const counts = countStretches(
      [
        { fromMs: 2 * minute, toMs: 4 * minute, perMinute: 3 },
        { fromMs: 3 * minute, toMs: 5 * minute, perMinute: 4 },
      ],
      6,
    );
    expect([...counts]).toEqual([0, 0, 3, 7, 4, 0]);
  });
});

describe('a trace', () => {
  it('is one count a minute from 0', () => {
    const parsed = parseTrace('minute_index,count\n0,4\n1,0\r\n2,17\n\n');
    expect(parsed.ok && [...parsed.counts]).toEqual([4, 0, 17]);
  });

  it.each([
    ['minute_index,count\n0,1\n2,1\n3,1\n', 3, 'minute_index', '2'],
    ['minute_index,count\n0,1\n1,-4\n', 3, 'count', '-4'],
    ['minute_index,count\n0,many\n', 2, 'count', 'many'],
    ['minute_index,count\n0,1.5\n', 2, 'count', '1.5'],
    ['minute_index,count\n0,1\n0,2\n', 3, 'minute_index', '0'],
    ['minute_index,count\n0\n', 2, 'row', '0'],
    ['minute,count\n0,1\n', 1, 'header', 'minute,count'],
    ['minute_index,count\n', 2, 'row', ''],
    ['minute_index,count\n0,99999999999\n', 2, 'count', '99999999999'],
  ])('with anything else is refused with its line: %j', (text, line, field, value) => {
    const parsed = parseTrace(text);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(parsed.problems[0]).toMatchObject({ line, field, value });
  });

  it('with one gap has one problem, with two gaps two', () => {
    const parsed = parseTrace('minute_index,count\n0,1\n3,1\n4,1\n9,1\n10,1\n');
    expect(parsed.ok ? [] : parsed.problems.map(({ line }) => line)).toEqual([3, 5]);
  });

  it('is filled with zeros to the run, or cut at its end', () => {
    expect(fitTrace(Int32Array.of(1, 2), 4)).toEqual({ counts: Int32Array.of(1, 2, 0, 0), missing: 2 });
    expect(fitTrace(Int32Array.of(1, 2, 3), 2)).toEqual({ counts: Int32Array.of(1, 2), missing: 0 });
  });
});

describe('diurnal traffic', () => {
  const start = Date.parse('2026-03-23T00:00:00+01:00');
  const checkout: Diurnal = {
    zone: findZone('Europe/Berlin')!,
    day: 50,
    night: 2,
    dayFrom: 9 * 60,
    dayTo: 18 * 60,
    ramp: 180,
    weekend: 0.5,
    noise: 0.05,
    bursts: [],
  };
  const options = { start, minutes: 14 * 1440, seed: 1, stream: 'checkout' };
  const perSecond = (counts: Int32Array, fromHour: number, hours: number): number =>
    sum(counts.subarray(fromHour * 60, (fromHour + hours) * 60)) / (hours * 3600);

  it('is the same for the same seed and name, and another for another', () => {
    const counts = countDiurnal(checkout, options);
    expect(countDiurnal(checkout, options)).toEqual(counts);
    expect(countDiurnal(checkout, { ...options, seed: 2 })).not.toEqual(counts);
    expect(countDiurnal(checkout, { ...options, stream: 'chat' })).not.toEqual(counts);
  });

  it('has the rates of day, night and weekend in local time, across the change of clocks', () => {
    const counts = countDiurnal(checkout, options);
    expect(perSecond(counts, 10, 7)).toBeCloseTo(50, -1);
    expect(perSecond(counts, 1, 3)).toBeCloseTo(2, 0);
    expect(perSecond(counts, 5 * 24 + 10, 7)).toBeCloseTo(25, -1);
    // Monday after the change, 09:00 local, is one hour earlier from the start.
    const monday = 7 * 24 - 1;
    expect(perSecond(counts, monday + 9, 8)).toBeCloseTo(50, -1);
    expect(perSecond(counts, monday + 5, 1)).toBeLessThan(10);
  });

  it('doubles at a burst within two minutes and falls back after it', () => {
    const quiet = { ...checkout, noise: 0 };
    const burst = { kind: 'fixed' as const, atMs: 12 * 3_600_000, factor: 2, forMs: 3_600_000 };
    const counts = countDiurnal({ ...quiet, bursts: [burst] }, options);
    expect(perSecond(counts, 11, 1)).toBeCloseTo(50, -1);
    expect(sum(counts.subarray(12 * 60 + 2, 13 * 60)) / (58 * 60)).toBeCloseTo(100, -1);
    expect(sum(counts.subarray(13 * 60 + 2, 14 * 60)) / (58 * 60)).toBeCloseTo(50, -1);
  });

  it('has as many random bursts as asked for on average, all within the day', () => {
    const bursts = [{ kind: 'random' as const, perWeek: 7, factor: 10, forMs: 1_800_000 }];
    const flat = { ...checkout, noise: 0, weekend: 1 };
    const counts = countDiurnal({ ...flat, bursts }, options);
    const days = Array.from({ length: 14 }, (_day, day) => counts.subarray(day * 1440, (day + 1) * 1440));
    expect(days.filter((day) => Math.max(...day) > 20 * 60 * 10)).toHaveLength(14);
    const night = days.slice(0, 6).map((day) => Math.max(...day.subarray(0, 5 * 60)));
    expect(Math.max(...night)).toBeLessThan(400);
  });

  it('draws few requests as few requests', () => {
    const rare = { ...checkout, day: 0.01, night: 0, noise: 0 };
    const counts = countDiurnal(rare, options);
    const mean = sum(counts.subarray(10 * 60, 17 * 60)) + sum(counts.subarray(34 * 60, 41 * 60));
    expect(mean).toBeGreaterThan(300);
    expect(mean).toBeLessThan(700);
    expect(sum(counts.subarray(0, 5 * 60))).toBe(0);
  });
});
