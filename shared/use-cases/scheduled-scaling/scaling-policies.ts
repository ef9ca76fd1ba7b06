import { type Difference, isLeft } from '../../domain/drift.ts';
import { dependsOnType, inAwsUnits } from '../../domain/instance-units.ts';
import { instanceTypesOf } from '../../domain/mixed-types.ts';
import { type ScalingSpec, specName } from '../../domain/policy.ts';
import type { JsonObject } from '../../domain/recipe.ts';
import type { FleetRecord } from '../../domain/record.ts';
import type { TargetKey } from '../../domain/scalable-target.ts';
import { STEP_WAKE_NAME, scalingOf, wakesByStep } from '../../domain/step-wake.ts';
import { targetKeyOf, targetOf } from '../../domain/target-view.ts';
import type { Failure, Outcome } from '../../ports/outcome.ts';
import type { OwnPolicy, ScalingControl, ScalingPolicyView } from '../../ports/scaling.ts';
import { hasOwnAlarm, ownAlarmName, stepAlarmName, wokenOf } from '../wake-triggers.ts';
import type { ScheduledScalingPorts, Turn } from './ports.ts';

/** What differs between the policies on a target and those that the document asks for. */
export interface PolicyChanges {
  readonly put: readonly OwnPolicy[];
  /** Names of policies of ours that nobody asks for any more. */
  readonly remove: readonly string[];
  /** Some policy steers the target once the changes are made. */
  readonly steered: boolean;
  /** Why: each thing that is not as it should be. */
  readonly differences: readonly Difference[];
}

/** Whether some scaling policy of ours can be put, so that there has to be a target. */
export function hasScaling(record: FleetRecord): boolean {
  const types = instanceTypesOf(record);
  return (record.policy?.scaling ?? []).some((spec) => inAwsUnits(spec, types) !== undefined);
}

/** Scaling policies whose numbers depend on an instance type that nobody knows: they are not put. */
export function unknownUnits(record: FleetRecord): readonly ScalingSpec[] {
  const types = instanceTypesOf(record);
  return (record.policy?.scaling ?? []).filter((spec) => inAwsUnits(spec, types) === undefined);
}

export function policyNameOf(tagPrefix: string, spec: string): string {
  return `${tagPrefix}-${spec}`;
}

/** Name of the policy that lifts from zero; undefined: a function of ours does. */
function stepWakePolicy(tagPrefix: string, record: FleetRecord): string | undefined {
  return wakesByStep(record) ? policyNameOf(tagPrefix, `step-${STEP_WAKE_NAME}`) : undefined;
}

/** The alarm of a policy of ours by the policy's name; undefined: it has none. */
export function alarmOfPolicy(tagPrefix: string, record: FleetRecord, policyName: string): string | undefined {
  const spec = policyName.slice(tagPrefix.length + 1);
  return spec.startsWith('step-') ? stepAlarmName(tagPrefix, record, spec) : undefined;
}

function wantedPolicies(tagPrefix: string, record: FleetRecord): ReadonlyMap<string, OwnPolicy> {
  const { part } = record;
  const endpoint = {
    name: record.endpoint,
    variant: record.variant ?? '',
    ...(part?.dimension === 'copies' && { component: part.name }),
  };
  const wanted = scalingOf(record).flatMap((given): OwnPolicy[] => {
    const spec = inAwsUnits(given, instanceTypesOf(record));
    if (spec === undefined) return [];
    const name = policyNameOf(tagPrefix, specName(spec));
    const alarmName = alarmOfPolicy(tagPrefix, record, name);
    return [{ name, spec, endpoint, ...(alarmName === undefined ? {} : { alarmName }) }];
  });
  return new Map(wanted.map((policy) => [policy.name, policy]));
}

export function stepAlarmsOf(tagPrefix: string, record: FleetRecord): readonly string[] {
  return [...wantedPolicies(tagPrefix, record).values()].flatMap(({ alarmName }) => alarmName ?? []);
}

/** Of a record, or a view of one, whose target is known. */
export function keyOf(record: FleetRecord): TargetKey {
  const key = targetKeyOf(record);
  if (key === undefined) throw new Error(`${record.endpoint}: its scalable target is not known`);
  return key;
}

/** What was asserted for an endpoint, as a text: another incarnation, variant or policy version asks for asserting again. */
export function fingerprintOf(record: FleetRecord): string {
  const { observed, policy } = record;
  const { instanceType = '', pools = [] } = instanceTypesOf(record);
  const type = policy?.scaling.some(dependsOnType) ? `/${[instanceType, ...pools].join()}` : '';
  return `${observed?.creationTime ?? 0}/${targetOf(record)?.name ?? ''}/${policy?.version ?? ''}${type}`;
}

