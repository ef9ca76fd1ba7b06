import type { Permission, RequestContext } from '../../contract.ts';
import { buildArn } from '../../sagemaker/naming.ts';
import type { AccountView, TargetFacts } from '../account.ts';
import { arnIn, implied, type NeedsOf, need, requestTags, resourceTags, tagKeys } from './need.ts';

const SCALING_SERVICE = 'sagemaker.application-autoscaling.amazonaws.com';
const SCALING_ROLE = 'AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint';

interface ResourceKey {
  readonly ServiceNamespace: string;
  readonly ResourceId: string;
  readonly ScalableDimension: string;
}

type Tags = Readonly<Record<string, string>>;

function keyContext({ ServiceNamespace, ScalableDimension }: ResourceKey): RequestContext {
  return {
    'application-autoscaling:service-namespace': ServiceNamespace,
    'application-autoscaling:scalable-dimension': ScalableDimension,
  };
}

/** A target that does not exist yet has no id of its own to be asked by. */
function targetArn(account: AccountView, key: ResourceKey): string {
  return (
    account.scalableTarget(key)?.arn ?? arnIn(account, 'application-autoscaling', 'scalable-target/not-yet-created')
  );
}

function onTarget(action: string, input: ResourceKey, account: AccountView, context: RequestContext = {}): Permission {
  const tags = account.scalableTarget(input)?.tags ?? {};
  return need(`application-autoscaling:${action}`, targetArn(account, input), {
    ...resourceTags(tags),
    ...keyContext(input),
    ...context,
  });
}

/** Application Auto Scaling looks at, and must be allowed to change, the variant with the caller's rights (SageMaker guide, endpoint-auto-scaling-prerequisites). */
function onVariant(by: string, endpoint: string, account: AccountView): readonly Permission[] {
  const arn = buildArn(account, 'endpoint', endpoint);
  const tags = resourceTags(account.sageMakerTags(arn));
  const config = account.configOf(endpoint);
  const configArn = config === undefined ? undefined : buildArn(account, 'endpoint-config', config);
  return [
    implied(by, 'sagemaker:DescribeEndpoint', arn, tags),
    ...(configArn === undefined
      ? []
      : [implied(by, 'sagemaker:DescribeEndpointConfig', configArn, resourceTags(account.sageMakerTags(configArn)))]),
    implied(by, 'sagemaker:UpdateEndpointWeightsAndCapacities', arn, tags),
  ];
}

/** AWS's policies for callers of Application Auto Scaling and for its service-linked role name these two for components. */
function onResource(by: string, { ResourceId }: ResourceKey, account: AccountView): readonly Permission[] {
  const endpoint = /^endpoint\/([^/]+)\/variant\//.exec(ResourceId)?.[1];
  if (endpoint !== undefined) return onVariant(by, endpoint, account);
  const component = /^inference-component\/([^/]+)$/.exec(ResourceId)?.[1];
  if (component === undefined) return [];
  const arn = buildArn(account, 'inference-component', component);
  const tags = resourceTags(account.sageMakerTags(arn));
  return ['DescribeInferenceComponent', 'UpdateInferenceComponentRuntimeConfig'].map((action) =>
    implied(by, `sagemaker:${action}`, arn, tags),
  );
}

function alarmArn(account: AccountView, name: string): string {
  return arnIn(account, 'cloudwatch', `alarm:${name}`);
}

/** ARNs of the alarms that target tracking made for one policy, or for all of the target. */
export function trackingAlarmsOf(account: AccountView, target: TargetFacts, policy?: string): readonly string[] {
  const names =
    policy === undefined ? [...target.trackingAlarms.values()].flat() : (target.trackingAlarms.get(policy) ?? []);
  return names.map((name) => alarmArn(account, name));
}

interface PutPolicyInput extends ResourceKey {
  readonly PolicyName: string;
  readonly PolicyType?: string;
  readonly TargetTrackingScalingPolicyConfiguration?: unknown;
}

