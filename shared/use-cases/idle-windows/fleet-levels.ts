import type { FleetRecord, Hold } from '../../domain/record.ts';
import { SECOND } from '../../domain/time.ts';
import type { Run } from '../../ports/run.ts';
import { judge } from './judge.ts';
import { windowInForce } from './late.ts';
import type { IdleWindowsPorts } from './ports.ts';

/**
 * Levels of the whole fleet, for alarms that have to last as long as what they tell: also of records that are not due in
 * this run, because a parked endpoint waits minutes between two tries. Zero is not published: a metric costs by the hour.
 */
export function countLevels(
  { log, settings }: Pick<IdleWindowsPorts, 'log' | 'settings'>,
  run: Run,
  records: readonly FleetRecord[],
  holds: readonly Hold[],
): void {
  const heldBy = new Map(holds.map((hold) => [hold.endpoint.toLowerCase(), hold]));
  const ages = records.map((record) => {
    if (record.late === undefined) return 0;
    const hold = heldBy.get(record.endpoint.toLowerCase());
    // A window that is over, a hold or a policy may have ended it since it was announced; no lead matters for that.
    const ruling = judge({ record, hold, now: run.now, mode: settings.mode, leadMs: 0 });
    const lasts = record.phase === 'up' || windowInForce(record, ruling, run.now) !== undefined;
    return lasts ? run.now - record.late.since : 0;
  });
  const oldest = Math.max(0, ...ages);
  if (oldest > 0) log.count('OldestUnmetWindow', Math.round(oldest / SECOND));
  const orphaned = records.filter((record) => record.orphaned !== undefined).length;
  if (orphaned > 0) log.count('OrphanedEndpoints', orphaned);
}
