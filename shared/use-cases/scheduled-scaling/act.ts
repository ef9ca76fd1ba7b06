import type { Evidence } from '../../domain/decision.ts';
import { nameSuspended } from '../../domain/drift.ts';
import { whyNoUnits } from '../../domain/instance-units.ts';
import { rungSuspends, type Suspended, suspendedBy } from '../../domain/plan-capacity.ts';
import { specName } from '../../domain/policy.ts';
import type { FleetRecord } from '../../domain/record.ts';
import { targetOf } from '../../domain/target-view.ts';
import type { Failure } from '../../ports/outcome.ts';
import { carryOut, type Step } from './carry-out.ts';
import { isAskedAgain } from './cut-raises.ts';
import type { RecordChange, RunShared, Turn } from './ports.ts';
import { announce, recordDecision } from './report.ts';
import {
  assertOwnAlarm,
  fingerprintOf,
  keyOf,
  type PolicyChanges,
  removePolicies,
  unknownUnits,
} from './scaling-policies.ts';
import { noteAsserted, noteRegistered, withoutSettled } from './settle.ts';
import type { Situation } from './tend.ts';

/** Tag on targets that we registered: only those are deregistered when an endpoint is let go. */
export const MADE_BY = 'made-by';

/**
 * Carries the plan out in an order in which dying at any point leaves a right state: a run that dies in between is
 * followed by a tick that finds what is left.
 */
export async function act(shared: RunShared, turn: Turn, situation: Situation): Promise<Failure | undefined> {
  const { ports, run } = shared;
  const { plan, ruling, policies } = situation;
  rememberDrain(turn, situation);
  const evidence = evidenceOf(turn, situation);
  const scale = { decision: 'scale', reason: plan.reason, evidence } as const;
  const steps = stepsOf(shared, turn, situation);
  if (!steps.some(({ isChange }) => isChange)) {
    recordDecision(ports, run, turn, { ...scale, decision: 'keep' });
    const waits = policies !== undefined && policies.put.length > 0 && !canAssert(situation);
    if (policies === undefined || waits || ruling.reportOnly || ruling.want === 'hands-off') return undefined;
    return assertRest(shared, turn, policies, true);
  }
  if (ruling.reportOnly) {
    recordDecision(ports, run, turn, { ...scale, evidence: { ...evidence, dryRun: true } });
    return undefined;
  }
  const put = policies?.put.map(({ name }) => name) ?? [];
  const intent = {
    ...(plan.register && { bounds: plan.register }),
    ...(plan.desired !== undefined && { desired: plan.desired }),
    ...(put.length > 0 && { policies: put }),
  };
  return carryOut(shared, turn, scale, intent, steps);
}

function stepsOf(shared: RunShared, turn: Turn, situation: Situation): readonly Step[] {
  const { plan } = situation;
  return [
    { isChange: plan.register !== undefined, take: () => changeBounds(shared, turn, situation) },
    ...policySteps(shared, turn, situation),
    { isChange: plan.desired !== undefined, take: () => changeDesired(shared, turn, situation) },
  ];
}

/** Each scaling policy by itself: one that AWS refuses keeps neither the others nor the wake alarm from their place. */
function policySteps(shared: RunShared, turn: Turn, situation: Situation): readonly Step[] {
  const { ports } = shared;
  const { policies } = situation;
  if (policies === undefined) return [];
  if (!canAssert(situation) && policies.put.length > 0) return [];
  const key = keyOf(turn.record);
  let done = 0;
  const counted = (failure: Failure | undefined): Failure | undefined => {
    if (failure === undefined) done += 1;
    return failure;
  };
  const puts = policies.put.map((policy): Step => {
    const put = async () => {
      const outcome = await ports.scaling.putPolicy(key, policy);
      return counted(outcome.ok ? undefined : outcome.failure);
    };
    return { isChange: true, alone: policy.name, take: put };
  });
  const removals = policies.remove.map((name): Step => {
    const remove = async () => counted(await removePolicies(ports, turn.record, [name]));
    return { isChange: true, alone: name, take: remove };
  });
  const rest = async () => {
    if (done > 0) noteAsserted(shared, turn);
    return assertRest(shared, turn, policies, done === puts.length + removals.length);
  };
  return [...puts, ...removals, { isChange: false, take: rest }];
}

/** Policies need a target to stand on. */
function canAssert({ target, plan }: Situation): boolean {
  return target !== undefined || plan.register !== undefined;
}

function rememberDrain(turn: Turn, { plan }: Situation): void {
  const { drain } = turn.record;
  if (drain?.since === plan.drain?.since && drain?.max === plan.drain?.max) return;
  turn.change(({ drain: _, ...record }) => (plan.drain === undefined ? record : { ...record, drain: plan.drain }));
}

