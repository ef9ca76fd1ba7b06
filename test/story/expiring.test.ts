import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { asynchronous, MONDAY_UTC, queueOnly } from './fleet.ts';
import { desiredReached, endpointOf, eventsOf, expectBetween, expectSound, since } from './reading.ts';
import { type Document, runScenario } from './run-scenario.ts';

const lives = (requestTtl: string, more: Document = {}): Document => ({
  ...queueOnly,
  wake: { on: ['backlog'], backlogPerInstance: 5, requestTtl },
  ...more,
});
const ALARM = {
  AlarmName: 'endpoint-scaler-deaf-backlog',
  Namespace: 'AWS/SageMaker',
  MetricName: 'HasBacklogWithoutCapacity',
  Dimensions: [{ Name: 'EndpointName', Value: 'deaf' }],
  Statistic: 'Maximum',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 100,
  ComparisonOperator: 'GreaterThanThreshold',
};

describe('requests that may expire', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '16h',
      schedules: { shut: { timezone: 'UTC', open: [{ from: '02:00', to: '05:30' }] } },
      prices: { 'ml.p4d.24xlarge': 30 },
      policies: {
        queue: queueOnly,
        theirs: { ...queueOnly, onDrift: 'respect' },
        brief: lives('20m'),
        one: lives('1h', { otherwise: { min: 0, max: 1 } }),
        shut: lives('4h', { capacity: [{ during: 'shut', min: 0, max: 0 }] }),
      },
      endpoints: {
        scarce: asynchronous('queue', { instanceType: 'ml.p4d.24xlarge' }),
        held: asynchronous('queue'),
        briefly: asynchronous('brief', { requestTtl: '20m' }),
        usual: asynchronous('brief', { requestTtl: '20m' }),
        slow: asynchronous('one', { requestTtl: '1h' }),
        shut: asynchronous('shut', { requestTtl: '4h' }),
        deaf: asynchronous('theirs'),
      },
      happens: [
        { at: '+50m', for: '8h', noCapacity: 'ml.p4d.24xlarge' },
        { at: '+50m', hold: 'held', mode: 'hands-off', until: '+8h', why: 'load test' },
        { at: '+50m', hold: 'briefly', mode: 'hands-off', until: '+3h', why: 'load test' },
        { at: '+1h', requests: 3, to: 'scarce' },
        { at: '+1h', requests: 3, to: 'held' },
        // A second episode.
        { at: '+8h30m', hold: 'held', mode: 'hands-off', until: '+15h', why: 'load test' },
        { at: '+8h40m', requests: 3, to: 'held' },
        { at: '+1h', requests: 1, to: 'briefly' },
        { at: '+1h', requests: 12, to: 'usual' },
        { at: '+1h', requests: 200, to: 'slow' },
        { at: '+2h10m', requests: 3, to: 'shut' },
        // Its alarm never rings, and is left so.
        { at: '+30m', call: 'CloudWatch.PutMetricAlarm', with: ALARM },
        { at: '+1h', requests: 12, to: 'deaf' },
      ],
    }));
  });

  const told = (name: string) => eventsOf(result, 'Requests Expiring', name);
  const at = (name: string): number | undefined => {
    const [first] = told(name);
    return first && since(result, first.at);
  };

  it.each([
    ['scarce', 'a shortage for hours', '5h15m', '5h30m', 'demand-backlog'],
    ['briefly', 'a hold that lets nothing start, with ten minutes to go', '1h5m', '1h10m', 'hold-hands-off'],
    ['shut', 'a maximum of zero', '4h50m', '5h10m', 'window'],
    ['slow', 'too few instances', '1h30m', '1h45m', 'demand-backlog'],
  ])('%s: %s is told once', (name, why, low, high, reason) => {
    expectBetween(at(name), low, high, why);
    expect(told(name)).toHaveLength(1);
    expect(told(name)[0]?.detail).toMatchObject({ reason, measured: true });
  });

  it('says what is known', () => {
    expect(told('shut')[0]?.detail).toMatchObject({
      requestTtlSeconds: 14_400,
      expiresAt: '2026-03-02T06:10:00.000Z',
      backlog: 3,
      desired: 0,
      serving: 0,
      max: 0,
    });
  });

  it('tells each episode once', () => {
    const times = told('held').map((event) => since(result, event.at) / 60);
    expect(times).toHaveLength(2);
    for (const [index, begins] of [1, 8 + 2 / 3].entries()) {
      expect(times[index]! - begins, 'an hour and a half before they expire, and a look').toBeGreaterThan(4.2);
      expect(times[index]! - begins).toBeLessThanOrEqual(4.5);
    }
  });

  it('is silent where a usual wake serves in time', () => {
    expect(told('usual')).toEqual([]);
    expect(endpointOf(result, 'usual').requests).toMatchObject({ served: 12, expired: 0 });
  });

  it('lifts what waits at zero though no alarm rings', () => {
    expectBetween(desiredReached(result, 'deaf', 3), '1h10m', '1h35m', 'the look into the queue');
    expect(endpointOf(result, 'deaf').requests).toMatchObject({ served: 12, expired: 0 });
  });

  it('breaks no invariant', () => expectSound(result));
});
