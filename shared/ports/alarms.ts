import type { Difference } from '../domain/drift.ts';
import type { JsonObject } from '../domain/recipe.ts';
import type { Instant } from '../domain/time.ts';
import type { Outcome } from './outcome.ts';

/** What a wake alarm of ours is named after. */
export interface Woken {
  readonly endpoint: string;
  /** An inference component of it. */
  readonly component?: string;
}

export interface AlarmView {
  readonly name: string;
  readonly state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  readonly stateSince: Instant;
}

/** CloudWatch alarms. PutMetricAlarm is limited to 3 per second and account. */
export interface AlarmControl {
  /** By name, ≤ 100 a call; missing ones are absent from the answer. */
  states(names: readonly string[]): Promise<Outcome<readonly AlarmView[]>>;
  /**
   * The wake alarm, missing data not breaching: of an asynchronous endpoint HasBacklogWithoutCapacity ≥ 1 in a minute, of an
   * inference component NoCapacityInvocationFailures ≥ 1 in one of three.
   */
  putWakeAlarm(name: string, of: Woken): Promise<Outcome<void>>;
  /** How a wake alarm that CloudWatch shows (absent: it is gone) differs from what `putWakeAlarm` would put. */
  wakeAlarmDifferences(name: string, of: Woken, shown: JsonObject | undefined): readonly Difference[];
  remove(names: readonly string[]): Promise<Outcome<void>>;
}
