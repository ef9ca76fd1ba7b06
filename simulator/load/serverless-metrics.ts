import type { Metric } from '../cloudwatch/metric-store.ts';
import type { EpochMs } from '../contract.ts';
import type { LoadSample, Opener } from './endpoint-metrics.ts';

const OVERHEAD_MICROSECONDS = 2_000;
const MICROSECONDS = 1_000;

function add(metric: Metric, time: EpochMs, value: number, count = 1): void {
  if (count > 0) metric.add(time, value * count, count, value, value);
}

/** Metrics with provisioned concurrency: what it bears, and what goes beyond it. */
function publishProvisioned(open: Opener, sample: LoadSample): void {
  const { from, instances: provisioned, admitted, busyMean } = sample;
  const peak = Math.max(busyMean, admitted > 0 ? 1 : 0);
  const beyond = busyMean > 0 ? Math.max(0, busyMean - provisioned) / busyMean : 0;
  const spilled = Math.min(admitted, Math.max(Math.round(admitted * beyond), sample.cold));
  open('ServerlessProvisionedConcurrencyExecutions', 'Count').add(from, busyMean, 1, busyMean, peak);
  open('ServerlessProvisionedConcurrencyUtilization', 'None').add(
    from,
    busyMean / provisioned,
    1,
    busyMean / provisioned,
    peak / provisioned,
  );
  add(open('ServerlessProvisionedConcurrencyInvocations', 'Count'), from, 1, admitted - spilled);
  add(open('ServerlessProvisionedConcurrencySpilloverInvocations', 'Count'), from, 1, spilled);
}

/**
 * What a serverless endpoint publishes (SageMaker guide, serverless-endpoints-monitoring: the list is exhaustive, so
 * nothing per instance, and no concurrency of its own). Without a request there is nothing to measure: nobody says whether
 * zeros come then, and silence is the harsher reading, since target tracking scales nothing in on missing data.
 */
export function createServerlessPublisher(open: Opener): (sample: LoadSample) => void {
  return (sample) => {
    const { from, admitted, counted, dropped, served, servers, cold, coldMs } = sample;
    if (admitted === 0 && dropped === 0 && sample.insideBefore === 0) return;
    add(open('Invocations', 'None'), from, 1, counted);
    // A throttled request is the caller's error, 4XX.
    open('Invocation4XXErrors', 'None').add(from, dropped, Math.max(1, admitted, dropped), 0, dropped > 0 ? 1 : 0);
    open('Invocation5XXErrors', 'None').add(from, 0, Math.max(1, admitted), 0, 0);
    if (served > 0) {
      const setup = (coldMs * MICROSECONDS * Math.min(cold, served)) / served;
      add(open('ModelLatency', 'Microseconds'), from, sample.serviceMs * MICROSECONDS, served);
      add(open('OverheadLatency', 'Microseconds'), from, Math.round(OVERHEAD_MICROSECONDS + setup), served);
    }
    add(open('ModelSetupTime', 'Microseconds'), from, coldMs * MICROSECONDS, cold);
    add(open('MemoryUtilization', 'Percent', { instance: true }), from, 40);
    const peak = Math.min(servers, Math.max(sample.busyMean, admitted > 0 ? 1 : 0));
    open('ServerlessConcurrentExecutionsUtilization', 'None').add(
      from,
      sample.busyMean / servers,
      1,
      sample.busyMean / servers,
      peak / servers,
    );
    if (sample.instances > 0) publishProvisioned(open, sample);
  };
}
