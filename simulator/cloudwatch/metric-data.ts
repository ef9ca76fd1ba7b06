import type { EpochMs, Kernel } from '../contract.ts';
import { validationError } from './errors.ts';
import type { MathValue } from './metric-math.ts';
import type { MetricStore } from './metric-store.ts';
import { type MetricDataQuery, QuerySet } from './queries.ts';

/** API reference, GetMetricData: 500 queries and 100,800 datapoints in one call. */
const MAXIMUM_QUERIES = 500;
const MAXIMUM_DATAPOINTS = 100_800;

interface GetMetricDataInput {
  readonly MetricDataQueries: readonly MetricDataQuery[];
  readonly StartTime: Date;
  readonly EndTime: Date;
  readonly NextToken?: string;
  readonly ScanBy?: 'TimestampDescending' | 'TimestampAscending';
  readonly MaxDatapoints?: number;
}

interface ResultMessage {
  readonly Code: string;
  readonly Value: string;
}

interface Result {
  readonly Id: string;
  readonly Label: string;
  readonly Timestamps: Date[];
  readonly Values: number[];
  readonly StatusCode: string;
  readonly Messages?: ResultMessage[];
}

/** A query with everything it reads, directly or not: it has a grid of its own. */
function closure(query: MetricDataQuery, queries: readonly MetricDataQuery[]): MetricDataQuery[] {
  const found = new Set([query]);
  for (const member of found) {
    const names: readonly string[] = member.Expression?.match(/[A-Za-z_]\w*/g) ?? [];
    for (const other of queries) if (names.includes(other.Id)) found.add(other);
  }
  return [...found];
}

function labelOf(query: MetricDataQuery): string {
  return query.Label ?? query.MetricStat?.Metric.MetricName ?? query.Id;
}

function toResult(
  query: MetricDataQuery,
  set: QuerySet,
  start: EpochMs,
  value: MathValue,
  length: number,
  descending: boolean,
): Result {
  const Timestamps: Date[] = [];
  const Values: number[] = [];
  for (let n = 0; n < length; n++) {
    const i = descending ? length - 1 - n : n;
    const number = typeof value === 'number' ? value : value[i]!;
    if (Number.isNaN(number)) continue;
    Timestamps.push(new Date(start + i * set.periodMs));
    Values.push(number);
  }
  const units = set.hasMultipleUnits(query.Id);
  const Messages = [{ Code: 'MultipleUnits', Value: `Multiple units returned: '[${units.join(', ')}]'` }];
  return {
    Id: query.Id,
    Label: labelOf(query),
    Timestamps,
    Values,
    StatusCode: 'Complete',
    ...(units.length > 1 ? { Messages } : {}),
  };
}

function evaluateQuery(store: MetricStore, query: MetricDataQuery, input: GetMetricDataInput, now: EpochMs): Result {
  const set = new QuerySet(store, closure(query, input.MetricDataQueries));
  set.settle(now);
  // Datapoints lie on whole periods: the start is rounded down to one, the end is exclusive.
  const start = Math.floor(input.StartTime.getTime() / set.periodMs) * set.periodMs;
  const length = Math.max(0, Math.ceil((input.EndTime.getTime() - start) / set.periodMs));
  if (length > MAXIMUM_DATAPOINTS) {
    throw validationError(
      `You have requested up to ${length} datapoints for '${query.Id}', which exceeds the limit of ${MAXIMUM_DATAPOINTS}.`,
    );
  }
  const value = set.evaluate(start, length, now).get(query.Id)!;
  return toResult(query, set, start, value, length, input.ScanBy !== 'TimestampAscending');
}

/** Takes up to `limit` datapoints from `skip` on, in order of the queries; what is cut is PartialData. */
function cutPage(
  results: readonly Result[],
  skip: number,
  limit: number,
): { page: Result[]; next: number | undefined } {
  const page: Result[] = [];
  let offset = 0;
  let room = limit;
  for (const result of results) {
    const from = Math.max(0, skip - offset);
    const available = result.Values.length - from;
    offset += result.Values.length;
    if (available < 0 || (available === 0 && result.Values.length > 0)) continue;
    const take = Math.min(available, room);
    if (take === 0 && available > 0) continue;
    room -= take;
    page.push({
      ...result,
      Timestamps: result.Timestamps.slice(from, from + take),
      Values: result.Values.slice(from, from + take),
      StatusCode: take < available ? 'PartialData' : 'Complete',
    });
  }
  const shown = skip + limit - room;
  return { page, next: shown < offset ? shown : undefined };
}

export function getMetricData(kernel: Kernel, store: MetricStore, input: GetMetricDataInput): object {
  const { MetricDataQueries: queries } = input;
  if (queries.length > MAXIMUM_QUERIES) {
    throw validationError(`The collection MetricDataQueries must not have a size greater than ${MAXIMUM_QUERIES}.`);
  }
  if (input.StartTime.getTime() >= input.EndTime.getTime()) {
    throw validationError('The parameter StartTime must be less than the parameter EndTime.');
  }
  const limit = input.MaxDatapoints ?? MAXIMUM_DATAPOINTS;
  if (limit < 1 || limit > MAXIMUM_DATAPOINTS)
    throw validationError(`MaxDatapoints must be between 1 and ${MAXIMUM_DATAPOINTS}.`);
  // The whole set is checked, so that a query that is not returned cannot hide an error.
  new QuerySet(store, queries);
  const returned = queries.filter((query) => query.ReturnData !== false);
  if (returned.length === 0) throw validationError('At least one of the MetricDataQueries must have ReturnData true.');
  const results = returned.map((query) => evaluateQuery(store, query, input, kernel.clock.now()));
  const skip = input.NextToken === undefined ? 0 : Number(input.NextToken);
  if (!Number.isInteger(skip) || skip < 0) throw validationError('Invalid NextToken');
  const { page, next } = cutPage(results, skip, limit);
  return { MetricDataResults: page, Messages: [], ...(next === undefined ? {} : { NextToken: String(next) }) };
}
