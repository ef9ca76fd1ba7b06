import type { FleetRecord, Hold, ParkRehearsal } from './record.ts';
import type { Instant } from './time.ts';

/**
 * A first park of what no wake of ours ever brought into service is a rehearsal: it is woken at once, and proven when it
 * serves. `made` names config and models as they were made: another one has proven nothing yet.
 */
export function needsRehearsal({ policy, proven }: FleetRecord, made: string): boolean {
  return policy?.zero?.rehearse === true && proven?.made !== made;
}

/** The failure that forbids another park of the same; undefined: none does, or a person holds the endpoint down since. */
export function rehearsalFailure(
  record: FleetRecord,
  made: string,
  hold: Hold | undefined,
): NonNullable<ParkRehearsal['failed']> | undefined {
  const { rehearsal } = record;
  if (!needsRehearsal(record, made) || rehearsal?.failed === undefined || rehearsal.made !== made) return undefined;
  const isAskedFor = hold?.mode === 'down' && hold.from > rehearsal.failed.at;
  return isAskedFor ? undefined : rehearsal.failed;
}

/** A start failed for what is started, not for want of capacity: it is not proven by a later one that works. */
export function failRehearsal(record: FleetRecord, at: Instant, why: string): FleetRecord {
  const { rehearsal } = record;
  if (rehearsal === undefined || rehearsal.failed !== undefined) return record;
  return { ...record, rehearsal: { ...rehearsal, failed: { at, why: why.slice(0, 200) } } };
}

/** It is there, and not by a wake that could prove anything. What failed stays known. */
export function endRehearsal(record: FleetRecord): FleetRecord {
  if (record.rehearsal === undefined || record.rehearsal.failed !== undefined) return record;
  const { rehearsal: _, ...rest } = record;
  return rest;
}

/** A wake of ours brought it into service. A failed rehearsal of the same stays failed. */
export function proveBy(record: FleetRecord, made: string, at: Instant): FleetRecord {
  if (record.rehearsal?.failed !== undefined && record.rehearsal.made === made) return record;
  const { rehearsal: _, ...rest } = record;
  return { ...rest, proven: { made, at } };
}
