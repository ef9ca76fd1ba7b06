import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DAY, type Instant } from '../domain/time.ts';
import type { MinuteSeries } from '../ports/metrics.ts';
import type { TrafficHistory } from '../ports/traffic-history.ts';
import { outcomeOf } from './classify.ts';
import { query, readSeries } from './cloudwatch-metrics.ts';

const CALL = 'CloudWatch.GetMetricData';
/** One answer holds 100,800 points: five days of ten series are 72,000. */
const PIECE = 5 * DAY;

type Queries = Parameters<typeof readSeries>[1];

export function createTrafficHistory(client: CloudWatchClient): TrafficHistory {
  async function read(queries: Queries, from: Instant, to: Instant): Promise<(id: string) => MinuteSeries> {
    const points = new Map<string, (readonly [Instant, number])[]>();
    for (let begin = from; begin < to; begin += PIECE) {
      const piece = await readSeries(client, queries, begin, Math.min(to, begin + PIECE));
      for (const [id, series] of piece) points.set(id, [...(points.get(id) ?? []), ...series]);
    }
    return (id) => points.get(id) ?? [];
  }

  return {
    invocations: (endpoint, variants, from, to) =>
      outcomeOf(CALL, async () => {
        const queries = variants.map((variant, index) =>
          query(`v${index}`, 'Invocations', 'Sum', { EndpointName: endpoint, VariantName: variant }),
        );
        const series = await read(queries, from, to);
        return variants.map((_, index) => series(`v${index}`));
      }),
    queue: (endpoint, variant, from, to) =>
      outcomeOf(CALL, async () => {
        const both = { EndpointName: endpoint, VariantName: variant };
        const series = await read(
          [
            query('backlog', 'ApproximateBacklogSize', 'Maximum', { EndpointName: endpoint }),
            query('processed', 'InvocationsProcessed', 'Sum', both),
            // AWS's documentation spells it so, and nobody could tell which one a region publishes.
            query('misspelt', 'InvocationsProcesssed', 'Sum', both),
            query('expired', 'ExpiredRequests', 'Sum', both),
          ],
          from,
          to,
        );
        const [processed, misspelt] = [series('processed'), series('misspelt')];
        return {
          backlog: series('backlog'),
          processed: processed.length > 0 ? processed : misspelt,
          expired: series('expired'),
        };
      }),
  };
}
