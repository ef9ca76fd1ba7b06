/** Short runs that together go through every path on which a function calls AWS. */
import type { Run } from '../../rehearsal/run.ts';
import { PRIORITY } from '../../simulator/contract.ts';
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
  realTime,
  variant,
} from '../story/fleet.ts';
import type { Document } from '../story/run-scenario.ts';
import type { PermissionScenario } from './iam-collection.ts';

const SCALING = 'ApplicationAutoScaling';
const OWNER = { kind: 'person', name: 'owner' } as const;
const MINUTE = 60_000;

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

/** What an owner hung on an endpoint: a park has to bring all of it back. */
function ownersScaling(endpoint: string): Document[] {
  const target = variant(endpoint);
  const put = (operation: string, more: Document, at = '+2m'): Document => ({
    at,
    call: `${SCALING}.${operation}`,
    with: { ...target, ...more },
  });
  return [
    put('RegisterScalableTarget', { MinCapacity: 1, MaxCapacity: 3, Tags: { team: 'search' } }, '+1m'),
    put('PutScalingPolicy', { PolicyName: 'tracking', ...tracking }),
    put('PutScalingPolicy', { PolicyName: 'steps', ...steps }),
    put('PutScheduledAction', {
      ScheduledActionName: 'new-year',
      Schedule: 'cron(0 9 1 1 ? *)',
      ScalableTargetAction: { MinCapacity: 2, MaxCapacity: 3 },
    }),
  ];
}

/** The owner's alarm on the owner's step policy, whose ARN has to be asked for. */
function hangAlarmOnSteps(endpoint: string): NonNullable<PermissionScenario['script']> {
  return ({ aws, scenario }: Run) => {
    aws.clock.at(scenario.start + 3 * MINUTE, PRIORITY.script, () => {
      const { ResourceId } = variant(endpoint);
      const found = aws.call(OWNER, SCALING, 'DescribeScalingPolicies', {
        ServiceNamespace: 'sagemaker',
        ResourceId,
        PolicyNames: ['steps'],
      });
      aws.call(OWNER, 'CloudWatch', 'PutMetricAlarm', {
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
        Threshold: 5_000_000,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        AlarmActions: [found.ScalingPolicies[0].PolicyARN],
      });
    });
  };
}

const smallConfig = (model: string, type = 'ml.g6.2xlarge'): Document => ({
  at: '+0h',
  call: 'SageMaker.CreateEndpointConfig',
  with: {
    EndpointConfigName: `${model}-small`,
    ProductionVariants: [{ VariantName: 'AllTraffic', ModelName: model, InstanceType: type, InitialInstanceCount: 1 }],
  },
});

const teamAlarm = (name: string, at: string, perMinute: number): Document => ({
  at,
  call: 'CloudWatch.PutMetricData',
  with: { Namespace: 'Team', MetricData: [{ MetricName: name, Value: perMinute }] },
});

const backlogScaling = [{ kind: 'target-tracking', metric: 'ApproximateBacklogSizePerInstance', target: 5 }];

