import { DAY, HOUR } from '../../domain/time.ts';
import type { Run } from '../../ports/run.ts';
import type { ScheduledScalingPorts } from './ports.ts';

/** It is looked for hourly: an event that is a little less than a day old is yesterday's. */
const TELL_AGAIN = DAY - HOUR / 2;

/**
 * Tells of tables that an earlier stack of this tag prefix left behind: endpoints parked in them have nobody who wakes
 * them. The function has no right to read them, so that it cannot say whether there are any; `doctor` looks inside.
 */
export async function findLeftTables(
  { tables, settings, memory, log, announcer }: ScheduledScalingPorts,
  run: Run,
): Promise<void> {
  const found = await tables.tables();
  if (!found.ok) {
    log.count('CallsRefused');
    log.warn('tables left behind could not be looked for; tried again in an hour', { ...found.failure });
    return;
  }
  const left = found.value.filter((table) => table !== settings.tableName);
  for (const table of left) {
    const told = memory.announcedTables.get(table);
    if (told !== undefined && run.now - told < TELL_AGAIN) continue;
    memory.announcedTables.set(table, run.now);
    log.warn('an earlier stack left a table behind; endpoint-scaler doctor tells what is parked in it', { table });
    announcer.announce({ at: run.now, type: 'Table Left Behind', detail: { table } });
  }
  if (left.length > 0) log.count('LeftTables', left.length);
}
