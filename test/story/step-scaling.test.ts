import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { MONDAY_UTC, realTime } from './fleet.ts';
import { answers, desiredReached, endpointOf, expectBetween, expectSound, spanAt, spansWithin } from './reading.ts';
import { runScenario } from './run-scenario.ts';

const out = {
  kind: 'step',
  alarm: { metric: 'ConcurrentRequestsPerModel', threshold: 8, periods: 2, statistic: 'Maximum' },
  steps: [
    { from: 0, add: 1 },
    { from: 8, add: 3 },
  ],
  cooldown: '120s',
};
const quiet = {
  kind: 'step',
  name: 'quiet',
  alarm: { metric: 'ConcurrentRequestsPerModel', threshold: 4, periods: 5, statistic: 'Maximum', comparison: '<' },
  steps: [{ to: 0, add: -1 }],
  cooldown: '60s',
};
const DRIVES = 'endpoint-scaler-steps-step-';

describe('step scaling', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '12h',
      schedules: {
        day: {
          timezone: 'UTC',
          open: [
            { from: '00:00', to: '00:30' },
            { from: '08:00', to: '12:00' },
          ],
        },
      },
      policies: {
        stepped: {
          otherwise: { min: 1, max: 6 },
          scaling: [out, quiet],
        },
        'stepped-by-night': {
          capacity: [{ during: 'day', min: 1, max: 3 }],
          otherwise: 'zero',
          zero: { by: 'park', idleFor: '30m' },
          scaling: [out],
        },
      },
      endpoints: {
        steps: realTime('stepped', {
          startsIn: '4m',
          serves: { concurrent: 8, in: '1s' },
          traffic: [
            { from: '+0h', to: '+1h', perMinute: 120 },
            { from: '+1h', to: '+2h', perMinute: 1200 },
            { from: '+2h', to: '+12h', perMinute: 60 },
          ],
        }),
        away: realTime('stepped-by-night'),
        gone: realTime('stepped'),
      },
      happens: [
        { at: '+1h', call: 'CloudWatch.DescribeAlarms', with: { AlarmNamePrefix: 'endpoint-scaler-gone' } },
        { at: '+2h', call: 'SageMaker.DeleteEndpoint', with: { EndpointName: 'gone' } },
        { at: '+3h', call: 'CloudWatch.DescribeAlarms', with: { AlarmNamePrefix: 'endpoint-scaler-gone' } },
        { at: '+3h', call: 'CloudWatch.DescribeAlarms', with: { AlarmNamePrefix: 'endpoint-scaler-away' } },
        { at: '+11h', call: 'CloudWatch.DescribeAlarms', with: { AlarmNamePrefix: 'endpoint-scaler-away' } },
        {
          at: '+11h',
          call: 'ApplicationAutoScaling.DescribeScalingPolicies',
          with: { ServiceNamespace: 'sagemaker', ResourceId: 'endpoint/away/variant/AllTraffic' },
        },
      ],
    }));
  });

  it('jumps by the step that the load falls into', () => {
    const highest = Math.max(...spansWithin(result, 'steps', '5m', '1h').map(({ desired }) => desired));
    expect(highest, 'two requests at once ring no alarm').toBe(1);
    expectBetween(desiredReached(result, 'steps', 4, '1h'), '1h', '1h8m', '20 at once are 12 above: 1 + 3 in one step');
  });

  it('goes back one by one below the lower threshold, and never below the minimum', () => {
    const falling = spansWithin(result, 'steps', '2h', '6h').map(({ desired }) => desired);
    const drops = falling.slice(1).map((desired, index) => (falling[index] ?? 0) - desired);
    expect(Math.max(...drops), 'one at a time').toBe(1);
    expect(spanAt(result, 'steps', '8h').desired).toBe(1);
  });

  it('has an alarm for each policy', () => {
    const names = endpointOf(result, 'steps').final.alarms.map((alarm) => JSON.stringify(alarm));
    expect(names.filter((alarm) => alarm.includes(`${DRIVES}ConcurrentRequestsPerModel`)).length).toBe(1);
    expect(names.filter((alarm) => alarm.includes(`${DRIVES}quiet`)).length).toBe(1);
  });

  it('comes back with its endpoint, the alarm wired to the new policy', () => {
    expect(endpointOf(result, 'away')).toMatchObject({ parks: 1, wakes: 1 });
    const [, , parked, woken] = answers(result, 'DescribeAlarms').map(({ MetricAlarms }) => MetricAlarms);
    expect(parked[0].AlarmActions, 'while parked it names no policy: AWS took the old one out').toEqual([]);
    const [policy] = answers(result, 'DescribeScalingPolicies')[0].ScalingPolicies;
    expect(woken).toMatchObject([{ Threshold: 8, AlarmActions: [policy.PolicyARN] }]);
  });

  it('leaves no alarm behind when its owner deletes the endpoint', () => {
    const [before, after] = answers(result, 'DescribeAlarms').map(({ MetricAlarms }) => MetricAlarms);
    expect(before.length).toBe(2);
    expect(after).toEqual([]);
  });

  it('breaks no invariant', () => expectSound(result));
});

describe('step scaling by a percentile', () => {
  it('adds instances while one request in a hundred waits, and no more once none does', async () => {
    const { result } = await runScenario({
      start: MONDAY_UTC,
      for: '3h',
      policies: {
        slow: {
          otherwise: { min: 1, max: 6 },
          scaling: [
            {
              kind: 'step',
              alarm: { metric: 'ModelLatency', statistic: 'p99', threshold: '2s', periods: 2 },
              steps: [{ from: 0, add: 1 }],
              cooldown: '5m',
            },
          ],
        },
      },
      endpoints: {
        slow: realTime('slow', {
          startsIn: '4m',
          serves: { concurrent: 8, in: '1s' },
          traffic: [
            { from: '+0h', to: '+1h', perMinute: 120 },
            { from: '+1h', to: '+3h', perMinute: 1200 },
          ],
        }),
      },
    });
    expect(spanAt(result, 'slow', '55m').desired, 'nobody waits').toBe(1);
    expectBetween(desiredReached(result, 'slow', 3, '1h'), '1h', '1h40m', '20 requests at once need three of 8');
    expect(spanAt(result, 'slow', '2h50m').desired, 'nobody waits any more').toBeLessThanOrEqual(4);
    expectSound(result);
  });
});
