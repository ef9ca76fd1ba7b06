import type { Activity } from '../../domain/activity.ts';
import { isLeft, leaveTo } from '../../domain/drift.ts';
import { type CapacityInput, type CapacityPlan, planCapacity } from '../../domain/plan-capacity.ts';
import type { HoldPlan } from '../../domain/quiet.ts';
import type { FleetRecord, Observed } from '../../domain/record.ts';
import type { Ruling } from '../../domain/ruling.ts';
import { wakesByStep } from '../../domain/step-wake.ts';
import { targetKeyOf } from '../../domain/target-view.ts';
import { MINUTE } from '../../domain/time.ts';
import type { Failure } from '../../ports/outcome.ts';
import type { TargetView } from '../../ports/scaling.ts';
import { act } from './act.ts';
import { tellUntold } from './carry-out.ts';
import { noteCut, waitsAfterCut } from './cut-raises.ts';
import { demandBacklog, demandCopies, readActivity } from './demand.ts';
import { judgeEach } from './drift.ts';
import { giveBack } from './give-back.ts';
import { holdPlan, type InFlight, readInFlight, rememberHold, waitingInput } from './in-flight.ts';
import { type JudgedTarget, judgeLateness, noteScaleOut } from './lateness.ts';
import { observe } from './observe.ts';
import type { RunShared, Turn } from './ports.ts';
import { judgeExpiry } from './queues.ts';
import { recordDecision } from './report.ts';
import { demandedBy, rule, ruleView } from './rule.ts';
import { fingerprintOf, hasScaling, type PolicyChanges, readPolicyChanges } from './scaling-policies.ts';
import { settle, withoutSettled } from './settle.ts';
import { tendWeights } from './tend-weights.ts';
import { isFirstOf, lookAgain, nextTick, targetIn, targetTurns } from './turn.ts';

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
  /** Of several targets one speaks of what the endpoint runs. */
  readonly isFirst: boolean;
  /** Of a scale-in that waits for what is in flight; absent: none does. */
  readonly hold?: HoldPlan | undefined;
}

/** What was read of the endpoint's use. */
interface Looks {
  readonly activity: Activity | undefined;
  readonly inFlight: InFlight | undefined;
}

/** One endpoint that is up: observe, decide, act, record. Its own failures end here as decisions. */
export async function tend(shared: RunShared, turn: Turn): Promise<void> {
  const { ports, run, sweep } = shared;
  const observed = await observe(ports, run.now, turn, sweep);
  if (observed === undefined || isLeased(shared, turn)) return lookAgain(turn, run.now, nextTick(shared));
  const ruling = rule(shared, turn.record);
  judgeExpiry(shared, turn, ruling, observed);
  if (ruling.reason === 'give-back') {
    for (const one of targetTurns(turn)) if (one.record.settled !== undefined) one.change(withoutSettled);
    const failure = await giveBack(shared, turn, ruling, observed);
    return failure === undefined ? undefined : refuse(shared, turn, failure, ruling);
  }
  if (turn.record.policy === undefined) return refuseUnsaid(shared, turn);
  if (!(await judgeEach(shared, turn, ruling))) return;
  if (turn.record.kind !== 'components') await demandBacklog(ports, run.now, turn, ruling.bounds, observed.desired);
  const decided = await decideEach(shared, turn, ruling);
  if (decided.length === 0) return refuseUnsaid(shared, turn);
  const again = rule(shared, turn.record);
  noteLead(shared, turn, again);
  judgeLateness(shared, turn, judgedTargets(shared, turn, { ruling: again, observed }, decided));
  let moving = false;
  for (const one of raisesFirst(decided)) moving = (await carryOutOne(shared, one, moving)) || moving;
  if (turn.record.targets === undefined) return;
  tellUntold(shared, turn, { observed, target: undefined, policies: undefined });
  const failure = await tendWeights(shared, turn, again, moving);
  if (failure !== undefined) refuse(shared, turn, failure, again);
}

/** The documents say nothing of what the endpoint has now. */
function refuseUnsaid({ ports, run }: RunShared, turn: Turn): void {
  const problem = turn.record.invalid?.problem ?? 'no valid policy yet';
  recordDecision(ports, run, turn, { decision: 'refuse', reason: 'policy-invalid', evidence: { problem } });
  lookAgain(turn, run.now, run.now + RECHECK);
}

