import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult, WindowResult } from '../../rehearsal/result.ts';
import { office, officeHours, realTime } from './fleet.ts';
import { creations, deletions, endpointOf, eventsOf, expectBetween, expectSound, since, spanAt } from './reading.ts';
import { runScenario } from './run-scenario.ts';

const during = (schedule: string, more: Record<string, unknown> = {}) =>
  officeHours({ capacity: [{ during: schedule, min: 1, max: 2 }], ...more });

const edges = (windows: readonly WindowResult[]) =>
  windows.map((window) => [new Date(window.begins).toISOString(), new Date(window.ends).toISOString()]);

const inUtc = (...instants: string[]) => instants.map((instant) => new Date(instant).toISOString());

describe('ready by the begin of a window', () => {
  // Sunday 12:00 in Berlin to Wednesday 12:00: Monday is +12h … +36h.
  let result: RehearsalResult;
  beforeAll(async () => {
    ({ result } = await runScenario({
      start: '2026-03-01T12:00:00+01:00',
      for: '3d',
      schedules: {
        office,
        nights: {
          timezone: 'Europe/Berlin',
          open: [{ days: 'mon-fri', from: '22:00', to: '06:00' }],
          closed: ['2026-03-03'],
          extra: [{ from: '2026-03-03T10:00', to: '2026-03-03T12:00', name: 'launch' }],
        },
      },
      policies: {
        office: during('office'),
        fixed: during('office', { wake: { lead: '30m' } }),
        nights: during('nights'),
      },
      endpoints: {
        Usual: realTime('office', { instanceType: 'ml.g5.xlarge' }),
        slow: realTime('office', { instanceType: 'ml.g5.2xlarge', startsIn: '25m' }),
        fixed: realTime('fixed', { instanceType: 'ml.g5.4xlarge' }),
        nights: realTime('nights', { instanceType: 'ml.g6.xlarge' }),
      },
    }));
  });

  it('is gone before, up by the begin, gone after', () => {
    const { windows } = endpointOf(result, 'Usual');
    expect(edges(windows), 'section 4: mon-fri 08:00–19:00 in Berlin; the last window ends with the run').toEqual([
      inUtc('2026-03-02T07:00Z', '2026-03-02T18:00Z'),
      inUtc('2026-03-03T07:00Z', '2026-03-03T18:00Z'),
      inUtc('2026-03-04T07:00Z', '2026-03-04T11:00Z'),
    ]);
    expect(
      windows.map((window) => window.lateSeconds),
      'section 1: ready by the time it says',
    ).toEqual([0, 0, 0]);
    expect(
      windows.map((window) => window.readyAt),
      'section 8: up already: begins',
    ).toEqual(windows.map((window) => window.begins));
    expect(
      windows.map((window) => window.during),
      'section 8: named after the schedule',
    ).toEqual(['office', 'office', 'office']);
    const [atStart, monday] = deletions(result, 'Usual');
    expectBetween(atStart, '0m', '10m', 'a Sunday is outside the windows');
    expectBetween(monday, '31h', '31h5m', 'section 4: half-open [from, to): gone after 19:00 when idle');
    expect(endpointOf(result, 'Usual').final.phase, 'Wednesday noon is inside').toBe('up');
  });

  it('begins with a lead of 10 min + 10 % + a tick, then with what it learned', () => {
    const [monday, tuesday] = creations(result, 'Usual');
    expectBetween(monday, '19h47m', '19h50m', 'section 6: no samples: 10 min + 10 % + one tick = 12 min before 08:00');
    expectBetween(tuesday, '43h48m', '43h52m', 'section 6: the instance type’s sample of 8 min → 9.8 min before 08:00');
  });

  it('learns a slow start and is late once', () => {
    const { windows } = endpointOf(result, 'slow');
    const [first, second, third] = windows.map((window) => window.lateSeconds);
    expect(first, 'starts 12 min before 08:00 and takes 25 min').toBeGreaterThanOrEqual(720);
    expect(first, 'starts 12 min before 08:00 and takes 25 min').toBeLessThanOrEqual(900);
    expect([second, third], 'section 6: learned lead').toEqual([0, 0]);
    expectBetween(
      creations(result, 'slow')[1],
      '43h29m',
      '43h33m',
      'section 6: 25 min + 10 % + a tick = 28.5 min before 08:00',
    );
  });

  it('announces late with the endpoint, and nobody else', () => {
    const late = eventsOf(result, 'Endpoint Late');
    expect(
      late.map((event) => event.detail['endpoint']),
      'section 6: late is an alarmed state',
    ).toContain('slow');
    expect(new Set(late.map((event) => event.detail['endpoint'])), 'only the slow one was late').toEqual(
      new Set(['slow']),
    );
    expectBetween(late[0] && since(result, late[0].at), '19h48m', '20h5m', 'section 6: announced at once');
  });

  it('takes a written lead as it is', () => {
    expectBetween(creations(result, 'fixed')[0], '19h28m', '19h31m', 'section 4: wake.lead: 30m');
  });

  it('knows overnight windows, closed days and extra windows', () => {
    expect(
      edges(endpointOf(result, 'nights').windows),
      'section 4: a window belongs to the date on which it begins; closed removes it whole; extra beats closed',
    ).toEqual([inUtc('2026-03-02T21:00Z', '2026-03-03T05:00Z'), inUtc('2026-03-03T09:00Z', '2026-03-03T11:00Z')]);
    expect(
      endpointOf(result, 'nights').windows.map((window) => window.lateSeconds),
      'section 1',
    ).toEqual([0, 0]);
    expect(spanAt(result, 'nights', '41h55m').status, 'Tuesday 05:55 is inside Monday’s window').toBe('InService');
    expect(spanAt(result, 'nights', '59h').status, 'Tuesday 23:00 is closed').toBe('Absent');
    expect(endpointOf(result, 'nights').wakes, 'section 10, 5: once per window').toBe(2);
  });

  it('breaks no invariant', () => expectSound(result));
});

