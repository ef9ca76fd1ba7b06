import { rehearse } from '../rehearsal/index.ts';
import type { Caller, SimulatedAws } from '../simulator/index.ts';
import { scenarioFrom } from './fleets.ts';

const OWNER: Caller = { kind: 'person', name: 'owner' };
const SCALING = 'ApplicationAutoScaling';
const MINUTES_A_CYCLE = 20;
const TARGET = {
  ServiceNamespace: 'sagemaker',
  ResourceId: 'endpoint/Chat/variant/AllTraffic',
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
};
const TAGS = 46;
const ACTIONS = 5;
const STEP_POLICIES = 4;
const TRACKING_POLICIES = 2;
const ALARMS = 6;

export interface Cycles {
  readonly parks: number;
  readonly wakes: number;
  /** Looked at after every wake; an item that was lost stays lost. */
  readonly lost: Readonly<Record<'policies' | 'actions' | 'alarms' | 'tags' | 'instances', number>>;
  readonly violations: number;
  readonly seconds: number;
}

// biome-ignore lint/suspicious/noExplicitAny: answers of any operation of the simulated AWS
type Answer = any;

/** One endpoint with an owner's scaling, alarms and tags, parked and woken again and again by a caller now and then. */
export async function parkAndWakeAgain(cycles: number): Promise<Cycles> {
  const scenario = scenarioFrom({
    start: '2026-03-23T00:00:00Z',
    for: `${(cycles + 2) * MINUTES_A_CYCLE}m`,
    policies: { brief: { otherwise: 'zero', zero: { by: 'park', idleFor: '5m', minUp: '1m' }, wake: { lead: '2m' } } },
    endpoints: {
      Chat: {
        kind: 'real-time',
        policy: 'brief',
        instanceType: 'ml.g5.xlarge',
        instances: 2,
        startsIn: '1m',
        deletesIn: '1m',
        tags: Object.fromEntries(Array.from({ length: TAGS }, (_, index) => [`owner:${index}`, `value ${index}`])),
        traffic: { perMinute: 1 / MINUTES_A_CYCLE },
        whenAway: 'asks',
      },
    },
  });
  const lost = { policies: 0, actions: 0, alarms: 0, tags: 0, instances: 0 };
  const begin = performance.now();
  const { result } = await rehearse(scenario, {
    onReady({ aws }) {
      own(aws);
      aws.onBusEvent((event) => {
        if (event['detail-type'] !== 'Endpoint Ready') return;
        for (const [kind, count] of Object.entries(missing(aws))) lost[kind as keyof typeof lost] += count;
      });
    },
  });
  const { parks = 0, wakes = 0 } = result.endpoints['Chat'] ?? {};
  const violations = result.invariants.violations.length;
  return { parks, wakes, lost, violations, seconds: (performance.now() - begin) / 1000 };
}

/** What an owner put there: two kinds of policies, actions of the calendar, alarms with other actions beside. */
function own(aws: SimulatedAws): void {
  const call = (service: Parameters<SimulatedAws['call']>[1], operation: string, input: object): Answer =>
    aws.call(OWNER, service, operation, input);
  call(SCALING, 'RegisterScalableTarget', { ...TARGET, MinCapacity: 2, MaxCapacity: 6, Tags: { team: 'search' } });
  for (let index = 0; index < TRACKING_POLICIES; index += 1) {
    call(SCALING, 'PutScalingPolicy', {
      ...TARGET,
      PolicyName: `tracking-${index}`,
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 50 + index,
        CustomizedMetricSpecification: { MetricName: `depth-${index}`, Namespace: 'App', Statistic: 'Average' },
      },
    });
  }
  const arns: string[] = [];
  for (let index = 0; index < STEP_POLICIES; index += 1) {
    const StepAdjustments = [{ MetricIntervalLowerBound: 0, ScalingAdjustment: index + 1 }];
    const answer = call(SCALING, 'PutScalingPolicy', {
      ...TARGET,
      PolicyName: `step-${index}`,
      PolicyType: 'StepScaling',
      StepScalingPolicyConfiguration: { AdjustmentType: 'ChangeInCapacity', StepAdjustments },
    });
    arns.push(answer.PolicyARN);
  }
  for (let index = 0; index < ACTIONS; index += 1) {
    call(SCALING, 'PutScheduledAction', {
      ...TARGET,
      ScheduledActionName: `action-${index}`,
      Schedule: `cron(0 ${index} 1 1 ? 2030)`,
      ScalableTargetAction: { MinCapacity: 1 },
    });
  }
  for (let index = 0; index < ALARMS; index += 1) {
    call('CloudWatch', 'PutMetricAlarm', {
      AlarmName: `owner-${index}`,
      Namespace: 'App',
      MetricName: `load-${index}`,
      Statistic: 'Average',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
      AlarmActions: [arns[index % STEP_POLICIES], 'arn:aws:sns:us-east-1:123456789012:pages'],
      OKActions: [arns[(index + 1) % STEP_POLICIES]],
    });
  }
}

/** Of each kind, how many are not there, or not wired to a policy that is. */
function missing(aws: SimulatedAws): Cycles['lost'] {
  const call = (service: Parameters<SimulatedAws['call']>[1], operation: string, input: object): Answer =>
    aws.call(OWNER, service, operation, input);
  const { ScalingPolicies } = call(SCALING, 'DescribeScalingPolicies', { ServiceNamespace: 'sagemaker' });
  const { ScheduledActions } = call(SCALING, 'DescribeScheduledActions', { ServiceNamespace: 'sagemaker' });
  const { MetricAlarms } = call('CloudWatch', 'DescribeAlarms', { AlarmNamePrefix: 'owner-' });
  const endpoint = call('SageMaker', 'DescribeEndpoint', { EndpointName: 'Chat' });
  const { Tags } = call('SageMaker', 'ListTags', { ResourceArn: endpoint.EndpointArn });
  const policies = new Set((ScalingPolicies as { PolicyARN: string }[]).map(({ PolicyARN }) => PolicyARN));
  const wired = (MetricAlarms as { AlarmActions: string[]; OKActions: string[] }[]).filter(
    ({ AlarmActions, OKActions }) =>
      AlarmActions.some((arn) => policies.has(arn)) &&
      AlarmActions.length === 2 &&
      OKActions.some((arn) => policies.has(arn)),
  );
  const owners = (Tags as { Key: string }[]).filter(({ Key }) => Key.startsWith('owner:'));
  return {
    policies: STEP_POLICIES + TRACKING_POLICIES - policies.size,
    actions: ACTIONS - ScheduledActions.length,
    alarms: ALARMS - wired.length,
    tags: TAGS - owners.length,
    instances: 2 - endpoint.ProductionVariants[0].DesiredInstanceCount,
  };
}
