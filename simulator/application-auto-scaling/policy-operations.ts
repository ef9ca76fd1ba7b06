import type { Operation } from '../contract.ts';
import { describeActivity } from './activities.ts';
import { limitExceeded, policyNotFound, validationError } from './errors.ts';
import {
  NAMESPACE,
  type ScalableTarget,
  type ScalingPolicy,
  type StepScalingConfiguration,
  type TargetTrackingConfiguration,
} from './model.ts';
import { isAskedFor, type ResourceKey } from './resources.ts';
import { type AutoScalingState, cutPage, SCALING_CALLER } from './state.ts';
import { checkStepScaling } from './step-scaling.ts';
import { buildAlarms, checkTargetTracking } from './target-tracking.ts';

/** Application Auto Scaling quota: scaling policies per scalable target. */
const MAXIMUM_POLICIES = 50;

interface PutPolicyInput extends ResourceKey {
  readonly PolicyName: string;
  readonly PolicyType?: string;
  readonly StepScalingPolicyConfiguration?: StepScalingConfiguration;
  readonly TargetTrackingScalingPolicyConfiguration?: TargetTrackingConfiguration;
}

function alarmArn(state: AutoScalingState, name: string): string {
  return `arn:aws:cloudwatch:${state.kernel.region}:${state.kernel.accountId}:alarm:${name}`;
}

/** Alarms that belong to a policy: its own two, or those that somebody pointed at a step policy. */
function alarmsOf(state: AutoScalingState, policy: ScalingPolicy): { AlarmName: string; AlarmARN: string }[] {
  const names =
    policy.type === 'TargetTrackingScaling'
      ? [policy.highAlarm, policy.lowAlarm].filter((name) => name !== undefined)
      : [...state.cloudwatch.alarms.alarms.values()]
          .filter(({ definition }) => definition.AlarmActions?.includes(policy.arn))
          .map(({ definition }) => definition.AlarmName);
  return names.map((name) => ({ AlarmName: name, AlarmARN: alarmArn(state, name) }));
}

function deleteAlarms(state: AutoScalingState, names: readonly string[]): void {
  if (names.length > 0) state.kernel.call(SCALING_CALLER, 'CloudWatch', 'DeleteAlarms', { AlarmNames: names });
}

function putTargetTracking(
  state: AutoScalingState,
  target: ScalableTarget,
  base: { arn: string; name: string; createdAt: number },
  configuration: TargetTrackingConfiguration,
): ScalingPolicy {
  const known = target.policies.get(base.name);
  const old = known?.type === 'TargetTrackingScaling' ? known : undefined;
  const newName = (kind: 'High' | 'Low'): string =>
    `TargetTracking-${target.resourceId}-Alarm${kind}-${state.kernel.uuid('target-tracking-alarm')}`;
  const high = old?.highAlarm ?? newName('High');
  // Without scale-in there is nothing a low alarm could do.
  const low = configuration.DisableScaleIn ? undefined : (old?.lowAlarm ?? newName('Low'));
  if (old?.lowAlarm !== undefined && low === undefined) deleteAlarms(state, [old.lowAlarm]);
  for (const alarm of buildAlarms(target, configuration, base.arn, { high, low })) {
    state.kernel.call(SCALING_CALLER, 'CloudWatch', 'PutMetricAlarm', alarm);
  }
  return { ...base, type: 'TargetTrackingScaling', configuration, highAlarm: high, lowAlarm: low };
}

function putPolicy(state: AutoScalingState, input: PutPolicyInput): object {
  const target = state.require(input, 'registered');
  const known = target.policies.get(input.PolicyName);
  const type = input.PolicyType ?? known?.type ?? 'StepScaling';
  if (known && known.type !== type)
    throw validationError(
      `The type of scaling policy ${input.PolicyName} cannot be changed from ${known.type} to ${type}.`,
    );
  if (!known && target.policies.size >= MAXIMUM_POLICIES)
    throw limitExceeded(`Scaling policies are limited to ${MAXIMUM_POLICIES} per scalable target.`);
  const { region, accountId } = state.kernel;
  const base = {
    // The uuid is per creation: a policy that was deleted and made again has another ARN.
    arn:
      known?.arn ??
      `arn:aws:autoscaling:${region}:${accountId}:scalingPolicy:${state.kernel.uuid('scaling-policy')}:` +
        `resource/${NAMESPACE}/${target.resourceId}:policyName/${input.PolicyName}`,
    name: input.PolicyName,
    createdAt: known?.createdAt ?? state.now,
  };
  let policy: ScalingPolicy;
  if (type === 'TargetTrackingScaling') {
    policy = putTargetTracking(
      state,
      target,
      base,
      checkTargetTracking(target.resource, input.TargetTrackingScalingPolicyConfiguration),
    );
  } else if (type === 'StepScaling') {
    policy = { ...base, type, configuration: checkStepScaling(input.StepScalingPolicyConfiguration) };
  } else {
    throw validationError(`Policy type ${type} is not supported for service namespace ${NAMESPACE}.`);
  }
  target.policies.set(policy.name, policy);
  return { PolicyARN: policy.arn, Alarms: policy.type === 'TargetTrackingScaling' ? alarmsOf(state, policy) : [] };
}

