/** Short runs that together go through every path on which a function calls AWS. */
import {
  asynchronous,
  busyBefore,
  busyUntil,
  idle,
  MONDAY_BERLIN,
  MONDAY_UTC,
  office,
  officeHours,
  POLICY_TAG,
  queueOnly,
  realTime,
  variant,
} from '../story/fleet.ts';
import type { Document } from '../story/run-scenario.ts';

const SCALING = 'ApplicationAutoScaling';

const tracking: Document = {
  PolicyType: 'TargetTrackingScaling',
  TargetTrackingScalingPolicyConfiguration: {
    TargetValue: 70,
    PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
  },
};

const steps: Document = {
  PolicyType: 'StepScaling',
  StepScalingPolicyConfiguration: {
    AdjustmentType: 'ChangeInCapacity',
    Cooldown: 60,
    StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }],
  },
};

const stepPolicyArn = (region: string, uuid: string, endpoint: string, name: string): string =>
  `arn:aws:autoscaling:${region}:123456789012:scalingPolicy:${uuid}:resource/sagemaker/endpoint/${endpoint}/variant/AllTraffic:policyName/${name}`;

/** What an owner hung on an endpoint before it was enrolled: a park has to bring all of it back. */
function ownersScaling(endpoint: string, alarmActions: readonly string[]): Document[] {
  const target = variant(endpoint);
  return [
    { at: '+1m', call: `${SCALING}.RegisterScalableTarget`, with: { ...target, MinCapacity: 1, MaxCapacity: 3, Tags: { team: 'search' } } },
    { at: '+2m', call: `${SCALING}.PutScalingPolicy`, with: { ...target, PolicyName: 'tracking', ...tracking } },
    { at: '+2m', call: `${SCALING}.PutScalingPolicy`, with: { ...target, PolicyName: 'steps', ...steps } },
    {
      at: '+3m',
      call: `${SCALING}.PutScheduledAction`,
      with: { ...target, ScheduledActionName: 'new-year', Schedule: 'cron(0 9 1 1 ? *)', ScalableTargetAction: { MinCapacity: 2, MaxCapacity: 3 } },
    },
    {
      at: '+5m',
      call: 'CloudWatch.PutMetricAlarm',
      with: {
        AlarmName: `${endpoint}-latency`,
        Namespace: 'AWS/SageMaker',
        MetricName: 'ModelLatency',
        Dimensions: [
          { Name: 'EndpointName', Value: endpoint },
          { Name: 'VariantName', Value: 'AllTraffic' },
        ],
        Statistic: 'Average',
        Period: 60,
        EvaluationPeriods: 3,
        Threshold: 5000000,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        AlarmActions: alarmActions,
      },
    },
  ];
}

export { stepPolicyArn };

const tag = (endpoint: string, at: string, key: string, value: string): Document => ({
  at,
  call: 'SageMaker.AddTags',
  with: { ResourceArn: `$ARN(${endpoint})`, Tags: [{ Key: key, Value: value }] },
});

export const IAM_SCENARIOS: Readonly<Record<string, Document>> = {
  realTime: {
    start: MONDAY_BERLIN,
    for: '14h',
    schedules: { office },
    policies: { chat: officeHours({ scaling: [{ kind: 'target-tracking', metric: 'InvocationsPerInstance', target: 70 }] }) },
    endpoints: {
      Chat: realTime('chat', { ...busyUntil('2h'), whenAway: 'asks' }),
    },
    happens: [...busyBefore('Chat'), { at: '+5h', requests: 1, to: 'Chat' }],
  },
};