/** What was decided for one scalable target, on its view of the record. */
type Decided = { readonly turn: Turn } & (({ readonly situation: Situation } & Looks) | { readonly failure: Failure });

/** One decision for each scalable target; an endpoint with one has one. */
async function decideEach(shared: RunShared, whole: Turn, ruling: Ruling): Promise<readonly Decided[]> {
  const all: Decided[] = [];
  const judge: Judge = (record) => ruleView(shared, ruling, record);
  for (const turn of targetTurns(whole)) {
    const { observed, policy } = turn.record;
    // Not compiled yet: the documents say nothing about this target.
    if (observed === undefined || policy === undefined) continue;
    const { part } = turn.record;
    const found = part?.dimension === 'copies' ? whole.troubles?.get(part.name) : whole.trouble;
    noteCut(shared, turn, { observed, reason: ruling.reason, found });
    await noteScaleOut(shared, turn, observed);
    if (turn.record.part?.dimension === 'copies') {
      const isTurnedAway = whole.turnedAway?.has(turn.record.part.name) === true;
      await demandCopies(shared.ports, shared.run.now, turn, isTurnedAway, judge(turn.record).bounds);
    }
    const decided = await decide(shared, turn, observed, judge, isFirstOf(whole, turn));
    if ('situation' in decided) {
      tellUntold(shared, turn, decided.situation);
      if (whole.record.targets !== undefined) noteLead(shared, turn, decided.situation.ruling);
    }
    all.push({ turn, ...decided });
  }
  return all;
}

function judgedTargets(
  shared: RunShared,
  { record }: Turn,
  whole: { readonly ruling: Ruling; readonly observed: Observed },
  decided: readonly Decided[],
): readonly JudgedTarget[] {
  if (record.targets === undefined) return [{ record, ...whole }];
  return decided.flatMap(({ turn }) => {
    const { observed } = turn.record;
    if (observed === undefined) return [];
    return [{ record: turn.record, ruling: ruleView(shared, whole.ruling, turn.record), observed }];
  });
}

/** Nobody waits for a scale-in to end. */
function raisesFirst(decided: readonly Decided[]): readonly Decided[] {
  const isRaise = (one: Decided): boolean => {
    if ('failure' in one) return false;
    const { plan, observed } = one.situation;
    return Math.max(plan.desired ?? 0, plan.register?.min ?? 0) > observed.desired;
  };
  return [...decided.filter(isRaise), ...decided.filter((one) => !isRaise(one))];
}

/**
 * Answers whether capacity is moving now. AWS changes the instances of one variant at a time and refuses everything else
 * meanwhile: with one on its way the next one's turn comes when the endpoint is in service again.
 */
async function carryOutOne(shared: RunShared, one: Decided, moving: boolean): Promise<boolean> {
  const { turn } = one;
  const { now } = shared.run;
  if ('failure' in one) {
    refuse(shared, turn, one.failure, rule(shared, turn.record));
    return false;
  }
  const { situation } = one;
  const moves = movesCapacity(situation);
  if (moves && moving && isSerial(turn)) {
    const evidence = { ...situation.ruling.evidence, waitsFor: 'another variant of the endpoint' };
    recordDecision(shared.ports, shared.run, turn, { decision: 'keep', reason: 'in-progress', evidence });
    lookAgain(turn, now, nextTick(shared));
    return false;
  }
  if (waitsAfterCut(shared, turn, situation)) return false;
  rememberHold(shared, turn, situation);
  const failure = await act(shared, turn, situation);
  if (failure !== undefined) {
    refuse(shared, turn, failure, situation.ruling);
    return false;
  }
  const isDone = situation.plan.register === undefined || situation.ruling.reportOnly;
  if (isDone && situation.ruling.want !== 'hands-off') settle(shared, turn, situation);
  lookAgain(turn, now, nextLook(shared, turn, situation, one));
  return moves && !situation.ruling.reportOnly;
}

/** Components are changed each by itself. */
function isSerial({ record }: Turn): boolean {
  return record.part?.dimension !== 'copies';
}

function movesCapacity({ plan, observed }: Situation): boolean {
  if (plan.desired !== undefined) return true;
  const { register } = plan;
  return register !== undefined && (observed.desired < register.min || observed.desired > register.max);
}

type Judge = (record: FleetRecord) => Ruling;

