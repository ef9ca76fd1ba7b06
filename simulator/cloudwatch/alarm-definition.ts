import type { AlarmDefinition } from './alarm.ts';
import { invalidCombination, missingParameter, validationError } from './errors.ts';

const TREATMENTS = ['missing', 'ignore', 'breaching', 'notBreaching'];
const COMPARISONS = [
  'GreaterThanOrEqualToThreshold',
  'GreaterThanThreshold',
  'LessThanThreshold',
  'LessThanOrEqualToThreshold',
];
/** Members of the API that this simulator does not evaluate: accepted ones would change what an alarm does, so they are refused. */
const UNSUPPORTED = [
  'EvaluateLowSampleCountPercentile',
  'ThresholdMetricId',
  'EvaluationWindow',
  'WarmUpConfiguration',
  'EvaluationCriteria',
  'EvaluationInterval',
  'ActionConfiguration',
] as const;
const DAY_SECONDS = 86_400;

const METRIC_MEMBERS = [
  'MetricName',
  'Namespace',
  'Statistic',
  'ExtendedStatistic',
  'Dimensions',
  'Period',
  'Unit',
] as const;

const PERCENTILE = /^p(\d{1,2}(?:\.\d{1,10})?|100)$/;

/** The share of samples that a percentile names; undefined: it is none. */
export function shareOf(statistic: string): number | undefined {
  const percent = PERCENTILE.exec(statistic)?.[1];
  return percent === undefined ? undefined : Number(percent) / 100;
}

function checkStatistics({ Statistic, ExtendedStatistic }: AlarmDefinition): void {
  if (ExtendedStatistic === undefined) {
    if (Statistic === undefined) throw missingParameter('The parameter Statistic is required.');
    return;
  }
  if (Statistic !== undefined) {
    throw invalidCombination(
      'The parameters Statistic and ExtendedStatistic are mutually exclusive and you have specified both.',
    );
  }
  if (shareOf(ExtendedStatistic) === undefined) {
    throw validationError(
      `The extended statistic '${ExtendedStatistic}' is not supported by this simulator. Supported: percentiles, p0 to p100.`,
    );
  }
}

function isAlarmPeriod(seconds: number): boolean {
  return [10, 20, 30].includes(seconds) || (seconds > 0 && seconds % 60 === 0);
}

function checkMetric(definition: AlarmDefinition): number {
  if (definition.Metrics) {
    for (const name of METRIC_MEMBERS) {
      if (definition[name] !== undefined)
        throw invalidCombination(
          `The parameters Metrics and ${name} are mutually exclusive and you have specified both.`,
        );
    }
    const returned = definition.Metrics.filter((query) => query.ReturnData ?? true);
    if (returned.length !== 1)
      throw validationError('Exactly one of the elements of Metrics must have ReturnData true.');
    const periods = definition.Metrics.map((query) => query.MetricStat?.Period ?? query.Period ?? 0);
    return Math.max(...periods) || 60;
  }
  for (const name of ['MetricName', 'Namespace', 'Period'] as const) {
    if (definition[name] === undefined) throw missingParameter(`The parameter ${name} is required.`);
  }
  checkStatistics(definition);
  return definition.Period!;
}

/** Refuses what PutMetricAlarm refuses; returns the alarm's period in milliseconds. */
export function checkAlarm(definition: AlarmDefinition): number {
  const unsupported = UNSUPPORTED.find(
    (name) => name in definition && (definition as unknown as Record<string, unknown>)[name] !== undefined,
  );
  if (unsupported !== undefined) throw validationError(`${unsupported} is not supported by this simulator.`);
  if (definition.EvaluationPeriods === undefined)
    throw missingParameter('The parameter EvaluationPeriods is required.');
  if (definition.ComparisonOperator === undefined)
    throw missingParameter('The parameter ComparisonOperator is required.');
  const period = checkMetric(definition);
  if (!COMPARISONS.includes(definition.ComparisonOperator)) {
    throw validationError(
      `ComparisonOperator ${definition.ComparisonOperator} is not supported by this simulator. Supported: ${COMPARISONS.join(', ')}.`,
    );
  }
  if (definition.Threshold === undefined) throw missingParameter('The parameter Threshold is required.');
  if (!isAlarmPeriod(period)) throw validationError('Period must be 10, 20, 30 or a multiple of 60');
  const { EvaluationPeriods: periods, DatapointsToAlarm: datapoints = periods } = definition;
  if (periods < 1) throw validationError('EvaluationPeriods must be at least 1.');
  if (datapoints < 1 || datapoints > periods) {
    throw validationError('DatapointsToAlarm must be at least 1 and at most EvaluationPeriods.');
  }
  const days = period < 3600 ? 1 : 7;
  if (period * periods > days * DAY_SECONDS) {
    throw validationError(
      `Metrics cannot be checked across more than ${days === 1 ? 'a day' : 'seven days'} (EvaluationPeriods * Period must be <= ${days * DAY_SECONDS}).`,
    );
  }
  if (definition.TreatMissingData !== undefined && !TREATMENTS.includes(definition.TreatMissingData)) {
    throw validationError(
      `The value for parameter TreatMissingData is invalid: ${definition.TreatMissingData}. Allowed: ${TREATMENTS.join(', ')}.`,
    );
  }
  const actions = [definition.OKActions, definition.AlarmActions, definition.InsufficientDataActions].flatMap(
    (list) => list ?? [],
  );
  const broken = actions.find((action) => !action.startsWith('arn:'));
  if (broken !== undefined) throw validationError(`Invalid arn syntax: ${broken}`);
  return period * 1000;
}
