import { countRates, MINUTE_MS, type MinuteCounts } from './traffic.ts';

/** A rate in a stretch of the run, as offsets from its start: [from, to). Overlapping stretches add up. */
export interface TrafficStretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly perMinute: number;
}

export function countStretches(stretches: readonly TrafficStretch[], minutes: number): MinuteCounts {
  return countRates(minutes, (minute) => {
    const begin = minute * MINUTE_MS;
    let rate = 0;
    for (const stretch of stretches) {
      const overlap = Math.min(stretch.toMs, begin + MINUTE_MS) - Math.max(stretch.fromMs, begin);
      if (overlap > 0) rate += (stretch.perMinute * overlap) / MINUTE_MS;
    }
    return rate;
  });
}

export function countConstant(perMinute: number, minutes: number): MinuteCounts {
  return countRates(minutes, () => perMinute);
}