async function changeBounds(shared: RunShared, turn: Turn, situation: Situation): Promise<Failure | undefined> {
  const { ports, run } = shared;
  const { plan, target, observed } = situation;
  if (plan.register === undefined) return undefined;
  const tags = target === undefined ? { [`${ports.settings.tagPrefix}:${MADE_BY}`]: 'scheduled-scaling' } : undefined;
  const outcome = await ports.scaling.register(keyOf(turn.record), plan.register, {
    ...(tags && { tags }),
    ...(plan.suspended && { suspended: plan.suspended }),
  });
  if (!outcome.ok) {
    if (!outcome.failure.definite) turn.change(withoutSettled);
    return outcome.failure;
  }
  const suspended = plan.suspended && nameSuspended(plan.suspended);
  noteRegistered(shared, turn, situation, { ...plan.register, suspended });
  noteRaise(turn, run.now, plan.register.min, observed.serving, true);
  // Of a scale-in that waits, `scaleIn` of the record tells.
  const byRung = rungSuspends(turn.record) ? suspendedBy(situation.ruling, turn.record, target?.suspended) : undefined;
  if (plan.suspended !== undefined && byRung !== undefined) turn.change(noteSuspended(byRung));
  ports.log.count('CapacityChanges');
  if (turn.record.cut?.to === plan.register.min && isAskedAgain(situation)) return undefined;
  announce(ports, run, turn, 'Capacity Changed', {
    reason: plan.reason,
    before: target === undefined ? null : { min: target.min, max: target.max, desired: observed.desired },
    after: { ...plan.register, ...(suspended !== undefined && { suspended }) },
  });
  return undefined;
}

/** The wake alarm, and what was not put; remembered as asserted only once all of it is there. */
async function assertRest(
  shared: RunShared,
  turn: Turn,
  policies: PolicyChanges,
  isAllThere: boolean,
): Promise<Failure | undefined> {
  const failure = await assertOwnAlarm(shared.ports, turn);
  if (failure !== undefined || !isAllThere) return failure;
  announceNotApplied(shared, turn);
  turn.change((record) => ({ ...record, asserted: fingerprintOf(record), steered: policies.steered }));
  return undefined;
}

/** With every assertion, which is once for each version of the policy, incarnation and instance type. */
function announceNotApplied({ ports, run }: RunShared, turn: Turn): void {
  for (const spec of unknownUnits(turn.record)) {
    const detail = {
      policy: turn.record.policyName,
      reason: 'not-applied-yet',
      field: 'scaling',
      scaling: specName(spec),
      instanceType: turn.record.observed?.instanceType ?? null,
      why: whyNoUnits(spec),
    };
    ports.log.warn('a scaling policy cannot be put on this instance type', {
      endpoint: turn.record.endpoint,
      ...detail,
    });
    announce(ports, run, turn, 'Policy Not Applied', detail);
  }
}

async function changeDesired(
  { ports, run }: RunShared,
  turn: Turn,
  situation: Situation,
): Promise<Failure | undefined> {
  const { plan, observed } = situation;
  const { endpoint } = turn.record;
  const of = targetOf(turn.record);
  if (plan.desired === undefined || of === undefined) return undefined;
  const outcome = await ports.endpoints.setDesired(endpoint, of, plan.desired);
  if (!outcome.ok) return outcome.failure;
  noteRaise(turn, run.now, plan.desired, observed.serving);
  ports.log.count('CapacityChanges');
  // Asked for again after AWS had given it up: that was told, and nothing is news until it works.
  if (turn.record.cut?.to === plan.desired) return undefined;
  announce(ports, run, turn, 'Capacity Changed', {
    reason: plan.reason,
    before: { desired: observed.desired },
    after: { desired: plan.desired },
  });
  return undefined;
}

export function noteRaise(turn: Turn, now: number, to: number, serving: number, byTarget = false): void {
  if (to <= serving || turn.record.raising?.to === to) return;
  const raising = { at: now, to, ...(byTarget && ({ byTarget } as const)) };
  turn.change((record: FleetRecord) => ({ ...record, raising }));
}

function noteSuspended(suspended: Suspended): RecordChange {
  const some = suspended.in || suspended.out || suspended.scheduled;
  return ({ suspends: _, ...record }) => (some ? { ...record, suspends: true } : record);
}

function evidenceOf({ record }: Turn, situation: Situation): Evidence {
  const { ruling, observed, target, plan, policies, hold } = situation;
  const names = (policies?.put ?? []).map(({ name }) => name);
  return {
    ...ruling.evidence,
    status: observed.status,
    desired: observed.desired,
    serving: observed.serving,
    ...(target && { min: target.min, max: target.max }),
    ...(plan.register && { newMin: plan.register.min, newMax: plan.register.max }),
    ...(plan.desired !== undefined && { newDesired: plan.desired }),
    ...(plan.suspended && { suspended: nameSuspended(plan.suspended) }),
    ...(hold && { scaleIn: hold.suspend ? 'held back' : 'let go on' }),
    ...(plan.drain && { drainsTo: plan.drain.max }),
    ...(names.length > 0 && { policiesPut: names.join(',') }),
    ...((policies?.remove.length ?? 0) > 0 && { policiesRemoved: policies?.remove.join(',') ?? '' }),
    ...(record.protected && { protected: true }),
  };
}
