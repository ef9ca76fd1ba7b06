import type { Operation } from '../contract.ts';
import { ApiError } from '../contract.ts';
import { SERVERLESS } from '../sagemaker/endpoint.ts';
import { forceBounds } from './capacity-control.ts';
import { limitExceeded, resourceNotFound, targetNotFound, validationError } from './errors.ts';
import { NAMESPACE, type ScalableTarget, type SuspendedState } from './model.ts';
import { deletePolicy } from './policy-operations.ts';
import {
  isAskedFor,
  PROVISIONED,
  parseResource,
  type Resource,
  type ResourceKey,
  type ResourceView,
} from './resources.ts';
import { deleteAction } from './scheduled-actions.ts';
import { type AutoScalingState, cutPage } from './state.ts';

/** Application Auto Scaling quotas: scalable targets per resource type; tags per resource. */
const MAXIMUM_TARGETS = 500;
const MAXIMUM_TAGS = 50;
const MAXIMUM_IDS = 50;

interface RegisterInput extends ResourceKey {
  readonly MinCapacity?: number;
  readonly MaxCapacity?: number;
  readonly RoleARN?: string;
  readonly SuspendedState?: Partial<SuspendedState>;
  readonly Tags?: Readonly<Record<string, string>>;
}

/** Registration looks the resource up; the texts of its refusals are not published. */
function checkResource(state: AutoScalingState, input: RegisterInput): Resource {
  const resource = parseResource(input);
  const view = state.resources.find(resource);
  if ('missing' in view) throw validationError(view.missing);
  if ('variant' in resource && view.instanceType.startsWith('ml.t')) {
    throw validationError(
      `Variant ${resource.variant} has burstable instance type ${view.instanceType}, which does not support automatic scaling.`,
    );
  }
  checkDimension(resource, view);
  return resource;
}

/** A variant is scaled by what it has: instances, or the provisioned concurrency that its config asked for. */
function checkDimension(resource: Resource, { instanceType, desired }: ResourceView): void {
  if (!('variant' in resource)) return;
  const isServerless = instanceType === SERVERLESS;
  if (isServerless !== (resource.dimension === PROVISIONED)) {
    throw validationError(
      `Variant ${resource.variant} ${isServerless ? 'is serverless' : 'is not serverless'}: it has no ${resource.dimension}.`,
    );
  }
  // SageMaker guide, serverless-endpoints-autoscale: the model must have been deployed with Provisioned Concurrency.
  if (isServerless && desired === 0) {
    throw validationError(`Variant ${resource.variant} has no provisioned concurrency to scale.`);
  }
}

function checkBounds(min: number | undefined, max: number | undefined): void {
  for (const [name, value] of [
    ['MinCapacity', min],
    ['MaxCapacity', max],
  ] as const) {
    if (value !== undefined && value < 0) throw validationError(`${name} must be greater than or equal to 0.`);
  }
  if (min !== undefined && max !== undefined && min > max) {
    throw validationError('Maximum capacity cannot be less than minimum capacity');
  }
}

function createTarget(state: AutoScalingState, input: RegisterInput): ScalableTarget {
  const resource = checkResource(state, input);
  const { MinCapacity: min, MaxCapacity: max } = input;
  if (min === undefined || max === undefined)
    throw validationError('MinCapacity and MaxCapacity are required to register a new scalable target.');
  if (state.targets.size >= MAXIMUM_TARGETS)
    throw limitExceeded(`Scalable targets are limited to ${MAXIMUM_TARGETS} per resource type.`);
  const id = state.kernel.uuid('scalable-target').replaceAll('-', '').slice(-28);
  const { region, accountId } = state.kernel;
  const target: ScalableTarget = {
    arn: `arn:aws:application-autoscaling:${region}:${accountId}:scalable-target/${id}`,
    resourceId: input.ResourceId,
    resource,
    createdAt: state.now,
    roleArn:
      `arn:aws:iam::${accountId}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/` +
      'AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint',
    min,
    max,
    suspended: {
      DynamicScalingInSuspended: false,
      DynamicScalingOutSuspended: false,
      ScheduledScalingSuspended: false,
    },
    tags: new Map(Object.entries(input.Tags ?? {})),
    policies: new Map(),
    actions: new Map(),
    lastOut: undefined,
    lastIn: undefined,
    pending: undefined,
  };
  state.targets.add(target);
  return target;
}

