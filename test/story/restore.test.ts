import { describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { busyBefore, busyUntil, MONDAY_UTC, POLICY_TAG, realTime, variant } from './fleet.ts';
import { answers, creations, deletions, endpointOf, eventsOf, expectBetween, expectSound, spanAt } from './reading.ts';
import { type Document, runScenario } from './run-scenario.ts';

const target = variant('Chat');
const SCALING = 'ApplicationAutoScaling';

const owner: Document[] = [
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
        ScaleOutCooldown: 120,
      },
    },
  },
  {
    at: '+2m',
    call: `${SCALING}.PutScalingPolicy`,
    with: {
      ...target,
      PolicyName: 'owner-steps',
      PolicyType: 'StepScaling',
      StepScalingPolicyConfiguration: {
        AdjustmentType: 'ChangeInCapacity',
        MetricAggregationType: 'Average',
        Cooldown: 60,
        StepAdjustments: [
          { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 500000, ScalingAdjustment: 1 },
          { MetricIntervalLowerBound: 500000, ScalingAdjustment: 2 },
        ],
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
      Timezone: 'Europe/Berlin',
      ScalableTargetAction: { MinCapacity: 2, MaxCapacity: 3 },
    },
  },
  {
    at: '+4m',
    call: 'SageMaker.UpdateEndpointWeightsAndCapacities',
    with: {
      EndpointName: 'Chat',
      DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount: 2 }],
    },
  },
];

const alarmOf = (policyArn: string): Document => ({
  at: '+5m',
  call: 'CloudWatch.PutMetricAlarm',
  with: {
    AlarmName: 'owner-latency',
    Namespace: 'AWS/SageMaker',
    MetricName: 'ModelLatency',
    Dimensions: [
      { Name: 'EndpointName', Value: 'Chat' },
      { Name: 'VariantName', Value: 'AllTraffic' },
    ],
    Statistic: 'Average',
    Period: 60,
    EvaluationPeriods: 3,
    Threshold: 5000000,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    TreatMissingData: 'notBreaching',
    AlarmActions: [policyArn],
  },
});

const look = (at: string): Document[] => [
  {
    at,
    call: `${SCALING}.DescribeScalableTargets`,
    with: { ServiceNamespace: 'sagemaker', ResourceIds: [target['ResourceId']] },
  },
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
  { at, call: 'SageMaker.ListTags', with: { ResourceArn: '$ARN(Chat)' } },
  { at, call: 'CloudWatch.DescribeAlarms', with: { AlarmNames: ['owner-latency'] } },
];

const scenario = (duration: string, happens: readonly Document[], more: Document = {}): Document => ({
  start: MONDAY_UTC,
  for: duration,
  policies: { quick: { otherwise: 'zero', zero: { by: 'park', idleFor: '5m', minUp: '40m' } } },
  endpoints: {
    Chat: realTime('quick', { tags: { team: 'nlp', 'cost-center': '42' }, whenAway: 'asks', ...busyUntil('1h') }),
  },
  happens: [...busyBefore('Chat'), ...owner, ...happens],
  ...more,
});

/** What a client of the AWS APIs can see, without what AWS makes anew for each creation. */
function visible(result: RehearsalResult, nth: number) {
  const of = (operation: string, list: string) => {
    const answer = answers(result, operation)[nth];
    expect(answer, `the scripted ${operation} answers`).toBeTruthy();
    return (answer[list] as Record<string, unknown>[])
      .map(({ CreationTime, PolicyARN, ScheduledActionARN, ScalableTargetARN, Alarms, ...rest }) => rest)
      .sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
  };
  return {
    targets: of('DescribeScalableTargets', 'ScalableTargets'),
    policies: of('DescribeScalingPolicies', 'ScalingPolicies'),
    actions: of('DescribeScheduledActions', 'ScheduledActions'),
    tags: of('ListTags', 'Tags').filter((tag) => tag['Key'] !== 'endpoint-scaler:wake'),
  };
}

