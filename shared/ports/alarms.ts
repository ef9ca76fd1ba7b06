import type { Difference } from '../domain/drift.ts';
import type { JsonObject } from '../domain/recipe.ts';
import type { Instant } from '../domain/time.ts';
import type { Outcome } from './outcome.ts';

export interface AlarmView {
  readonly name: string;
  readonly state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  readonly stateSince: Instant;
}

/** CloudWatch alarms. PutMetricAlarm is limited to 3 per second and account. */
export interface AlarmControl {
  /** By name, ≤ 100 a call; missing ones are absent from the answer. */
  states(names: readonly string[]): Promise<Outcome<readonly AlarmView[]>>;
  /** The wake alarm of an asynchronous endpoint: HasBacklogWithoutCapacity ≥ 1, 60 s, missing data not breaching. */
  putWakeAlarm(name: string, endpoint: string): Promise<Outcome<void>>;
  /** How a wake alarm that CloudWatch shows (absent: it is gone) differs from what `putWakeAlarm` would put. */
  wakeAlarmDifferences(name: string, endpoint: string, shown: JsonObject | undefined): readonly Difference[];
  remove(names: readonly string[]): Promise<Outcome<void>>;
}
