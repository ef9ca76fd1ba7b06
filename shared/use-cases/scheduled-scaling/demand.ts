import { type Activity, judgeActivity, METRIC_DELAY, type Usage } from '../../domain/activity.ts';
import { addDemand, endsDemand } from '../../domain/demand.ts';
import { idleForOf } from '../../domain/kinds.ts';
import { PER_COPY_METRIC } from '../../domain/metric-names.ts';
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

/**
 * Stores that requests to an inference component fail for want of a copy, with the count that bears them. Nobody keeps
 * asking for ever: at zero, what was asked for longer than `idleFor` ago and not since is asked no more.
 */
export async function demandCopies(
  ports: ScheduledScalingPorts,
  now: Instant,
  turn: Turn,
  isTurnedAway: boolean,
  bounds: Bounds | undefined,
): Promise<void> {
  const { part, policy, demand, kind, observed } = turn.record;
  if (part === undefined || policy === undefined) return;
  const target = part.name;
  const stored = demand.find((one) => one.source === 'request' && one.target === target);
  if (!isTurnedAway) {
    const isOver = stored !== undefined && now - stored.renewedAt > idleForOf(kind, policy);
    if (observed?.desired !== 0 || !isOver) return;
    turn.change((fresh) => ({ ...fresh, demand: fresh.demand.filter((one) => one.target !== target) }));
    return;
  }
  const answer = await ports.metrics.componentUse(target, now - BACKLOG_LOOK_BACK, now);
  if (!answer.ok) {
    ports.log.count('CallsRefused');
    ports.log.warn('the requests could not be read: one copy is asked for', { endpoint: turn.record.endpoint, target });
  }
  const failures = answer.ok ? busiestMinute(answer.value.failures) : 0;
  const count = copiesFor(turn.record, bounds, failures);
  turn.change((fresh) => ({
    ...fresh,
    demand: addDemand(fresh.demand, { source: 'request', target, since: now, count }),
  }));
}

export function busiestMinute(series: MinuteSeries): number {
  return Math.max(0, ...series.map(([, value]) => value));
}

/** Copies for so many requests a minute, where a scaling target tells what one bears; else the least that is allowed. */
export function copiesFor(record: FleetRecord, bounds: Bounds | undefined, requests: number): number {
  const { min, max } = wakeBounds(record, bounds);
  const tracking = record.policy?.scaling.find(
    (spec) => spec.kind === 'target-tracking' && spec.source === undefined && spec.metric === PER_COPY_METRIC,
  );
  const perCopy = tracking?.kind === 'target-tracking' ? tracking.target : undefined;
  return sizeForBacklog(requests, perCopy, min, max);
}

/** Judged over `idleFor`; unreadable metrics are unknown, and unknown is never idle. */
export async function readActivity(ports: ScheduledScalingPorts, now: Instant, turn: Turn): Promise<Activity> {
  const { record } = turn;
  const policy = record.policy;
  if (policy === undefined) throw new Error(`${record.endpoint}: activity without a policy`);
  const idleFor = idleForOf(record.kind, policy);
  const usage = await readUsage(ports, record, now - idleFor - 2 * METRIC_DELAY, now);
  const activity = judgeActivity({
    now,
    idleFor,
    inServiceSince: record.observed?.inServiceSince,
    usage,
  });
  if (activity.verdict === 'unknown') ports.log.count('UnknownActivity');
  if (activity.verdict === 'idle' && endsDemand(record.demand, now, idleFor)) {
    turn.change((fresh) => ({ ...fresh, demand: [], lastIdleAt: now - METRIC_DELAY }));
  }
  return activity;
}

/** Undefined: the metrics could not be read. */
async function readUsage(
  { metrics }: ScheduledScalingPorts,
  { endpoint, part }: FleetRecord,
  from: Instant,
  to: Instant,
): Promise<Usage | undefined> {
  if (part?.dimension === 'copies') {
    const use = await metrics.componentUse(part.name, from, to);
    return use.ok ? { kind: 'components', ...use.value } : undefined;
  }
  const backlog = await metrics.backlog(endpoint, from, to);
  return backlog.ok ? { kind: 'async', ...backlog.value } : undefined;
}
