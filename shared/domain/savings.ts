import { type DurationMs, HOUR, type Instant } from './time.ts';

/** A stretch in which fewer instances ran than an endpoint without a scaler would have. */
export interface Absence {
  readonly from: Instant;
  readonly to: Instant;
  readonly instances: number;
  readonly instanceType: string;
}

/** List price in USD per instance hour by type; a type that is not in it has no price, and no saving is claimed for it. */
export type Prices = Readonly<Record<string, number>>;

export interface Savings {
  readonly hours: number;
  /** USD before savings plans and discounts, the scaler's own cost subtracted; null: some type has no known price. */
  readonly saved: number | null;
  readonly unpriced: readonly string[];
}

export function computeSavings(absences: readonly Absence[], prices: Prices, scalerCost: number): Savings {
  let hours = 0;
  let gross = 0;
  const unpriced = new Set<string>();
  for (const { from, to, instances, instanceType } of absences) {
    const absent = (Math.max(0, to - from) / HOUR) * instances;
    const price = prices[instanceType];
    hours += absent;
    if (price === undefined) unpriced.add(instanceType);
    else gross += absent * price;
  }
  return { hours, saved: unpriced.size > 0 ? null : gross - scalerCost, unpriced: [...unpriced].sort() };
}

/** Hours at zero of an endpoint parked since then. */
export function hoursAtZero(parkedAt: Instant, now: Instant): number {
  const parked: DurationMs = Math.max(0, now - parkedAt);
  return parked / HOUR;
}
