import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { asynchronous, MONDAY_UTC, variant } from './fleet.ts';
import {
  answers,
  desiredReached,
  desiredSteps,
  endpointOf,
  eventsOf,
  expectBetween,
  expectSound,
  expectUntouched,
  spansWithin,
} from './reading.ts';
import { runScenario } from './run-scenario.ts';

const size = { backlogPerInstance: 5 };
const native = { otherwise: { min: 0, max: 5 }, wake: { by: 'step-policy', ...size } };
const sized = { ...native, wake: { by: 'function', ...size } };
const tracking = {
  kind: 'target-tracking',
  metric: 'ApproximateBacklogSizePerInstance',
  target: 5,
  scaleOutCooldown: '60s',
};
const alarmOf = (endpoint: string): string => `endpoint-scaler-${endpoint}-step-wake`;
const alarms = (at: string, endpoint: string) => ({
  at,
  call: 'CloudWatch.DescribeAlarms',
  with: { AlarmNamePrefix: `endpoint-scaler-${endpoint}-` },
});

describe('wake by step policy', () => {
  let result: RehearsalResult;
  /** Alarms of ours by endpoint, as they were seen. */
  const seen: Record<string, { readonly AlarmName: string }[]> = {};
  let policies: readonly { readonly PolicyARN: string }[];

  beforeAll(async () => {
    const looks = ['alone', 'mended', 'changed', 'released'];
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '8h',
      policies: {
        native,
        changing: native,
        tracked: { ...native, scaling: [tracking] },
        sized,
        closed: { otherwise: { min: 0, max: 0 }, wake: { by: 'step-policy' } },
        chat: { otherwise: { min: 1, max: 2 }, wake: { by: 'step-policy' } },
      },
      endpoints: {
        alone: asynchronous('native'),
        tracked: asynchronous('tracked'),
        bySize: asynchronous('sized'),
        stranded: asynchronous('native'),
        held: asynchronous('native'),
        mended: asynchronous('native'),
        changed: asynchronous('changing'),
        released: asynchronous('native'),
        closed: asynchronous('closed', { instances: 1 }),
        chat: { kind: 'real-time', policy: 'chat', instanceType: 'ml.g5.2xlarge' },
      },
      happens: [
        ...['alone', 'tracked', 'bySize'].map((to) => ({ at: '+1h', requests: 12, to })),
        { at: '+30m', call: 'ApplicationAutoScaling.DescribeScalingPolicies', with: variant('alone') },
        // Its alarm rings, and nothing comes of it.
        { at: '+50m', call: 'CloudWatch.DisableAlarmActions', with: { AlarmNames: [alarmOf('stranded')] } },
        { at: '+51m', requests: 12, to: 'stranded' },
        { at: '+40m', hold: 'held', mode: 'down', until: '+3h', why: 'costs' },
        { at: '+1h', requests: 3, to: 'held' },
        { at: '+30m', call: 'CloudWatch.DeleteAlarms', with: { AlarmNames: [alarmOf('mended')] } },
        { at: '+2h', put: 'policies/changing', document: sized },
        {
          at: '+2h',
          call: 'SageMaker.DeleteTags',
          with: { ResourceArn: '$ARN(released)', TagKeys: ['endpoint-scaler:policy'] },
        },
        ...looks.map((name) => alarms('+2h20m', name)),
      ],
    }));
    policies = answers(result, 'DescribeScalingPolicies')[0].ScalingPolicies;
    const found = answers(result, 'DescribeAlarms');
    for (const [index, name] of looks.entries()) seen[name] = found[index].MetricAlarms;
  });

  it('puts what AWS documents, and owns policy and alarm', () => {
    expect(policies).toMatchObject([
      {
        PolicyName: 'endpoint-scaler-step-wake',
        StepScalingPolicyConfiguration: {
          AdjustmentType: 'ChangeInCapacity',
          MetricAggregationType: 'Average',
          Cooldown: 300,
          StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }],
        },
      },
    ]);
    expect(seen['alone'], 'and no wake alarm of a function beside it').toMatchObject([
      {
        AlarmName: alarmOf('alone'),
        Namespace: 'AWS/SageMaker',
        MetricName: 'HasBacklogWithoutCapacity',
        Dimensions: [{ Name: 'EndpointName', Value: 'alone' }],
        Statistic: 'Average',
        Period: 60,
        EvaluationPeriods: 2,
        DatapointsToAlarm: 2,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        TreatMissingData: 'missing',
        ActionsEnabled: true,
        AlarmActions: [policies[0]?.PolicyARN],
      },
    ]);
  });

  it('leaves the wake to Application Auto Scaling: one instance, and zero again when idle', () => {
    expect(desiredSteps(result, 'alone')).toEqual([0, 1, 0]);
    expectBetween(desiredReached(result, 'alone', 1), '1h2m', '1h5m', 'two datapoints and the alarm');
    const raises = endpointOf(result, 'alone').decisions.filter(({ evidence }) => Number(evidence['newDesired']) > 0);
    expect(raises, 'none of ours').toEqual([]);
    expect(endpointOf(result, 'alone').requests).toMatchObject({ served: 12, expired: 0 });
  });

  it('lets target tracking take over above the first instance', () => {
    expect(desiredSteps(result, 'tracked').slice(0, 3)).toEqual([0, 1, 2]);
    expect(desiredSteps(result, 'tracked').at(-1)).toBe(0);
  });

  it('stays ours, and sized, without it', () => {
    expect(desiredSteps(result, 'bySize')).toEqual([0, 3, 0]);
    expect(endpointOf(result, 'bySize').decisions.map(({ reason }) => reason)).toContain('backlog-wake');
  });

  it('catches a backlog that the step policy does not lift, sized and announced', () => {
    expectBetween(desiredReached(result, 'stranded', 3), '57m', '1h', 'five minutes after the alarm');
    expect(desiredSteps(result, 'stranded').slice(0, 2)).toEqual([0, 3]);
    expect(eventsOf(result, 'Capacity Changed', 'stranded')).toContainEqual(
      expect.objectContaining({
        detail: expect.objectContaining({ reason: 'step-policy-stranded', after: { desired: 3 } }) as unknown,
      }),
    );
    expect(endpointOf(result, 'stranded').requests).toMatchObject({ served: 12, expired: 0 });
  });

  it('keeps what a hold keeps down, and lets it go afterwards', () => {
    const early = spansWithin(result, 'held', '40m', '3h').filter(({ desired }) => desired > 0);
    expect(early).toEqual([]);
    expectBetween(desiredReached(result, 'held', 1), '3h', '3h5m', 'the hold’s end');
    expect(endpointOf(result, 'held').final.scalableTargets).toMatchObject([
      { SuspendedState: { DynamicScalingOutSuspended: false } },
    ]);
  });

  it('mends its alarm, and takes both away where nobody asks for them any more', () => {
    expect(seen['mended']?.map(({ AlarmName }) => AlarmName)).toEqual([alarmOf('mended')]);
    expect(seen['changed']?.map(({ AlarmName }) => AlarmName)).toEqual(['endpoint-scaler-changed-backlog']);
    expect(endpointOf(result, 'changed').final.scalingPolicies).toEqual([]);
    expect(seen['released']).toEqual([]);
    expect(endpointOf(result, 'released').final.scalingPolicies).toEqual([]);
  });

  it('is an error for the endpoint that cannot have it', () => {
    const told = (name: string) => eventsOf(result, 'Policy Invalid', name).map(({ detail }) => detail);
    expect(told('chat')).toMatchObject([
      {
        field: 'wake.by',
        value: 'step-policy',
        allowed: 'function for a real-time endpoint: only an asynchronous one has a queue',
      },
    ]);
    expect(told('closed')).toMatchObject([
      { field: 'wake.by', allowed: expect.stringContaining('max ≥ 1') as unknown },
    ]);
    expectUntouched(result, 'chat', 'its policy does not fit');
  });

  it('breaks no invariant', () => expectSound(result));
});

