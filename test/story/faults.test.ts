import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import {
  asynchronous,
  busyBefore,
  busyUntil,
  idle,
  MONDAY_BERLIN,
  MONDAY_UTC,
  office,
  officeHours,
  queueOnly,
  realTime,
  variant,
} from './fleet.ts';
import {
  answers,
  arrivals,
  creations,
  deletions,
  desiredReached,
  desiredSteps,
  endpointOf,
  eventsOf,
  expectBetween,
  expectSound,
  expectUntouched,
  expectUp,
  since,
} from './reading.ts';
import { type Document, runScenario } from './run-scenario.ts';

const DENIED = { code: 'AccessDeniedException', message: 'User is not authorized to perform this action' };

describe.concurrent('lost, doubled and late events change nothing but the delay', () => {
  const day = (happens: readonly Document[]) =>
    runScenario({
      start: MONDAY_BERLIN,
      for: '20h',
      schedules: { office },
      policies: { chat: officeHours(), queue: queueOnly },
      endpoints: { chat: realTime('chat'), transcribe: asynchronous('queue') },
      happens: [{ at: '+2h', requests: 12, to: 'transcribe' }, ...happens],
    });

  function expectNormalDay(result: RehearsalResult, { wakeBy = '2h6m', lateAtMost = 0 } = {}): void {
    const { windows, parks, wakes } = endpointOf(result, 'chat');
    expect(windows.length, 'one window on a Monday').toBe(1);
    expect(windows[0]?.lateSeconds, 'section 3: level-triggered: ready all the same').toBeLessThanOrEqual(lateAtMost);
    expect({ parks, wakes }, 'section 10, 6: no event causes a second create or delete').toEqual({
      parks: 2,
      wakes: 1,
    });
    expectBetween(deletions(result, 'chat')[1], '19h', '19h6m', 'parked after the window');
    expectBetween(
      desiredReached(result, 'transcribe', 3),
      '2h',
      wakeBy,
      'the backlog is seen by the alarm’s event or by a tick',
    );
    expect(desiredSteps(result, 'transcribe').slice(0, 2), 'section 4: sized in one step').toEqual([0, 3]);
    expect(endpointOf(result, 'transcribe').requests, 'section 10, 7').toMatchObject({ served: 12, expired: 0 });
    expectSound(result);
  }

  it.each<[string, Document]>([
    ['every event lost', { at: '+0h', events: 'drop' }],
    ['state changes lost', { at: '+0h', events: 'drop', of: 'SageMaker Endpoint State Change' }],
    ['every event twice', { at: '+0h', events: 'twice' }],
    ['every event 20 minutes late', { at: '+0h', events: { delay: '20m' } }],
    ['every tick twice', { at: '+0h', events: 'twice', of: 'tick' }],
  ])('%s', async (_, entry) => {
    const { result } = await day([entry]);
    expectNormalDay(result);
    expect(result.calls['SageMaker.CreateEndpoint'], 'section 10, 6: sent once').toBe(1);
    expect(result.calls['SageMaker.DeleteEndpoint'], 'section 10, 6: sent once each').toBe(2);
    expect(result.happens.at(-1)?.times, 'the fault took effect').toBeGreaterThan(0);
  });

  it('ticks lost around the begin of a window: late by that, announced, mended by the next tick', async () => {
    const { result } = await day([{ at: '+7h30m', for: '40m', events: 'drop', of: 'tick' }]);
    const [created] = creations(result, 'chat');
    expectBetween(created, '8h10m', '8h12m', 'section 3: the next tick asks the same question');
    const late = endpointOf(result, 'chat').windows[0]?.lateSeconds;
    expect(late, 'started at 08:10, 8 min').toBeGreaterThanOrEqual(1080);
    expect(late, 'started at 08:10, 8 min').toBeLessThanOrEqual(1260);
    expect(eventsOf(result, 'Endpoint Late', 'chat').length, 'section 6: late is announced at once').toBeGreaterThan(0);
    expect(endpointOf(result, 'chat').parks, 'nothing parked or woken twice').toBe(2);
    expectSound(result);
  });

  it('half of all SageMaker calls throttled', async () => {
    const { result } = await day([{ at: '+0h', throttle: 'SageMaker.*', share: 0.5 }]);
    const { windows, parks, wakes } = endpointOf(result, 'chat');
    expect(windows[0]?.lateSeconds, 'section 6: throttling: next run').toBeLessThanOrEqual(900);
    expect({ parks, wakes }, 'section 10, 5 and 6').toEqual({ parks: 2, wakes: 1 });
    expect(endpointOf(result, 'transcribe').requests, 'section 10, 7').toMatchObject({ served: 12, expired: 0 });
    expectSound(result);
  });
});

