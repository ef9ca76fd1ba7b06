import type { Entry } from './documents.ts';
import { type Draw, offset } from './draw.ts';
import { type SoakEndpoint, targetOf } from './members.ts';

const OWNERS_POLICY = 'owners-steps';
const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:on-call';
const MINUTE = 60_000;

const ownersAlarm = ({ name }: SoakEndpoint, which: string): string => `${name}-owners-${which}`;

/** What the alarm measures: the requests of a variant or of a component. */
function measured({ name, variants, components }: SoakEndpoint): Entry {
  const [component] = components;
  const Dimensions =
    component === undefined
      ? [
          { Name: 'EndpointName', Value: name },
          { Name: 'VariantName', Value: variants[0] },
        ]
      : [{ Name: 'InferenceComponentName', Value: component }];
  return { Namespace: 'AWS/SageMaker', MetricName: 'Invocations', Dimensions, Statistic: 'Sum' };
}

/**
 * An alarm of the endpoint's owner that drives his own step policy, from any of the three lists of actions, alone or beside
 * a topic. `$POLICY(…)` is the ARN under which the policy was made last.
 */
function alarmOf(draw: Draw, member: SoakEndpoint, which: string, adds: number): Entry {
  const policy = `$POLICY(${String(targetOf(member)['ResourceId'])} ${OWNERS_POLICY})`;
  const actions = draw.chance(0.4) ? [TOPIC, policy] : [policy];
  // Repeated every minute for as long as its state lasts: what adds does so under load alone.
  const list =
    adds > 0 ? 'AlarmActions' : draw.pick(['AlarmActions', 'AlarmActions', 'OKActions', 'InsufficientDataActions']);
  const exceeds = adds > 0 || list === 'OKActions';
  return {
    AlarmName: ownersAlarm(member, which),
    ...measured(member),
    Period: 60,
    EvaluationPeriods: draw.whole(1, 5),
    Threshold: draw.whole(1, 60),
    ComparisonOperator: exceeds ? 'GreaterThanThreshold' : 'LessThanThreshold',
    TreatMissingData: draw.pick(['notBreaching', 'missing', 'ignore']),
    [list]: actions,
    ...(list !== 'OKActions' && draw.chance(0.2) ? { OKActions: [TOPIC] } : {}),
  };
}

/** The owner's own target, step policy and the alarms wired to it: they have to outlive every park and wake. */
export function drawOwnersAlarms(draw: Draw, member: SoakEndpoint): Entry[] {
  const target = targetOf(member);
  const ScalingAdjustment = draw.pick([1, -1]);
  const alarms = ['busy', 'quiet']
    .slice(0, draw.whole(1, 2))
    .map((which) => alarmOf(draw, member, which, ScalingAdjustment));
  // A variant without any provisioned concurrency is no target yet.
  const at = member.manner === 'serverless' ? 20 * MINUTE : 0;
  const call = (operation: string, input: Entry): Entry => ({ at: offset(at), call: operation, with: input });
  return [
    call('ApplicationAutoScaling.RegisterScalableTarget', {
      ...target,
      MinCapacity: member.manner === 'async' || member.manner === 'components' ? 0 : 1,
      MaxCapacity: draw.whole(2, 4),
      // Refused where there is a target already, whose limits are to stay what they are.
      Tags: { owner: 'ml' },
    }),
    call('ApplicationAutoScaling.PutScalingPolicy', {
      ...target,
      PolicyName: OWNERS_POLICY,
      PolicyType: 'StepScaling',
      StepScalingPolicyConfiguration: {
        AdjustmentType: 'ChangeInCapacity',
        Cooldown: 300,
        MetricAggregationType: 'Maximum',
        StepAdjustments: [
          { MetricIntervalLowerBound: 0, ScalingAdjustment },
          { MetricIntervalUpperBound: 0, ScalingAdjustment },
        ],
      },
    }),
    ...alarms.map((alarm) => call('CloudWatch.PutMetricAlarm', alarm)),
  ];
}

/** What an owner does to an alarm of his on an ordinary day, wherever its endpoint is just then. */
export function drawAlarmHand(draw: Draw, member: SoakEndpoint, at: number): Entry[] {
  const AlarmName = ownersAlarm(member, 'busy');
  const call = (when: number, operation: string, input: Entry): Entry => ({
    at: offset(when),
    call: `CloudWatch.${operation}`,
    with: input,
  });
  switch (draw.pick(['deletes', 'disables', 'edits'])) {
    case 'deletes':
      return [call(at, 'DeleteAlarms', { AlarmNames: [AlarmName] })];
    case 'disables':
      return [
        call(at, 'DisableAlarmActions', { AlarmNames: [AlarmName] }),
        call(at + draw.minutes(5, 240), 'EnableAlarmActions', { AlarmNames: [AlarmName] }),
      ];
    default: {
      // Without the policy's ARN, which there is none of while the endpoint is away.
      const edited = { ...alarmOf(draw, member, 'busy', 1), AlarmName };
      const lists = ['AlarmActions', 'OKActions', 'InsufficientDataActions'];
      return [call(at, 'PutMetricAlarm', { ...edited, ...Object.fromEntries(lists.map((list) => [list, [TOPIC]])) })];
    }
  }
}
