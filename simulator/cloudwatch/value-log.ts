import type { EpochMs } from '../contract.ts';

/** As far back as an alarm looks, and a little more. */
const KEEP_MS = 8 * 86_400_000;

/** A value and how often it was published. */
type Entry = readonly [value: number, count: number];

/** Single values of one metric by step: what percentiles need beyond sums. Kept only where an alarm asks for one. */
export class ValueLog {
  readonly #stepMs: number;
  readonly #steps = new Map<number, Entry[]>();

  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }

  /** Of samples that differ only the least and the greatest value are known: as many of each as make the sum. */
  add(time: EpochMs, sum: number, count: number, min: number, max: number): void {
    const step = Math.floor(time / this.#stepMs);
    let entries = this.#steps.get(step);
    if (!entries) {
      entries = [];
      this.#steps.set(step, entries);
      for (const old of this.#steps.keys()) {
        if (old * this.#stepMs >= time - KEEP_MS) break;
        this.#steps.delete(old);
      }
    }
    const high = max > min ? (sum - count * min) / (max - min) : count;
    if (high > 0) entries.push([max, high]);
    if (count > high) entries.push([min, count - high]);
  }

  /** The least value that this share (0 to 1) of the samples in [from, to) does not exceed; NaN without any. */
  percentile(from: EpochMs, to: EpochMs, share: number): number {
    const entries: Entry[] = [];
    for (let step = Math.ceil(from / this.#stepMs); step * this.#stepMs < to; step++) {
      entries.push(...(this.#steps.get(step) ?? []));
    }
    entries.sort(([a], [b]) => a - b);
    const total = entries.reduce((sum, [, count]) => sum + count, 0);
    // A hair less than the whole: sums of fractions may miss it by their last digits.
    const wanted = share * total * (1 - 1e-9);
    let seen = 0;
    for (const [value, count] of entries) {
      seen += count;
      if (seen >= wanted) return value;
    }
    return NaN;
  }
}
