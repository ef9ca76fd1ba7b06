import { METRIC_DELAY } from './activity.ts';
import { type DurationMs, type Instant, MINUTE } from './time.ts';

/** Values by minute, ascending. */
type Series = readonly (readonly [Instant, number])[];

export interface QueueSeries {
  /** Seconds that the oldest request has waited. */
  readonly age: Series;
  readonly size: Series;
}

/** What is known of a queue that holds something; `empty`: it holds nothing; undefined: nobody can tell. */
export type QueueLook =
  | 'empty'
  | {
      /** When the oldest request came. */
      readonly since: Instant;
      readonly backlog: number | undefined;
      /** AWS told its age; else it is derived from how long the queue has not been empty. */
      readonly measured: boolean;
      /** It has waited longer before: what serves is ahead of what comes. */
      readonly falling: boolean;
    };

const LEAD_AT_LEAST = 10 * MINUTE;
const LOOK_AT_MOST = 15 * MINUTE;
/** A usual wake: the alarm, the run, and a start. Of the start the lead knows. */
const WAKE_BEGINS_WITHIN = 5 * MINUTE;
const SHOWS_AFTER = 5 * MINUTE;

/** So long before the oldest request expires that is announced: a quarter of its life, ten minutes at least. */
export function expiryLead(ttl: DurationMs): DurationMs {
  return Math.min(ttl, Math.max(LEAD_AT_LEAST, ttl / 4));
}

/** How often the queue is looked at; rare enough to cost nothing, often enough to keep the lead. */
export function queueLookEvery(ttl: DurationMs): DurationMs {
  return Math.min(LOOK_AT_MOST, Math.max(MINUTE, expiryLead(ttl) / 4));
}

/** Long enough to meet the last look. */
export function queueWindow(ttl: DurationMs): DurationMs {
  return queueLookEvery(ttl) + 2 * METRIC_DELAY;
}

/** `queuedSince`: since when earlier looks derived it. `serving`: what is in process is counted as backlog, too. */
export function lookAtQueue(
  { age, size }: QueueSeries,
  { queuedSince, serving }: { readonly queuedSince?: Instant | undefined; readonly serving: number },
): QueueLook | undefined {
  const [newestAge, newestSize] = [age.at(-1), size.at(-1)];
  if (newestAge === undefined && newestSize === undefined) return undefined;
  const backlog = newestSize?.[1];
  if (newestAge !== undefined && newestAge[1] > 0) {
    const [minute, seconds] = newestAge;
    const since = minute + MINUTE - seconds * 1_000;
    return { since, backlog, measured: true, falling: isFalling(age) };
  }
  if (backlog === undefined || backlog === 0 || (newestAge !== undefined && serving > 0)) return 'empty';
  const lastEmpty = size.findLast(([, value]) => value === 0);
  const [first] = size;
  const since = lastEmpty === undefined ? (queuedSince ?? first?.[0]) : lastEmpty[0] + MINUTE;
  return { since: since ?? 0, backlog, measured: false, falling: isFalling(size) };
}

function isFalling(series: Series): boolean {
  const newest = series.at(-1)?.[1] ?? 0;
  return series.some(([, value]) => value > newest);
}

export interface ExpiryInput {
  readonly now: Instant;
  readonly ttl: DurationMs;
  readonly queue: Exclude<QueueLook, 'empty'>;
  readonly serving: number;
  /** When capacity last changed: its effect shows later. */
  readonly changedAt: Instant;
  /** What a start takes; undefined: nothing may start now. */
  readonly startTakes: DurationMs | undefined;
}

/** Whether the oldest request has waited so long that it is to be announced before the next look. */
export function nearsExpiry({ now, ttl, queue }: Pick<ExpiryInput, 'now' | 'ttl' | 'queue'>): boolean {
  return now - queue.since >= ttl - expiryLead(ttl) - queueLookEvery(ttl);
}

/** Whether it could expire before it is served. */
export function mayExpire(input: ExpiryInput): boolean {
  const { now, ttl, queue, serving, changedAt, startTakes } = input;
  if (!nearsExpiry(input)) return false;
  // Whatever serves takes the oldest first: only a queue that grows older all the same is in danger.
  if (serving > 0) return !queue.falling && now - queue.since >= ttl / 2 && now - changedAt >= SHOWS_AFTER;
  if (startTakes === undefined) return true;
  // A wake as it usually goes serves it in time: only once it has not come is anything wrong.
  const servedBy = queue.since + WAKE_BEGINS_WITHIN + startTakes;
  return servedBy > queue.since + ttl || now >= servedBy;
}