/** Alarms of target tracking go with their policy; the alarm of a step policy stays and loses this action. */
export function deletePolicy(state: AutoScalingState, target: ScalableTarget, policy: ScalingPolicy): void {
  target.policies.delete(policy.name);
  if (policy.type === 'TargetTrackingScaling') {
    deleteAlarms(
      state,
      [policy.highAlarm, policy.lowAlarm].filter((name) => name !== undefined),
    );
    return;
  }
  const without = (actions: readonly string[] | undefined): string[] =>
    (actions ?? []).filter((action) => action !== policy.arn);
  for (const { definition } of state.cloudwatch.alarms.alarms.values()) {
    const lists = [definition.AlarmActions, definition.OKActions, definition.InsufficientDataActions];
    if (!lists.some((actions) => actions?.includes(policy.arn))) continue;
    state.kernel.call(SCALING_CALLER, 'CloudWatch', 'PutMetricAlarm', {
      ...definition,
      AlarmActions: without(definition.AlarmActions),
      OKActions: without(definition.OKActions),
      InsufficientDataActions: without(definition.InsufficientDataActions),
    });
  }
}

interface DescribePoliciesInput {
  readonly ServiceNamespace: string;
  readonly ResourceId?: string;
  readonly ScalableDimension?: string;
  readonly PolicyNames?: readonly string[];
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

function describePolicies(state: AutoScalingState, input: DescribePoliciesInput): object {
  // Documented of the request; the wording is assumed.
  if (input.ScalableDimension !== undefined && input.ResourceId === undefined) {
    throw validationError('If you specify a scalable dimension, you must also specify a resource ID.');
  }
  const found = [...state.targets.values()].flatMap((target) =>
    isAskedFor(target, input) ? [...target.policies.values()].map((policy) => ({ target, policy })) : [],
  );
  const named = found.filter(({ policy }) => input.PolicyNames?.includes(policy.name) ?? true);
  const { page, next } = cutPage(named, input);
  const ScalingPolicies = page.map(({ target, policy }) => ({
    PolicyARN: policy.arn,
    PolicyName: policy.name,
    ServiceNamespace: NAMESPACE,
    ResourceId: target.resourceId,
    ScalableDimension: target.resource.dimension,
    PolicyType: policy.type,
    ...(policy.type === 'StepScaling'
      ? { StepScalingPolicyConfiguration: policy.configuration }
      : { TargetTrackingScalingPolicyConfiguration: policy.configuration }),
    Alarms: alarmsOf(state, policy),
    CreationTime: new Date(policy.createdAt),
  }));
  return { ScalingPolicies, ...next };
}

interface DescribeActivitiesInput {
  readonly ServiceNamespace: string;
  readonly ResourceId?: string;
  readonly ScalableDimension?: string;
  readonly IncludeNotScaledActivities?: boolean;
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

export function createPolicyOperations(state: AutoScalingState): Record<string, Operation> {
  return {
    PutScalingPolicy: (input: PutPolicyInput) => putPolicy(state, input),
    DeleteScalingPolicy(input: ResourceKey & { PolicyName: string }) {
      const target = state.targets.get(input);
      const policy = target?.policies.get(input.PolicyName);
      if (!target || !policy) throw policyNotFound(input, input.PolicyName);
      deletePolicy(state, target, policy);
      return {};
    },
    DescribeScalingPolicies: (input: DescribePoliciesInput) => describePolicies(state, input),
    DescribeScalingActivities(input: DescribeActivitiesInput) {
      const isKnown = input.ServiceNamespace === NAMESPACE;
      const all = isKnown ? state.activities.list(input, input.IncludeNotScaledActivities === true) : [];
      const { page, next } = cutPage(all, input);
      return { ScalingActivities: page.map(describeActivity), ...next };
    },
  };
}
