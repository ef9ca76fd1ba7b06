import type { EpochMs, Kernel } from '../contract.ts';
import { NAMESPACE, type NotScaledReason, type ScalableTarget, type ScalingActivity } from './model.ts';

/** API reference, DescribeScalingActivities: six weeks back. */
const KEPT_MS = 42 * 86_400_000;

export class ActivityLog {
  readonly #kernel: Kernel;
  #activities: ScalingActivity[] = [];

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  begin({ resourceId, resource }: ScalableTarget, description: string, cause: string): ScalingActivity {
    return this.#add({
      resourceId,
      dimension: resource.dimension,
      description,
      cause,
      status: 'InProgress',
      message: undefined,
      notScaled: undefined,
    });
  }

  end(activity: ScalingActivity, status: 'Successful' | 'Failed', message: string): void {
    activity.status = status;
    activity.message = message;
    activity.endedAt = this.#kernel.clock.now();
  }

  /** A trigger that changed nothing; the same again for the same reason is the same entry. */
  addNotScaled({ resourceId, resource }: ScalableTarget, cause: string, reason: NotScaledReason): void {
    const last = this.#activities.findLast(
      (activity) => activity.resourceId === resourceId && activity.dimension === resource.dimension,
    );
    if (last?.cause === cause && last.notScaled?.Code === reason.Code) return;
    this.#add({
      resourceId,
      dimension: resource.dimension,
      description: 'Attempting to scale due to alarm triggered',
      cause,
      status: 'Unfulfilled',
      message: undefined,
      notScaled: reason,
    });
  }

  /** Newest first. */
  list(
    asked: { readonly ResourceId?: string; readonly ScalableDimension?: string },
    withNotScaled: boolean,
  ): ScalingActivity[] {
    const since = this.#kernel.clock.now() - KEPT_MS;
    return this.#activities
      .filter(
        (activity) =>
          activity.startedAt >= since &&
          (asked.ResourceId ?? activity.resourceId) === activity.resourceId &&
          (asked.ScalableDimension ?? activity.dimension) === activity.dimension &&
          (withNotScaled || activity.notScaled === undefined),
      )
      .reverse();
  }

  #add(members: Omit<ScalingActivity, 'id' | 'startedAt' | 'endedAt'>): ScalingActivity {
    const startedAt: EpochMs = this.#kernel.clock.now();
    const activity: ScalingActivity = {
      id: this.#kernel.uuid('scaling-activity'),
      startedAt,
      endedAt: undefined,
      ...members,
    };
    if (this.#activities.length > 0 && this.#activities[0]!.startedAt < startedAt - 2 * KEPT_MS) {
      this.#activities = this.#activities.filter((old) => old.startedAt >= startedAt - KEPT_MS);
    }
    this.#activities.push(activity);
    return activity;
  }
}

export function describeActivity(activity: ScalingActivity): object {
  return {
    ActivityId: activity.id,
    ServiceNamespace: NAMESPACE,
    ResourceId: activity.resourceId,
    ScalableDimension: activity.dimension,
    Description: activity.description,
    Cause: activity.cause,
    StartTime: new Date(activity.startedAt),
    ...(activity.endedAt === undefined ? {} : { EndTime: new Date(activity.endedAt) }),
    StatusCode: activity.status,
    ...(activity.message === undefined ? {} : { StatusMessage: activity.message }),
    ...(activity.notScaled === undefined ? {} : { NotScaledReasons: [activity.notScaled] }),
  };
}
