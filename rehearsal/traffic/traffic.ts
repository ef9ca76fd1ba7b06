import { SLOT_MS } from '../../simulator/contract.ts';

/** Requests of one endpoint over a run, by minute from its start: every kind of traffic ends as this. */
export type MinuteCounts = Int32Array;

export const MINUTE_MS = 60_000;
const SLOTS_PER_MINUTE = MINUTE_MS / SLOT_MS;

/** Rounding of a running total keeps the sum right; the epsilon keeps 0.29 × 100 from being 28. */
const EPSILON = 1e-9;

export function minutesOf(durationMs: number): number {
  return Math.ceil(durationMs / MINUTE_MS);
}

/**
 * Turns rates into whole requests: minute n gets what the running total grew by, so that a rate of 0.5 a minute is one
 * request every second minute and no request is lost to rounding.
 */
export function countRates(minutes: number, rateOf: (minute: number) => number): MinuteCounts {
  const counts = new Int32Array(minutes);
  let total = 0;
  let counted = 0;
  for (let minute = 0; minute < minutes; minute += 1) {
    total += rateOf(minute);
    const whole = Math.floor(total + EPSILON);
    counts[minute] = whole - counted;
    counted = whole;
  }
  return counts;
}

/** Requests in a 10-second slot: those of its minute evenly spread, exact in number, a single one in the middle. */
export function arrivalsOf(counts: MinuteCounts): (slot: number) => number {
  const half = SLOTS_PER_MINUTE / 2;
  return (slot) => {
    if (slot < 0) return 0;
    const minute = Math.floor(slot / SLOTS_PER_MINUTE);
    const count = counts[minute] ?? 0;
    if (count === 0) return 0;
    const part = slot - minute * SLOTS_PER_MINUTE;
    return (
      Math.floor((count * (part + 1) + half) / SLOTS_PER_MINUTE) - Math.floor((count * part + half) / SLOTS_PER_MINUTE)
    );
  };
}
