import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { asynchronous, busyBefore, busyUntil, idle, MONDAY_UTC, realTime } from './fleet.ts';
import {
  arrivals,
  creations,
  deletions,
  endpointOf,
  expectAway,
  expectBetween,
  expectSound,
  expectUp,
  spanAt,
  spansWithin,
} from './reading.ts';
import { runScenario } from './run-scenario.ts';

describe('holds', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '8h',
      policies: {
        quick: idle('5m'),
        always: { otherwise: { min: 1, max: 2 }, zero: { by: 'park', idleFor: '5m' } },
        pair: { capacity: [], otherwise: 'zero', zero: { by: 'park', idleFor: '5m' } },
        queue: { otherwise: { min: 1, max: 2 } },
      },
      endpoints: {
        up: realTime('quick'),
        two: realTime('pair', { instances: 2, instanceType: 'ml.g5.12xlarge' }),
        down: realTime('always', { instanceType: 'ml.g5.xlarge' }),
        away: realTime('quick', busyUntil('1h')),
        replaced: realTime('quick', { instanceType: 'ml.g5.4xlarge' }),
        ended: realTime('quick', { instanceType: 'ml.g5.8xlarge' }),
        denied: realTime('quick', { whenAway: 'asks' }),
        queue: asynchronous('queue', { instances: 1, serves: { concurrent: 1, in: '10m' } }),
      },
      happens: [
        ...busyBefore('away'),
        { at: '+2h', hold: 'up', mode: 'up', until: '+4h', why: 'load test' },
        { at: '+2h', hold: 'two', mode: 'up', until: '+4h', why: 'load test' },
        { at: '+2h', hold: 'down', mode: 'down', until: '+4h', why: 'save money' },
        { at: '+30m', hold: 'away', mode: 'hands-off', until: '+3h', why: 'debugging' },
        { at: '+1h', hold: 'replaced', mode: 'up', until: '+7h', why: 'demo' },
        { at: '+3h', hold: 'replaced', mode: 'down', until: '+4h', why: 'demo is over' },
        { at: '+1h', hold: 'ended', mode: 'up', until: '+7h', why: 'demo' },
        { at: '+3h', unhold: 'ended' },
        { at: '+1h', hold: 'denied', mode: 'down', until: '+3h', why: 'incident' },
        { at: '+2h', requests: 1, to: 'denied' },
        { at: '+1h50m', requests: 12, to: 'queue' },
        { at: '+2h', hold: 'queue', mode: 'down', until: '+3h', why: 'save money' },
      ],
    }));
  });

  it('up wakes at once and holds until its instant', () => {
    expectBetween(creations(result, 'up')[0], '2h', '2h2m', 'section 4: an up hold outranks the calendar');
    expectUp(result, 'up', '2h12m', '4h', 'section 4: an unexpired up hold');
    expectBetween(deletions(result, 'up')[1], '4h', '4h6m', 'section 4: an expired hold contributes nothing');
  });

  it('up without a rung of min ≥ 1 brings the recipe’s desired count', () => {
    expect(spanAt(result, 'two', '3h').serving, 'section 4: up = … without one the recipe’s desired count').toBe(2);
  });

  it('down parks an idle endpoint against its calendar and is ready again by its end', () => {
    expectBetween(deletions(result, 'down')[0], '2h', '2h6m', 'section 4: down = a zero rung');
    expectBetween(
      creations(result, 'down')[0],
      '3h46m',
      '3h50m',
      'section 6: a lead (10 min + 10 % + a tick) applies to the end of a down hold',
    );
    expectUp(result, 'down', '4h', '8h', 'section 6: ready by the end of a down hold');
  });

  it('hands-off means no call at all', () => {
    expectUp(result, 'away', '0m', '3h', 'section 4: hands-off = no call at all');
    expectBetween(deletions(result, 'away')[0], '3h', '3h6m', 'section 4: an expired hold contributes nothing');
  });

  it('a new hold replaces the running one for good', () => {
    expectUp(result, 'replaced', '1h12m', '3h', 'the up hold');
    expectBetween(
      deletions(result, 'replaced')[1],
      '3h',
      '3h6m',
      'section 4: one hold per endpoint, a new one replaces it',
    );
    expectAway(result, 'replaced', '3h6m', '8h', 'the replaced hold does not come back');
  });

  it('an ended hold contributes nothing', () => {
    expectUp(result, 'ended', '1h12m', '3h', 'the up hold');
    expectBetween(deletions(result, 'ended')[1], '3h', '3h6m', 'section 8: unhold');
  });

  it('down outranks demand', () => {
    expectAway(result, 'denied', '1h', '3h', 'section 4: down outranks demand');
    expect(endpointOf(result, 'denied').requests.cold, 'the request finds nothing in service').toBe(1);
  });

  it('down is refused on a queue with work', () => {
    const zero = spansWithin(result, 'queue', '1h50m', '3h').filter((span) => span.serving === 0 || span.desired === 0);
    expect(zero, 'section 4: down is refused on a queue with work').toEqual([]);
    expect(endpointOf(result, 'queue').requests, 'section 10, 7: no queued request is lost').toMatchObject({
      served: 12,
      expired: 0,
    });
    expect(arrivals(result, 'queue'), 'section 5: an asynchronous endpoint is never parked').toEqual([]);
  });

  it('breaks no invariant', () => expectSound(result));
});
