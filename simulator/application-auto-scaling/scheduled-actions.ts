import { type EpochMs, type Operation, PRIORITY } from '../contract.ts';
import { parseScheduleExpression, type Recurrence, ScheduleExpressionError } from '../schedule-expression.ts';
import { isTimeZone } from '../time-zone.ts';
import { forceBounds } from './capacity-control.ts';
import { actionNotFound, limitExceeded, validationError } from './errors.ts';
import { NAMESPACE, type ScalableTarget, type ScheduledAction } from './model.ts';
import { isAskedFor, type ResourceKey } from './resources.ts';
import { type AutoScalingState, cutPage } from './state.ts';

/** Application Auto Scaling quota: scheduled actions per scalable target. */
const MAXIMUM_ACTIONS = 200;

interface PutActionInput extends ResourceKey {
  readonly ScheduledActionName: string;
  readonly Schedule?: string;
  readonly Timezone?: string;
  readonly StartTime?: Date;
  readonly EndTime?: Date;
  readonly ScalableTargetAction?: { readonly MinCapacity?: number; readonly MaxCapacity?: number };
}

function recurrenceOf(action: ScheduledAction): Recurrence {
  try {
    return parseScheduleExpression(action.schedule, {
      timeZone: action.timezone ?? 'UTC',
      anchor: action.startTime?.getTime() ?? action.createdAt,
    });
  } catch (error) {
    if (!(error instanceof ScheduleExpressionError)) throw error;
    throw validationError(`Invalid schedule expression: ${error.message}`);
  }
}

function checkName(name: string): void {
  if (/[:/|\p{Cc}]/u.test(name) || name.trim() !== name) {
    throw validationError(
      `Scheduled action name "${name}" must not contain ":", "/", "|", control characters, or leading or trailing spaces.`,
    );
  }
}

/** `after` is strictly before the occurrence; actions never run outside StartTime and EndTime. */
function nextOccurrence(action: ScheduledAction, after: EpochMs): EpochMs | undefined {
  const from = Math.max(after, (action.startTime?.getTime() ?? -Infinity) - 1);
  const next = recurrenceOf(action).next(from);
  return next !== undefined && next <= (action.endTime?.getTime() ?? Infinity) ? next : undefined;
}

function arm(state: AutoScalingState, target: ScalableTarget, action: ScheduledAction): void {
  action.timer?.cancel();
  const next = nextOccurrence(action, state.now);
  action.timer =
    next === undefined ? undefined : state.kernel.clock.at(next, PRIORITY.scaling, () => fire(state, target, action));
}

function describeBounds({ MinCapacity: min, MaxCapacity: max }: ScheduledAction['bounds']): string {
  const parts = [
    min === undefined ? [] : [`min capacity to ${min}`],
    max === undefined ? [] : [`max capacity to ${max}`],
  ].flat();
  return parts.join(' and ');
}

/** Sets the bounds for good, then moves capacity into them. An action that fails, or comes while suspended, is not made up for. */
function fire(state: AutoScalingState, target: ScalableTarget, action: ScheduledAction): void {
  arm(state, target, action);
  if (target.suspended.ScheduledScalingSuspended) return;
  const cause = `scheduled action name ${action.name} was triggered`;
  const bounds = describeBounds(action.bounds);
  const activity = state.activities.begin(target, `Setting ${bounds}`, cause);
  const looked = state.look(target);
  if (!('view' in looked)) {
    const reason = `Resource Id ${target.resourceId} is not scalable. Reason: ${looked.notScalable}`;
    state.activities.end(activity, 'Failed', `Failed to set ${bounds}. Reason: ${reason}`);
    return;
  }
  const min = action.bounds.MinCapacity ?? target.min;
  const max = action.bounds.MaxCapacity ?? target.max;
  if (min > max) {
    state.activities.end(
      activity,
      'Failed',
      `Failed to set ${bounds}. Reason: Maximum capacity cannot be less than minimum capacity`,
    );
    return;
  }
  target.min = min;
  target.max = max;
  state.activities.end(activity, 'Successful', `Successfully set ${bounds}`);
  forceBounds(state, target);
}

