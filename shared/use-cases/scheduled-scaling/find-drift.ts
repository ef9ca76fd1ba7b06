import { type Difference, isLeft, isOfPolicies } from '../../domain/drift.ts';
import type { FleetRecord } from '../../domain/record.ts';
import type { Instant } from '../../domain/time.ts';
import { hasOwnAlarm, ownAlarmName, wokenOf } from '../wake-triggers.ts';
import type { ScheduledScalingPorts, Turn } from './ports.ts';
import { changesOf, fingerprintOf, forgetAsserted, keyOf, stepAlarmsOf } from './scaling-policies.ts';
import { SETTLING } from './settle.ts';
import { targetTurns } from './turn.ts';

/**
 * What was asserted may have been changed by somebody since: one reading of all policies and of our alarms finds where.
 * What becomes of it is decided with the rest of the endpoint.
 */
export async function findDrift(ports: ScheduledScalingPorts, now: Instant, turns: readonly Turn[]): Promise<void> {
  const managed = turns.filter(({ record }) => record.phase === 'up' && record.giveBack === undefined);
  const asserted = managed.flatMap((whole) =>
    targetTurns(whole)
      .filter(({ record }) => record.asserted !== undefined)
      .map((turn, index) => ({ whole, turn, isFirst: index === 0 })),
  );
  if (asserted.length === 0) return;
  const { tagPrefix } = ports.settings;
  const answer = await ports.scaling.allPolicies();
  const names = asserted.flatMap(({ turn: { record } }) => [
    ...stepAlarmsOf(tagPrefix, record),
    ...wakeAlarmOf(tagPrefix, record),
  ]);
  const alarms = answer.ok ? await ports.scaling.alarmDefinitions([...new Set(names)]) : answer;
  if (!answer.ok || !alarms.ok) {
    ports.log.count('CallsRefused');
    const failure = answer.ok ? !alarms.ok && alarms.failure : answer.failure;
    ports.log.warn('scaling policies could not be compared; the next time tells', { ...failure });
    return;
  }
  for (const { whole, turn, isFirst } of asserted) {
    const { record } = turn;
    const shown = answer.value.get(keyOf(record).resourceId) ?? [];
    const changes = changesOf({ scaling: ports.scaling, tagPrefix }, record, shown, alarms.value);
    const isOwn = isFirst || record.part?.dimension === 'copies';
    const wake = (isOwn ? wakeAlarmOf(tagPrefix, record) : []).flatMap((name) =>
      ports.alarms.wakeAlarmDifferences(name, wokenOf(record), alarms.value.get(name)),
    );
    note(whole, turn, now, [...changes.differences, ...wake], changes.steered);
  }
}

function wakeAlarmOf(tagPrefix: string, record: FleetRecord): readonly string[] {
  return hasOwnAlarm(record) ? [ownAlarmName(tagPrefix, record)] : [];
}

/** A wake alarm is missed by whoever reads it, without waiting for the comparison. */
export function noteAlarmGone(now: Instant, whole: Turn, part: Turn, alarm: string): void {
  const named = part === whole ? targetTurns(whole) : [part];
  const [turn] = named.filter(({ record }) => record.asserted !== undefined);
  if (turn === undefined) return;
  const { record } = turn;
  const { told = [], left = [] } = record.drift ?? {};
  if ([...told, ...left].some(isOfPolicies)) {
    if (!isLeft(record, 'alarm', alarm)) forgetAsserted(turn);
    return;
  }
  const gone = { field: 'alarm', subject: alarm, expected: 'as the policy says', actual: 'none' } as const;
  note(whole, turn, now, [gone], record.steered);
}

/** Only where all of it had been there as it should be is a difference somebody's doing; else the assertion goes on. */
function note(
  whole: Turn,
  turn: Turn,
  now: Instant,
  differences: readonly Difference[],
  steered: boolean | undefined,
): void {
  const { record } = turn;
  const { settled, intent } = record;
  const isJudged = record.asserted === fingerprintOf(record) && intent === undefined && settled !== undefined;
  const stood = isJudged && now - settled.at >= SETTLING;
  if (stood) whole.differences = new Map([...(whole.differences ?? []), [keyOf(record).resourceId, differences]]);
  else if (differences.length > 0 && !isJudged) forgetAsserted(turn);
  if (stood && (differences.length > 0 || record.drift !== undefined)) turn.due = true;
  if (steered !== record.steered) forgetAsserted(turn);
}
