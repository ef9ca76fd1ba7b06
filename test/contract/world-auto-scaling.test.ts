import { beforeEach, describe, expect, test } from 'vitest';
import type { EndpointLoad } from '../../simulator/contract.ts';
import { countsOf, seedAsync, seedRealTime, setInstances, statusOf, targetKey } from '../support/world-endpoints.ts';
import { createWorldUnderTest, HOUR, MINUTE, START, type WorldUnderTest } from '../support/world-kernel.ts';

const AAS = 'ApplicationAutoScaling';
let w: WorldUnderTest;

beforeEach(() => {
  w = createWorldUnderTest();
});

/** `perSlot` requests every 10 s from `fromMinute` on; an instance takes 4 at once, 1 s each. */
function loadFrom(fromMinute: number, perSlot: number, before = 0): EndpointLoad {
  return {
    arrivals: (slot) => (slot >= fromMinute * 6 ? perSlot : before),
    serves: { concurrent: 16, seconds: 1 },
    whenAway: 'lost',
  };
}

function register(min: number, max: number, endpoint = 'Chat', more: object = {}): void {
  w.call(AAS, 'RegisterScalableTarget', { ...targetKey(endpoint), MinCapacity: min, MaxCapacity: max, ...more });
}

function track(TargetValue: number, more: object = {}, PolicyName = 'track', endpoint = 'Chat') {
  return w.call(AAS, 'PutScalingPolicy', {
    ...targetKey(endpoint),
    PolicyName,
    PolicyType: 'TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue,
      PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
      ...more,
    },
  });
}

// biome-ignore lint/suspicious/noExplicitAny: bodies of the API
function activities(all = false): any[] {
  return w.call(AAS, 'DescribeScalingActivities', { ServiceNamespace: 'sagemaker', IncludeNotScaledActivities: all })
    .ScalingActivities;
}

/** Minutes after the start at which Application Auto Scaling asked for a capacity, with that capacity. */
function scalings(): [number, number][] {
  return w.calls
    .filter((c) => c.operation === 'SageMaker.UpdateEndpointWeightsAndCapacities' && c.caller.kind === 'service')
    .map((c) => [
      (c.at - START) / MINUTE,
      (c.input as { DesiredWeightsAndCapacities: { DesiredInstanceCount: number }[] }).DesiredWeightsAndCapacities[0]!
        .DesiredInstanceCount,
    ]);
}

