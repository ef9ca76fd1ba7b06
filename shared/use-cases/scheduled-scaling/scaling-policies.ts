import type { TargetTracking } from '../../domain/policy.ts';
import type { FleetRecord } from '../../domain/record.ts';
import type { Failure, Outcome } from '../../ports/outcome.ts';
import type { ScalingPolicyView } from '../../ports/scaling.ts';
import { ownAlarmName } from '../wake-triggers.ts';
import type { ScheduledScalingPorts, Turn } from './ports.ts';
import { hasOwnAlarm } from './wake-alarms.ts';

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
  const { tagPrefix } = ports.settings;
  const answer = await ports.scaling.policies(resourceIdOf(record));
  if (!answer.ok) return answer;
  const place = { name: record.endpoint, variant: record.variant ?? '' };
  const wanted = new Map(trackingOf(record).map((spec) => [policyNameOf(tagPrefix, spec.metric), spec] as const));
  const isAsWanted = (policy: ScalingPolicyView | undefined, spec: TargetTracking) =>
    policy !== undefined && ports.scaling.isAsSpecified(policy, spec, place);
  const put = [...wanted].filter(
    ([name, spec]) =>
      !isAsWanted(
        answer.value.find((policy) => policy.name === name),
        spec,
      ),
  );
  const remove = answer.value.filter(({ name }) => name.startsWith(`${tagPrefix}-`) && !wanted.has(name));
  const others = answer.value.filter(({ name }) => !name.startsWith(`${tagPrefix}-`));
  return {
    ok: true,
    value: {
      put: put.map(([, spec]) => spec),
      remove: remove.map(({ name }) => name),
      steered: wanted.size + others.length > 0,
    },
  };
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