async function decide(
  shared: RunShared,
  turn: Turn,
  observed: Observed,
  judge: Judge,
  isFirst: boolean,
): Promise<({ situation: Situation } & Looks) | { failure: Failure }> {
  const { ports, run } = shared;
  const key = targetKeyOf(turn.record);
  const target = targetIn(shared, turn);
  const asksForAsserting = turn.record.asserted !== fingerprintOf(turn.record) || isTargetLost(turn, target);
  const mayAssert = turn.record.giveBack === undefined && judge(turn.record).want !== 'hands-off';
  let policies: PolicyChanges | undefined;
  if (asksForAsserting && mayAssert && observed.status === 'InService' && key !== undefined) {
    const read = await readPolicyChanges(ports, turn);
    if (!read.ok) return { failure: read.failure };
    policies = read.value;
  }
  // Asynchronous endpoints and components are brought to zero here, and their demand ends here.
  const reachesZero = turn.record.kind === 'async' || turn.record.kind === 'components';
  const endsDemand = reachesZero && turn.record.demand.length > 0 && observed.desired > 0;
  let activity = endsDemand ? await readActivity(ports, run.now, turn) : undefined;
  let inFlight: InFlight | undefined;
  const planNow = () => planFor(shared, turn, judge(turn.record), { observed, target, policies, activity, inFlight });
  let planned = planNow();
  if (planned.plan.needsActivity && reachesZero) {
    activity = await readActivity(ports, run.now, turn);
    planned = planNow();
  }
  if (asksForWork(shared, turn, target, planned)) {
    inFlight = await readInFlight(shared, turn);
    planned = planNow();
  }
  const ruling = judge(turn.record);
  return { situation: { observed, target, ruling, policies, isFirst, ...planned }, activity, inFlight };
}

function isTargetLost({ record }: Turn, target: TargetView | undefined): boolean {
  return target === undefined && (hasScaling(record) || wakesByStep(record)) && !isLeft(record, 'target');
}

function planFor(
  shared: RunShared,
  turn: Turn,
  ruling: Ruling,
  { observed, target, policies, activity, inFlight }: Looks & Pick<Situation, 'observed' | 'target' | 'policies'>,
): Pick<Situation, 'plan' | 'hold'> {
  const { record } = turn;
  const hold = holdPlan(shared, record, { ruling, target, observed }, inFlight?.work);
  const input: CapacityInput = {
    now: shared.run.now,
    kind: record.kind,
    ruling,
    status: observed.status,
    desired: observed.desired,
    demanded: demandedBy(record, ruling),
    target,
    ...waitingInput(record, ruling, target, hold),
    scales: hasScaling(record),
    wakesByStep: wakesByStep(record),
    stranded: turn.stranded,
    steered: policies?.steered ?? record.steered ?? false,
    highestMax: record.policy?.highestMax,
    drain: record.drain,
    activity: activity?.verdict,
    work: inFlight?.work,
  };
  return { plan: planCapacity(leaveTo(input, record)), hold };
}

/** A look for another reason, before it can have become quiet, changes nothing of a scale-in that is held back. */
function asksForWork(
  { run }: RunShared,
  { record: { scaleIn, nextAt, observed } }: Turn,
  target: TargetView | undefined,
  { plan, hold }: Pick<Situation, 'plan' | 'hold'>,
): boolean {
  if (observed?.status !== 'InService') return false;
  const tooEarly = target?.suspended.in === true && scaleIn?.since !== undefined && nextAt.scaling > run.now;
  return plan.needsWork === true || (hold?.needsWork === true && !tooEarly);
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
  { observed, plan, ruling, hold }: Situation,
  { activity, inFlight }: Looks,
): number {
  const { run } = shared;
  const next = [ruling.until];
  const changing = plan.register !== undefined || plan.desired !== undefined || observed.status !== 'InService';
  const drains = record.drain !== undefined && inFlight === undefined;
  const waiting = record.raising !== undefined || drains || record.late !== undefined;
  if (changing || waiting) next.push(nextTick(shared));
  // While it may scale in, somebody may come any minute.
  if (hold?.suspend === false) next.push(nextTick(shared));
  else if (inFlight !== undefined) next.push(inFlight.lookAt);
  if (activity !== undefined && activity.verdict !== 'idle') next.push(Math.max(activity.idleAt, run.now + MINUTE));
  return Math.min(...next);
}