describe.concurrent('nights on which the clock changes', () => {
  const daily = (from: string, to: string) => ({ timezone: 'Europe/Berlin', open: [{ from, to }] });
  const night = (start: string) =>
    runScenario({
      start,
      for: '24h',
      schedules: { early: daily('02:30', '05:00'), short: daily('02:15', '02:45'), overnight: daily('22:00', '06:00') },
      policies: { early: during('early'), short: during('short'), overnight: during('overnight') },
      endpoints: {
        early: realTime('early', { instanceType: 'ml.g5.xlarge' }),
        short: realTime('short', { instanceType: 'ml.g5.2xlarge' }),
        overnight: realTime('overnight', { instanceType: 'ml.g5.4xlarge' }),
      },
    });

  it('spring: an edge in the gap is the first valid instant after it', async () => {
    const { result } = await night('2026-03-28T12:00:00+01:00');
    expect(edges(endpointOf(result, 'early').windows), 'section 4: 02:30 does not exist, 03:00 CEST does').toEqual([
      inUtc('2026-03-29T01:00Z', '2026-03-29T03:00Z'),
    ]);
    expect(endpointOf(result, 'short').windows, 'section 4: edges that fall on one instant are no window').toEqual([]);
    expect(endpointOf(result, 'short').wakes, 'no window, no wake').toBe(0);
    expect(edges(endpointOf(result, 'overnight').windows), 'seven hours').toEqual([
      inUtc('2026-03-28T21:00Z', '2026-03-29T04:00Z'),
    ]);
    for (const name of ['early', 'overnight']) {
      const { wakes, windows } = endpointOf(result, name);
      expect(wakes, 'section 10, 5: no flapping at a DST change').toBe(1);
      expect(windows[0]?.lateSeconds, 'section 4: no date may make an endpoint miss its window').toBe(0);
    }
    expectSound(result);
  });

  it('autumn: the first occurrence for a begin, the last for an end', async () => {
    const { result } = await night('2026-10-24T12:00:00+02:00');
    expect(edges(endpointOf(result, 'early').windows), '02:30 CEST to 05:00 CET').toEqual([
      inUtc('2026-10-25T00:30Z', '2026-10-25T04:00Z'),
    ]);
    expect(edges(endpointOf(result, 'short').windows), '02:15 CEST to 02:45 CET').toEqual([
      inUtc('2026-10-25T00:15Z', '2026-10-25T01:45Z'),
    ]);
    expect(edges(endpointOf(result, 'overnight').windows), 'nine hours').toEqual([
      inUtc('2026-10-24T20:00Z', '2026-10-25T05:00Z'),
    ]);
    for (const name of ['early', 'short', 'overnight'])
      expect(endpointOf(result, name).wakes, 'section 10, 5: no flapping at a DST change').toBe(1);
    expectSound(result);
  });

  it('holidays close by country and region', async () => {
    const closedOn = (holidays: string) => ({ ...office, closed: [{ holidays }] });
    // Women's Day 2027-03-08 is a Monday, a holiday in Berlin and not in Bavaria.
    const { result } = await runScenario({
      start: '2027-03-08T00:00:00+01:00',
      for: '20h',
      schedules: { berlin: closedOn('DE-BE'), munich: closedOn('DE-BY') },
      policies: { berlin: during('berlin'), munich: during('munich') },
      endpoints: { berlin: realTime('berlin'), munich: realTime('munich') },
    });
    expect(endpointOf(result, 'berlin').windows, 'section 4: closed on the holidays of Berlin').toEqual([]);
    expect(spanAt(result, 'berlin', '12h').status, 'nobody works in Berlin').toBe('Absent');
    expect(edges(endpointOf(result, 'munich').windows), 'Bavaria works').toEqual([
      inUtc('2027-03-08T07:00Z', '2027-03-08T18:00Z'),
    ]);
    expectSound(result);
  });
});
