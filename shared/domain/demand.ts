import type { Demand, FleetRecord } from './record.ts';
import type { DurationMs, Instant } from './time.ts';

/** Stores a demand as a level: asking again renews it, a larger count replaces a smaller one. */
export function addDemand(stored: readonly Demand[], asked: Omit<Demand, 'renewedAt'>): readonly Demand[] {
  const isSame = ({ source, target }: Demand): boolean => source === asked.source && target === asked.target;
  const before = stored.find(isSame);
  const others = stored.filter((demand) => !isSame(demand));
  const counts = [before?.count, asked.count].filter((count) => count !== undefined);
  const renewed: Demand = {
    ...before,
    ...asked,
    since: Math.min(before?.since ?? asked.since, asked.since),
    renewedAt: Math.max(before?.renewedAt ?? asked.since, asked.since),
    ...(counts.length > 0 && { count: Math.max(...counts) }),
  };
  return [...others, renewed];
}

/**
 * Whether an idle verdict ends the demand: it was idle from the end of the asking on, over the whole window. Whoever
 * asked a minute ago is still on the way.
 */
export function endsDemand(demand: readonly Demand[], now: Instant, idleFor: DurationMs): boolean {
  return demand.every(({ renewedAt }) => renewedAt + idleFor <= now);
}

/** A request for a wake. `retry` also lifts the ban on further paid attempts: whoever says so pays for them. */
export function requestWake(
  record: FleetRecord,
  request: {
    readonly at: Instant;
    readonly now: Instant;
    readonly by?: string;
    readonly why?: string;
    readonly retry?: boolean;
  },
): FleetRecord {
  const { at, now, by, why, retry } = request;
  const asked = { source: 'request' as const, since: Math.min(at, now), ...(by && { by }), ...(why && { why }) };
  return {
    ...record,
    demand: addDemand(record.demand, asked),
    ...(record.wake && retry && { wake: withoutGivingUp(record.wake) }),
    nextAt: { scaling: now, windows: now },
  };
}

function withoutGivingUp({
  gaveUp: _,
  nextTryAt: __,
  lookedAt: ___,
  brokenConfigs: ____,
  ...wake
}: NonNullable<FleetRecord['wake']>): NonNullable<FleetRecord['wake']> {
  return { ...wake, paidAttempts: 0 };
}
