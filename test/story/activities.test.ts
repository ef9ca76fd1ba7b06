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

  it('a shortage is told once while it lasts, with what to do', () => {
    const told = eventsOf(result, 'Scaling Failed', 'short').filter(
      ({ detail }) => detail['reason'] === 'scaling-failed-capacity',
    );
    expect(told).toHaveLength(1);
    expect(told[0]?.detail).toMatchObject({ class: 'capacity', advice: expect.stringContaining('instance pools') });
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

/** Asked for by the calendar, not by an alarm: through the bounds of a target, or, without scaling policies, directly. */
describe('raises of the calendar that come to nothing', () => {
  const window = { schedules: { am: { timezone: 'UTC', open: [{ from: '02:00', to: '05:00' }] } } };
  const rungs = { capacity: [{ during: 'am', min: 3, max: 4 }], otherwise: { min: 1, max: 4 }, wake: { lead: '10m' } };
  let result: RehearsalResult;
  beforeAll(async () => {
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '6h',
      ...window,
      policies: { steered: { ...rungs, scaling: [tracking] }, plain: rungs },
      endpoints: {
        steered: realTime('steered', { startsIn: '4m' }),
        plain: realTime('plain', { startsIn: '4m' }),
        beyond: realTime('steered', { startsIn: '4m', instanceType: 'ml.g5.48xlarge' }),
        refused: realTime('plain', { startsIn: '4m', instanceType: 'ml.g5.48xlarge' }),
      },
      happens: [
        { at: '+90m', for: '90m', noCapacity: 'ml.g5.2xlarge', failsAfter: '10m' },
        { at: '+90m', for: '90m', noQuota: 'ml.g5.48xlarge' },
      ],
    }));
  });

  const changes = (name: string) => eventsOf(result, 'Capacity Changed', name).map(({ detail }) => detail);

  it.each([
    ['steered', 'capacity', 'instance pools'],
    ['plain', 'capacity', 'instance pools'],
    ['beyond', 'quota', 'Service Quotas'],
  ])('%s: told once, with what to do', (name, trouble, advice) => {
    const told = eventsOf(result, 'Scaling Failed', name).map(({ detail }) => detail);
    expect(told).toMatchObject([{ class: trouble, advice: expect.stringContaining(advice) }]);
  });

  it('a refusal of the call itself says what to do, too', () => {
    const told = eventsOf(result, 'Decision Refused', 'refused').map(({ detail }) => detail);
    expect(told).toMatchObject([{ code: 'ResourceLimitExceeded', advice: expect.stringContaining('Service Quotas') }]);
  });

  it.each(['steered', 'plain', 'beyond'])('%s: nothing is told as changed that did not change', (name) => {
    const told = changes(name);
    for (const { before, after } of told) expect(after).not.toEqual(before);
    expect(told, 'as it was found, raised, come at last, lowered').toHaveLength(name === 'plain' ? 3 : 4);
    expect(told.at(-2), 'that it has come').toMatchObject({ after: { desired: 3, serving: 3 }, reason: 'window' });
  });

  it('are asked for again after 2, 4, 8 and then every 10 minutes', () => {
    const asked = result.calls['ApplicationAutoScaling.RegisterScalableTarget'];
    expect(asked, 'two endpoints over an hour: each minute would be more than 100').toBeGreaterThan(12);
    expect(asked).toBeLessThan(30);
  });

  it('each comes within 10 minutes and a start once it can', () => {
    for (const name of ['steered', 'plain', 'beyond', 'refused']) {
      const since3 = endpointOf(result, name).spans.find(({ serving }) => serving === 3);
      expectBetween(since3 && since(result, since3.from), '3h', '3h25m', name);
    }
    expectSound(result);
  });
});
