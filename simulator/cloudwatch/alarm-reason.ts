import type { EpochMs } from '../contract.ts';
import { type AlarmDefinition, type AlarmStateValue, type ComparisonOperator, formatTimestamp } from './alarm.ts';
import type { Verdict } from './alarm-evaluation.ts';

export const CREATION_REASON = 'Unchecked: Initial alarm creation';

const COMPARISON_WORDS: Readonly<Record<ComparisonOperator, string>> = {
  GreaterThanOrEqualToThreshold: 'greater than or equal to',
  GreaterThanThreshold: 'greater than',
  LessThanThreshold: 'less than',
  LessThanOrEqualToThreshold: 'less than or equal to',
};

/** One evaluation as its texts need it. */
export interface Evaluation {
  readonly verdict: Verdict;
  /** Oldest first. */
  readonly values: Float64Array;
  readonly sampleCounts: Float64Array | undefined;
  readonly start: EpochMs;
  readonly periodMs: number;
  readonly at: EpochMs;
}

/** Whole numbers keep a decimal, as in the service's own texts. */
function formatNumber(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/** dd/MM/yy HH:mm:ss in UTC. */
function formatPointTime(at: EpochMs): string {
  const [date, time] = new Date(at).toISOString().split('T') as [string, string];
  const [year, month, day] = date.split('-') as [string, string, string];
  return `${day}/${month}/${year.slice(2)} ${time.slice(0, 8)}`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

function was(count: number): string {
  return count === 1 ? 'was' : 'were';
}

export function describeReason(
  definition: AlarmDefinition,
  evaluation: Evaluation,
  state: AlarmStateValue,
  before: AlarmStateValue,
): string {
  const { verdict, values, start, periodMs } = evaluation;
  if (state === 'INSUFFICIENT_DATA') {
    const unknown = definition.EvaluationPeriods;
    return `Insufficient Data: ${plural(unknown, 'datapoint')} ${was(unknown)} unknown.`;
  }
  const treatment = definition.TreatMissingData === 'breaching' ? 'Breaching' : 'NonBreaching';
  const treated = `${plural(verdict.missing, 'missing datapoint')} ${was(verdict.missing)} treated as [${treatment}]`;
  if (verdict.used.length === 0) {
    return `Threshold Crossed: no datapoints were received for ${plural(verdict.missing, 'period')} and ${treated}.`;
  }
  const points = verdict.used
    .map((i) => `${formatNumber(values[i]!)} (${formatPointTime(start + i * periodMs)})`)
    .join(', ');
  const toAlarm = definition.DatapointsToAlarm ?? definition.EvaluationPeriods;
  const isAlarm = state === 'ALARM';
  const count = isAlarm ? verdict.breaching : verdict.used.length - verdict.breaching;
  const comparison = `${was(count)} ${isAlarm ? '' : 'not '}${COMPARISON_WORDS[definition.ComparisonOperator]} the threshold (${formatNumber(definition.Threshold)})`;
  if (before === 'INSUFFICIENT_DATA') {
    const filled = verdict.missing > 0 && definition.TreatMissingData !== undefined ? ` and ${treated}` : '';
    return `Threshold Crossed: ${plural(count, 'datapoint')} [${points}] ${comparison}${filled}.`;
  }
  const minimum = isAlarm ? toAlarm : definition.EvaluationPeriods - toAlarm + 1;
  return (
    `Threshold Crossed: ${count} out of the last ${definition.EvaluationPeriods} datapoints [${points}] ${comparison} ` +
    `(minimum ${plural(minimum, 'datapoint')} for ${before} -> ${state} transition).`
  );
}

/** The JSON text beside the reason, with the members and order that the service was recorded to give. */
export function describeReasonData(definition: AlarmDefinition, evaluation: Evaluation): string {
  const { verdict, values, sampleCounts, start, periodMs, at } = evaluation;
  const oldest = verdict.used.at(-1);
  const statistic = definition.Statistic ?? definition.ExtendedStatistic;
  const timeOf = (i: number): string => formatTimestamp(start + i * periodMs);
  const missing = Array.from({ length: verdict.missing }, (_, n) => ({ timestamp: timeOf(values.length - 1 - n) }));
  return JSON.stringify({
    version: '1.0',
    queryDate: formatTimestamp(at),
    ...(oldest === undefined ? {} : { startDate: timeOf(oldest) }),
    ...(definition.Unit === undefined ? {} : { unit: definition.Unit }),
    ...(statistic === undefined ? {} : { statistic }),
    period: periodMs / 1000,
    recentDatapoints: verdict.used.map((i) => values[i]!).reverse(),
    threshold: definition.Threshold,
    evaluatedDatapoints:
      verdict.used.length === 0
        ? missing
        : verdict.used.map((i) => ({
            timestamp: timeOf(i),
            ...(sampleCounts ? { sampleCount: sampleCounts[i]! } : {}),
            value: values[i]!,
          })),
  });
}
