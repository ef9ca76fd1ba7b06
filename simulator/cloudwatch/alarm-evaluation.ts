import type { AlarmDefinition, AlarmStateValue, ComparisonOperator } from './alarm.ts';

/** Datapoints beyond the evaluation periods that CloudWatch looks back for when some are missing (user guide: 5 for 3 periods). */
export const EXTRA_PERIODS = 2;

const COMPARISONS: Readonly<Record<ComparisonOperator, (value: number, threshold: number) => boolean>> = {
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  GreaterThanThreshold: (value, threshold) => value > threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

export interface Verdict {
  /** `retain`: the data do not say enough to leave the current state. */
  readonly state: AlarmStateValue | 'retain';
  /** Indexes of the real datapoints used, newest first. */
  readonly used: readonly number[];
  readonly breaching: number;
  /** Periods without data that were filled by the treatment of missing data. */
  readonly missing: number;
}

/**
 * Judges the evaluation range (oldest first, NaN = no datapoint) as the CloudWatch user guide tabulates it in "Configuring
 * how CloudWatch alarms treat missing data": real datapoints of the range first, the treatment only for what is missing,
 * and no premature alarm from a lone recent breach.
 */
export function judge(values: Float64Array, definition: AlarmDefinition): Verdict {
  const periods = definition.EvaluationPeriods;
  const toAlarm = definition.DatapointsToAlarm ?? periods;
  const breaches = COMPARISONS[definition.ComparisonOperator];
  const used: number[] = [];
  let breaching = 0;
  let oldestBreachAge = 0;
  for (let i = values.length - 1; i >= 0 && used.length < periods; i--) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    used.push(i);
    if (breaches(value, definition.Threshold)) {
      breaching++;
      oldestBreachAge = values.length - i;
    }
  }
  const missing = periods - used.length;
  const verdict = (state: Verdict['state']): Verdict => ({ state, used, breaching, missing });
  const treatment = definition.TreatMissingData ?? 'missing';
  if (breaching >= toAlarm) return verdict('ALARM');
  if (missing === 0 || treatment === 'notBreaching') return verdict('OK');
  if (treatment === 'breaching') return verdict(breaching + missing >= toAlarm ? 'ALARM' : 'OK');
  if (used.length > breaching) return verdict('OK');
  if (treatment === 'ignore') return verdict('retain');
  if (used.length === 0) return verdict('INSUFFICIENT_DATA');
  return verdict(oldestBreachAge >= toAlarm ? 'ALARM' : 'retain');
}