/** Ours are told by their name's prefix; others' are never touched. */
export async function readPolicyChanges(ports: ScheduledScalingPorts, turn: Turn): Promise<Outcome<PolicyChanges>> {
  const { record } = turn;
  const answer = await ports.scaling.policies(keyOf(record));
  if (!answer.ok) return answer;
  const alarms = await ports.scaling.alarmDefinitions(stepAlarmsOf(ports.settings.tagPrefix, record));
  const { scaling, settings } = ports;
  const parts = { scaling, tagPrefix: settings.tagPrefix };
  if (!alarms.ok) return alarms;
  return { ok: true, value: withoutLeft(record, changesOf(parts, record, answer.value, alarms.value)) };
}

/** What somebody set is left where the policy says so. */
function withoutLeft(record: FleetRecord, changes: PolicyChanges): PolicyChanges {
  const isFree = (policy: string, alarm?: string) =>
    !isLeft(record, 'policy', policy) && (alarm === undefined || !isLeft(record, 'alarm', alarm));
  return {
    ...changes,
    put: changes.put.filter(({ name, alarmName }) => isFree(name, alarmName)),
    remove: changes.remove.filter((name) => isFree(name)),
  };
}

/** What is to be put and taken away so that AWS holds what the record's policy asks for. */
export function changesOf(
  { scaling, tagPrefix }: { readonly scaling: Pick<ScalingControl, 'differences'>; readonly tagPrefix: string },
  record: FleetRecord,
  shown: readonly ScalingPolicyView[],
  alarms: ReadonlyMap<string, JsonObject>,
): PolicyChanges {
  const wanted = wantedPolicies(tagPrefix, record);
  const steering = [...wanted.values()].filter(({ name }) => name !== stepWakePolicy(tagPrefix, record));
  const byName = new Map(shown.map((policy) => [policy.name, policy]));
  const compared = [...wanted.values()].map((policy) => ({
    policy,
    differs: scaling.differences(byName.get(policy.name), alarms.get(policy.alarmName ?? ''), policy),
  }));
  const ours = shown.filter(({ name }) => name.startsWith(`${tagPrefix}-`));
  const remove = ours.map(({ name }) => name).filter((name) => !wanted.has(name));
  return {
    put: compared.filter(({ differs }) => differs.length > 0).map(({ policy }) => policy),
    remove,
    // What only lifts from zero steers nothing above it.
    steered: steering.length + shown.length - ours.length > 0,
    differences: [
      ...compared.flatMap(({ differs }) => differs),
      ...remove.map((subject) => ({ field: 'policy', subject, expected: 'none', actual: 'there' }) as const),
    ],
  };
}

/** Everything is read and put again where it differs. */
export function forgetAsserted(turn: Turn): void {
  if (turn.record.asserted === undefined) return;
  turn.change(({ asserted: _, ...record }) => record);
  turn.due = true;
}

/**
 * Takes policies of ours away. A step policy leaves its alarm behind, and once the policy is gone nothing names the
 * alarm any more: it goes first.
 */
export async function removePolicies(
  { scaling, alarms, settings }: ScheduledScalingPorts,
  record: FleetRecord,
  names: readonly string[],
): Promise<Failure | undefined> {
  const left = names.flatMap((name) => alarmOfPolicy(settings.tagPrefix, record, name) ?? []);
  if (left.length > 0) {
    const gone = await alarms.remove(left);
    if (!gone.ok) return gone.failure;
  }
  for (const name of names) {
    const outcome = await scaling.deletePolicy(keyOf(record), name);
    if (!outcome.ok) return outcome.failure;
  }
  return undefined;
}

/** The wake alarm is there exactly where the policy listens to what it tells. */
export async function assertOwnAlarm(ports: ScheduledScalingPorts, turn: Turn): Promise<Failure | undefined> {
  const { record } = turn;
  if (record.kind !== 'async' && record.part?.dimension !== 'copies') return undefined;
  const name = ownAlarmName(ports.settings.tagPrefix, record);
  if (isLeft(record, 'alarm', name)) return undefined;
  const outcome = hasOwnAlarm(record)
    ? await ports.alarms.putWakeAlarm(name, wokenOf(record))
    : await ports.alarms.remove([name]);
  return outcome.ok ? undefined : outcome.failure;
}
