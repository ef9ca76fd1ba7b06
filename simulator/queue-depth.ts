import type { Metric, MetricOwner, MetricStore } from './cloudwatch/metric-store.ts';
import type { EpochMs } from './contract.ts';

const MINUTE_MS = 60_000;

/**
 * What CloudWatch shows of an SQS queue that takes events given up by Lambda and that nobody reads: its depth, every
 * minute from the first message on. The queue itself is not served.
 */
export class QueueDepth implements MetricOwner {
  readonly #store: MetricStore;
  readonly #queue: string;
  #metric: Metric | undefined;
  #depth = 0;
  #shownUntil: EpochMs = 0;

  constructor(store: MetricStore, queue: string) {
    this.#store = store;
    this.#queue = queue;
  }

  /** One more message. */
  add(now: EpochMs): void {
    this.settle(now);
    this.#depth += 1;
    if (this.#metric !== undefined) return;
    this.#shownUntil = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    const dimensions = [{ Name: 'QueueName', Value: this.#queue }];
    const id = { namespace: 'AWS/SQS', name: 'ApproximateNumberOfMessagesVisible', dimensions };
    this.#metric = this.#store.open(id, 'Count', this, undefined);
  }

  settle(now: EpochMs): void {
    for (; this.#metric !== undefined && this.#shownUntil + MINUTE_MS <= now; this.#shownUntil += MINUTE_MS) {
      this.#metric.add(this.#shownUntil, this.#depth, 1, this.#depth, this.#depth);
    }
  }

  isHidden(): boolean {
    return false;
  }

  latenessAt(): number {
    return 0;
  }

  isZeroed(): boolean {
    return false;
  }
}
