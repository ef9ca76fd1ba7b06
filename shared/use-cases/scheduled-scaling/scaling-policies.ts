import type { TargetTracking } from '../../domain/policy.ts';
import type { FleetRecord } from '../../domain/record.ts';
import type { Failure, Outcome } from '../../ports/outcome.ts';
import type { ScalingPolicyView } from '../../ports/scaling.ts';
import { hasOwnAlarm, ownAlarmName } from '../wake-triggers.ts';
import type { ScheduledScalingPorts, Turn } from './ports.ts';

/** What differs between the policies on a target and those that the document asks for. */
export interface PolicyChanges {
  readonly put: readonly TargetTracking[];
  readonly remove: readonly string[];
  /** Some policy steers the target once the changes are made. */
  readonly steered: boolean;
}

export function trackingOf({ policy }: FleetRecord): readonly TargetTracking[] {
  return (policy?.scaling ?? []).filter((spec) => spec.kind === 'target-tracking');
}

export function policyNameOf(tagPrefix: string, metric: string): string {
  return `${tagPrefix}-${metric}`;
}

export function resourceIdOf({ endpoint, variant }: FleetRecord): string {
  return `endpoint/${endpoint}/variant/${variant ?? ''}`;
}

/** What was asserted for an endpoint, as a text: another incarnation, variant or policy version asks for asserting again. */
export function fingerprintOf({ observed, variant, policy }: FleetRecord): string {
  return `${observed?.creationTime ?? 0}/${variant ?? ''}/${policy?.version ?? ''}`;
}

/** Ours are told by their name's prefix; others' are never touched. */
export async function readPolicyChanges(ports: ScheduledScalingPorts, turn: Turn): Promise<Outcome<PolicyChanges>> {
  const { record } = turn;
  const answer = await ports.scaling.policies(resourceIdOf(record));
  return answer.ok ? { ok: true, value: changesOf(ports, record, answer.value) } : answer;
}

function changesOf(
  { scaling, settings }: ScheduledScalingPorts,
  record: FleetRecord,
  shown: readonly ScalingPolicyView[],
): PolicyChanges {
  const place = { name: record.endpoint, variant: record.variant ?? '' };
  const wanted = new Map(trackingOf(record).map((spec) => [policyNameOf(settings.tagPrefix, spec.metric), spec]));
  const byName = new Map(shown.map((policy) => [policy.name, policy]));
  const put = [...wanted].filter(([name, spec]) => {
    const policy = byName.get(name);
    return policy === undefined || !scaling.isAsSpecified(policy, spec, place);
  });
  const ours = shown.filter(({ name }) => name.startsWith(`${settings.tagPrefix}-`));
  return {
    put: put.map(([, spec]) => spec),
    remove: ours.map(({ name }) => name).filter((name) => !wanted.has(name)),
    steered: wanted.size + shown.length - ours.length > 0,
  };
}

/**
 * What was asserted may have been changed by somebody since: one reading of all policies finds where, and those
 * endpoints are asserted anew.
 */
export async function findDrift(ports: ScheduledScalingPorts, turns: readonly Turn[]): Promise<void> {
  const asserted = turns.filter(
    ({ record }) => record.phase === 'up' && record.asserted !== undefined && record.giveBack === undefined,
  );
  if (asserted.length === 0) return;
  const answer = await ports.scaling.allPolicies();
  if (!answer.ok) {
    ports.log.count('CallsRefused');
    ports.log.warn('scaling policies could not be compared; the next time tells', { ...answer.failure });
    return;
  }
  for (const turn of asserted) {
    const { record } = turn;
    const { put, remove, steered } = changesOf(ports, record, answer.value.get(resourceIdOf(record)) ?? []);
    if (put.length + remove.length > 0 || steered !== record.steered) forgetAsserted(turn);
  }
}

/** Everything is read and put again where it differs. */
export function forgetAsserted(turn: Turn): void {
  if (turn.record.asserted === undefined) return;
  turn.change(({ asserted: _, ...record }) => record);
  turn.due = true;
}

/** Answers the first failure; what was done before it stays done, and the next run reads what is left. */
export async function changePolicies(
  ports: ScheduledScalingPorts,
  turn: Turn,
  changes: PolicyChanges,
): Promise<Failure | undefined> {
  const { record } = turn;
  const resourceId = resourceIdOf(record);
  const place = { name: record.endpoint, variant: record.variant ?? '' };
  for (const spec of changes.put) {
    const name = policyNameOf(ports.settings.tagPrefix, spec.metric);
    const outcome = await ports.scaling.putPolicy(resourceId, name, spec, place);
    if (!outcome.ok) return outcome.failure;
  }
  for (const name of changes.remove) {
    const outcome = await ports.scaling.deletePolicy(resourceId, name);
    if (!outcome.ok) return outcome.failure;
  }
  return undefined;
}

/** The wake alarm is there exactly where the policy listens to a backlog. */
export async function assertOwnAlarm(ports: ScheduledScalingPorts, turn: Turn): Promise<Failure | undefined> {
  const { record } = turn;
  if (record.kind !== 'async') return undefined;
  const name = ownAlarmName(ports.settings.tagPrefix, record.endpoint);
  const outcome = hasOwnAlarm(record)
    ? await ports.alarms.putWakeAlarm(name, record.endpoint)
    : await ports.alarms.remove([name]);
  return outcome.ok ? undefined : outcome.failure;
}
