import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { MONDAY_UTC, realTime } from './fleet.ts';
import { endpointOf, eventsOf, expectBetween, expectSound, since } from './reading.ts';
import { runScenario } from './run-scenario.ts';

const tracking = { kind: 'target-tracking', metric: 'InvocationsPerInstance', target: 30, scaleOutCooldown: '60s' };
const busy = { traffic: [{ from: '+1h', to: '+3h', perMinute: 200 }], startsIn: '4m' };

describe('scaling activities that came to nothing', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '6h',
      policies: {
        low: { otherwise: { min: 1, max: 2 }, scaling: [tracking] },
        high: { otherwise: { min: 1, max: 8 }, scaling: [tracking] },
      },
      endpoints: {
        full: realTime('low', busy),
        short: realTime('high', { ...busy, instanceType: 'ml.g5.48xlarge' }),
        calm: realTime('high'),
      },
      happens: [{ at: '+30m', for: '90m', noCapacity: 'ml.g5.48xlarge', failsAfter: '10m' }],
    }));
  });

  it('a maximum that an alarm runs into is told once while it lasts', () => {
    const told = eventsOf(result, 'Scaling Failed', 'full');
    expect(told.map(({ detail }) => detail)).toMatchObject([
      {
        reason: 'scaling-at-max',
        class: 'at-max',
        resource: 'endpoint/full/variant/AllTraffic',
        message: 'AlreadyAtMaxCapacity',
        advice: expect.stringContaining('raise max'),
      },
    ]);
    expectBetween(told[0] && since(result, told[0].at), '1h', '1h35m', 'within a quarter of an hour of the alarm');
  });

  it('a shortage is told for each try that failed, with what to do, and each once', () => {
    const told = eventsOf(result, 'Scaling Failed', 'short').filter(
      ({ detail }) => detail['reason'] === 'scaling-failed-capacity',
    );
    expect(told.length).toBeGreaterThan(0);
    expect(told[0]?.detail).toMatchObject({ class: 'capacity', advice: expect.stringContaining('instance pools') });
    const ids = told.map(({ detail }) => detail['activity']);
    expect(new Set(ids).size).toBe(ids.length);
    const lines = endpointOf(result, 'short').decisions.filter(({ reason }) => reason === 'scaling-failed-capacity');
    expect(lines.length, 'a line beside the event').toBeGreaterThan(0);
  });

  it('a scale-out that takes its time is no trouble, nor is an endpoint that is calm', () => {
    const told = eventsOf(result, 'Scaling Failed');
    expect(told.filter(({ detail }) => detail['reason'] === 'scaling-not-scalable')).toEqual([]);
    expect([...new Set(told.map(({ detail }) => detail['endpoint']))].sort()).toEqual(['full', 'short']);
  });

  it('costs one call each quarter of an hour', () => {
    expect(result.calls['ApplicationAutoScaling.DescribeScalingActivities']).toBe(24);
    expectSound(result);
  });
});
