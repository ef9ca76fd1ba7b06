import { wakeTriggersOf } from '../domain/kinds.ts';
import type { WakeTrigger } from '../domain/policy.ts';
import type { Demand, FleetRecord } from '../domain/record.ts';
import type { ScalableTarget } from '../domain/scalable-target.ts';
import { STEP_WAKE_NAME, wakesByStep } from '../domain/step-wake.ts';

export type AlarmSource = Extract<Demand['source'], `alarm:${string}`>;

const SUFFIX = '-backlog';

type NamedAfter = Pick<FleetRecord, 'endpoint'> & { readonly part?: Pick<ScalableTarget, 'name'> };

/** Our wake alarm of an asynchronous endpoint. */
export function ownAlarmName(tagPrefix: string, endpoint: string): string {
  return `${tagPrefix}-${endpoint}${SUFFIX}`;
}

/**
 * The alarm that drives a step policy of ours; names of specs have no hyphen but that after `step`, and no endpoint's
 * name has the dot that stands before one of several targets.
 */
export function stepAlarmName(tagPrefix: string, { endpoint, part }: NamedAfter, spec: string): string {
  return `${tagPrefix}-${endpoint}${part === undefined ? '' : `.${part.name}`}-${spec}`;
}

/** The endpoint that an alarm of ours is named after; undefined: the name is not of that form. */
export function endpointOfOwnAlarm(tagPrefix: string, alarm: string): string | undefined {
  const prefix = `${tagPrefix}-`;
  if (!alarm.startsWith(prefix) || !alarm.endsWith(SUFFIX)) return undefined;
  const endpoint = alarm.slice(prefix.length, -SUFFIX.length);
  return endpoint === '' ? undefined : endpoint;
}

/** Whether the alarm is one that we make: for waking, or to drive a step policy. */
export function isOwnAlarm(tagPrefix: string, alarm: string): boolean {
  return (
    endpointOfOwnAlarm(tagPrefix, alarm) !== undefined || /-step-[A-Za-z0-9_]+$/.test(withoutPrefix(tagPrefix, alarm))
  );
}

function withoutPrefix(tagPrefix: string, alarm: string): string {
  return alarm.startsWith(`${tagPrefix}-`) ? alarm.slice(tagPrefix.length + 1) : '';
}

export function alarmSourceOf(alarm: string): AlarmSource {
  return `alarm:${alarm}`;
}

export function listensTo({ kind, policy }: FleetRecord, trigger: WakeTrigger): boolean {
  return policy !== undefined && wakeTriggersOf(kind, policy).includes(trigger);
}

/** Whether the endpoint has a wake alarm of ours: only instances at zero need one, and only with `wake.on: backlog` by function. */
export function hasOwnAlarm(record: FleetRecord): boolean {
  return record.kind === 'async' && listensTo(record, 'backlog') && !wakesByStep(record);
}

/** The alarm that tells of requests which wait at zero: ours, or that of the step policy; undefined: none is made. */
export function zeroAlarmName(tagPrefix: string, record: FleetRecord): string | undefined {
  if (hasOwnAlarm(record)) return ownAlarmName(tagPrefix, record.endpoint);
  if (!wakesByStep(record) || record.targets !== undefined) return undefined;
  return stepAlarmName(tagPrefix, record, `step-${STEP_WAKE_NAME}`);
}

/** Alarms that teams name in the endpoint's policy. */
export function alarmSources({ kind, policy }: FleetRecord): readonly AlarmSource[] {
  if (policy === undefined) return [];
  return wakeTriggersOf(kind, policy).filter((trigger): trigger is AlarmSource => trigger.startsWith('alarm:'));
}
