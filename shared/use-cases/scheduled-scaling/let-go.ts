import { differ } from '../../domain/plan-capacity.ts';
import type { FleetRecord } from '../../domain/record.ts';
import type { TargetKey } from '../../domain/scalable-target.ts';
import { targetKeyOf, targetViews } from '../../domain/target-view.ts';
import type { Failure } from '../../ports/outcome.ts';
import type { TargetView } from '../../ports/scaling.ts';
import { ownAlarmNames } from '../wake-triggers.ts';
import { MADE_BY } from './act.ts';
import type { RunShared, ScheduledScalingPorts, Turn } from './ports.ts';
import { announce, recordAction, recordDecision } from './report.ts';
import { keyOf, removePolicies } from './scaling-policies.ts';
import { giveWeightsBack } from './tend-weights.ts';

/**
 * The owner took the tag off: what we made is removed, everything else stays as it is, the record is archived. Each
 * step may be repeated: a run that dies in between is completed by the next one.
 */
export async function letGo(shared: RunShared, turn: Turn): Promise<void> {
  const { ports, run } = shared;
  const finding = { decision: 'give-back', reason: 'let-go', evidence: { policy: turn.record.policyName } } as const;
  if (ports.settings.mode === 'dry-run') {
    recordDecision(ports, run, turn, { ...finding, evidence: { ...finding.evidence, dryRun: true } });
    await turn.save();
    return;
  }
  const failure = await removeOurs(shared, turn);
  if (failure !== undefined) {
    ports.log.count('CallsRefused');
    const reason = failure.definite ? 'call-refused' : 'call-failed';
    recordDecision(ports, run, turn, { decision: 'refuse', reason, evidence: { call: failure.call }, failure });
    await turn.save();
    return;
  }
  recordAction(ports, run, turn, finding);
  if ((await ports.fleet.archive(turn.record, run.now)) === 'conflict') return;
  announce(ports, run, turn, 'Endpoint Let Go', { reason: 'let-go', policy: turn.record.policyName });
}

export async function removeOurs(shared: RunShared, turn: Turn): Promise<Failure | undefined> {
  const { ports } = shared;
  const { record } = turn;
  const { tagPrefix } = ports.settings;
  const shifted = await giveWeightsBack(shared, turn);
  if (shifted !== undefined) return shifted;
  for (const view of targetViews(record)) {
    const key = targetKeyOf(view);
    const failure = key === undefined ? undefined : await removeScaling(shared, view, key);
    if (failure !== undefined) return failure;
  }
  const alarms = ownAlarmNames(tagPrefix, record);
  if (alarms.length === 0) return undefined;
  const removed = await ports.alarms.remove(alarms);
  return removed.ok ? undefined : removed.failure;
}

async function removeScaling({ ports }: RunShared, record: FleetRecord, key: TargetKey): Promise<Failure | undefined> {
  const { tagPrefix } = ports.settings;
  const targets = await ports.scaling.targets([key]);
  if (!targets.ok) return targets.failure;
  const [target] = targets.value;
  if (target === undefined) return undefined;
  const tags = target.arn === undefined ? undefined : await ports.scaling.targetTags(target.arn);
  if (tags?.ok === false) return tags.failure;
  const policies = await ports.scaling.policies(key);
  if (!policies.ok) return policies.failure;
  const ours = policies.value.filter(({ name }) => name.startsWith(`${tagPrefix}-`));
  const failure = await removePolicies(
    ports,
    record,
    ours.map(({ name }) => name),
  );
  if (failure !== undefined) return failure;
  // A target that we made but that somebody hung a policy of his own on is his by now.
  const madeByUs = tags?.value[`${tagPrefix}:${MADE_BY}`] !== undefined;
  if (!madeByUs || ours.length < policies.value.length) return resume(ports, record, target);
  const gone = await ports.scaling.deregister(key);
  return gone.ok ? undefined : gone.failure;
}

/** A target that stays scales again as it did before the policy suspended it. */
async function resume(
  { scaling }: ScheduledScalingPorts,
  record: FleetRecord,
  { min, max, suspended }: TargetView,
): Promise<Failure | undefined> {
  const { suspends = false, scaleIn, heldDown } = record;
  const before = {
    in: !suspends && scaleIn === undefined && suspended.in,
    out: !suspends && (heldDown ?? suspended).out,
    scheduled: !suspends && suspended.scheduled,
  };
  if (!differ(suspended, before)) return undefined;
  const outcome = await scaling.register(keyOf(record), { min, max }, { suspended: before });
  return outcome.ok ? undefined : outcome.failure;
}
