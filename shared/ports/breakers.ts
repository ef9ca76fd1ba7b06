import type { Instant } from '../domain/time.ts';

/**
 * Instance types whose wakes met no capacity: no more endpoints of such a type are parked until a wake works again,
 * at the latest when `until` has passed.
 */
export interface BreakerStore {
  /** All breakers by instance type, by one Query; those whose `until` has passed are closed. */
  openUntil(): Promise<ReadonlyMap<string, Instant>>;
  open(instanceType: string, until: Instant): Promise<void>;
  close(instanceType: string): Promise<void>;
}
