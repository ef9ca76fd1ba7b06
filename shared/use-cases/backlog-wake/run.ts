import type { FleetRecord, Hold } from '../../domain/record.ts';
import { type Run, type RunCounts, RunOverError, type Trigger } from '../../ports/run.ts';
import { alarmSourceOf, listensTo, wokenByOwnAlarm } from '../wake-triggers.ts';
import { answerAlarm } from './answer-alarm.ts';
import { type Look, lookAt } from './look.ts';
import type { BacklogWakePorts } from './ports.ts';

export type Alarm = Extract<Trigger, { kind: 'alarm' }>;

/** What all endpoints that one alarm concerns share. */
export interface AlarmRun {
  readonly ports: BacklogWakePorts;
  readonly run: Run;
  readonly alarm: Alarm;
  readonly holds: ReadonlyMap<string, Hold>;
}

const NOTHING: RunCounts = { considered: 0, skipped: 0, failures: 0 };

export async function runBacklogWake(ports: BacklogWakePorts, trigger: Trigger, run: Run): Promise<RunCounts> {
  if (trigger.kind !== 'alarm') {
    ports.log.count('EventsUnknown');
    return NOTHING;
  }
  if (ports.settings.mode === 'off' || trigger.state !== 'ALARM') return { ...NOTHING, skipped: 1 };
  const concerned = await findConcerned(ports, trigger, run);
  const shared: AlarmRun = { ports, run, alarm: trigger, holds: concerned.holds };
  let failures = 0;
  await Promise.all(
    concerned.records.map(async ({ record, look }) => {
      try {
        await answerAlarm(shared, record, look);
      } catch (error) {
        if (error instanceof RunOverError) throw error;
        failures += 1;
        const fields =
          error instanceof Error ? { name: error.name, reason: error.message, stack: error.stack } : { error };
        ports.log.problem('an alarm could not be answered for one endpoint', { endpoint: record.endpoint, ...fields });
      }
    }),
  );
  return { considered: concerned.records.length, skipped: 0, failures };
}

interface Concerned {
  readonly holds: ReadonlyMap<string, Hold>;
  readonly records: readonly { readonly record: FleetRecord; readonly look?: Look }[];
}

/** Our own alarm names its endpoint, so that everything is read at once; a team's alarm is looked up in all policies. */
async function findConcerned(ports: BacklogWakePorts, alarm: Alarm, run: Run): Promise<Concerned> {
  const own = wokenByOwnAlarm(ports.settings.tagPrefix, alarm.alarm);
  if (own !== undefined) {
    const [record, holds, look] = await Promise.all([
      ports.fleet.get(own.endpoint),
      readHolds(ports),
      lookAt(ports, own, run.now),
    ]);
    const trigger = own.component === undefined ? 'backlog' : 'request';
    if (record !== undefined && listensTo(record, trigger)) return { holds, records: [{ record, look }] };
  }
  const source = alarmSourceOf(alarm.alarm);
  const [records, holds] = await Promise.all([ports.fleet.list(), readHolds(ports)]);
  return { holds, records: records.filter((record) => listensTo(record, source)).map((record) => ({ record })) };
}

async function readHolds(ports: BacklogWakePorts): Promise<ReadonlyMap<string, Hold>> {
  return new Map((await ports.fleet.holds()).map((hold) => [hold.endpoint.toLowerCase(), hold]));
}
