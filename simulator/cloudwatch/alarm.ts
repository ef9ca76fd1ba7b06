import type { EpochMs } from '../contract.ts';
import type { Dimension } from './metric-store.ts';
import type { MetricDataQuery } from './queries.ts';

export type AlarmStateValue = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
export type MissingDataTreatment = 'missing' | 'ignore' | 'breaching' | 'notBreaching';
export type ComparisonOperator =
  | 'GreaterThanOrEqualToThreshold'
  | 'GreaterThanThreshold'
  | 'LessThanThreshold'
  | 'LessThanOrEqualToThreshold';

/** An alarm as PutMetricAlarm defines it, without tags. */
export interface AlarmDefinition {
  readonly AlarmName: string;
  readonly AlarmDescription?: string;
  readonly ActionsEnabled?: boolean;
  readonly OKActions?: readonly string[];
  readonly AlarmActions?: readonly string[];
  readonly InsufficientDataActions?: readonly string[];
  readonly MetricName?: string;
  readonly Namespace?: string;
  readonly Statistic?: string;
  /** A percentile, in place of a statistic. */
  readonly ExtendedStatistic?: string;
  readonly Dimensions?: readonly Dimension[];
  readonly Period?: number;
  readonly Unit?: string;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm?: number;
  readonly Threshold: number;
  readonly ComparisonOperator: ComparisonOperator;
  readonly TreatMissingData?: MissingDataTreatment;
  readonly Metrics?: readonly MetricDataQuery[];
}

export interface AlarmState {
  readonly value: AlarmStateValue;
  readonly reason: string;
  /** JSON text. */
  readonly reasonData: string | undefined;
  readonly updatedAt: EpochMs;
  readonly transitionedAt: EpochMs;
}

export interface AlarmHistoryItem {
  readonly at: EpochMs;
  readonly type: 'StateUpdate' | 'ConfigurationUpdate' | 'Action';
  readonly summary: string;
  readonly data: string;
}

/** What runs an Auto Scaling action gets to know. */
export interface AlarmAction {
  readonly alarmName: string;
  readonly state: AlarmStateValue;
  readonly threshold: number;
  /** The newest datapoint that was evaluated; undefined when there was none. */
  readonly value: number | undefined;
}

const HIGH_RESOLUTION_MS = 10_000;
const STANDARD_MS = 60_000;

/** Alarms of high-resolution metrics are evaluated every 10 seconds, all others every minute. */
export function evaluationIntervalMs(periodMs: number): number {
  return periodMs < STANDARD_MS ? HIGH_RESOLUTION_MS : STANDARD_MS;
}

/** CloudWatch's own timestamp spelling, with an offset without colon. */
export function formatTimestamp(at: EpochMs): string {
  return new Date(at).toISOString().replace('Z', '+0000');
}

export function actionsOf(definition: AlarmDefinition, state: AlarmStateValue): readonly string[] {
  if (state === 'ALARM') return definition.AlarmActions ?? [];
  return (state === 'OK' ? definition.OKActions : definition.InsufficientDataActions) ?? [];
}
