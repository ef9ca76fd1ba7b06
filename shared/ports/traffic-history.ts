import type { Instant } from '../domain/time.ts';
import type { MinuteSeries } from './metrics.ts';
import type { Outcome } from './outcome.ts';

/** What CloudWatch still knows of requests, by minute: 60-second points live 15 days. Minutes without one are absent. */
export interface TrafficHistory {
  /** `Invocations` Sum, one series a variant. */
  invocations(
    endpoint: string,
    variants: readonly string[],
    from: Instant,
    to: Instant,
  ): Promise<Outcome<readonly MinuteSeries[]>>;
  /** There is no metric of what arrives in a queue, only of its size and of what leaves it. */
  queue(
    endpoint: string,
    variant: string,
    from: Instant,
    to: Instant,
  ): Promise<
    Outcome<{ readonly backlog: MinuteSeries; readonly processed: MinuteSeries; readonly expired: MinuteSeries }>
  >;
}
