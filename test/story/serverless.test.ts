import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { MONDAY_UTC } from './fleet.ts';
import {
  answers,
  desiredReached,
  desiredSteps,
  endpointOf,
  eventsOf,
  expectBetween,
  expectSound,
  expectUntouched,
  spanAt,
  spansWithin,
} from './reading.ts';
import { type Document, runScenario } from './run-scenario.ts';

/** Two answers a second for each unit of concurrency. */
const serverless = (policy: string, more: Document = {}): Document => ({
  kind: 'serverless',
  policy,
  memoryMb: 2_048,
  maxConcurrency: 20,
  provisionedConcurrency: 2,
  coldStart: '8s',
  serves: { concurrent: 1, in: '500ms' },
  ...more,
});

const tracking = { kind: 'target-tracking', metric: 'ServerlessProvisionedConcurrencyUtilization', target: 0.7 };
const steady = (perMinute: number): Document => ({ traffic: [{ from: '+0h', to: '+12h', perMinute }] });

describe('serverless endpoints', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    const shift = { during: 'shift', min: 6, max: 6 };
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '12h',
      schedules: { shift: { timezone: 'UTC', open: [{ from: '05:00', to: '07:00' }] } },
      policies: {
        shift: { capacity: [shift], otherwise: { min: 1, max: 1 } },
        tracked: { capacity: [{ ...shift, min: 3, max: 12 }], otherwise: { min: 1, max: 2 }, scaling: [tracking] },
        left: { capacity: [shift], otherwise: 'leave' },
        greedy: { capacity: [{ ...shift, min: 25, max: 30 }], otherwise: { min: 2, max: 30 }, scaling: [tracking] },
        parked: { otherwise: 'zero', zero: { by: 'park' } },
        none: { otherwise: { min: 0, max: 4 } },
      },
      endpoints: {
        shift: serverless('shift', steady(6)),
        tracked: serverless('tracked', { traffic: [{ from: '+5h', to: '+7h', perMinute: 600 }] }),
        bare: serverless('tracked', { provisionedConcurrency: 0 }),
        left: serverless('left'),
        greedy: serverless('greedy'),
        parked: serverless('parked'),
        none: serverless('none'),
        held: serverless('shift'),
        stranger: serverless('shift', { policy: undefined }),
        drifted: serverless('tracked'),
      },
      happens: [
        {
          at: '+2h',
          call: 'ApplicationAutoScaling.RegisterScalableTarget',
          with: {
            ServiceNamespace: 'sagemaker',
            ResourceId: 'endpoint/drifted/variant/AllTraffic',
            ScalableDimension: 'sagemaker:variant:DesiredProvisionedConcurrency',
            MinCapacity: 4,
            MaxCapacity: 9,
          },
        },
        {
          at: '+6h',
          call: 'ApplicationAutoScaling.DescribeScalableTargets',
          with: { ServiceNamespace: 'sagemaker', ResourceIds: ['endpoint/drifted/variant/AllTraffic'] },
        },
        { at: '+330m', hold: 'held', mode: 'down', until: '+7h', why: 'save money' },
        { at: '+8h', hold: 'held', mode: 'up', until: '+9h', why: 'load test' },
        { at: '+11h', giveBack: 'tracked' },
      ],
    }));
  });

  it('have the provisioned concurrency of the calendar before its window, and drop it at its end', () => {
    const window = endpointOf(result, 'shift').windows.find(({ during }) => during === 'shift');
    expect(window).toMatchObject({ lateSeconds: 0 });
    expect(desiredSteps(result, 'shift')).toEqual([1, 6, 1]);
    // Two minutes until it is in service.
    expectBetween(desiredReached(result, 'shift', 6), '4h40m', '4h58m', 'raised in time');
    expect(spanAt(result, 'shift', '5h').serving).toBe(6);
    expect(spanAt(result, 'shift', '7h3m'), 'nobody drains what is only kept ready').toMatchObject({ desired: 1 });
  });

  it('are served beyond it all the same', () => {
    const { requests, serverless: use, instanceHours } = endpointOf(result, 'shift');
    expect(requests).toMatchObject({ failed: 0, total: 4_320 });
    expect(use?.throttled).toBe(0);
    // One unit for ten hours, six for two and the time they take to come.
    expect(instanceHours.paid).toBeGreaterThan(22);
    expect(instanceHours.paid).toBeLessThan(24);
    expect(instanceHours.alwaysOn).toBe(24);
  });

  it('follow the use of it where the policy says so, within the bounds of the calendar', () => {
    // Ten a second at half a second each: five at once, 0.7 of seven and more.
    expectBetween(desiredReached(result, 'tracked', 7), '5h3m', '5h20m', 'three minutes over the target');
    const most = Math.max(...spansWithin(result, 'tracked', '5h', '7h').map(({ desired }) => desired));
    expect(most).toBeGreaterThanOrEqual(7);
    expect(most).toBeLessThanOrEqual(12);
    expect(spanAt(result, 'tracked', '7h5m').desired, 'the maximum falls with the window').toBeLessThanOrEqual(2);
    const { coldStarts } = endpointOf(result, 'tracked').serverless ?? { coldStarts: 0 };
    expect(coldStarts, 'until it has followed').toBeGreaterThan(0);
  });

  it('get provisioned concurrency where they had none, and scaling policies then', () => {
    expect(spanAt(result, 'bare', '1h').serving).toBeGreaterThanOrEqual(1);
    expect(endpointOf(result, 'bare').final).toMatchObject({
      scalableTargets: [{ ScalableDimension: 'sagemaker:variant:DesiredProvisionedConcurrency', MinCapacity: 1 }],
      scalingPolicies: [{ PolicyType: 'TargetTrackingScaling' }],
    });
  });

  it('are left as they are where a rung leaves them', () => {
    expect(desiredSteps(result, 'left')).toEqual([2, 6]);
  });

  it.each([
    ['parked', 'never parked', 'zero.by', 'a serverless endpoint is never parked'],
    ['none', 'never brought to zero', 'otherwise', 'provisioned concurrency is at least 1'],
    [
      'greedy',
      'never asked for more than their maximum',
      'capacity (during shift)',
      'max at most 20, the MaxConcurrency',
    ],
  ])('are (%s) %s: it is said why, and nothing changes', (name, _, field, allowed) => {
    expectUntouched(result, name, allowed);
    expect(eventsOf(result, 'Policy Invalid', name).map(({ detail }) => detail)).toEqual([
      expect.objectContaining({ field, allowed: expect.stringContaining(allowed) }),
    ]);
    expect(endpointOf(result, name).parks).toBe(0);
  });

  it('are held up, never down', () => {
    expect(JSON.stringify(answers(result, 'hold', 'down'))).toContain('a serverless endpoint has no zero');
    expect(spanAt(result, 'held', '6h'), 'nothing came of it').toMatchObject({ desired: 6, serving: 6 });
    expect(spanAt(result, 'held', '8h30m'), 'as in its window').toMatchObject({ serving: 6 });
    expect(spanAt(result, 'held', '9h10m')).toMatchObject({ desired: 1 });
  });

  it('have their bounds back when somebody else sets others', () => {
    expect(eventsOf(result, 'Drift Found', 'drifted')).toHaveLength(1);
    const [target] = answers(result, 'DescribeScalableTargets')[0].ScalableTargets;
    expect(target).toMatchObject({ MinCapacity: 3, MaxCapacity: 12 });
  });

  it('are given back without a scalable target of ours, in service as they are', () => {
    expect(endpointOf(result, 'tracked').final).toMatchObject({ scalableTargets: [], scalingPolicies: [] });
    expect(spanAt(result, 'tracked', '11h30m').status).toBe('InService');
  });

  it('are none of ours without the tag, and no run breaks an invariant otherwise', () => {
    expectUntouched(result, 'stranger', 'it is not enrolled');
    expectSound(result);
  });
});
