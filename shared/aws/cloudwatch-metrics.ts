import { type CloudWatchClient, GetMetricDataCommand, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import type { Instant } from '../domain/time.ts';
import type { MetricReader, MinuteSeries } from '../ports/metrics.ts';
import { outcomeOf } from './classify.ts';

const CALL = 'CloudWatch.GetMetricData';
const NAMESPACE = 'AWS/SageMaker';
const PERIOD_SECONDS = 60;
const MAX_PAGES = 20;
/** A call takes 500 queries. */
const QUEUES_PER_CALL = 250;

/** One call for all series (paged); a series that could not be read is an error, not an empty one. */
export async function readSeries(
  client: CloudWatchClient,
  queries: readonly MetricDataQuery[],
  from: Instant,
  to: Instant,
): Promise<Map<string, MinuteSeries>> {
  const points = new Map<string, [Instant, number][]>(queries.map(({ Id }) => [Id ?? '', []]));
  let token: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await client.send(
      new GetMetricDataCommand({
        MetricDataQueries: [...queries],
        StartTime: new Date(from),
        EndTime: new Date(to),
        ScanBy: 'TimestampAscending',
        NextToken: token,
      }),
    );
    for (const { Id, Timestamps, Values, StatusCode, Messages } of answer.MetricDataResults ?? []) {
      if (StatusCode === 'InternalError' || StatusCode === 'Forbidden') {
        throw new Error(`${Id}: ${StatusCode} ${(Messages ?? []).map(({ Value }) => Value).join('; ')}`);
      }
      const series = points.get(Id ?? '');
      for (const [index, at] of (Timestamps ?? []).entries()) series?.push([at.getTime(), Values?.[index] ?? 0]);
    }
    token = answer.NextToken;
    if (token === undefined) return points;
  }
  throw new Error(`more than ${MAX_PAGES} pages of metric data`);
}

export function createMetricReader(client: CloudWatchClient): MetricReader {
  const read = (queries: readonly MetricDataQuery[], from: Instant, to: Instant) =>
    readSeries(client, queries, from, to);

  return {
    realTimeUse: (endpoint, variants, from, to) =>
      outcomeOf(CALL, async () => {
        const queries = variants.flatMap((variant, index) => {
          const dimensions = { EndpointName: endpoint, VariantName: variant };
          return [
            query(`invocations${index}`, 'Invocations', 'Sum', dimensions),
            query(`concurrency${index}`, 'ConcurrentRequestsPerModel', 'Maximum', dimensions),
          ];
        });
        if (queries.length === 0) return [];
        const series = await read(queries, from, to);
        return variants.map((variant, index) => ({
          variant,
          invocations: series.get(`invocations${index}`) ?? [],
          concurrency: series.get(`concurrency${index}`) ?? [],
        }));
      }),
    queues: (endpoints, from, to) =>
      outcomeOf(CALL, async () => {
        const queues = new Map<string, { age: MinuteSeries; size: MinuteSeries }>();
        for (let start = 0; start < endpoints.length; start += QUEUES_PER_CALL) {
          const names = endpoints.slice(start, start + QUEUES_PER_CALL);
          const queries = names.flatMap((endpoint, index) => [
            query(`age${index}`, 'ApproximateAgeOfOldestRequest', 'Maximum', { EndpointName: endpoint }),
            query(`size${index}`, 'ApproximateBacklogSize', 'Maximum', { EndpointName: endpoint }),
          ]);
          const series = await read(queries, from, to);
          for (const [index, endpoint] of names.entries())
            queues.set(endpoint, { age: series.get(`age${index}`) ?? [], size: series.get(`size${index}`) ?? [] });
        }
        return queues;
      }),
    componentUse: (component, from, to) =>
      outcomeOf(CALL, async () => {
        const dimensions = { InferenceComponentName: component };
        const series = await read(
          [
            query('invocations', 'Invocations', 'Sum', dimensions),
            query('concurrency', 'ConcurrentRequestsPerCopy', 'Maximum', dimensions),
            query('failures', 'NoCapacityInvocationFailures', 'Sum', dimensions),
          ],
          from,
          to,
        );
        const of = (id: string): MinuteSeries => series.get(id) ?? [];
        return { invocations: of('invocations'), concurrency: of('concurrency'), failures: of('failures') };
      }),
    backlog: (endpoint, from, to) =>
      outcomeOf(CALL, async () => {
        const series = await read(
          [
            query('size', 'ApproximateBacklogSize', 'Maximum', { EndpointName: endpoint }),
            query('without', 'HasBacklogWithoutCapacity', 'Maximum', { EndpointName: endpoint }),
          ],
          from,
          to,
        );
        return { size: series.get('size') ?? [], withoutCapacity: series.get('without') ?? [] };
      }),
  };
}

export function query(
  Id: string,
  MetricName: string,
  Stat: string,
  dimensions: Readonly<Record<string, string>>,
): MetricDataQuery {
  return {
    Id,
    MetricStat: {
      Metric: {
        Namespace: NAMESPACE,
        MetricName,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      },
      Period: PERIOD_SECONDS,
      Stat,
    },
    ReturnData: true,
  };
}