describe('scalable targets', () => {
  test('every register of an active resource moves its capacity into the bounds', () => {
    seedRealTime(w, { instances: 1 });
    register(3, 5);
    expect(countsOf(w).desired).toBe(3);
    w.advance(8 * MINUTE);
    expect(activities()[0]).toMatchObject({
      StatusCode: 'Successful',
      Description: 'Setting desired instance count to 3.',
      Cause: 'minimum capacity was set to 3',
      StatusMessage: 'Successfully set desired instance count to 3. Change successfully fulfilled by sagemaker.',
    });
    setInstances(w, 1);
    w.advance(MINUTE);
    w.call(AAS, 'RegisterScalableTarget', { ...targetKey(), SuspendedState: { DynamicScalingInSuspended: true } });
    expect(countsOf(w).desired).toBe(3);
    const [target] = w.call(AAS, 'DescribeScalableTargets', { ServiceNamespace: 'sagemaker' }).ScalableTargets;
    expect(target).toMatchObject({
      MinCapacity: 3,
      MaxCapacity: 5,
      SuspendedState: {
        DynamicScalingInSuspended: true,
        DynamicScalingOutSuspended: false,
        ScheduledScalingSuspended: false,
      },
    });
  });

  test('one that is not active keeps its capacity, then and later', () => {
    seedRealTime(w, { instances: 1 });
    setInstances(w, 2);
    register(4, 5);
    w.advance(HOUR);
    expect(countsOf(w)).toEqual({ current: 2, desired: 2 });
    expect(activities()).toEqual([]);
  });

  test('zero is accepted at registration and refused by SageMaker when it is tried', () => {
    seedRealTime(w);
    register(0, 0);
    expect(activities()[0].StatusCode).toBe('Failed');
    expect(activities()[0].StatusMessage).toContain('Failed to set desired instance count to 0. Reason:');
    expect(statusOf(w)).toBe('InService');
  });

  test('refusals name what is wrong', () => {
    seedRealTime(w, { instanceType: 'ml.t3.medium' });
    expect(w.refusal(AAS, 'RegisterScalableTarget', { ...targetKey(), MinCapacity: 1, MaxCapacity: 2 })).toContain(
      'burstable instance type ml.t3.medium',
    );
    expect(
      w.refusal(AAS, 'RegisterScalableTarget', { ...targetKey('none'), MinCapacity: 1, MaxCapacity: 2 }),
    ).toContain('Could not find endpoint');
    expect(w.refusal(AAS, 'DeregisterScalableTarget', targetKey())).toContain(
      'ObjectNotFoundException: No scalable target found for service namespace: sagemaker',
    );
    expect(w.refusal(AAS, 'PutScalingPolicy', { ...targetKey(), PolicyName: 'p' })).toContain(
      'No scalable target registered',
    );
    seedRealTime(w, { name: 'Other' });
    expect(
      w.refusal(AAS, 'RegisterScalableTarget', { ...targetKey('Other'), MinCapacity: 3, MaxCapacity: 2 }),
    ).toContain('ValidationException');
    expect(w.refusal(AAS, 'RegisterScalableTarget', { ...targetKey('Other'), MinCapacity: 3 })).toContain(
      'MinCapacity and MaxCapacity are required',
    );
  });

  test('pages, ids and tags', () => {
    for (const name of ['a', 'b', 'c']) {
      seedRealTime(w, { name });
      register(1, 2, name, { Tags: { owner: name } });
    }
    const first = w.call(AAS, 'DescribeScalableTargets', { ServiceNamespace: 'sagemaker', MaxResults: 2 });
    const second = w.call(AAS, 'DescribeScalableTargets', {
      ServiceNamespace: 'sagemaker',
      MaxResults: 2,
      NextToken: first.NextToken,
    });
    expect(first.ScalableTargets).toHaveLength(2);
    expect(second.ScalableTargets.map((t: { ResourceId: string }) => t.ResourceId)).toEqual([
      targetKey('c').ResourceId,
    ]);
    const ResourceARN = second.ScalableTargets[0].ScalableTargetARN;
    w.call(AAS, 'TagResource', { ResourceARN, Tags: { more: 'x' } });
    w.call(AAS, 'UntagResource', { ResourceARN, TagKeys: ['owner'] });
    expect(w.call(AAS, 'ListTagsForResource', { ResourceARN }).Tags).toEqual({ more: 'x' });
    expect(w.refusal(AAS, 'ListTagsForResource', { ResourceARN: 'arn:x' })).toContain('ResourceNotFoundException');
  });
});

