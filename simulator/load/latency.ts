import type { LatencySummary } from '../contract.ts';

/** Width of a bin: a percentile is told to within 1 %. */
const RATIO = 1.02;
const BINS = 1_024;
const PERCENTILES = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;

/** How long answered requests took, in bins that grow with the length: no object per request, however many there are. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(BINS);
  #total = 0;

  /** `count` requests, a fraction too, that took `ms` from arrival to answer. */
  add(ms: number, count: number): void {
    if (!(count > 0)) return;
    const bin = Math.min(BINS - 1, Math.max(0, Math.round(Math.log(Math.max(1, ms)) / Math.log(RATIO))));
    this.#counts[bin]! += count;
    this.#total += count;
  }

  /** Undefined: nothing was answered. */
  summary(): LatencySummary | undefined {
    if (this.#total <= 0) return undefined;
    const { p50, p95, p99 } = PERCENTILES;
    return { p50: this.#seconds(p50), p95: this.#seconds(p95), p99: this.#seconds(p99) };
  }

  #seconds(share: number): number {
    // A hair less than the whole: sums of fractions may miss it by their last digits.
    const wanted = share * this.#total * (1 - 1e-9);
    let seen = 0;
    let bin = 0;
    for (; bin < BINS - 1; bin++) {
      seen += this.#counts[bin]!;
      if (seen >= wanted) break;
    }
    return RATIO ** bin / 1_000;
  }
}
