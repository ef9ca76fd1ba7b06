import type { FleetRecord } from '../../domain/record.ts';
import type { AlarmControl } from '../../ports/alarms.ts';
import type { EndpointControl } from '../../ports/endpoints.ts';
import type { Failure } from '../../ports/outcome.ts';
import type { ScalingControl } from '../../ports/scaling.ts';
import { ownAlarmName } from '../wake-triggers.ts';

export interface ReleasePorts {
  readonly endpoints: Pick<EndpointControl, 'describe' | 'setDesired'>;
  readonly scaling: Pick<ScalingControl, 'targets' | 'targetTags' | 'register' | 'policies'>;
  readonly alarms: Pick<AlarmControl, 'remove'>;
  readonly settings: { readonly tagPrefix: string };
}

export interface Released {
  /** Instances asked for now; 0: it has some already, or is not there. */
  readonly raisedTo: number;
  /** Scalable target and policies that stay and go on without us. */
  readonly left: readonly string[];
}

export type ReleaseOutcome =
  | { readonly ok: true; readonly value: Released }
  | { readonly ok: false; readonly failure: Failure };

const MADE_BY = 'made-by';

/**
 * An asynchronous endpoint at zero instances is woken by us alone: without us its queue would wait until it expires. It
 * gets an instance, a target of ours never goes to zero again, and our wake alarm, which nobody listens to, is removed.
 * Each part may be repeated.
 */
export async function releaseQueue(ports: ReleasePorts, record: FleetRecord): Promise<ReleaseOutcome> {
  const { endpoint, variant, kind } = record;
  if (kind !== 'async' || variant === undefined) return leftScaling(ports, record);
  const resourceId = `endpoint/${endpoint}/variant/${variant}`;
  const targets = await ports.scaling.targets([resourceId]);
  if (!targets.ok) return targets;
  const [target] = targets.value;
  if (target !== undefined && target.min === 0) {
    const tags = target.arn === undefined ? { ok: true as const, value: {} } : await ports.scaling.targetTags(target.arn);
    if (!tags.ok) return tags;
    const ours = `${ports.settings.tagPrefix}:${MADE_BY}` in tags.value;
    // The limits of a target that somebody else registered are his; its zero may be woken by a policy of his.
    const raised = ours ? await ports.scaling.register(resourceId, { min: 1, max: Math.max(1, target.max) }) : undefined;
    if (raised?.ok === false) return raised;
  }
  const view = await ports.endpoints.describe(endpoint);
  if (!view.ok) return view;
  const desired = view.value?.variants[0]?.desired;
  let raisedTo = 0;
  if (desired === 0) {
    const asked = await ports.endpoints.setDesired(endpoint, variant, 1);
    // In the middle of the change that the new minimum asks for.
    if (!asked.ok && asked.failure.class !== 'in-progress') return asked;
    raisedTo = 1;
  }
  const removed = await ports.alarms.remove([ownAlarmName(ports.settings.tagPrefix, endpoint)]);
  if (!removed.ok && removed.failure.class !== 'missing') return removed;
  const left = await leftScaling(ports, record);
  return left.ok ? { ok: true, value: { ...left.value, raisedTo } } : left;
}

async function leftScaling({ scaling, settings }: ReleasePorts, record: FleetRecord): Promise<ReleaseOutcome> {
  if (record.variant === undefined) return { ok: true, value: { raisedTo: 0, left: [] } };
  const resourceId = `endpoint/${record.endpoint}/variant/${record.variant}`;
  const targets = await scaling.targets([resourceId]);
  if (!targets.ok) return targets;
  const [target] = targets.value;
  if (target === undefined) return { ok: true, value: { raisedTo: 0, left: [] } };
  const policies = await scaling.policies(resourceId);
  if (!policies.ok) return policies;
  const ours = policies.value.filter(({ name }) => name.startsWith(`${settings.tagPrefix}-`));
  const left = [`limits ${target.min} to ${target.max}`, ...ours.map(({ name }) => `scaling policy ${name}`)];
  return { ok: true, value: { raisedTo: 0, left } };
}
