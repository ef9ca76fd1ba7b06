import type { EpochMs, Kernel, Operation } from '../contract.ts';
import { invalidCombination, invalidValue, missingParameter, validationError } from './errors.ts';
import { getMetricData } from './metric-data.ts';
import { type Dimension, type Metric, type MetricStore, readStatistic, type Statistic } from './metric-store.ts';
import { isPeriod } from './queries.ts';

const HOUR_MS = 3_600_000;
const MAXIMUM_STATISTICS = 1440;
/** API reference, ListMetrics: 500 results a page, metrics with data in the last two weeks. */
const METRICS_PER_PAGE = 500;
const LISTED_MS = 14 * 24 * HOUR_MS;

interface Datum {
  readonly MetricName: string;
  readonly Dimensions?: readonly Dimension[];
  readonly Timestamp?: Date;
  readonly Value?: number;
  readonly StatisticValues?: { SampleCount: number; Sum: number; Minimum: number; Maximum: number };
  readonly Values?: readonly number[];
  readonly Counts?: readonly number[];
  readonly Unit?: string;
  readonly StorageResolution?: number;
}

function checkDatum(datum: Datum, index: number, now: EpochMs): void {
  const at = `MetricData.member.${index + 1}`;
  const exclusive = (a: string, b: string): never => {
    throw invalidCombination(
      `The parameters ${at}.${a} and ${at}.${b} are mutually exclusive and you have specified both.`,
    );
  };
  if (datum.Value !== undefined && datum.Values !== undefined) exclusive('Value', 'Values');
  if (datum.Value !== undefined && datum.StatisticValues !== undefined) exclusive('Value', 'StatisticValues');
  if (datum.Counts !== undefined && datum.Counts.length !== (datum.Values?.length ?? 0)) {
    throw invalidValue(`The parameters ${at}.Values and ${at}.Counts must be of the same size.`);
  }
  if (datum.Value === undefined && datum.Values === undefined && datum.StatisticValues === undefined) {
    throw missingParameter(`The parameter ${at}.Value or ${at}.Values or ${at}.StatisticValues must be specified.`);
  }
  const numbers = [datum.Value, ...(datum.Values ?? [])].filter((value) => value !== undefined);
  if (!numbers.every(Number.isFinite)) throw invalidValue(`The value of ${at}.Value must be a finite number.`);
  const time = datum.Timestamp?.getTime() ?? now;
  if (time < now - LISTED_MS || time > now + 2 * HOUR_MS) {
    throw invalidValue(
      `The parameter ${at}.Timestamp must specify a time no later than two hours in the future, and no more than two weeks in the past.`,
    );
  }
}

function putMetricData(kernel: Kernel, store: MetricStore, input: { Namespace: string; MetricData?: Datum[] }): object {
  const now = kernel.clock.now();
  if (input.Namespace.startsWith('AWS/')) {
    throw invalidValue(
      `The value AWS/ for parameter Namespace is invalid: namespaces that begin with AWS/ are reserved.`,
    );
  }
  const data = input.MetricData ?? [];
  for (const [index, datum] of data.entries()) checkDatum(datum, index, now);
  for (const datum of data) {
    const id = { namespace: input.Namespace, name: datum.MetricName, dimensions: datum.Dimensions ?? [] };
    const metric = store.open(id, datum.Unit ?? 'None', undefined, datum.StorageResolution === 1 ? 1000 : undefined);
    const time = datum.Timestamp?.getTime() ?? now;
    const set = datum.StatisticValues;
    if (set) metric.add(time, set.Sum, set.SampleCount, set.Minimum, set.Maximum);
    (datum.Values ?? (datum.Value === undefined ? [] : [datum.Value])).forEach((value, index) => {
      const count = datum.Counts?.[index] ?? 1;
      if (count > 0) metric.add(time, value * count, count, value, value);
    });
  }
  return {};
}

interface StatisticsInput {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly Dimension[];
  readonly StartTime: Date;
  readonly EndTime: Date;
  readonly Period: number;
  readonly Statistics?: readonly Statistic[];
  readonly ExtendedStatistics?: readonly string[];
  readonly Unit?: string;
}