describe('a function may die after any call', () => {
  const target = variant('Chat');
  const SCALING = 'ApplicationAutoScaling';
  const CYCLE = 90;
  /** One wake and one park in each cycle; the function dies once in each. */
  const wakeCrashes = [
    'SageMaker.CreateEndpoint',
    'DynamoDB.PutItem',
    'DynamoDB.UpdateItem',
    `${SCALING}.RegisterScalableTarget`,
    `${SCALING}.PutScalingPolicy`,
    `${SCALING}.PutScheduledAction`,
    'EventBridge.PutEvents',
    'SageMaker.DescribeEndpoint',
  ];
  const parkCrashes = [
    'SageMaker.DeleteEndpoint',
    'DynamoDB.PutItem',
    'DynamoDB.UpdateItem',
    'SageMaker.DescribeEndpointConfig',
    'CloudWatch.GetMetricData',
  ];
  const cycles = wakeCrashes.length + parkCrashes.length + 1;
  let result: RehearsalResult;

  beforeAll(async () => {
    const look = (at: string): Document[] => [
      {
        at,
        call: `${SCALING}.DescribeScalingPolicies`,
        with: { ServiceNamespace: 'sagemaker', ResourceId: target['ResourceId'] },
      },
      {
        at,
        call: `${SCALING}.DescribeScheduledActions`,
        with: { ServiceNamespace: 'sagemaker', ResourceId: target['ResourceId'] },
      },
    ];
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: `${cycles * CYCLE + 25}m`,
      policies: { quick: idle('5m') },
      endpoints: { Chat: realTime('quick', { whenAway: 'asks', ...busyUntil('20m') }) },
      happens: [
        ...busyBefore('Chat'),
        { at: '+1m', call: `${SCALING}.RegisterScalableTarget`, with: { ...target, MinCapacity: 1, MaxCapacity: 3 } },
        {
          at: '+2m',
          call: `${SCALING}.PutScalingPolicy`,
          with: {
            ...target,
            PolicyName: 'owner-tracking',
            PolicyType: 'TargetTrackingScaling',
            TargetTrackingScalingPolicyConfiguration: {
              TargetValue: 70,
              PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
              DisableScaleIn: true,
            },
          },
        },
        {
          at: '+3m',
          call: `${SCALING}.PutScheduledAction`,
          with: {
            ...target,
            ScheduledActionName: 'owner-new-year',
            Schedule: 'cron(0 9 1 1 ? *)',
            ScalableTargetAction: { MinCapacity: 2 },
          },
        },
        ...look('+10m'),
        ...Array.from({ length: cycles }, (_, index) => ({ at: `+${(index + 1) * CYCLE}m`, requests: 1, to: 'Chat' })),
        ...wakeCrashes.map((after, index) => ({ at: `+${(index + 1) * CYCLE - 1}m`, crash: 'idle-windows', after })),
        ...parkCrashes.map((after, index) => ({
          at: `+${(index + 1 + wakeCrashes.length) * CYCLE + 20}m`,
          crash: 'idle-windows',
          after,
        })),
        ...look(`+${cycles * CYCLE + 24}m`),
      ],
    }));
  });

  it('the function really died', () => {
    const crashes = result.happens.filter((entry) => entry.what.includes('crash'));
    expect(crashes.length, 'every entry is in the result').toBe(wakeCrashes.length + parkCrashes.length);
    const idleOnes = crashes.filter((entry) => entry.times !== 1 && !entry.what.includes('DynamoDB'));
    expect(idleOnes, 'section 8: the function dies right after its next such call').toEqual([]);
    const writes = crashes.filter((entry) => entry.what.includes('DynamoDB') && entry.times > 0);
    expect(writes.length, 'it writes its records somehow').toBeGreaterThanOrEqual(2);
  });

  it('sends each create and delete once', () => {
    expect(result.calls['SageMaker.CreateEndpoint'], 'section 10, 6').toBe(cycles);
    expect(result.calls['SageMaker.DeleteEndpoint'], 'section 10, 6').toBe(cycles);
    expect(endpointOf(result, 'Chat'), 'sections 6 and 10, 5').toMatchObject({ parks: cycles, wakes: cycles });
  });

  it('is up soon after each request, and away before the next', () => {
    const ups = arrivals(result, 'Chat');
    const downs = deletions(result, 'Chat');
    for (let cycle = 1; cycle <= cycles; cycle += 1) {
      const asked = cycle * CYCLE;
      expectBetween(
        (ups[cycle - 1] ?? Number.NaN) - asked,
        '8m',
        '15m',
        `section 6: the next run repairs (wake of cycle ${cycle})`,
      );
      if (cycle < cycles)
        expectBetween(
          (downs[cycle] ?? Number.NaN) - (ups[cycle - 1] ?? Number.NaN),
          '20m',
          '40m',
          `section 6: the next run repairs (park of cycle ${cycle})`,
        );
    }
  });

  it('restores the owner’s scaling after all of them', () => {
    const names = (nth: number) => [
      ...answers(result, 'DescribeScalingPolicies')[nth].ScalingPolicies.map(
        (policy: { PolicyName: string }) => policy.PolicyName,
      ),
      ...answers(result, 'DescribeScheduledActions')[nth].ScheduledActions.map(
        (a: { ScheduledActionName: string }) => a.ScheduledActionName,
      ),
    ];
    expect(names(0), 'the owner’s, before').toEqual(['owner-tracking', 'owner-new-year']);
    expect(names(1), 'section 10, 2: restored after every crash').toEqual(['owner-tracking', 'owner-new-year']);
  });

  it('breaks no invariant', () => expectSound(result));

  it('the other two functions are as safe', async () => {
    const { result: other } = await runScenario({
      start: MONDAY_UTC,
      for: '2h',
      policies: {
        queue: queueOnly,
        checkout: {
          otherwise: { min: 1, max: 3 },
          scaling: [{ kind: 'target-tracking', metric: 'ConcurrentRequestsPerModel', target: 4 }],
        },
      },
      endpoints: { transcribe: asynchronous('queue'), checkout: realTime('checkout') },
      happens: [
        { at: '+0h', crash: 'scheduled-scaling', after: 'ApplicationAutoScaling.RegisterScalableTarget' },
        { at: '+0h', crash: 'scheduled-scaling', after: 'ApplicationAutoScaling.PutScalingPolicy' },
        { at: '+0h', crash: 'scheduled-scaling', after: 'CloudWatch.PutMetricAlarm' },
        { at: '+0h', crash: 'backlog-wake', after: 'SageMaker.UpdateEndpointWeightsAndCapacities' },
        { at: '+1h', requests: 12, to: 'transcribe' },
        { at: '+30m', call: 'ApplicationAutoScaling.DescribeScalingPolicies', with: { ServiceNamespace: 'sagemaker' } },
        { at: '+30m', call: 'CloudWatch.DescribeAlarms', with: { AlarmNamePrefix: 'endpoint-scaler-transcribe' } },
      ],
    });
    expect(
      other.happens.filter((entry) => entry.what.includes('crash')).map((entry) => entry.times),
      'each died once',
    ).toEqual([1, 1, 1, 1]);
    expect(answers(other, 'DescribeScalingPolicies')[0].ScalingPolicies.length, 'section 6: the next run repairs').toBe(
      1,
    );
    expect(answers(other, 'DescribeAlarms')[0].MetricAlarms.length, 'section 6: the next run repairs').toBe(1);
    expect(desiredSteps(other, 'transcribe').slice(0, 2), 'issue, 5: sized in one step, not twice').toEqual([0, 3]);
    expect(endpointOf(other, 'transcribe').requests, 'served').toMatchObject({ served: 12, expired: 0 });
    expectSound(other);
  });
});

