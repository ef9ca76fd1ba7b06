import { type Activity, judgeActivity, METRIC_DELAY, type Usage } from './activity.ts';
import type { Suspended } from './plan-capacity.ts';
import type { HeldScaleIn } from './record.ts';
import { DAY, type DurationMs, type Instant, MINUTE } from './time.ts';

/** Whether requests are in flight that a scale-in would cut; unknown is never none. */
export type Work = 'none' | 'some' | 'unknown';

/** Nothing may be in flight for so long, ending where metrics are late, before scale-in is let go on. */
export const QUIET_FOR: DurationMs = 5 * MINUTE;
/** So long it is let go on after it has waited as long as the policy says: alarms that ring are acted on each minute. */
const OPEN_FOR: DurationMs = 20 * MINUTE;
/** What short requests explain shows in the minutes around the newest ones that CloudWatch has. */
const LOOK_BACK: DurationMs = 2 * MINUTE;

type RealTimeUse = Extract<Usage, { kind: 'real-time' }>;

/** Under `scaleIn: when-quiet`: any request counts, and minutes without data are unknown. */
export function judgeQuiet(now: Instant, inServiceSince: Instant | undefined, usage: Usage | undefined): Activity {
  return judgeActivity({ now, idleFor: QUIET_FOR, inServiceSince, usage });
}

export function workOf({ verdict }: Pick<Activity, 'verdict'>): Work {
  if (verdict === 'idle') return 'none';
  return verdict === 'active' ? 'some' : 'unknown';
}

/**
 * Whether anything in flight lasts for over a minute. Short requests need no waiting for: an instance that goes answers
 * them first. Of those, no more can be in flight in a minute than invocations are counted in it and beside it, whether
 * at their begin or at their end; `instances` report one maximum each, so that their product is the most there can be.
 */
export function judgeLongWork(now: Instant, usage: RealTimeUse | undefined, instances: number): Work {
  if (usage === undefined || usage.variants.length === 0) return 'unknown';
  const newest = Math.floor(now / MINUTE) * MINUTE - METRIC_DELAY;
  const verdicts = usage.variants.map(({ invocations, concurrency }): Work => {
    const counted = new Map(invocations);
    if (!counted.has(newest - MINUTE) && !counted.has(newest)) return 'unknown';
    const recent = concurrency.filter(([at, value]) => at >= newest - LOOK_BACK && value > 0);
    const isLong = recent.some(([at, value]) => {
      const around = [at - MINUTE, at, at + MINUTE].map((minute) => counted.get(minute) ?? 0);
      return value * instances > around.reduce((sum, count) => sum + count, 0);
    });
    return isLong ? 'some' : 'none';
  });
  if (verdicts.includes('some')) return 'some';
  return verdicts.includes('unknown') ? 'unknown' : 'none';
}

export interface HoldInput {
  readonly now: Instant;
  /** Absent: for as long as it takes. */
  readonly atMost?: DurationMs | undefined;
  readonly held: HeldScaleIn | undefined;
  readonly desired: number;
  /** The least that may be left. */
  readonly min: number;
  readonly mayLower: boolean;
  /** Absent: not read yet. */
  readonly work: Work | undefined;
}

export interface HoldPlan {
  /** Application Auto Scaling must not scale in. */
  readonly suspend: boolean;
  /** Depends on work that was not given. */
  readonly needsWork: boolean;
  readonly held: HeldScaleIn;
}

/**
 * Scale-in is held back by default, so that what was not seen yet is safe; it is let go on only while nothing is in
 * flight and there is something to take, or once it has waited as long as the policy lets it.
 */
export function holdScaleIn({ now, atMost, held = {}, desired, min, mayLower, work }: HoldInput): HoldPlan {
  if (desired <= min || !mayLower) return { suspend: true, needsWork: false, held: {} };
  const { open } = held;
  if (open !== undefined && desired >= open.desired && now - open.since < OPEN_FOR) {
    return { suspend: false, needsWork: false, held };
  }
  if (work === undefined) return { suspend: true, needsWork: true, held };
  if (work === 'none') return { suspend: false, needsWork: false, held: {} };
  // After it was let go on it waits anew.
  const since = open === undefined ? (held.since ?? now) : now;
  if (atMost !== undefined && now - since >= atMost) {
    return { suspend: false, needsWork: false, held: { since, open: { since: now, desired } } };
  }
  const told = open === undefined && held.toldAt !== undefined ? { toldAt: held.toldAt } : {};
  return { suspend: true, needsWork: false, held: { since, ...told } };
}

/** It waits for a day already, and nobody has been told today. */
export function isTimeToTell(held: HeldScaleIn, now: Instant): boolean {
  if (held.since === undefined || held.open !== undefined) return false;
  return now - Math.max(held.since, held.toldAt ?? 0) >= DAY;
}

export interface SuspensionInput {
  /** What the rung in force suspends; undefined: that is the owner's business. */
  readonly byRung: Suspended | undefined;
  /** Undefined: the policy does not hold scale-in back. */
  readonly hold: boolean | undefined;
  /** Scale-in was held back under an earlier version of the policy. */
  readonly heldBefore: boolean;
  readonly now: Suspended | undefined;
}

/** What is to be suspended; of what the policy says nothing of, whatever is suspended now stays so. */
export function suspensionWanted({ byRung, hold, heldBefore, now }: SuspensionInput): Suspended | undefined {
  if (hold === undefined && !heldBefore) return byRung;
  const { out, scheduled } = byRung ?? now ?? { out: false, scheduled: false };
  return { in: hold === true || byRung?.in === true, out, scheduled };
}