/** Target tracking puts, reads and removes its alarms with the caller's rights; a step policy has its alarms looked up. */
function alarmNeeds(input: PutPolicyInput, account: AccountView): readonly Permission[] {
  const by = 'ApplicationAutoScaling.PutScalingPolicy';
  const needs = [implied(by, 'cloudwatch:DescribeAlarms', alarmArn(account, '*'))];
  if (input.TargetTrackingScalingPolicyConfiguration === undefined) return needs;
  const target = account.scalableTarget(input);
  const known = target === undefined ? [] : trackingAlarmsOf(account, target, input.PolicyName);
  const coming = ['AlarmHigh', 'AlarmLow'].map((kind) =>
    alarmArn(account, `TargetTracking-${input.ResourceId}-${kind}-not-yet-created`),
  );
  for (const arn of known.length > 0 ? known : coming) {
    needs.push(implied(by, 'cloudwatch:PutMetricAlarm', arn), implied(by, 'cloudwatch:DeleteAlarms', arn));
  }
  return needs;
}

const everywhere =
  (action: string): NeedsOf =>
  () => [need(`application-autoscaling:${action}`, '*')];

const onKnownTarget =
  (action: string): NeedsOf =>
  (input: ResourceKey, account) => [onTarget(action, input, account)];

function onArn(action: string, arn: string, account: AccountView, context: RequestContext = {}): Permission {
  const tags = resourceTags(account.scalableTargetByArn(arn)?.tags ?? {});
  return need(`application-autoscaling:${action}`, arn, { ...tags, ...context });
}

function register(input: ResourceKey & { readonly Tags?: Tags }, account: AccountView): readonly Permission[] {
  const by = 'ApplicationAutoScaling.RegisterScalableTarget';
  const fromRequest = requestTags(input.Tags ?? {});
  const arn = targetArn(account, input);
  const needs = [onTarget('RegisterScalableTarget', input, account, fromRequest), ...onResource(by, input, account)];
  if (Object.keys(fromRequest).length > 0)
    needs.push(implied(by, 'application-autoscaling:TagResource', arn, fromRequest));
  if (!account.hasScalingRole()) {
    const role = `arn:aws:iam::${account.accountId}:role/aws-service-role/${SCALING_SERVICE}/${SCALING_ROLE}`;
    needs.push(implied(by, 'iam:CreateServiceLinkedRole', role, { 'iam:AWSServiceName': SCALING_SERVICE }));
  }
  return needs;
}

export const SCALING_NEEDS: Readonly<Record<string, NeedsOf>> = {
  DescribeScalableTargets: everywhere('DescribeScalableTargets'),
  DescribeScalingPolicies: everywhere('DescribeScalingPolicies'),
  DescribeScalingActivities: everywhere('DescribeScalingActivities'),
  DescribeScheduledActions: everywhere('DescribeScheduledActions'),
  RegisterScalableTarget: register,
  PutScheduledAction: onKnownTarget('PutScheduledAction'),
  DeleteScheduledAction: onKnownTarget('DeleteScheduledAction'),
  GetPredictiveScalingForecast: onKnownTarget('GetPredictiveScalingForecast'),
  PutScalingPolicy: (input: PutPolicyInput, account) => [
    onTarget('PutScalingPolicy', input, account),
    ...onResource('ApplicationAutoScaling.PutScalingPolicy', input, account),
    ...alarmNeeds(input, account),
  ],
  DeleteScalingPolicy(input: PutPolicyInput, account) {
    const target = account.scalableTarget(input);
    const alarms = target === undefined ? [] : trackingAlarmsOf(account, target, input.PolicyName);
    const by = 'ApplicationAutoScaling.DeleteScalingPolicy';
    return [
      onTarget('DeleteScalingPolicy', input, account),
      ...alarms.map((arn) => implied(by, 'cloudwatch:DeleteAlarms', arn)),
    ];
  },
  DeregisterScalableTarget(input: ResourceKey, account) {
    const target = account.scalableTarget(input);
    const alarms = target === undefined ? [] : trackingAlarmsOf(account, target);
    const by = 'ApplicationAutoScaling.DeregisterScalableTarget';
    return [
      onTarget('DeregisterScalableTarget', input, account),
      ...alarms.map((arn) => implied(by, 'cloudwatch:DeleteAlarms', arn)),
    ];
  },
  ListTagsForResource: (input: { ResourceARN: string }, account) => [
    onArn('ListTagsForResource', input.ResourceARN, account),
  ],
  TagResource: (input: { ResourceARN: string; Tags: Tags }, account) => [
    onArn('TagResource', input.ResourceARN, account, requestTags(input.Tags)),
  ],
  UntagResource: (input: { ResourceARN: string; TagKeys: string[] }, account) => [
    onArn('UntagResource', input.ResourceARN, account, tagKeys(input.TagKeys)),
  ],
};
