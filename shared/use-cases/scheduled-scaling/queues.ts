import { lookAtQueue, mayExpire, nearsExpiry, queueLookEvery, queueWindow } from '../../domain/expiry.ts';
import { REQUEST_TTL } from '../../domain/kinds.ts';
import type { FleetRecord, Observed } from '../../domain/record.ts';
import type { Ruling } from '../../domain/ruling.ts';
import { wakesByStep } from '../../domain/step-wake.ts';
import { type DurationMs, type Instant, iso, MINUTE, SECOND } from '../../domain/time.ts';
import { listensTo } from '../wake-triggers.ts';
import type { RunShared, ScheduledScalingPorts, Turn } from './ports.ts';
import { announce } from './report.ts';
import { leadOf } from './rule.ts';

/** Apart from the other looks at the whole fleet, so that no tick makes all the calls. */
const LOOK_OFFSET = 5 * MINUTE;
/** What waits so long at zero was not seen by any alarm. */
const MISSED_AFTER = 10 * MINUTE;

/**
 * Looks into the queues of asynchronous endpoints, all in one read. Alarms tell of what waits at zero; a queue grows old
 * also under a hold, in a shortage, or behind too few instances.
 */
export async function readQueues(
  ports: ScheduledScalingPorts,
  now: Instant,
  turns: readonly Turn[],
  isFirstIn: (period: DurationMs, offset: DurationMs) => boolean,
): Promise<void> {
  const looked = turns.filter(({ record }) => {
    const isQueue = record.kind === 'async' && record.phase === 'up' && record.giveBack?.doneAt === undefined;
    return isQueue && isFirstIn(queueLookEvery(ttlOf(record)), LOOK_OFFSET);
  });
  if (looked.length === 0) return;
  const longest = Math.max(...looked.map(({ record }) => queueWindow(ttlOf(record))));
  const answer = await ports.metrics.queues(
    looked.map(({ record }) => record.endpoint),
    now - longest,
    now,
  );
  if (!answer.ok) {
    ports.log.count('CallsRefused');
    ports.log.warn('the queues could not be looked at; the next look tells', { ...answer.failure });
    return;
  }
  for (const turn of looked) {
    const series = answer.value.get(turn.record.endpoint);
    const { queuedSince, observed } = turn.record;
    const queue = series && lookAtQueue(series, { queuedSince, serving: observed?.serving ?? 0 });
    if (queue !== undefined) takeOver(now, turn, queue);
  }
}

function takeOver(now: Instant, turn: Turn, queue: NonNullable<Turn['queue']>): void {
  const { record } = turn;
  turn.queue = queue;
  const derived = queue === 'empty' || queue.measured ? undefined : queue.since;
  if (derived !== record.queuedSince) turn.change(withQueuedSince(derived));
  if (record.expiring !== undefined) turn.due = true;
  if (queue === 'empty') return;
  if (nearsExpiry({ now, ttl: ttlOf(record), queue })) turn.due = true;
  catchMissed(now, turn, queue.since);
}

function withQueuedSince(since: Instant | undefined) {
  return ({ queuedSince: _, ...record }: FleetRecord): FleetRecord =>
    since === undefined ? record : { ...record, queuedSince: since };
}

/** No alarm lifted it: it was lost, or the metric that it reads never came. */
function catchMissed(now: Instant, turn: Turn, since: Instant): void {
  const { record } = turn;
  const atZero = record.observed === undefined || record.observed.desired === 0;
  if (!atZero || !listensTo(record, 'backlog') || now - since < MISSED_AFTER) return;
  turn.backlogSince ??= since;
  turn.due = true;
  if (wakesByStep(record)) turn.stranded = true;
}

/** Callers choose it with each request, so that nobody but the policy can tell. */
function ttlOf({ policy }: FleetRecord): DurationMs {
  return policy?.wake.requestTtl ?? REQUEST_TTL;
}

/** Announced once, until the queue is young again. */
export function judgeExpiry(shared: RunShared, turn: Turn, ruling: Ruling, observed: Observed): void {
  const { ports, run } = shared;
  const { queue, record } = turn;
  if (queue === undefined) return;
  const ttl = ttlOf(record);
  if (queue === 'empty' || run.now - queue.since < ttl / 2) {
    if (record.expiring !== undefined) turn.change(({ expiring: _, ...rest }) => rest);
    if (queue === 'empty') return;
  }
  const startTakes = mayStart(ruling, record) ? leadOf(shared, record) : undefined;
  const { serving, lastModifiedTime: changedAt } = observed;
  const expires = mayExpire({ now: run.now, ttl, queue, serving, changedAt, startTakes });
  if (!expires || turn.record.expiring !== undefined) return;
  const detail = {
    reason: ruling.reason,
    oldestSeconds: Math.round((run.now - queue.since) / SECOND),
    measured: queue.measured,
    requestTtlSeconds: ttl / SECOND,
    expiresAt: iso(queue.since + ttl),
    backlog: queue.backlog ?? null,
    desired: observed.desired,
    serving,
    max: ruling.bounds?.max ?? null,
  };
  turn.change((fresh) => ({ ...fresh, expiring: { since: run.now } }));
  ports.log.warn('queued requests may expire before they are served', { endpoint: record.endpoint, ...detail });
  announce(ports, run, turn, 'Requests Expiring', detail);
}

function mayStart({ want, reason, bounds, reportOnly }: Ruling, { policy }: FleetRecord): boolean {
  if (policy === undefined || reportOnly || want === 'hands-off') return false;
  return reason !== 'hold-down' && bounds?.max !== 0;
}