describe('target tracking', () => {
  test("makes its two alarms under Application Auto Scaling's names", () => {
    seedRealTime(w);
    register(1, 4);
    const { PolicyARN, Alarms } = track(70);
    expect(PolicyARN).toMatch(
      /^arn:aws:autoscaling:eu-central-1:123456789012:scalingPolicy:[\w-]{36}:resource\/sagemaker\/endpoint\/Chat\/variant\/AllTraffic:policyName\/track$/,
    );
    expect(Alarms.map((a: { AlarmName: string }) => a.AlarmName)).toEqual([
      expect.stringMatching(/^TargetTracking-endpoint\/Chat\/variant\/AllTraffic-AlarmHigh-[\w-]{36}$/),
      expect.stringMatching(/^TargetTracking-endpoint\/Chat\/variant\/AllTraffic-AlarmLow-[\w-]{36}$/),
    ]);
    expect(w.call('CloudWatch', 'DescribeAlarms', {}).MetricAlarms).toMatchObject([
      {
        ComparisonOperator: 'GreaterThanThreshold',
        Threshold: 70,
        EvaluationPeriods: 3,
        Period: 60,
        Statistic: 'Sum',
        AlarmActions: [PolicyARN],
      },
      {
        ComparisonOperator: 'LessThanThreshold',
        Threshold: 63,
        EvaluationPeriods: 15,
        Period: 60,
        StateValue: 'INSUFFICIENT_DATA',
      },
    ]);
  });

  test('scales out in proportion after three minutes of data, and in after fifteen', () => {
    seedRealTime(w, { load: { ...loadFrom(0, 0), arrivals: (slot) => (slot >= 60 && slot < 360 ? 50 : 0) } });
    register(1, 8);
    track(70);
    w.advance(3 * HOUR);
    // 300 a minute on one instance: ceil(300 / 70) from minute 10; minutes 10, 11, 12 are seen at 11 … 14.
    // Empty minutes begin with 60: fifteen of them are seen at 76.
    expect(scalings()).toEqual([
      [14, 5],
      [76, 1],
    ]);
    expect(activities()[0].Cause).toMatch(
      /^monitor alarm TargetTracking-.*-AlarmLow-.* in state ALARM triggered policy track$/,
    );
  });

  test('high resolution reacts within a minute', () => {
    seedRealTime(w, { load: loadFrom(10, 120) });
    register(1, 8);
    track(4, {
      PredefinedMetricSpecification: {
        PredefinedMetricType: 'SageMakerVariantConcurrentRequestsPerModelHighResolution',
      },
    });
    expect(w.call('CloudWatch', 'DescribeAlarms', {}).MetricAlarms).toMatchObject([
      { Period: 10, EvaluationPeriods: 3, Statistic: 'Average' },
      { Period: 10, EvaluationPeriods: 90 },
    ]);
    w.advance(12 * MINUTE);
    expect(scalings()).toEqual([[10 + 4 / 6, 3]]);
  });

  test('never exceeds the maximum and says so', () => {
    seedRealTime(w, { load: loadFrom(0, 100) });
    register(1, 3);
    track(60);
    w.advance(40 * MINUTE);
    expect(countsOf(w).desired).toBe(3);
    expect(activities(true)[0]).toMatchObject({
      StatusCode: 'Unfulfilled',
      NotScaledReasons: [{ Code: 'AlreadyAtMaxCapacity', MaxCapacity: 3 }],
    });
    expect(activities()).toHaveLength(1);
    expect(
      w.events.filter((e) => e.source === 'aws.application-autoscaling').map((e) => e.detail['newDesiredCapacity']),
    ).toEqual([3]);
  });

  test('deleting its alarms stops it', () => {
    seedRealTime(w, { load: loadFrom(0, 50) });
    register(1, 8);
    const { Alarms } = track(70);
    w.call('CloudWatch', 'DeleteAlarms', { AlarmNames: Alarms.map((a: { AlarmName: string }) => a.AlarmName) });
    w.advance(HOUR);
    expect(scalings()).toEqual([]);
  });

  test('missing data scale nothing', () => {
    seedRealTime(w, { instances: 4 });
    w.world.troubleMetrics('Chat', w.now(), undefined, 'missing');
    register(1, 8);
    track(70);
    w.advance(2 * HOUR);
    expect(scalings()).toEqual([]);
  });

  test('scale-in waits for all policies, and the largest capacity wins', () => {
    seedRealTime(w, { instances: 6, load: loadFrom(0, 30) });
    register(1, 8);
    // The idle past is over: the alarms see only this load.
    w.advance(20 * MINUTE);
    track(60, {}, 'a');
    track(30, {}, 'b');
    w.advance(2 * HOUR);
    // 180 a minute on 6: 30 each. Below 0.9 × 60, but not below 0.9 × 30.
    expect(scalings()).toEqual([]);
    track(90, {}, 'b');
    w.advance(HOUR);
    // b agrees at 2, a asks for 3.
    expect(scalings().map(([, count]) => count)).toEqual([3]);
  });

  test('suspended scaling does not move, and goes on when resumed', () => {
    seedRealTime(w, { load: loadFrom(0, 50) });
    register(1, 8, 'Chat', { SuspendedState: { DynamicScalingOutSuspended: true } });
    track(70);
    w.advance(30 * MINUTE);
    expect(scalings()).toEqual([]);
    w.call(AAS, 'RegisterScalableTarget', { ...targetKey(), SuspendedState: { DynamicScalingOutSuspended: false } });
    w.advance(MINUTE);
    expect(scalings()).toEqual([[31, 5]]);
  });

  test('cannot leave zero', () => {
    seedAsync(w, { load: { ...loadFrom(5, 30), serves: { concurrent: 1, seconds: 60 } } });
    register(0, 4, 'Scribe');
    const CustomizedMetricSpecification = {
      MetricName: 'ApproximateBacklogSize',
      Namespace: 'AWS/SageMaker',
      Dimensions: [{ Name: 'EndpointName', Value: 'Scribe' }],
      Statistic: 'Average',
    };
    track(5, { CustomizedMetricSpecification, PredefinedMetricSpecification: undefined }, 'backlog', 'Scribe');
    w.advance(HOUR);
    expect(w.call('CloudWatch', 'DescribeAlarms', { StateValue: 'ALARM' }).MetricAlarms).toHaveLength(1);
    expect(scalings()).toEqual([]);
    setInstances(w, 1, 'Scribe');
    w.advance(20 * MINUTE);
    expect(scalings().map(([, count]) => count)).toEqual([4]);
  });

  test('a scale-out that finds no capacity is a failed activity, and is tried again', () => {
    seedRealTime(w, { load: loadFrom(0, 50) });
    register(1, 8);
    track(70);
    w.world.addShortage({
      instanceType: 'ml.g5.2xlarge',
      from: w.now(),
      until: w.now() + 20 * MINUTE,
      failsAfterMs: 30 * MINUTE,
    });
    w.advance(36 * MINUTE);
    expect(activities()[0]).toMatchObject({ StatusCode: 'InProgress' });
    expect(activities()[1]).toMatchObject({ StatusCode: 'Failed' });
    expect(activities()[1].StatusMessage).toContain('InsufficientInstanceCapacity');
    w.advance(8 * MINUTE);
    expect(countsOf(w)).toEqual({ current: 5, desired: 5 });
  });

  test('a metric that is not there makes a customized policy stand still, and FILL mends it', () => {
    const query = (expression: string) => [
      { Id: 'm', MetricStat: { Metric: { MetricName: 'none', Namespace: 'Mine' }, Stat: 'Sum' }, ReturnData: false },
      { Id: 'e', Expression: expression, ReturnData: true },
    ];
    seedRealTime(w, { instances: 4 });
    register(2, 8);
    track(10, { CustomizedMetricSpecification: { Metrics: query('m * 2') }, PredefinedMetricSpecification: undefined });
    w.advance(HOUR);
    expect(scalings()).toEqual([]);
    track(10, {
      CustomizedMetricSpecification: { Metrics: query('FILL(m, 0) * 2') },
      PredefinedMetricSpecification: undefined,
    });
    w.advance(HOUR);
    expect(scalings().map(([, count]) => count)).toEqual([2]);
  });
});

