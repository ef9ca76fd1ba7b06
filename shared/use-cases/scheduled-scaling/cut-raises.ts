import type { CutRaise, FleetRecord, Observed } from '../../domain/record.ts';
import { TROUBLE_REASONS } from '../../domain/scaling-activity.ts';
import { targetKeyOf } from '../../domain/target-view.ts';
import { type DurationMs, HOUR, type Instant, iso, MINUTE } from '../../domain/time.ts';
import { tellTrouble } from './activities.ts';
import type { ComponentTrouble, RunShared, Turn } from './ports.ts';
import { announce, recordDecision } from './report.ts';
import type { Situation } from './tend.ts';
import { lookAgain } from './turn.ts';

/** Room may come back any minute; asking for it costs AWS an update of the component each time. */
const LONGEST_WAIT: DurationMs = 10 * MINUTE;

/** What nobody has asked for so long is told anew when it fails again. */
const FORGOTTEN: DurationMs = HOUR;
/** Whether AWS shows a reason other than with status Failed is not documented. */
const NO_REASON: ComponentTrouble = { trouble: 'unknown', message: 'AWS tells no reason' };

/**
 * A component takes a raise and shows only afterwards that it comes to nothing: it is in service again with fewer copies
 * than were asked for. Told once for each number of copies.
 */
export function noteCut(shared: RunShared, turn: Turn, observed: Observed, found: ComponentTrouble = NO_REASON): void {
  const { raising, cut } = turn.record;
  // While the next attempt is under way nothing is known of it.
  if (observed.status !== 'InService' && observed.status !== 'Failed') return;
  const isThere = cut !== undefined && observed.status === 'InService' && observed.serving >= cut.to;
  const gaveUp = raising !== undefined && observed.status === 'InService' && observed.desired < raising.to;
  const broke = observed.status === 'Failed' && cut === undefined;
  const isOver = cut !== undefined && observed.status === 'InService' && shared.run.now - cut.at > FORGOTTEN;
  if (isThere || (isOver && !gaveUp)) {
    turn.change(({ cut: _, ...record }) => record);
    if (isThere) tellGiven(shared, turn, observed);
    return;
  }
  if (gaveUp || broke) remember(shared, turn, found, gaveUp ? raising : { at: shared.run.now, to: observed.desired });
}

function remember(
  shared: RunShared,
  turn: Turn,
  { trouble, message }: ComponentTrouble,
  { at, to }: NonNullable<FleetRecord['raising']>,
): void {
  const { cut, observed, raising } = turn.record;
  const again = cut?.to === to;
  const next: CutRaise = { to, at, times: again ? cut.times + 1 : 1, trouble };
  turn.change((record) => ({ ...record, cut: next }));
  if (again) return;
  tellTrouble(shared.ports, shared.run, turn, {
    trouble,
    resource: targetKeyOf(turn.record)?.resourceId ?? turn.record.endpoint,
    at: shared.run.now,
    what: observed?.status === 'Failed' ? 'Status Failed' : `Setting desired copies to ${to}`,
    cause: raising === undefined ? 'made or changed by somebody else' : 'asked for by the scaler',
    message,
  });
}

/** What was asked for in vain before has come: the raise that brought it was told of when it was first asked for. */
function tellGiven({ ports, run }: RunShared, turn: Turn, { desired, serving }: Observed): void {
  const reason = turn.record.lastScaling?.reason ?? 'window';
  announce(ports, run, turn, 'Capacity Changed', { reason, before: null, after: { desired, serving } });
}

/** Whether as many copies as AWS has just given up, or more, are not asked for again yet. */
export function waitsAfterCut(shared: RunShared, turn: Turn, { plan, ruling }: Situation): boolean {
  const { cut } = turn.record;
  if (cut === undefined || plan.desired === undefined || plan.register !== undefined || plan.desired < cut.to)
    return false;
  const again = askedAgainAt(cut);
  if (again <= shared.run.now) return false;
  const evidence = { ...ruling.evidence, newDesired: plan.desired, attempts: cut.times, nextTryAt: iso(again) };
  recordDecision(shared.ports, shared.run, turn, { decision: 'keep', reason: TROUBLE_REASONS[cut.trouble], evidence });
  lookAgain(turn, shared.run.now, again);
  return true;
}

function askedAgainAt({ at, times }: CutRaise): Instant {
  return at + Math.min(LONGEST_WAIT, 2 ** Math.min(times, 10) * MINUTE);
}
