import { addDemand } from '../../domain/demand.ts';
import type { FleetRecord } from '../../domain/record.ts';
import { wakesByStep } from '../../domain/step-wake.ts';
import { DAY, type Instant, iso, MINUTE } from '../../domain/time.ts';
import type { AlarmView } from '../../ports/alarms.ts';
import { alarmSources, zeroAlarmName } from '../wake-triggers.ts';
import { noteAlarmGone } from './find-drift.ts';
import type { ScheduledScalingPorts, Turn } from './ports.ts';
import { dueNow, targetTurns } from './turn.ts';

const STUCK_AFTER = DAY;
/** Application Auto Scaling acts within a minute of the alarm. */
const STRANDED_AFTER = 5 * MINUTE;

/**
 * Alarms as levels: events of their transitions may be lost. Named alarms become demand while they are in ALARM; an own
 * alarm in ALARM means that requests wait and nothing serves.
 */
export async function readWakeAlarms(
  ports: ScheduledScalingPorts,
  now: Instant,
  turns: readonly Turn[],
): Promise<void> {
  const { tagPrefix } = ports.settings;
  const managed = turns.filter(({ record }) => record.giveBack?.doneAt === undefined);
  const atZero = managed.flatMap((turn) => atZeroOf(tagPrefix, turn));
  const names = new Set([
    ...managed.flatMap(({ record }) => alarmSources(record).map((source) => source.slice('alarm:'.length))),
    ...atZero.map(({ alarm }) => alarm),
  ]);
  if (names.size === 0) return;
  const answer = await ports.alarms.states([...names]);
  if (!answer.ok) {
    ports.log.count('CallsRefused');
    ports.log.warn('wake alarms could not be read; the next run reads them again', { ...answer.failure });
    return;
  }
  const alarms = new Map(answer.value.map((alarm) => [alarm.name, alarm] as const));
  for (const turn of managed) applyNamedAlarms(ports, now, turn, alarms);
  for (const { turn, part, alarm } of atZero) {
    const own = alarms.get(alarm);
    if (own === undefined) noteAlarmGone(now, turn, part, alarm);
    if (own?.state === 'ALARM') answerZeroAlarm(now, turn, part.record, own);
  }
}

interface AtZero {
  readonly turn: Turn;
  readonly part: Turn;
  readonly alarm: string;
}

/** What of an endpoint is at zero and has an alarm that tells of requests, by its own turn. */
function atZeroOf(tagPrefix: string, turn: Turn): readonly AtZero[] {
  const parts = turn.record.kind === 'components' ? targetTurns(turn) : [turn];
  return parts.flatMap((part) => {
    const alarm = isAtZero(part.record) ? zeroAlarmName(tagPrefix, part.record) : undefined;
    return alarm === undefined ? [] : [{ turn, part, alarm }];
  });
}

/** The step policy has its chance first: what it has not lifted by then is lifted here, and says so. */
function answerZeroAlarm(now: Instant, turn: Turn, seen: FleetRecord, { stateSince }: AlarmView): void {
  turn.due = true;
  if (seen.part?.dimension === 'copies') {
    turn.turnedAway = new Set([...(turn.turnedAway ?? []), seen.part.name]);
    return;
  }
  const byStep = wakesByStep(seen);
  if (byStep && now - stateSince < STRANDED_AFTER) return;
  turn.backlogSince = stateSince;
  if (byStep) turn.stranded = true;
}

function isAtZero({ phase, observed }: FleetRecord): boolean {
  return phase === 'up' && (observed === undefined || observed.desired === 0);
}

function applyNamedAlarms(
  ports: ScheduledScalingPorts,
  now: Instant,
  turn: Turn,
  alarms: ReadonlyMap<string, AlarmView>,
): void {
  for (const source of alarmSources(turn.record)) {
    const alarm = alarms.get(source.slice('alarm:'.length));
    const stored = turn.record.demand.find((demand) => demand.source === source);
    const asks = alarm?.state === 'ALARM' && alarm.stateSince > (turn.record.lastIdleAt ?? 0);
    if (alarm !== undefined && asks && stored?.renewedAt !== alarm.stateSince) {
      turn.change((record) => ({ ...record, demand: addDemand(record.demand, { source, since: alarm.stateSince }) }));
      turn.change(dueNow(now));
      turn.due = true;
    }
    if (!asks && stored !== undefined) {
      turn.change((record) => ({ ...record, demand: record.demand.filter((demand) => demand.source !== source) }));
      turn.change(dueNow(now));
      turn.due = true;
    }
    if (alarm !== undefined) announceStuck(ports, now, turn, alarm);
  }
}

function announceStuck(ports: ScheduledScalingPorts, now: Instant, turn: Turn, alarm: AlarmView): void {
  if (alarm.state !== 'ALARM' || now - alarm.stateSince < STUCK_AFTER) return;
  if (now - (turn.record.stuckAt ?? 0) < STUCK_AFTER) return;
  const { endpoint } = turn.record;
  const detail = { alarm: alarm.name, since: iso(alarm.stateSince) };
  turn.change((record) => ({ ...record, stuckAt: now }));
  ports.log.count('StuckAlarms');
  ports.log.warn('a wake alarm has been in ALARM for a day: it keeps its endpoint up', { endpoint, ...detail });
  ports.announcer.announce({ at: now, type: 'Alarm Stuck', endpoint, detail });
}
