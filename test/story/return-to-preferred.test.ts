import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { MONDAY_BERLIN, realTime } from './fleet.ts';
import { arrivals, deletions, endpointOf, eventsOf, expectBetween, expectSound, expectUp, spanAt } from './reading.ts';
import { type Document, runScenario } from './run-scenario.ts';

/** Monday morning to Wednesday evening in one window: nothing parks meanwhile by itself. */
const week = {
  timezone: 'Europe/Berlin',
  open: [],
  extra: [{ from: '2026-03-02T08:00', to: '2026-03-04T20:00', name: 'fair' }],
};

const policy = (name: string, returnToPreferred: boolean): Document => ({
  capacity: [{ during: 'week', min: 1, max: 2 }],
  otherwise: 'zero',
  zero: { by: 'park', idleFor: '30m' },
  wake: { fallbackConfigs: [`${name}-small`], returnToPreferred },
});

const small = (name: string): Document => ({
  at: '+0h',
  call: 'SageMaker.CreateEndpointConfig',
  with: {
    EndpointConfigName: `${name}-small`,
    ProductionVariants: [
      { VariantName: 'AllTraffic', ModelName: name, InstanceType: 'ml.g6.2xlarge', InitialInstanceCount: 1 },
    ],
  },
});

const MORNING = '32h30m';

describe('wake: { returnToPreferred: true }', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    ({ result } = await runScenario({
      start: MONDAY_BERLIN,
      for: '48h',
      schedules: { week },
      policies: {
        back: policy('back', true),
        stays: policy('stays', false),
        short: policy('short', true),
        busy: policy('busy', true),
      },
      endpoints: {
        back: realTime('back', { instanceType: 'ml.g5.2xlarge' }),
        stays: realTime('stays', { instanceType: 'ml.g5.4xlarge' }),
        short: realTime('short', { instanceType: 'ml.p4d.24xlarge' }),
        busy: realTime('busy', {
          instanceType: 'ml.g5.12xlarge',
          traffic: [{ from: '+8h30m', to: '+47h', perMinute: 1 }],
        }),
      },
      happens: [
        ...['back', 'stays', 'short', 'busy'].map(small),
        ...['ml.g5.2xlarge', 'ml.g5.4xlarge', 'ml.g5.12xlarge'].map((type) => ({
          at: '+7h',
          for: '3h',
          noCapacity: type,
          failsAfter: '10m',
        })),
        { at: '+7h', noCapacity: 'ml.p4d.24xlarge', failsAfter: '10m' },
      ],
    }));
  });

  it('comes back when its type is not known to be short any more, and is away for one start', () => {
    expect(spanAt(result, 'back', '9h').config).toBe('back-small');
    expect(spanAt(result, 'back', MORNING)).toMatchObject({ config: 'back', instanceType: 'ml.g5.2xlarge' });
    const gone = deletions(result, 'back').find((at) => at > 9 * 60);
    const there = arrivals(result, 'back').find((at) => at > (gone ?? 0));
    expectBetween(gone, '31h58m', '32h20m', 'the breaker closes 24 hours after the failure at 07:58');
    expectBetween((there ?? 0) - (gone ?? 0), '10m', '13m', 'deleting takes 2 minutes, starting 8');
    expectUp(result, 'back', '33h', '48h', 'it has come back: once is enough');
    const late = eventsOf(result, 'Endpoint Late', 'back').map(({ detail }) => detail['window']);
    expect(late, 'late on Monday, and not for a return that takes as long as a start').toEqual([
      '2026-03-02T07:00:00.000Z',
    ]);
    expect(eventsOf(result, 'Endpoint Parked', 'back').map(({ detail }) => detail['return'] ?? false)).toEqual([
      false,
      true,
    ]);
  });

  it('without the word it stays on the fallback to the end of the window', () => {
    expectUp(result, 'stays', '9h', '48h', 'its calendar has it up');
    expect(spanAt(result, 'stays', '47h').config).toBe('stays-small');
  });

  it('that fails leads back to the ladder, is announced, and is not tried again on the same day', () => {
    expect(spanAt(result, 'short', '33h').config).toBe('short-small');
    const failed = endpointOf(result, 'short').decisions.filter(({ reason }) => reason === 'return-failed');
    expect(failed.length).toBeGreaterThan(0);
    expect(eventsOf(result, 'Decision Refused', 'short').map(({ detail }) => detail['reason'])).toContain(
      'return-failed',
    );
    const within = deletions(result, 'short').filter((at) => at > 9 * 60);
    const first = within[0] ?? 0;
    expectBetween(first, '31h58m', '32h20m', 'the first try');
    expect(within.filter((at) => at > first + 60 && at < 48 * 60)).toEqual([]);
  });

  it('never takes away what somebody uses', () => {
    expectUp(result, 'busy', '9h', '47h', 'requests every minute');
    expect(spanAt(result, 'busy', '46h').config).toBe('busy-small');
  });

  it('breaks no invariant', () => expectSound(result));
});
