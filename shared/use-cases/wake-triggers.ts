import { wakeTriggersOf } from '../domain/kinds.ts';
import type { WakeTrigger } from '../domain/policy.ts';
import type { Demand, FleetRecord } from '../domain/record.ts';
import type { ScalableTarget } from '../domain/scalable-target.ts';
import { STEP_WAKE_NAME, wakesByStep } from '../domain/step-wake.ts';
import { targetViews } from '../domain/target-view.ts';
import type { Woken } from '../ports/alarms.ts';

export type AlarmSource = Extract<Demand['source'], `alarm:${string}`>;

const SUFFIX = { endpoint: '-backlog', component: '-requests' } as const;

type NamedAfter = Pick<FleetRecord, 'endpoint'> & { readonly part?: Pick<ScalableTarget, 'name'> };

/** No endpoint's name has a dot. */
function partName({ endpoint, part }: NamedAfter): string {
  return `${endpoint}${part === undefined ? '' : `.${part.name}`}`;
}

/** Our wake alarm of an asynchronous endpoint, or of an inference component by the view of it. */
export function ownAlarmName(tagPrefix: string, record: Pick<FleetRecord, 'endpoint' | 'part'>): string {
  if (record.part?.dimension === 'copies') return `${tagPrefix}-${partName(record)}${SUFFIX.component}`;
  return `${tagPrefix}-${record.endpoint}${SUFFIX.endpoint}`;
}

/** All of our wake alarms that an endpoint may have. */
export function ownAlarmNames(tagPrefix: string, record: FleetRecord): readonly string[] {
  if (record.kind === 'async') return [ownAlarmName(tagPrefix, record)];
  return record.kind === 'components' ? targetViews(record).map((view) => ownAlarmName(tagPrefix, view)) : [];
}

/**
 * The alarm that drives a step policy of ours; names of specs have no hyphen but that after `step`, and no endpoint's
 * name has the dot that stands before one of several targets.
 */
export function stepAlarmName(tagPrefix: string, record: NamedAfter, spec: string): string {
  return `${tagPrefix}-${partName(record)}-${spec}`;
}

/** What the wake alarm of a record, or of the view of a component, is about. */
export function wokenOf({ endpoint, part }: Pick<FleetRecord, 'endpoint' | 'part'>): Woken {
  return part?.dimension === 'copies' ? { endpoint, component: part.name } : { endpoint };
}

/** Undefined: the name is not of that form. */
export function wokenByOwnAlarm(tagPrefix: string, alarm: string): Woken | undefined {
  const rest = withoutPrefix(tagPrefix, alarm);
  if (rest.endsWith(SUFFIX.endpoint)) {
    const endpoint = rest.slice(0, -SUFFIX.endpoint.length);
    return endpoint === '' ? undefined : { endpoint };
  }
  const [, endpoint, component] = /^([^.]+)\.([^.]+)-requests$/.exec(rest) ?? [];
  return endpoint === undefined || component === undefined ? undefined : { endpoint, component };
}

/** Whether the alarm is one that we make: for waking, or to drive a step policy. */
export function isOwnAlarm(tagPrefix: string, alarm: string): boolean {
  return (
    wokenByOwnAlarm(tagPrefix, alarm) !== undefined || /-step-[A-Za-z0-9_]+$/.test(withoutPrefix(tagPrefix, alarm))
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

/** Whether there is a wake alarm of ours: only what reaches zero natively needs one, and only where the policy listens by function. */
export function hasOwnAlarm(record: FleetRecord): boolean {
  if (record.kind === 'components') return record.part !== undefined && listensTo(record, 'request');
  return record.kind === 'async' && listensTo(record, 'backlog') && !wakesByStep(record);
}

/** The alarm that tells of requests which wait at zero: ours, or that of the step policy; undefined: none is made. */
export function zeroAlarmName(tagPrefix: string, record: FleetRecord): string | undefined {
  if (hasOwnAlarm(record)) return ownAlarmName(tagPrefix, record);
  if (!wakesByStep(record) || record.targets !== undefined) return undefined;
  return stepAlarmName(tagPrefix, record, `step-${STEP_WAKE_NAME}`);
}

/** Alarms that teams name in the endpoint's policy. */
export function alarmSources({ kind, policy }: FleetRecord): readonly AlarmSource[] {
  if (policy === undefined) return [];
  return wakeTriggersOf(kind, policy).filter((trigger): trigger is AlarmSource => trigger.startsWith('alarm:'));
}
