import { formatDuration } from '../../shared/documents/values.ts';
import { createRandomStreams } from '../../simulator/random.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

/** Draws from one named stream of a seed: the same seed and name give the same values on every machine. */
export class Draw {
  readonly #next: () => number;

  constructor(seed: number, stream: string) {
    this.#next = createRandomStreams(seed).random(stream);
  }

  /** An integer from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.#next() * (high - low + 1));
  }

  chance(share: number): boolean {
    return this.#next() < share;
  }

  pick<T>(values: readonly T[]): T {
    if (values.length === 0) throw new RangeError('pick: nothing to pick from');
    return values[Math.floor(this.#next() * values.length)]!;
  }

  weighted<T extends { readonly weight: number }>(rows: readonly T[]): T {
    let rest = this.#next() * rows.reduce((sum, { weight }) => sum + weight, 0);
    for (const row of rows) {
      rest -= row.weight;
      if (rest < 0) return row;
    }
    return rows.at(-1)!;
  }

  /** Milliseconds from `low` to `high` in whole minutes. */
  minutes(low: number, high: number): number {
    return this.whole(low, high) * MINUTE;
  }

  seconds(low: number, high: number): number {
    return this.whole(low, high) * SECOND;
  }

  /** How long something lasts: often minutes, sometimes hours. */
  spell(): number {
    const kind = this.#next();
    if (kind < 0.4) return this.seconds(30, 600);
    if (kind < 0.85) return this.minutes(10, 90);
    return this.minutes(90, 8 * 60);
  }
}

export const duration = formatDuration;
export const offset = (ms: number): string => `+${formatDuration(ms)}`;