describe('what an owner suspended before a hold down', () => {
  const suspend = (at: string, endpoint: string, scaling: Readonly<Record<string, boolean>>) => ({
    at,
    call: 'ApplicationAutoScaling.RegisterScalableTarget',
    with: {
      ...variant(endpoint),
      ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
      SuspendedState: scaling,
    },
  });
  const hold = (endpoint: string) => ({ at: '+40m', hold: endpoint, mode: 'down', until: '+2h', why: 'costs' });
  const states = (at: string) => ({
    at,
    call: 'ApplicationAutoScaling.DescribeScalableTargets',
    with: { ServiceNamespace: 'sagemaker' },
  });
  const [IN, OUT, SCHEDULED] = [
    'DynamicScalingInSuspended',
    'DynamicScalingOutSuspended',
    'ScheduledScalingSuspended',
  ] as const;
  let result: RehearsalResult;
  /** What is suspended, by endpoint, at each look. */
  let seen: readonly Readonly<Record<string, readonly string[]>>[];

  beforeAll(async () => {
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '4h',
      schedules: { early: { timezone: 'UTC', open: [{ from: '00:00', to: '01:00' }] } },
      policies: {
        native,
        later: { ...native, capacity: [{ during: 'early', min: 0, max: 5 }], otherwise: 'leave' },
      },
      endpoints: {
        owned: asynchronous('native'),
        still: asynchronous('native'),
        again: asynchronous('native'),
        left: asynchronous('later'),
        released: asynchronous('native'),
      },
      happens: [
        suspend('+20m', 'owned', { [IN]: true, [OUT]: false, [SCHEDULED]: true }),
        suspend('+20m', 'still', { [IN]: false, [OUT]: true, [SCHEDULED]: false }),
        ...['owned', 'still', 'again', 'left', 'released'].map(hold),
        // In the middle of the hold: theirs to say, but for what the hold needs.
        suspend('+1h', 'again', { [IN]: true, [OUT]: true, [SCHEDULED]: false }),
        suspend('+1h', 'released', { [IN]: false, [OUT]: true, [SCHEDULED]: true }),
        states('+1h30m'),
        {
          at: '+1h35m',
          call: 'SageMaker.DeleteTags',
          with: { ResourceArn: '$ARN(released)', TagKeys: ['endpoint-scaler:policy'] },
        },
        states('+3h'),
      ],
    }));
    seen = answers(result, 'DescribeScalableTargets').map(({ ScalableTargets }) =>
      Object.fromEntries(
        ScalableTargets.map((target: { ResourceId: string; SuspendedState: Readonly<Record<string, boolean>> }) => [
          target.ResourceId.split('/')[1],
          [IN, OUT, SCHEDULED].filter((what) => target.SuspendedState[what]),
        ]),
      ),
    );
  });

  it('stays suspended, and beside it scale-out for as long as the hold lasts', () => {
    expect(seen[0]).toEqual({
      owned: [IN, OUT, SCHEDULED],
      still: [OUT],
      again: [IN, OUT],
      left: [OUT],
      released: [OUT, SCHEDULED],
    });
  });

  it('is as it was afterwards, and as it was changed meanwhile', () => {
    const { released: _, ...rest } = seen[1] ?? {};
    expect(rest).toEqual({ owned: [IN, SCHEDULED], still: [OUT], again: [IN], left: [] });
  });

  it('breaks no invariant', () => expectSound(result));
});