describe('step scaling', () => {
  function putStepPolicy(configuration: object): string {
    return w.call(AAS, 'PutScalingPolicy', {
      ...targetKey(),
      PolicyName: 'steps',
      PolicyType: 'StepScaling',
      StepScalingPolicyConfiguration: { AdjustmentType: 'ChangeInCapacity', Cooldown: 60, ...configuration },
    }).PolicyARN;
  }

  function putAlarm(policyArn: string): void {
    w.call('CloudWatch', 'PutMetricAlarm', {
      AlarmName: 'busy',
      Namespace: 'AWS/SageMaker',
      MetricName: 'Invocations',
      Dimensions: [
        { Name: 'EndpointName', Value: 'Chat' },
        { Name: 'VariantName', Value: 'AllTraffic' },
      ],
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 100,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      AlarmActions: [policyArn],
    });
  }

  const STEPS = [
    { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 100, ScalingAdjustment: 1 },
    { MetricIntervalLowerBound: 100, ScalingAdjustment: 3 },
  ];

  test('picks the step of the breach, and steps on while the alarm lasts and the cooldown is over', () => {
    seedRealTime(w, { load: loadFrom(10, 60) });
    register(1, 6);
    putAlarm(putStepPolicy({ StepAdjustments: STEPS, Cooldown: 300 }));
    w.advance(40 * MINUTE);
    // 360 a minute is 260 over; in service at 20, cooling down to 25.
    expect(scalings()).toEqual([
      [12, 4],
      [25, 6],
    ]);
  });

  test('its deletion leaves the alarm and takes the action', () => {
    seedRealTime(w);
    register(1, 6);
    const arn = putStepPolicy({ StepAdjustments: STEPS });
    putAlarm(arn);
    expect(
      w.call(AAS, 'DescribeScalingPolicies', { ServiceNamespace: 'sagemaker' }).ScalingPolicies[0].Alarms[0].AlarmName,
    ).toBe('busy');
    w.call(AAS, 'DeleteScalingPolicy', { ...targetKey(), PolicyName: 'steps' });
    expect(w.call('CloudWatch', 'DescribeAlarms', {}).MetricAlarms).toMatchObject([
      { AlarmName: 'busy', AlarmActions: [] },
    ]);
    expect(putStepPolicy({ StepAdjustments: STEPS })).not.toBe(arn);
  });

  test('deregistering takes policies, scheduled actions and tracking alarms', () => {
    seedRealTime(w);
    register(1, 6);
    track(70);
    putAlarm(putStepPolicy({ StepAdjustments: STEPS }));
    w.call(AAS, 'PutScheduledAction', {
      ...targetKey(),
      ScheduledActionName: 'night',
      Schedule: 'rate(1 hour)',
      ScalableTargetAction: { MinCapacity: 2 },
    });
    w.call(AAS, 'DeregisterScalableTarget', targetKey());
    expect(
      w.call('CloudWatch', 'DescribeAlarms', {}).MetricAlarms.map((a: { AlarmName: string }) => a.AlarmName),
    ).toEqual(['busy']);
    register(1, 6);
    expect(w.call(AAS, 'DescribeScalingPolicies', { ServiceNamespace: 'sagemaker' }).ScalingPolicies).toEqual([]);
    w.advance(3 * HOUR);
    expect(countsOf(w).desired).toBe(1);
  });
});