export const IAM_SCENARIOS: Readonly<Record<string, PermissionScenario>> = {
  // Parked by night, woken by a window and by a request, with everything its owner hung on it.
  realTime: {
    document: {
      start: MONDAY_BERLIN,
      for: '14h',
      schedules: { office },
      policies: {
        chat: officeHours({ scaling: [{ kind: 'target-tracking', metric: 'InvocationsPerInstance', target: 70 }] }),
        plain: officeHours({ capacity: [{ during: 'office', min: 2, max: 3 }] }),
      },
      endpoints: {
        Chat: realTime('chat', { ...busyUntil('2h'), whenAway: 'asks' }),
        owned: realTime('plain', busyUntil('1h')),
      },
      happens: [
        ...busyBefore('Chat', 'owned'),
        ...ownersScaling('owned'),
        { at: '+5h', requests: 1, to: 'Chat' },
        { at: '+12h', put: 'policies/chat', document: officeHours() },
      ],
    },
    script: hangAlarmOnSteps('owned'),
  },
  // Copies to zero and from zero, with scaling of their own; then given back.
  components: {
    document: {
      start: MONDAY_UTC,
      for: '4h',
      policies: {
        copies: {
          otherwise: { min: 0, max: 3 },
          scaling: [{ kind: 'target-tracking', metric: 'InvocationsPerCopy', target: 30 }],
        },
      },
      endpoints: {
        shared: {
          kind: 'components',
          policy: 'copies',
          instanceType: 'ml.g5.12xlarge',
          traffic: [{ from: '+1h', to: '+80m', perMinute: 40 }],
        },
        gone: { kind: 'components', policy: 'copies', instanceType: 'ml.g5.12xlarge' },
      },
      happens: [
        { at: '+1h', call: 'SageMaker.DeleteInferenceComponent', with: { InferenceComponentName: 'gone' } },
        { at: '+62m', call: 'SageMaker.DeleteEndpoint', with: { EndpointName: 'gone' } },
        { at: '+2h', put: 'policies/copies', document: { otherwise: { min: 0, max: 3 } } },
        { at: '+3h', giveBack: 'shared' },
      ],
    },
  },
  // Provisioned concurrency by the calendar, with scaling of its own and from none; then given back.
  serverless: {
    document: {
      start: MONDAY_UTC,
      for: '3h',
      policies: {
        warm: {
          otherwise: { min: 2, max: 6 },
          scaling: [{ kind: 'target-tracking', metric: 'ServerlessProvisionedConcurrencyUtilization', target: 0.7 }],
        },
      },
      endpoints: {
        warm: { kind: 'serverless', policy: 'warm', memoryMb: 2_048, maxConcurrency: 10, provisionedConcurrency: 1 },
        bare: { kind: 'serverless', policy: 'warm', memoryMb: 2_048, maxConcurrency: 10 },
      },
      happens: [{ at: '+2h', giveBack: 'warm' }],
    },
  },
  // From zero by its backlog; then its owner takes the tag off, deletes it, or takes the scaling out of the policy.
  asynchronous: {
    document: {
      start: MONDAY_UTC,
      for: '6h',
      policies: {
        queue: { otherwise: { min: 0, max: 5 }, scaling: backlogScaling },
        simple: { otherwise: { min: 0, max: 5 }, wake: { on: ['backlog'], backlogPerInstance: 5 } },
        stepped: {
          otherwise: { min: 0, max: 5 },
          wake: { backlogPerInstance: 5 },
          scaling: [
            {
              kind: 'step',
              alarm: { metric: 'ApproximateBacklogSize', threshold: 5, periods: 2 },
              steps: [{ from: 0, add: 1 }],
            },
          ],
        },
      },
      endpoints: {
        transcribe: asynchronous('queue', { traffic: [{ from: '+1h', to: '+1h30m', perMinute: 2 }] }),
        index: asynchronous('simple', { traffic: [{ from: '+1h', to: '+1h10m', perMinute: 1 }] }),
        abandoned: asynchronous('stepped'),
      },
      happens: [
        { at: '+2h', call: 'SageMaker.DeleteEndpoint', with: { EndpointName: 'abandoned' } },
        {
          at: '+4h',
          put: 'policies/queue',
          document: { otherwise: { min: 0, max: 5 }, wake: { backlogPerInstance: 5 } },
        },
        ...['transcribe', 'index'].map((name) => ({
          at: '+5h',
          call: 'SageMaker.DeleteTags',
          with: { ResourceArn: `$ARN(${name})`, TagKeys: [POLICY_TAG] },
        })),
      ],
    },
  },
  // No capacity: the next config of the ladder, a failed try deleted, the breaker.
  shortage: {
    document: {
      start: MONDAY_UTC,
      for: '8h',
      policies: { ladder: idle('10m', { wake: { fallbackConfigs: ['ladder-small'] } }) },
      endpoints: { ladder: realTime('ladder', { whenAway: 'asks' }) },
      happens: [
        smallConfig('ladder'),
        { at: '+1h', for: '2h', noCapacity: 'ml.g5.2xlarge', failsAfter: '10m' },
        { at: '+1h', requests: 1, to: 'ladder' },
        { at: '+6h', requests: 1, to: 'ladder' },
      ],
    },
  },
  // Parked more often than recipes are kept.
  often: {
    document: {
      start: MONDAY_UTC,
      for: '7h',
      policies: {
        quick: idle('5m', { zero: { by: 'park', idleFor: '5m', minUp: '1m' }, wake: { smoke: { body: '{}' } } }),
      },
      endpoints: { quick: realTime('quick', { startsIn: '1m', deletesIn: '1m', whenAway: 'asks' }) },
      happens: Array.from({ length: 13 }, (_, index) => ({ at: `+${index * 30 + 20}m`, requests: 1, to: 'quick' })),
    },
  },
  // Woken by a team's alarm; holds; given back; appeared, and vanished, by somebody else's hand.
  hands: {
    document: {
      start: MONDAY_UTC,
      for: '8h',
      policies: {
        orders: idle('10m', { wake: { on: ['request', 'alarm:orders'] } }),
        plain: idle('10m'),
        gone: idle('10m'),
      },
      endpoints: {
        orders: realTime('orders'),
        adopted: realTime('plain'),
        replaced: realTime('plain'),
        removed: realTime('plain', busyUntil('7h')),
        held: realTime('plain'),
        given: realTime('gone'),
      },
      happens: [
        ...busyBefore('removed'),
        {
          at: '+0h',
          call: 'CloudWatch.PutMetricAlarm',
          with: {
            AlarmName: 'orders',
            Namespace: 'Team',
            MetricName: 'Waiting',
            Statistic: 'Maximum',
            Period: 60,
            EvaluationPeriods: 1,
            Threshold: 1,
            ComparisonOperator: 'GreaterThanOrEqualToThreshold',
            TreatMissingData: 'notBreaching',
          },
        },
        teamAlarm('Waiting', '+2h', 5),
        ...['adopted', 'replaced'].map((name) => ({
          at: '+2h',
          call: 'SageMaker.CreateEndpoint',
          with: {
            EndpointName: name,
            EndpointConfigName: name,
            Tags: name === 'adopted' ? [{ Key: POLICY_TAG, Value: 'plain' }] : [],
          },
        })),
        { at: '+3h', call: 'SageMaker.DeleteEndpoint', with: { EndpointName: 'removed' } },
        { at: '+2h', hold: 'held', mode: 'up', until: '+4h', why: 'load test' },
        { at: '+4h', remove: 'policies/gone' },
        { at: '+5h', giveBack: 'held' },
      ],
    },
  },
};
