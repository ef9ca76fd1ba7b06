import type { CutRaise, Observed } from '../../domain/record.ts';
import { TROUBLE_REASONS } from '../../domain/scaling-activity.ts';
import { targetKeyOf } from '../../domain/target-view.ts';
import { type DurationMs, type Instant, iso, MINUTE } from '../../domain/time.ts';
import { tellTrouble } from './activities.ts';
import type { ComponentTrouble, RunShared, Turn } from './ports.ts';
import { announce, recordDecision } from './report.ts';
import type { Situation } from './tend.ts';
import { lookAgain } from './turn.ts';

/** Room may come back any minute; asking for it costs AWS an update of the component each time. */
const LONGEST_WAIT: DurationMs = 10 * MINUTE;
const ADVICE =
  'there is no room on the instances and their maximum is reached, or AWS has no more of the type: raise MaxInstanceCount ' +
  'in the endpoint config, or lower the copies in the policy';

/**
 * A component takes a raise and shows only afterwards that it comes to nothing: it is in service again with fewer copies
 * than were asked for, and says why. Told once for each number of copies.
 */
export function noteCut(shared: RunShared, turn: Turn, found: ComponentTrouble | undefined, observed: Observed): void {
  const { raising, cut } = turn.record;
  const isThere = cut !== undefined && observed.status === 'InService' && observed.serving >= cut.to;
  if (found === undefined || isThere) {
    if (cut === undefined) return;
    turn.change(({ cut: _, ...record }) => record);
    if (isThere) tellGiven(shared, turn, observed);
    return;
  }
  const gaveUp = raising !== undefined && observed.status === 'InService' && observed.desired < raising.to;
  const broke = observed.status === 'Failed' && cut === undefined;
  if (!gaveUp && !broke) return;
  const to = gaveUp ? raising.to : observed.desired;
  const again = cut?.to === to;
  const at = raising?.at ?? shared.run.now;
  const next: CutRaise = { to, at, times: again ? cut.times + 1 : 1, trouble: found.trouble };
  turn.change((record) => ({ ...record, cut: next }));
  if (again) return;
  tellTrouble(shared.ports, shared.run, turn, {
    trouble: found.trouble,
    resource: targetKeyOf(turn.record)?.resourceId ?? turn.record.endpoint,
    at: shared.run.now,
    what: gaveUp ? `Setting desired copies to ${to}` : 'Status Failed',
    cause: 'asked for by the scaler',
    message: found.message,
    ...(found.trouble === 'capacity' && { advice: ADVICE }),
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
