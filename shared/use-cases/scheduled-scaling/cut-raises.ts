import type { ReasonCode } from '../../domain/decision.ts';
import type { CutRaise, FleetRecord, Observed } from '../../domain/record.ts';
import { TROUBLE_REASONS } from '../../domain/scaling-activity.ts';
import { targetKeyOf, targetOf } from '../../domain/target-view.ts';
import { type DurationMs, HOUR, type Instant, iso, MINUTE } from '../../domain/time.ts';
import { tellTrouble } from './activities.ts';
import type { RaiseTrouble, RunShared, Turn } from './ports.ts';
import { announce, recordDecision } from './report.ts';
import { SETTLING } from './settle.ts';
import type { Situation } from './tend.ts';
import { lookAgain, nextTick } from './turn.ts';

/** Room may come back any minute; asking for it costs AWS an update of the endpoint or component each time. */
const LONGEST_WAIT: DurationMs = 10 * MINUTE;

/** What nobody has asked for so long is told anew when it fails again. */
const FORGOTTEN: DurationMs = HOUR;
const WORDS = {
  instances: 'instances',
  copies: 'copies',
  'provisioned-concurrency': 'provisioned concurrency',
} as const;
/** Whether AWS shows a reason of a change that failed is documented for an endpoint's update only. */
const NO_REASON: RaiseTrouble = { trouble: 'unknown', message: 'AWS tells no reason' };

/**
 * AWS takes a raise and shows only afterwards that it comes to nothing: the endpoint or component is in service again
 * with less than was asked for. Told once for each count; of what Application Auto Scaling was to bring its activity tells.
 */
export function noteCut(
  shared: RunShared,
  turn: Turn,
  { observed, reason, found = NO_REASON }: { observed: Observed; reason: ReasonCode; found: RaiseTrouble | undefined },
): void {
  const { raising, cut } = turn.record;
  // While the next attempt is under way nothing is known of it.
  if (observed.status !== 'InService' && observed.status !== 'Failed') return;
  const isThere = cut !== undefined && observed.status === 'InService' && observed.serving >= cut.to;
  const gaveUp =
    raising !== undefined && isGivenUp(turn.record, observed, shared.run.now) && isTold(turn.record, found);
  // Of a failed endpoint idle-windows tells.
  const broke = observed.status === 'Failed' && cut === undefined && ofComponent(turn.record);
  const isOver = cut !== undefined && observed.status === 'InService' && shared.run.now - cut.at > FORGOTTEN;
  if (isThere || (isOver && !gaveUp)) {
    turn.change(({ cut: _, ...record }) => record);
    if (isThere) tellGiven(shared, turn, observed, reason);
    return;
  }
  if (gaveUp || broke) remember(shared, turn, found, gaveUp ? raising : { at: shared.run.now, to: observed.desired });
}

/** A raise of ours that AWS has given up, as far as this look tells. */
export function isGivenUp(record: FleetRecord, { status, desired }: Observed, now: Instant): boolean {
  const { raising } = record;
  if (raising === undefined || status !== 'InService' || desired >= raising.to) return false;
  // Application Auto Scaling takes a moment to ask, and what it asks for shows a moment later.
  return ofComponent(record) || now - raising.at >= SETTLING;
}

/** Instances that came may have been scaled in before a run saw them: that they did not, only a reason of AWS's tells. */
function isTold(record: FleetRecord, found: RaiseTrouble): boolean {
  return ofComponent(record) || record.raising?.byTarget === true || found !== NO_REASON;
}

function ofComponent({ part }: FleetRecord): boolean {
  return part?.dimension === 'copies';
}

function remember(
  shared: RunShared,
  turn: Turn,
  { trouble, message }: RaiseTrouble,
  { at, to }: NonNullable<FleetRecord['raising']>,
): void {
  const { cut, observed, raising } = turn.record;
  const { dimension = 'instances' } = targetOf(turn.record) ?? {};
  const again = cut?.to === to;
  const next: CutRaise = { to, at, times: again ? cut.times + 1 : 1, trouble };
  turn.change((record) => ({ ...record, cut: next }));
  if (again || raising?.byTarget === true) return;
  tellTrouble(shared.ports, shared.run, turn, {
    trouble,
    resource: targetKeyOf(turn.record)?.resourceId ?? turn.record.endpoint,
    at: shared.run.now,
    what: observed?.status === 'Failed' ? 'Status Failed' : `Setting desired ${WORDS[dimension]} to ${to}`,
    cause: raising === undefined ? 'made or changed by somebody else' : 'asked for by the scaler',
    message,
  });
}

/** What was asked for in vain before has come: the raise that brought it was told of when it was first asked for. */
function tellGiven({ ports, run }: RunShared, turn: Turn, { desired, serving }: Observed, reason: ReasonCode): void {
  announce(ports, run, turn, 'Capacity Changed', { reason, before: null, after: { desired, serving } });
}

/** Bounds that stand already: registered once more, they have AWS pull capacity into them. */
export function isAskedAgain({ plan: { register, suspended }, target }: Pick<Situation, 'plan' | 'target'>): boolean {
  return suspended === undefined && register?.min === target?.min && register?.max === target?.max;
}

/** Whether as much as AWS has just given up, or more, is not asked for again yet. */
export function waitsAfterCut(shared: RunShared, turn: Turn, situation: Situation): boolean {
  const { plan, ruling } = situation;
  const { cut } = turn.record;
  const asked = plan.register === undefined ? plan.desired : plan.register.min;
  if (asked === undefined || (plan.register !== undefined && !isAskedAgain(situation))) return false;
  if (isUnderway(shared, turn, asked)) return true;
  if (cut === undefined || asked < cut.to) return false;
  const again = askedAgainAt(cut);
  if (again <= shared.run.now) return false;
  const evidence = { ...ruling.evidence, newDesired: asked, attempts: cut.times, nextTryAt: iso(again) };
  recordDecision(shared.ports, shared.run, turn, { decision: 'keep', reason: TROUBLE_REASONS[cut.trouble], evidence });
  lookAgain(turn, shared.run.now, again);
  return true;
}

/** Bounds that were registered a moment ago are not registered again before AWS can have acted on them. */
function isUnderway(shared: RunShared, turn: Turn, asked: number): boolean {
  const { raising } = turn.record;
  if (raising?.byTarget !== true || raising.to !== asked || shared.run.now - raising.at >= SETTLING) return false;
  const evidence = { newDesired: asked, askedAt: iso(raising.at) };
  recordDecision(shared.ports, shared.run, turn, { decision: 'keep', reason: 'in-progress', evidence });
  lookAgain(turn, shared.run.now, nextTick(shared));
  return true;
}

function askedAgainAt({ at, times }: CutRaise): Instant {
  return at + Math.min(LONGEST_WAIT, 2 ** Math.min(times, 10) * MINUTE);
}
