import { METRIC_DELAY } from '../../domain/activity.ts';
import { type CapacityInput, heldDownBy, suspendedBy } from '../../domain/plan-capacity.ts';
import {
  type HoldPlan,
  holdScaleIn,
  isTimeToTell,
  judgeLongWork,
  judgeQuiet,
  QUIET_FOR,
  suspensionWanted,
  type Work,
  workOf,
} from '../../domain/quiet.ts';
import type { FleetRecord, HeldScaleIn, Observed } from '../../domain/record.ts';
import type { Ruling } from '../../domain/ruling.ts';
import { type Instant, iso, MINUTE } from '../../domain/time.ts';
import type { TargetView } from '../../ports/scaling.ts';
import type { RunShared, Turn } from './ports.ts';
import { announce } from './report.ts';
import { hasScaling } from './scaling-policies.ts';

/** What is in flight at one endpoint, and when looking again can tell something else. */
export interface InFlight {
  readonly work: Work;
  readonly lookAt: Instant;
}

/** One call, and only where something could be taken away. */
export async function readInFlight({ ports, run }: RunShared, { record }: Turn): Promise<InFlight> {
  const { endpoint, observed, policy, variant, variants = [] } = record;
  const { now } = run;
  const names = variant === undefined ? variants : [variant];
  const answer = await ports.metrics.realTimeUse(endpoint, names, now - QUIET_FOR - 2 * METRIC_DELAY, now);
  if (!answer.ok) ports.log.count('CallsRefused');
  const usage = answer.ok ? ({ kind: 'real-time', variants: answer.value } as const) : undefined;
  if (policy?.scaleIn === undefined) {
    return { work: judgeLongWork(now, usage, observed?.serving ?? 1), lookAt: now + MINUTE };
  }
  const activity = judgeQuiet(now, observed?.inServiceSince, usage);
  if (activity.verdict === 'unknown') ports.log.count('UnknownActivity');
  return { work: workOf(activity), lookAt: Math.max(activity.idleAt, now + MINUTE) };
}

/** Of the policy's `scaleIn`; undefined: it says nothing, or nothing is done. */
export function holdPlan(
  { run }: RunShared,
  record: FleetRecord,
  { ruling, target, observed }: { ruling: Ruling; target: TargetView | undefined; observed: Observed },
  work: Work | undefined,
): HoldPlan | undefined {
  const { policy, scaleIn: held } = record;
  if (policy?.scaleIn === undefined || record.kind !== 'real-time') return undefined;
  if (target === undefined && !hasScaling(record)) return undefined;
  const min = Math.max(1, ruling.bounds?.min ?? (ruling.want === 'leave' ? (target?.min ?? 1) : 1));
  const { atMost } = policy.scaleIn;
  const { desired } = observed;
  return holdScaleIn({ now: run.now, atMost, held, desired, min, mayLower: ruling.mayLower, work });
}

/** What of the plan's input depends on work in flight. */
export function waitingInput(
  record: FleetRecord,
  ruling: Ruling,
  target: TargetView | undefined,
  hold: HoldPlan | undefined,
): Pick<CapacityInput, 'suspended' | 'holdsScaleIn' | 'waitsAtMost'> {
  const { policy } = record;
  const byRung = suspendedBy(ruling, record, target?.suspended);
  const heldBefore = record.scaleIn !== undefined;
  const heldDown = record.heldDown !== undefined;
  const suspended = suspensionWanted({
    byRung: ruling.want === 'leave' && !heldDown && (hold !== undefined || heldBefore) ? undefined : byRung,
    hold: hold?.suspend,
    heldBefore,
    now: target?.suspended,
  });
  return {
    suspended,
    holdsScaleIn: hold !== undefined || heldBefore || heldDown,
    ...(policy?.scaleIn && { waitsAtMost: policy.scaleIn.atMost ?? Number.POSITIVE_INFINITY }),
  };
}

/**
 * Remembered before anything is suspended, so that whoever comes after a run that died knows whose suspension it is;
 * forgotten once it is lifted and the policy says nothing of it any more.
 */
export function rememberHold(
  shared: RunShared,
  turn: Turn,
  { hold, target, ruling }: { hold?: HoldPlan | undefined; target: TargetView | undefined; ruling: Ruling },
): void {
  const { ports, run } = shared;
  const { scaleIn } = turn.record;
  if (ruling.reportOnly || ruling.want === 'hands-off') return;
  const heldDown = heldDownBy(ruling, turn.record, target?.suspended);
  if (heldDown?.out !== turn.record.heldDown?.out) {
    turn.change(({ heldDown: _, ...record }) => (heldDown === undefined ? record : { ...record, heldDown }));
  }
  if (hold === undefined) {
    const byRung = suspendedBy(ruling, turn.record, target?.suspended)?.in === true;
    const isLifted = target === undefined || !target.suspended.in || byRung;
    if (scaleIn === undefined || turn.record.policy?.scaleIn !== undefined || !isLifted) return;
    turn.change(({ scaleIn: _, ...record }) => record);
    return;
  }
  const tells = isTimeToTell(hold.held, run.now);
  const held: HeldScaleIn = tells ? { ...hold.held, toldAt: run.now } : hold.held;
  if (JSON.stringify(scaleIn) !== JSON.stringify(held)) turn.change((record) => ({ ...record, scaleIn: held }));
  if (!tells) return;
  announce(ports, run, turn, 'Scale In Waiting', {
    reason: 'in-flight',
    since: iso(held.since ?? run.now),
    atMost: null,
    why: 'it was never quiet since then; scaleIn: { when: quiet, atMost } bounds the wait',
  });
}
