import { type Activity, judgeActivity, METRIC_DELAY } from '../../domain/activity.ts';
import { addDemand, endsDemand } from '../../domain/demand.ts';
import { idleForOf } from '../../domain/kinds.ts';
import { sizeForBacklog } from '../../domain/plan-capacity.ts';
import type { Bounds } from '../../domain/policy.ts';
import type { FleetRecord } from '../../domain/record.ts';
import { type Instant, MINUTE } from '../../domain/time.ts';
import type { MinuteSeries } from '../../ports/metrics.ts';
import type { ScheduledScalingPorts, Turn } from './ports.ts';

const BACKLOG_LOOK_BACK = 5 * MINUTE;

/** The newest size that CloudWatch shows; undefined: it shows none. */
export function newestBacklog(size: MinuteSeries): number | undefined {
  return size.at(-1)?.[1];
}

/** What a wake from zero may bring at most: the rung's max, in a zero or leave rung the policy's highest, or what somebody set and is left. */
export function wakeBounds({ policy, drift }: FleetRecord, bounds: Bounds | undefined): Bounds {
  const theirs = drift?.bounds;
  if (theirs !== undefined) return { min: Math.min(bounds?.min ?? 0, theirs.max), max: theirs.max };
  const highest = policy?.highestMax ?? Number.MAX_SAFE_INTEGER;
  if (bounds === undefined || bounds.max === 0) return { min: 0, max: bounds?.max ?? highest };
  return bounds;
}

/**
 * Stores the backlog that waits without capacity as a demand with its size. A stored one is a level: at zero it is read
 * again, since the queue may have emptied (or its requests expired) while a hold kept the endpoint down.
 */
export async function demandBacklog(
  ports: ScheduledScalingPorts,
  now: Instant,
  turn: Turn,
  bounds: Bounds | undefined,
  desired: number,
): Promise<void> {
  const { record, backlogSince } = turn;
  const stored = record.demand.find(({ source }) => source === 'backlog');
  // The step policy has lifted it meanwhile.
  const asked = turn.stranded === true && desired > 0 ? undefined : backlogSince;
  const since = asked ?? (desired === 0 ? stored?.since : undefined);
  if (since === undefined) return;
  const answer = await ports.metrics.backlog(record.endpoint, now - BACKLOG_LOOK_BACK, now);
  if (!answer.ok) {
    ports.log.count('CallsRefused');
    ports.log.warn('the backlog could not be read: one instance is asked for', { endpoint: record.endpoint });
  }
  const backlog = answer.ok ? (newestBacklog(answer.value.size) ?? 0) : 0;
  const others = record.demand.filter(({ source }) => source !== 'backlog');
  if (answer.ok && backlogSince === undefined && backlog === 0) {
    turn.change((fresh) => ({ ...fresh, demand: others }));
    return;
  }
  const { min, max } = wakeBounds(record, bounds);
  const count = sizeForBacklog(backlog, record.policy?.wake.backlogPerInstance, min, max);
  turn.change((fresh) => ({
    ...fresh,
    demand: addDemand(desired === 0 ? others : fresh.demand, { source: 'backlog', since, count }),
  }));
}

/** Judged over `idleFor`; unreadable metrics are unknown, and unknown is never idle. */
export async function readActivity(ports: ScheduledScalingPorts, now: Instant, turn: Turn): Promise<Activity> {
  const { record } = turn;
  const policy = record.policy;
  if (policy === undefined) throw new Error(`${record.endpoint}: activity without a policy`);
  const idleFor = idleForOf(record.kind, policy);
  const answer = await ports.metrics.backlog(record.endpoint, now - idleFor - 2 * METRIC_DELAY, now);
  const activity = judgeActivity({
    now,
    idleFor,
    inServiceSince: record.observed?.inServiceSince,
    usage: answer.ok ? { kind: 'async', ...answer.value } : undefined,
  });
  if (activity.verdict === 'unknown') ports.log.count('UnknownActivity');
  if (activity.verdict === 'idle' && endsDemand(record.demand, now, idleFor)) {
    turn.change((fresh) => ({ ...fresh, demand: [], lastIdleAt: now - METRIC_DELAY }));
  }
  return activity;
}
