import type { Instant } from '../domain/time.ts';
import type { Outcome } from './outcome.ts';

/** Values by minute (instant of the minute's begin), ascending; minutes without a datapoint are absent. */
export type MinuteSeries = readonly (readonly [Instant, number])[];

export interface MetricReader {
  /** Per variant: `Invocations` Sum and `ConcurrentRequestsPerModel` Maximum by minute, newest two minutes included. */
  realTimeUse(
    endpoint: string,
    variants: readonly string[],
    from: Instant,
    to: Instant,
  ): Promise<
    Outcome<
      readonly { readonly variant: string; readonly invocations: MinuteSeries; readonly concurrency: MinuteSeries }[]
    >
  >;
  /** `ApproximateAgeOfOldestRequest` (seconds) and `ApproximateBacklogSize`, Maximum by minute, of each endpoint. */
  queues(
    endpoints: readonly string[],
    from: Instant,
    to: Instant,
  ): Promise<Outcome<ReadonlyMap<string, { readonly age: MinuteSeries; readonly size: MinuteSeries }>>>;
  /** `Invocations` and `NoCapacityInvocationFailures` Sum, `ConcurrentRequestsPerCopy` Maximum by minute. */
  componentUse(
    component: string,
    from: Instant,
    to: Instant,
  ): Promise<
    Outcome<{
      readonly invocations: MinuteSeries;
      readonly concurrency: MinuteSeries;
      readonly failures: MinuteSeries;
    }>
  >;
  /** `ApproximateBacklogSize` Maximum and `HasBacklogWithoutCapacity` Maximum by minute. */
  backlog(
    endpoint: string,
    from: Instant,
    to: Instant,
  ): Promise<Outcome<{ readonly size: MinuteSeries; readonly withoutCapacity: MinuteSeries }>>;
}
