import { FALLBACK_PRICES } from '../../rehearsal/prices.ts';
import type { FleetRecord } from '../../shared/domain/record.ts';
import { hoursSaved } from '../../shared/domain/savings.ts';
import type { Instant } from '../../shared/domain/time.ts';
import type { EndpointLook } from '../account/fleet.ts';

/** What a parked endpoint has not cost so far, before the scaler's own cost; null: the type's price is not known. */
export interface Parked {
  readonly since: Instant;
  /** Mode `dry-run`: it is up, and would be parked. */
  readonly dryRun: boolean;
  readonly hours: number;
  readonly instances: number;
  readonly instanceType: string | undefined;
  readonly saved: number | null;
}

export function parkedOf(
  { parkedAt, parkedDesired, observed, dryPark }: FleetRecord,
  now: Instant,
): Parked | undefined {
  const park = parkedAt === undefined ? dryPark : { at: parkedAt, instances: Math.max(1, parkedDesired ?? 1) };
  if (park === undefined) return undefined;
  const { at, instances } = park;
  const instanceType = dryPark?.instanceType ?? observed?.instanceType;
  const hours = hoursSaved({ at, instances }, now) / Math.max(1, instances);
  const price = FALLBACK_PRICES[instanceType ?? '']?.usdPerHour;
  const saved = price === undefined ? null : price * hours * instances;
  return { since: at, dryRun: parkedAt === undefined, hours, instances, instanceType, saved };
}

/** Live counts; a parked endpoint has none, and what could not be read is what was recorded last. */
export function countsOf({ record, status, view }: EndpointLook): { desired: number; serving: number } {
  if (view === undefined) {
    const { desired = 0, serving = 0 } = status === 'Absent' ? {} : (record.observed ?? {});
    return { desired, serving };
  }
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    desired: sum(view.variants.map(({ desired }) => desired)),
    serving: sum(view.variants.map(({ serving }) => serving)),
  };
}