describe('scheduled actions', () => {
  function put(ScheduledActionName: string, Schedule: string, ScalableTargetAction: object, more: object = {}): void {
    w.call(AAS, 'PutScheduledAction', { ...targetKey(), ScheduledActionName, Schedule, ScalableTargetAction, ...more });
  }

  const bounds = (): [number, number] => {
    const [target] = w.call(AAS, 'DescribeScalableTargets', { ServiceNamespace: 'sagemaker' }).ScalableTargets;
    return [target.MinCapacity, target.MaxCapacity];
  };

  test('set the bounds for good and move the capacity, in their own zone', () => {
    seedRealTime(w);
    register(1, 4);
    put('morning', 'cron(0 8 * * ? *)', { MinCapacity: 3, MaxCapacity: 6 }, { Timezone: 'Europe/Berlin' });
    w.advance(7 * HOUR - 1);
    expect(bounds()).toEqual([1, 4]);
    w.advance(1);
    expect(bounds()).toEqual([3, 6]);
    w.advance(8 * MINUTE);
    expect(activities().map((a) => a.Description)).toEqual([
      'Setting desired instance count to 3.',
      'Setting min capacity to 3 and max capacity to 6',
    ]);
    w.advance(24 * HOUR);
    expect(bounds()).toEqual([3, 6]);
  });

  test('fail on an endpoint that is not in service, and are not tried again', () => {
    seedRealTime(w);
    register(1, 4);
    put('once', 'at(2026-03-23T01:00:00)', { MinCapacity: 3 });
    w.advance(HOUR - MINUTE);
    setInstances(w, 2);
    w.advance(2 * HOUR);
    expect(bounds()).toEqual([1, 4]);
    expect(activities()[0]).toMatchObject({ StatusCode: 'Failed' });
    expect(activities()[0].StatusMessage).toContain(
      'Resource Id endpoint/Chat/variant/AllTraffic is not scalable. Reason:',
    );
  });

  test('a minimum above the maximum that results fails', () => {
    seedRealTime(w);
    register(1, 4);
    put('up', 'at(2026-03-23T01:00:00)', { MinCapacity: 5 });
    w.advance(2 * HOUR);
    expect(bounds()).toEqual([1, 4]);
    expect(activities()[0].StatusCode).toBe('Failed');
  });

  test('suspended ones are not made up for; an update erases start and end', () => {
    seedRealTime(w);
    register(1, 4, 'Chat', { SuspendedState: { ScheduledScalingSuspended: true } });
    put('up', 'at(2026-03-23T01:00:00)', { MinCapacity: 2 }, { EndTime: new Date(START + 24 * HOUR) });
    w.advance(2 * HOUR);
    w.call(AAS, 'RegisterScalableTarget', { ...targetKey(), SuspendedState: { ScheduledScalingSuspended: false } });
    w.advance(HOUR);
    expect(bounds()).toEqual([1, 4]);
    put('up', 'at(2026-03-24T01:00:00)', { MinCapacity: 2 });
    const [action] = w.call(AAS, 'DescribeScheduledActions', { ServiceNamespace: 'sagemaker' }).ScheduledActions;
    expect(action).toMatchObject({
      ScheduledActionName: 'up',
      Schedule: 'at(2026-03-24T01:00:00)',
      ScalableTargetAction: { MinCapacity: 2 },
    });
    expect(action.EndTime).toBeUndefined();
  });

  test.each([
    ['a/b', 'rate(1 hour)', 'must not contain'],
    ['ok', 'every hour', 'Invalid schedule expression'],
  ])('refuses the name %s with schedule %s', (name, schedule, message) => {
    seedRealTime(w);
    register(1, 4);
    expect(() => put(name, schedule, { MinCapacity: 1 })).toThrow(message);
  });
});
