import type { EpochMs } from '../contract.ts';

/** Sum, count, minimum and maximum of some datapoints. */
export interface Summary {
  sum: number;
  count: number;
  min: number;
  max: number;
}

export function emptySummary(): Summary {
  return { sum: 0, count: 0, min: Infinity, max: -Infinity };
}

const INITIAL_CAPACITY = 64;

/** Datapoints of one metric at one resolution, in typed arrays by step; a step without data has count 0. */
export class PointSeries {
  readonly stepMs: number;
  readonly #keepSteps: number;
  /** Step number of index 0. */
  #base = 0;
  #length = 0;
  #sum = new Float64Array(INITIAL_CAPACITY);
  #count = new Float64Array(INITIAL_CAPACITY);
  #min = new Float64Array(INITIAL_CAPACITY);
  #max = new Float64Array(INITIAL_CAPACITY);

  constructor(stepMs: number, keepMs: number) {
    this.stepMs = stepMs;
    this.#keepSteps = Math.ceil(keepMs / stepMs);
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** End of the newest step that has data. */
  get newestEnd(): EpochMs {
    return (this.#base + this.#length) * this.stepMs;
  }

  add(time: EpochMs, sum: number, count: number, min: number, max: number): void {
    const index = this.#open(Math.floor(time / this.stepMs));
    if (index < 0) return;
    if (this.#count[index] === 0) {
      this.#sum[index] = sum;
      this.#count[index] = count;
      this.#min[index] = min;
      this.#max[index] = max;
      return;
    }
    this.#sum[index]! += sum;
    this.#count[index]! += count;
    if (min < this.#min[index]!) this.#min[index] = min;
    if (max > this.#max[index]!) this.#max[index] = max;
  }

  /** Adds all steps that lie in [from, to) to `into`. */
  collect(from: EpochMs, to: EpochMs, into: Summary): void {
    const first = Math.max(0, Math.ceil(from / this.stepMs) - this.#base);
    const end = Math.min(this.#length, Math.ceil(to / this.stepMs) - this.#base);
    for (let index = first; index < end; index++) {
      const count = this.#count[index]!;
      if (count === 0) continue;
      into.sum += this.#sum[index]!;
      into.count += count;
      if (this.#min[index]! < into.min) into.min = this.#min[index]!;
      if (this.#max[index]! > into.max) into.max = this.#max[index]!;
    }
  }

  /** Values of `statistic` at steps from `start` on, oldest first, for as many as `target` holds and up to `end`; others stay. */
  readInto(
    target: Float64Array,
    start: EpochMs,
    end: EpochMs,
    statistic: 'Sum' | 'Average' | 'Minimum' | 'Maximum' | 'SampleCount',
  ): void {
    const offset = Math.ceil(start / this.stepMs) - this.#base;
    const first = Math.max(0, -offset);
    const length = Math.min(target.length, this.#length - offset, Math.ceil(end / this.stepMs) - this.#base - offset);
    const source = {
      Sum: this.#sum,
      Average: this.#sum,
      Minimum: this.#min,
      Maximum: this.#max,
      SampleCount: this.#count,
    }[statistic];
    for (let i = first; i < length; i++) {
      const count = this.#count[offset + i]!;
      if (count > 0) target[i] = statistic === 'Average' ? source[offset + i]! / count : source[offset + i]!;
    }
  }

  /** Index of a step, making room for it; -1 when it is older than what is kept. */
  #open(step: number): number {
    if (this.#length === 0) {
      this.#base = step;
      this.#length = 1;
      this.#count[0] = 0;
      return 0;
    }
    if (step < this.#base) {
      const shift = this.#base - step;
      if (this.#length + shift > this.#keepSteps) return -1;
      this.#reserve(this.#length + shift);
      for (const array of this.#arrays()) {
        array.copyWithin(shift, 0, this.#length);
        array.fill(0, 0, shift);
      }
      this.#base = step;
      this.#length += shift;
      return 0;
    }
    let index = step - this.#base;
    if (index >= this.#length) {
      if (index >= 2 * this.#keepSteps) index -= this.#forget(index);
      this.#reserve(index + 1);
      this.#count.fill(0, this.#length, index + 1);
      this.#length = index + 1;
    }
    return index;
  }

  /** Drops steps so that `keepSteps` before `index` remain; returns how many went. */
  #forget(index: number): number {
    const gone = index - this.#keepSteps;
    const rest = Math.max(0, this.#length - gone);
    for (const array of this.#arrays()) array.copyWithin(0, this.#length - rest, this.#length);
    this.#base += gone;
    this.#length = rest;
    return gone;
  }

  #arrays(): Float64Array[] {
    return [this.#sum, this.#count, this.#min, this.#max];
  }

  #reserve(length: number): void {
    if (length <= this.#sum.length) return;
    const capacity = Math.max(length, this.#sum.length * 2);
    const grow = (array: Float64Array): Float64Array<ArrayBuffer> => {
      const larger = new Float64Array(capacity);
      larger.set(array.subarray(0, this.#length));
      return larger;
    };
    this.#sum = grow(this.#sum);
    this.#count = grow(this.#count);
    this.#min = grow(this.#min);
    this.#max = grow(this.#max);
  }
}