function checkStatistics(input: StatisticsInput, statistics: readonly Statistic[]): void {
  const [start, end] = [input.StartTime.getTime(), input.EndTime.getTime()];
  if (start >= end) throw invalidValue('The parameter StartTime must be less than the parameter EndTime.');
  if (!isPeriod(input.Period)) throw invalidValue('The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.');
  if (input.ExtendedStatistics !== undefined)
    throw validationError('ExtendedStatistics are not supported by this simulator.');
  if (statistics.length === 0) {
    throw missingParameter('Must specify either Statistics or ExtendedStatistics.');
  }
  const points = Math.floor((end - start) / 1000 / input.Period);
  if (points > MAXIMUM_STATISTICS) {
    throw invalidCombination(
      `You have requested up to ${points} datapoints, which exceeds the limit of ${MAXIMUM_STATISTICS}. ` +
        'You may reduce the datapoints requested by increasing Period, or decreasing the time range.',
    );
  }
}

function getMetricStatistics(kernel: Kernel, store: MetricStore, input: StatisticsInput): object {
  const statistics = input.Statistics ?? [];
  checkStatistics(input, statistics);
  const now = kernel.clock.now();
  const periodMs = input.Period * 1000;
  const grain = Math.min(periodMs, 60_000);
  const start = Math.floor(input.StartTime.getTime() / grain) * grain;
  const id = { namespace: input.Namespace, name: input.MetricName, dimensions: input.Dimensions ?? [] };
  if (store.find(id).length === 0) store.onMissing(id, now);
  const all = store.find(id);
  const datapoints: object[] = [];
  for (const metric of input.Unit === undefined ? all : all.filter(({ unit }) => unit === input.Unit)) {
    metric.owner?.settle(now);
    for (let at = start; at < input.EndTime.getTime(); at += periodMs) {
      const summary = metric.summarize(at, at + periodMs, periodMs, now);
      if (!summary) continue;
      const values = Object.fromEntries(statistics.map((name) => [name, readStatistic(summary, name)]));
      datapoints.push({ Timestamp: new Date(at), ...values, Unit: metric.unit });
    }
  }
  return { Label: input.MetricName, Datapoints: datapoints };
}

interface ListMetricsInput {
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: readonly { Name: string; Value?: string }[];
  readonly NextToken?: string;
  readonly RecentlyActive?: 'PT3H';
}

function listMetrics(kernel: Kernel, store: MetricStore, input: ListMetricsInput): object {
  const now = kernel.clock.now();
  for (const metric of store.list(input.Namespace)) metric.owner?.settle(now);
  const since = now - (input.RecentlyActive === 'PT3H' ? 3 * HOUR_MS : LISTED_MS);
  const matches = (metric: Metric): boolean =>
    metric.newestEnd > since &&
    (input.MetricName === undefined || metric.name === input.MetricName) &&
    (input.Dimensions ?? []).every((filter) =>
      metric.dimensions.some(
        ({ Name, Value }) => Name === filter.Name && (filter.Value === undefined || Value === filter.Value),
      ),
    );
  const found = store.list(input.Namespace).filter(matches);
  const from = input.NextToken === undefined ? 0 : Number(input.NextToken);
  if (!Number.isInteger(from) || from < 0) throw invalidValue('The parameter NextToken is invalid.');
  const to = from + METRICS_PER_PAGE;
  return {
    Metrics: found.slice(from, to).map(({ namespace, name, dimensions }) => ({
      Namespace: namespace,
      MetricName: name,
      Dimensions: dimensions,
    })),
    ...(to < found.length ? { NextToken: String(to) } : {}),
  };
}

export function createMetricOperations(kernel: Kernel, store: MetricStore): Record<string, Operation> {
  return {
    PutMetricData: (input) => putMetricData(kernel, store, input),
    GetMetricData: (input) => getMetricData(kernel, store, input),
    GetMetricStatistics: (input) => getMetricStatistics(kernel, store, input),
    ListMetrics: (input) => listMetrics(kernel, store, input),
  };
}
