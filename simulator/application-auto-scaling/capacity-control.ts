import { ApiError, type EndpointChange } from '../contract.ts';
import { DIMENSION, NAMESPACE, type PendingChange, type ScalableTarget } from './model.ts';
import { type AutoScalingState, SCALING_CALLER } from './state.ts';

/** Application Auto Scaling guide, events reference: the event is documented for reaching the maximum only. */
function announceScaledToMax(state: AutoScalingState, target: ScalableTarget, change: PendingChange): void {
  state.kernel.emit({
    source: 'aws.application-autoscaling',
    detailType: 'Application Auto Scaling Scaling Activity State Change',
    resources: [],
    detail: {
      startTime: new Date(change.activity.startedAt).toISOString(),
      endTime: new Date(state.now).toISOString(),
      newDesiredCapacity: change.to,
      oldDesiredCapacity: change.from,
      minCapacity: target.min,
      maxCapacity: target.max,
      resourceId: target.resourceId,
      scalableDimension: DIMENSION,
      serviceNamespace: NAMESPACE,
      statusCode: 'Successful',
      scaledToMax: true,
      direction: 'scale-out',
    },
  });
}

/** Asks SageMaker for a capacity; the activity stays InProgress until the endpoint is in service again. */
export function requestCapacity(
  state: AutoScalingState,
  target: ScalableTarget,
  from: number,
  to: number,
  cause: string,
  byPolicy: boolean,
): void {
  const activity = state.activities.begin(target.resourceId, `Setting desired instance count to ${to}.`, cause);
  try {
    // SageMaker begins the change inside the call, so the pending entry must exist before its events.
    target.pending = { activity, from, to, byPolicy };
    state.kernel.call(SCALING_CALLER, 'SageMaker', 'UpdateEndpointWeightsAndCapacities', {
      EndpointName: target.endpoint,
      DesiredWeightsAndCapacities: [{ VariantName: target.variant, DesiredInstanceCount: to }],
    });
  } catch (error) {
    target.pending = undefined;
    if (!(error instanceof ApiError)) throw error;
    state.activities.end(
      activity,
      'Failed',
      `Failed to set desired instance count to ${to}. Reason: ${error.message} (Service: SageMaker, Status Code: ${error.httpStatus}, Error Code: ${error.code})`,
    );
  }
}

/** Follows the endpoint of a pending change to its end. */
export function followEndpoint(state: AutoScalingState, change: EndpointChange): void {
  for (const target of state.targets.values()) {
    const { pending } = target;
    if (!pending || target.endpoint.toLowerCase() !== change.endpoint.toLowerCase()) continue;
    if (['Updating', 'RollingBack', 'SystemUpdating'].includes(change.status)) continue;
    target.pending = undefined;
    const view = state.variants.find(target.endpoint, target.variant);
    const isDone = change.status === 'InService' && typeof view === 'object' && view.current === pending.to;
    if (!isDone) {
      const found =
        typeof view === 'object'
          ? (view.failureReason ?? `Endpoint status ${change.status}, instance count ${view.current}.`)
          : undefined;
      const reason = found ?? `Could not find endpoint ${target.endpoint}.`;
      state.activities.end(
        pending.activity,
        'Failed',
        `Failed to set desired instance count to ${pending.to}. Reason: ${reason}`,
      );
      continue;
    }
    state.activities.end(
      pending.activity,
      'Successful',
      `Successfully set desired instance count to ${pending.to}. Change successfully fulfilled by sagemaker.`,
    );
    if (pending.byPolicy && pending.to > pending.from) target.lastOut = { at: state.now, base: pending.from };
    if (pending.byPolicy && pending.to < pending.from) target.lastIn = { at: state.now };
    if (pending.to > pending.from && pending.to === target.max) announceScaledToMax(state, target, pending);
  }
}

/** Moves the capacity of an active resource into the bounds; leaves one that is not active alone. */
export function forceBounds(state: AutoScalingState, target: ScalableTarget): void {
  const looked = state.look(target);
  if (!('view' in looked)) return;
  const { desired } = looked.view;
  if (desired < target.min)
    requestCapacity(state, target, desired, target.min, `minimum capacity was set to ${target.min}`, false);
  else if (desired > target.max)
    requestCapacity(state, target, desired, target.max, `maximum capacity was set to ${target.max}`, false);
}
