import type { MetricDataQuery } from '../cloudwatch/queries.ts';
import type { EpochMs, Timer } from '../contract.ts';
import type { Resource } from './resources.ts';

export const NAMESPACE = 'sagemaker';

export interface SuspendedState {
  readonly DynamicScalingInSuspended: boolean;
  readonly DynamicScalingOutSuspended: boolean;
  readonly ScheduledScalingSuspended: boolean;
}

export interface ScalableTarget {
  readonly arn: string;
  readonly resourceId: string;
  readonly resource: Resource;
  readonly createdAt: EpochMs;
  readonly roleArn: string;
  min: number;
  max: number;
  suspended: SuspendedState;
  readonly tags: Map<string, string>;
  readonly policies: Map<string, ScalingPolicy>;
  readonly actions: Map<string, ScheduledAction>;
  /** Finished scale-outs and scale-ins that cooldowns count from; `base` is the capacity before the scale-out. */
  lastOut: { readonly at: EpochMs; readonly base: number } | undefined;
  lastIn: { readonly at: EpochMs } | undefined;
  pending: PendingChange | undefined;
}

/** A change of capacity that SageMaker has accepted and not finished. */
export interface PendingChange {
  readonly activity: ScalingActivity;
  readonly from: number;
  readonly to: number;
  /** Whether a policy did it, so that its cooldown begins with the end. */
  readonly byPolicy: boolean;
}

export interface CustomizedMetric {
  readonly MetricName?: string;
  readonly Namespace?: string;
  readonly Dimensions?: readonly { Name: string; Value: string }[];
  readonly Statistic?: string;
  readonly Unit?: string;
  readonly Metrics?: readonly MetricDataQuery[];
}

export interface TargetTrackingConfiguration {
  readonly TargetValue: number;
  readonly PredefinedMetricSpecification?: { readonly PredefinedMetricType: string };
  readonly CustomizedMetricSpecification?: CustomizedMetric;
  readonly ScaleOutCooldown?: number;
  readonly ScaleInCooldown?: number;
  readonly DisableScaleIn?: boolean;
}

export interface StepAdjustment {
  readonly MetricIntervalLowerBound?: number;
  readonly MetricIntervalUpperBound?: number;
  readonly ScalingAdjustment: number;
}

export interface StepScalingConfiguration {
  readonly AdjustmentType?: 'ChangeInCapacity' | 'PercentChangeInCapacity' | 'ExactCapacity';
  readonly StepAdjustments?: readonly StepAdjustment[];
  readonly MinAdjustmentMagnitude?: number;
  readonly Cooldown?: number;
  readonly MetricAggregationType?: string;
}

interface PolicyBase {
  readonly arn: string;
  readonly name: string;
  readonly createdAt: EpochMs;
}

export interface TargetTrackingPolicy extends PolicyBase {
  readonly type: 'TargetTrackingScaling';
  readonly configuration: TargetTrackingConfiguration;
  readonly highAlarm: string;
  /** Absent with DisableScaleIn. */
  readonly lowAlarm: string | undefined;
}

export interface StepScalingPolicy extends PolicyBase {
  readonly type: 'StepScaling';
  readonly configuration: StepScalingConfiguration;
}

export type ScalingPolicy = TargetTrackingPolicy | StepScalingPolicy;

export interface ScheduledAction {
  readonly arn: string;
  readonly name: string;
  readonly createdAt: EpochMs;
  schedule: string;
  timezone: string | undefined;
  startTime: Date | undefined;
  endTime: Date | undefined;
  bounds: { readonly MinCapacity?: number; readonly MaxCapacity?: number };
  timer: Timer | undefined;
}

export type ActivityStatus = 'Pending' | 'InProgress' | 'Successful' | 'Overridden' | 'Unfulfilled' | 'Failed';

export interface NotScaledReason {
  readonly Code: string;
  readonly MaxCapacity?: number;
  readonly MinCapacity?: number;
  readonly CurrentCapacity?: number;
}

export interface ScalingActivity {
  readonly id: string;
  readonly resourceId: string;
  readonly dimension: string;
  readonly description: string;
  readonly cause: string;
  readonly startedAt: EpochMs;
  endedAt: EpochMs | undefined;
  status: ActivityStatus;
  message: string | undefined;
  readonly notScaled: NotScaledReason | undefined;
}