function putAction(state: AutoScalingState, input: PutActionInput): object {
  const target = state.require(input, 'registered');
  checkName(input.ScheduledActionName);
  const known = target.actions.get(input.ScheduledActionName);
  const schedule = input.Schedule ?? known?.schedule;
  const bounds = input.ScalableTargetAction ?? known?.bounds;
  if (schedule === undefined) throw validationError('Schedule is required for a new scheduled action.');
  if (bounds?.MinCapacity === undefined && bounds?.MaxCapacity === undefined) {
    throw validationError('ScalableTargetAction must have MinCapacity, MaxCapacity or both.');
  }
  if ((bounds.MinCapacity ?? 0) > (bounds.MaxCapacity ?? Infinity))
    throw validationError('Maximum capacity cannot be less than minimum capacity');
  if (input.Timezone !== undefined && !isTimeZone(input.Timezone))
    throw validationError(`Invalid Timezone: ${input.Timezone}`);
  if (input.StartTime && input.EndTime && input.StartTime >= input.EndTime)
    throw validationError('StartTime must be before EndTime.');
  if (!known && target.actions.size >= MAXIMUM_ACTIONS)
    throw limitExceeded(`Scheduled actions are limited to ${MAXIMUM_ACTIONS} per scalable target.`);
  const { region, accountId } = state.kernel;
  const action: ScheduledAction = {
    arn:
      known?.arn ??
      `arn:aws:autoscaling:${region}:${accountId}:scheduledAction:${state.kernel.uuid('scheduled-action')}:` +
        `resource/${NAMESPACE}/${target.resourceId}:scheduledActionName/${input.ScheduledActionName}`,
    name: input.ScheduledActionName,
    createdAt: known?.createdAt ?? state.now,
    schedule,
    timezone: input.Timezone ?? known?.timezone,
    // Start and end are erased when an update leaves them out.
    startTime: input.StartTime,
    endTime: input.EndTime,
    bounds,
    timer: undefined,
  };
  recurrenceOf(action);
  known?.timer?.cancel();
  target.actions.set(action.name, action);
  arm(state, target, action);
  return {};
}

export function deleteAction(target: ScalableTarget, action: ScheduledAction): void {
  action.timer?.cancel();
  target.actions.delete(action.name);
}

interface DescribeActionsInput {
  readonly ServiceNamespace: string;
  readonly ResourceId?: string;
  readonly ScalableDimension?: string;
  readonly ScheduledActionNames?: readonly string[];
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

function describeActions(state: AutoScalingState, input: DescribeActionsInput): object {
  const found = [...state.targets.values()].flatMap((target) =>
    isAskedFor(target, input) ? [...target.actions.values()].map((action) => ({ target, action })) : [],
  );
  const named = found.filter(({ action }) => input.ScheduledActionNames?.includes(action.name) ?? true);
  const { page, next } = cutPage(named, input);
  const ScheduledActions = page.map(({ target, action }) => ({
    ScheduledActionName: action.name,
    ScheduledActionARN: action.arn,
    ServiceNamespace: NAMESPACE,
    Schedule: action.schedule,
    ...(action.timezone === undefined ? {} : { Timezone: action.timezone }),
    ResourceId: target.resourceId,
    ScalableDimension: target.resource.dimension,
    ...(action.startTime === undefined ? {} : { StartTime: action.startTime }),
    ...(action.endTime === undefined ? {} : { EndTime: action.endTime }),
    ScalableTargetAction: action.bounds,
    CreationTime: new Date(action.createdAt),
  }));
  return { ScheduledActions, ...next };
}

export function createScheduledActionOperations(state: AutoScalingState): Record<string, Operation> {
  return {
    PutScheduledAction: (input: PutActionInput) => putAction(state, input),
    DeleteScheduledAction(input: ResourceKey & { ScheduledActionName: string }) {
      const target = state.targets.get(input);
      const action = target?.actions.get(input.ScheduledActionName);
      if (!target || !action) throw actionNotFound(input, input.ScheduledActionName);
      deleteAction(target, action);
      return {};
    },
    DescribeScheduledActions: (input: DescribeActionsInput) => describeActions(state, input),
  };
}