describe.concurrent('park → wake restores everything', () => {
  it('targets, policies, scheduled actions, tags, the owner’s alarm and the desired count', async () => {
    // The policy's ARN exists once the policy does: a first run asks for it, same document and seed give the same.
    const { result: first } = await runScenario(scenario('10m', []));
    const arn = answers(first, 'PutScalingPolicy')[1]?.PolicyARN as string;
    expect(arn, 'a scripted call records its answer').toContain('policyName/owner-steps');

    const { result } = await runScenario(
      scenario('3h45m', [alarmOf(arn), ...look('+50m'), { at: '+3h', requests: 1, to: 'Chat' }, ...look('+3h40m')]),
    );
    expectBetween(deletions(result, 'Chat')[0], '1h7m', '1h15m', 'parked when idle');
    expectBetween(creations(result, 'Chat')[0], '3h', '3h2m', 'woken by the request');

    const before = visible(result, 0);
    expect(before.policies.length, 'the owner’s two policies were there before').toBe(2);
    expect(
      visible(result, 1),
      'section 10, 2: park → wake restores everything a client of the AWS APIs can see',
    ).toEqual(before);
    expect(spanAt(result, 'Chat', '3h30m').serving, 'section 6: verify config and counts: 2 were desired').toBe(2);

    const policies = answers(result, 'DescribeScalingPolicies')[1].ScalingPolicies as Record<string, string>[];
    const steps = policies.find((policy) => policy['PolicyName'] === 'owner-steps');
    const alarm = answers(result, 'DescribeAlarms')[1].MetricAlarms[0];
    expect(alarm?.AlarmActions, 'section 6: alarms re-wired to the new policy ARNs').toEqual([steps?.['PolicyARN']]);
    expect(alarm, 'the alarm itself is as its owner left it').toMatchObject({
      Threshold: 5000000,
      EvaluationPeriods: 3,
    });
    expect(endpointOf(result, 'Chat').final.tags, 'section 6: create with all tags').toMatchObject({
      team: 'nlp',
      'cost-center': '42',
      [POLICY_TAG]: 'quick',
    });
    expect(Object.keys(endpointOf(result, 'Chat').final.tags), 'section 6: wake=<generation> in the request').toContain(
      'endpoint-scaler:wake',
    );
    expect(eventsOf(result, 'Endpoint Ready', 'Chat').length, 'section 6: … → Endpoint Ready').toBe(1);
    expect(eventsOf(result, 'Endpoint Parked', 'Chat').length, 'section 7: Endpoint Parked').toBe(1);
    expectSound(result);
  });

  it('a refused item does not hold up the wake, is announced, and comes back with the next one', async () => {
    const { result } = await runScenario(
      scenario('7h', [
        ...look('+50m'),
        { at: '+3h', requests: 1, to: 'Chat' },
        {
          at: '+3h',
          for: '1h',
          fail: `${SCALING}.PutScalingPolicy`,
          with: {
            code: 'AccessDeniedException',
            message: 'User is not authorized to perform: application-autoscaling:PutScalingPolicy',
          },
        },
        { at: '+6h', requests: 1, to: 'Chat' },
        ...look('+6h40m'),
      ]),
    );
    expect(eventsOf(result, 'Endpoint Ready', 'Chat').length, 'section 6: a refused item does not hold up `up`').toBe(
      2,
    );
    const announced = result.events.filter((event) => JSON.stringify(event.detail).includes('owner-tracking'));
    expect(announced.length, 'section 6: a refused item is announced, by its name').toBeGreaterThan(0);
    expectBetween(deletions(result, 'Chat')[1], '3h40m', '4h10m', 'it parks again');
    expect(visible(result, 1), 'section 6: it stays outstanding and is merged into the next snapshot').toEqual(
      visible(result, 0),
    );
    expectSound(result);
  });
});
