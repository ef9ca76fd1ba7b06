import type { LatencySummary } from '../contract.ts';

/** Width of a bin: a percentile is told to within 1 %. */
const RATIO = 1.02;
const BINS = 1_024;

class Histogram {
  readonly #counts = new Float64Array(BINS);
  #total = 0;

  add(bin: number, count: number): void {
    this.#counts[bin]! += count;
    this.#total += count;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }

  /** Undefined: nothing was counted. */
  seconds(share: number): number | undefined {
    if (this.#total <= 0) return undefined;
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

/** How long answered requests took, in bins that grow with the length: no object per request, however many there are. */
export class LatencyRecord {
  readonly #all = new Histogram();
  readonly #hour = new Histogram();
  /** Notes everything that is noted here too. */
  readonly #whole: LatencyRecord | undefined;
  #hourOf = 0;
  #worst = 0;

  constructor(whole?: LatencyRecord) {
    this.#whole = whole;
  }

  /** `count` requests, a fraction too, that took `ms` from arrival to answer and were begun in that hour. */
  add(hour: number, ms: number, count: number): void {
    if (!(count > 0)) return;
    this.#whole?.add(hour, ms, count);
    if (hour !== this.#hourOf) {
      this.#worst = this.#worstSoFar();
      this.#hour.clear();
      this.#hourOf = hour;
    }
    const bin = Math.min(BINS - 1, Math.max(0, Math.round(Math.log(Math.max(1, ms)) / Math.log(RATIO))));
    this.#all.add(bin, count);
    this.#hour.add(bin, count);
  }

  /** Undefined: nothing was answered. */
  summary(): LatencySummary | undefined {
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => this.#all.seconds(share));
    if (p50 === undefined || p95 === undefined || p99 === undefined) return undefined;
    return { p50, p95, p99, worstHourP95: this.#worstSoFar() };
  }

  #worstSoFar(): number {
    return Math.max(this.#worst, this.#hour.seconds(0.95) ?? 0);
  }
}
