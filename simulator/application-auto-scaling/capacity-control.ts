import { ApiError } from '../contract.ts';
import { NAMESPACE, type PendingChange, type ScalableTarget } from './model.ts';
import { sizeCall, sizeWord } from './resources.ts';
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
      scalableDimension: target.resource.dimension,
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
  const size = `desired ${sizeWord(target.resource)} to ${to}`;
  const activity = state.activities.begin(target, `Setting ${size}.`, cause);
  try {
    // SageMaker begins the change inside the call, so the pending entry must exist before its events.
    target.pending = { activity, from, to, byPolicy };
    const { operation, input } = sizeCall(target.resource, to);
    state.kernel.call(SCALING_CALLER, 'SageMaker', operation, input);
  } catch (error) {
    target.pending = undefined;
    if (!(error instanceof ApiError)) throw error;
    state.activities.end(
      activity,
      'Failed',
      `Failed to set ${size}. Reason: ${error.message} (Service: SageMaker, Status Code: ${error.httpStatus}, Error Code: ${error.code})`,
    );
  }
}

const BUSY: ReadonlySet<string> = new Set(['Creating', 'Updating', 'RollingBack', 'SystemUpdating']);

/** Ends the pending change of a target whose resource has changed, if it has come to its end. */
export function followPending(state: AutoScalingState, target: ScalableTarget): void {
  const { pending } = target;
  if (!pending) return;
  const view = state.resources.find(target.resource);
  if ('status' in view && BUSY.has(view.status)) return;
  target.pending = undefined;
  const word = sizeWord(target.resource);
  const size = `desired ${word} to ${pending.to}`;
  if ('missing' in view || view.status !== 'InService' || view.current !== pending.to) {
    const reason =
      'missing' in view ? view.missing : (view.failureReason ?? `Status ${view.status}, ${word} ${view.current}.`);
    state.activities.end(pending.activity, 'Failed', `Failed to set ${size}. Reason: ${reason}`);
    return;
  }
  state.activities.end(
    pending.activity,
    'Successful',
    `Successfully set ${size}. Change successfully fulfilled by sagemaker.`,
  );
  if (pending.byPolicy && pending.to > pending.from) target.lastOut = { at: state.now, base: pending.from };
  if (pending.byPolicy && pending.to < pending.from) target.lastIn = { at: state.now };
  if (pending.to > pending.from && pending.to === target.max) announceScaledToMax(state, target, pending);
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