describe.concurrent('denied calls', () => {
  it('a refused delete leaves the endpoint up and is tried again at most every 10 minutes', async () => {
    const { result } = await runScenario({
      start: MONDAY_UTC,
      for: '3h',
      policies: { quick: idle('5m') },
      endpoints: { chat: realTime('quick') },
      happens: [{ at: '+0h', for: '2h', fail: 'SageMaker.DeleteEndpoint', with: DENIED }],
    });
    expectUp(result, 'chat', '0m', '2h', 'section 6: a refused delete deletes nothing');
    const refused = eventsOf(result, 'Decision Refused', 'chat').map((event) => since(result, event.at));
    expect(refused.length, 'section 6: Decision Refused says why').toBeGreaterThanOrEqual(1);
    for (const [index, at] of refused.entries()) {
      const before = refused[index - 1];
      if (before !== undefined) expect(at - before, 'section 6: at most every 10 minutes').toBeGreaterThanOrEqual(9.9);
    }
    // two hours, every 10 minutes at most, and the one that works
    expect(
      result.calls['SageMaker.DeleteEndpoint'],
      'section 6: tried again at most every 10 minutes',
    ).toBeLessThanOrEqual(14);
    expect(result.calls['SageMaker.DeleteEndpoint'], 'section 6: tried again').toBeGreaterThanOrEqual(3);
    expect(
      endpointOf(result, 'chat').decisions.some((entry) => entry.decision === 'refuse'),
      'section 10, 9',
    ).toBe(true);
    expectBetween(deletions(result, 'chat')[0], '2h', '2h15m', 'parked once it is allowed');
    expectSound(result);
  });

  it('with all mutating calls denied nothing changes and every decision is a refusal', async () => {
    const operations = [
      'SageMaker.CreateEndpoint',
      'SageMaker.DeleteEndpoint',
      'SageMaker.UpdateEndpoint',
      'SageMaker.UpdateEndpointWeightsAndCapacities',
      'SageMaker.AddTags',
      'SageMaker.DeleteTags',
      'ApplicationAutoScaling.RegisterScalableTarget',
      'ApplicationAutoScaling.DeregisterScalableTarget',
      'ApplicationAutoScaling.PutScalingPolicy',
      'ApplicationAutoScaling.DeleteScalingPolicy',
      'ApplicationAutoScaling.PutScheduledAction',
      'ApplicationAutoScaling.DeleteScheduledAction',
      'CloudWatch.PutMetricAlarm',
      'CloudWatch.DeleteAlarms',
    ];
    const { result } = await runScenario({
      start: MONDAY_UTC,
      for: '3h',
      policies: {
        quick: idle('5m'),
        queue: queueOnly,
        checkout: {
          otherwise: { min: 2, max: 3 },
          scaling: [{ kind: 'target-tracking', metric: 'ConcurrentRequestsPerModel', target: 4 }],
        },
      },
      endpoints: {
        chat: realTime('quick'),
        transcribe: asynchronous('queue'),
        resting: asynchronous('queue', { instances: 2 }),
        checkout: realTime('checkout'),
      },
      happens: [
        ...operations.map((fail) => ({ at: '+0h', fail, with: DENIED })),
        { at: '+1h', requests: 12, to: 'transcribe' },
      ],
    });
    for (const name of Object.keys(result.endpoints))
      expectUntouched(result, name, 'issue, 6: with all mutating calls denied no capacity changes');
    const kinds = Object.fromEntries(
      Object.entries(result.endpoints).map(([name, { decisions }]) => [
        name,
        [...new Set(decisions.map((entry) => entry.decision))].filter((decision) => decision !== 'keep').sort(),
      ]),
    );
    expect(kinds, 'issue, 6: every decision is a refusal; section 10, 9: every refusal has a record').toEqual({
      chat: ['refuse'],
      checkout: ['refuse'],
      resting: ['refuse'],
      transcribe: ['refuse'],
    });
    expect(result.invariants.violations, 'section 10, 8').toEqual([]);
  });
});