function register(state: AutoScalingState, input: RegisterInput): object {
  parseResource(input);
  const known = state.targets.get(input);
  checkBounds(input.MinCapacity ?? known?.min, input.MaxCapacity ?? known?.max);
  if (known && input.Tags)
    throw validationError('Tags can only be set when a scalable target is created. Use TagResource.');
  const target = known ?? createTarget(state, input);
  state.hasServiceLinkedRole = true;
  target.min = input.MinCapacity ?? target.min;
  target.max = input.MaxCapacity ?? target.max;
  target.suspended = { ...target.suspended, ...input.SuspendedState };
  // Every register of an active resource moves its capacity into the bounds, even one that says nothing of them.
  forceBounds(state, target);
  return { ScalableTargetARN: target.arn };
}

function deregister(state: AutoScalingState, input: ResourceKey): object {
  const target = state.require(input);
  for (const policy of target.policies.values()) deletePolicy(state, target, policy);
  for (const action of target.actions.values()) deleteAction(target, action);
  state.targets.delete(target);
  return {};
}

interface DescribeTargetsInput {
  readonly ServiceNamespace: string;
  readonly ResourceIds?: readonly string[];
  readonly ScalableDimension?: string;
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

function describeTargets(state: AutoScalingState, input: DescribeTargetsInput): object {
  if (input.ResourceIds && input.ResourceIds.length > MAXIMUM_IDS) {
    throw validationError(`ResourceIds must not have more than ${MAXIMUM_IDS} members.`);
  }
  if (input.ScalableDimension !== undefined && !input.ResourceIds) {
    throw validationError('If you specify a scalable dimension, you must also specify a resource ID.');
  }
  const found = [...state.targets.values()].filter(
    (target) => isAskedFor(target, input) && (input.ResourceIds?.includes(target.resourceId) ?? true),
  );
  const { page, next } = cutPage(found, input);
  const ScalableTargets = page.map((target) => ({
    ServiceNamespace: NAMESPACE,
    ResourceId: target.resourceId,
    ScalableDimension: target.resource.dimension,
    MinCapacity: target.min,
    MaxCapacity: target.max,
    RoleARN: target.roleArn,
    CreationTime: new Date(target.createdAt),
    SuspendedState: target.suspended,
    ScalableTargetARN: target.arn,
  }));
  return { ScalableTargets, ...next };
}

function createTagOperations(state: AutoScalingState): Record<string, Operation> {
  const require = (arn: string): ScalableTarget => {
    const target = [...state.targets.values()].find((candidate) => candidate.arn === arn);
    if (!target) throw resourceNotFound(arn);
    return target;
  };
  return {
    ListTagsForResource: (input: { ResourceARN: string }) => ({
      Tags: Object.fromEntries(require(input.ResourceARN).tags),
    }),
    TagResource(input: { ResourceARN: string; Tags: Record<string, string> }) {
      const { tags } = require(input.ResourceARN);
      const keys = new Set([...tags.keys(), ...Object.keys(input.Tags)]);
      if (keys.size > MAXIMUM_TAGS) {
        throw new ApiError('TooManyTagsException', `A resource can have at most ${MAXIMUM_TAGS} tags.`, 400, {
          ResourceName: input.ResourceARN,
        });
      }
      for (const [key, value] of Object.entries(input.Tags)) tags.set(key, value);
      return {};
    },
    UntagResource(input: { ResourceARN: string; TagKeys: string[] }) {
      const { tags } = require(input.ResourceARN);
      for (const key of input.TagKeys) tags.delete(key);
      return {};
    },
  };
}

export function createTargetOperations(state: AutoScalingState): Record<string, Operation> {
  return {
    RegisterScalableTarget: (input: RegisterInput) => register(state, input),
    DeregisterScalableTarget: (input: ResourceKey) => deregister(state, input),
    DescribeScalableTargets: (input: DescribeTargetsInput) => describeTargets(state, input),
    // Predictive scaling exists for Amazon ECS only, so no variant has a forecast.
    GetPredictiveScalingForecast(input: ResourceKey & { PolicyName: string }) {
      if (!state.targets.get(input)) throw targetNotFound(input);
      throw validationError(`Policy ${input.PolicyName} is not a predictive scaling policy.`);
    },
    ...createTagOperations(state),
  };
}
