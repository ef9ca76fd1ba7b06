import type { Activity } from '../../domain/activity.ts';
import { type CapacityPlan, planCapacity, suspendedBy } from '../../domain/plan-capacity.ts';
import type { Observed } from '../../domain/record.ts';
import type { Ruling } from '../../domain/ruling.ts';
import { MINUTE } from '../../domain/time.ts';
import type { Failure } from '../../ports/outcome.ts';
import type { TargetView } from '../../ports/scaling.ts';
import { act } from './act.ts';
import { tellUntold } from './carry-out.ts';
import { demandBacklog, readActivity } from './demand.ts';
import { giveBack } from './give-back.ts';
import { judgeLateness, noteScaleOut } from './lateness.ts';
import { observe } from './observe.ts';
import type { RunShared, Turn } from './ports.ts';
import { recordDecision } from './report.ts';
import { demandedBy, rule } from './rule.ts';
import { fingerprintOf, hasScaling, type PolicyChanges, readPolicyChanges, resourceIdOf } from './scaling-policies.ts';
import { lookAgain, nextTick } from './turn.ts';

/** A refusal that only a human can mend is not asked for again at every tick. */
const REFUSED_AGAIN = 5 * MINUTE;
const RECHECK = 15 * MINUTE;

/** What a run knows of one endpoint when it decides. */
export interface Situation {
  readonly observed: Observed;
  readonly target: TargetView | undefined;
  readonly ruling: Ruling;
  readonly plan: CapacityPlan;
  /** Absent: what was asserted before still holds, nothing was read. */
  readonly policies: PolicyChanges | undefined;
}

/** One endpoint that is up: observe, decide, act, record. Its own failures end here as decisions. */
export async function tend(shared: RunShared, turn: Turn): Promise<void> {
  const { ports, run, sweep } = shared;
  const observed = await observe(ports, run.now, turn, sweep);
  if (observed === undefined || isLeased(shared, turn)) return lookAgain(turn, run.now, nextTick(shared));
  const ruling = rule(shared, turn.record);
  if (ruling.reason === 'give-back') {
    const failure = await giveBack(shared, turn, ruling, observed);
    return failure === undefined ? undefined : refuse(shared, turn, failure, ruling);
  }
  if (turn.record.policy === undefined) {
    const problem = turn.record.invalid?.problem ?? 'no valid policy yet';
    recordDecision(ports, run, turn, { decision: 'refuse', reason: 'policy-invalid', evidence: { problem } });
    return lookAgain(turn, run.now, run.now + RECHECK);
  }
  await noteScaleOut(shared, turn, observed);
  await demandBacklog(ports, run.now, turn, ruling.bounds, observed.desired);
  const decided = await decide(shared, turn, observed);
  if ('failure' in decided) return refuse(shared, turn, decided.failure, rule(shared, turn.record));
  const { situation, activity } = decided;
  tellUntold(shared, turn, situation);
  noteLead(shared, turn, situation.ruling);
  judgeLateness(shared, turn, situation.ruling, observed);
  const failure = await act(shared, turn, situation);
  if (failure !== undefined) return refuse(shared, turn, failure, situation.ruling);
  lookAgain(turn, run.now, nextLook(shared, turn, situation, activity));
}

async function decide(
  shared: RunShared,
  turn: Turn,
  observed: Observed,
): Promise<{ situation: Situation; activity: Activity | undefined } | { failure: Failure }> {
  const { ports, run, targets } = shared;
  const target = targets.get(resourceIdOf(turn.record));
  const asksForAsserting = turn.record.asserted !== fingerprintOf(turn.record) || isTargetLost(turn, target);
  const mayAssert = turn.record.giveBack === undefined && rule(shared, turn.record).want !== 'hands-off';
  let policies: PolicyChanges | undefined;
  if (asksForAsserting && mayAssert && observed.status === 'InService' && turn.record.variant !== undefined) {
    const read = await readPolicyChanges(ports, turn);
    if (!read.ok) return { failure: read.failure };
    policies = read.value;
  }
  const asyncDemand = turn.record.kind === 'async' && turn.record.demand.length > 0 && observed.desired > 0;
  let activity = asyncDemand ? await readActivity(ports, run.now, turn) : undefined;
  let plan = planFor(shared, turn, observed, target, policies, activity);
  if (plan.needsActivity && turn.record.kind === 'async') {
    activity = await readActivity(ports, run.now, turn);
    plan = planFor(shared, turn, observed, target, policies, activity);
  }
  const ruling = rule(shared, turn.record);
  return { situation: { observed, target, ruling, plan, policies }, activity };
}

function isTargetLost({ record }: Turn, target: TargetView | undefined): boolean {
  return target === undefined && hasScaling(record);
}

function planFor(
  shared: RunShared,
  { record }: Turn,
  observed: Observed,
  target: TargetView | undefined,
  policies: PolicyChanges | undefined,
  activity: Activity | undefined,
): CapacityPlan {
  const ruling = rule(shared, record);
  return planCapacity({
    now: shared.run.now,
    kind: record.kind,
    ruling,
    status: observed.status,
    desired: observed.desired,
    demanded: demandedBy(record, ruling),
    target,
    suspended: suspendedBy(ruling, record),
    scales: hasScaling(record),
    steered: policies?.steered ?? record.steered ?? false,
    highestMax: record.policy?.highestMax,
    drain: record.drain,
    activity: activity?.verdict,
  });
}

/** Whoever holds the lease is in the middle of a park: nothing is changed under its hands. */
function isLeased({ run }: RunShared, { record }: Turn): boolean {
  return record.lease !== undefined && record.lease.until > run.now;
}

/** A lead that has begun stays begun, even if new samples make it shorter. */
function noteLead({ run }: RunShared, turn: Turn, { reason, window }: Ruling): void {
  if (reason !== 'lead' || window === undefined || turn.record.lead?.window === window) return;
  turn.change((record) => ({ ...record, lead: { window, begunAt: run.now } }));
}

function refuse(shared: RunShared, turn: Turn, failure: Failure, ruling: Ruling): void {
  const { ports, run } = shared;
  const evidence = { ...ruling.evidence, call: failure.call, class: failure.class };
  ports.log.count('CallsRefused');
  if (failure.class === 'in-progress') {
    recordDecision(ports, run, turn, { decision: 'keep', reason: 'in-progress', evidence });
  } else {
    const reason = failure.definite && failure.class !== 'transient' ? 'call-refused' : 'call-failed';
    recordDecision(ports, run, turn, { decision: 'refuse', reason, evidence, failure });
  }
  const passing = failure.class === 'transient' || failure.class === 'in-progress' || failure.class === 'missing';
  const again = passing ? nextTick(shared) : run.now + REFUSED_AGAIN;
  lookAgain(turn, run.now, Math.min(again, ruling.until));
}

/** The next instant at which this endpoint's answer can change. */
function nextLook(
  shared: RunShared,
  { record }: Turn,
  { observed, plan, ruling }: Situation,
  activity: Activity | undefined,
): number {
  const { run } = shared;
  const next = [ruling.until];
  const changing = plan.register !== undefined || plan.desired !== undefined || observed.status !== 'InService';
  const waiting = record.raising !== undefined || record.drain !== undefined || record.late !== undefined;
  if (changing || waiting) next.push(nextTick(shared));
  if (activity !== undefined && activity.verdict !== 'idle') next.push(Math.max(activity.idleAt, run.now + MINUTE));
  return Math.min(...next);
}
