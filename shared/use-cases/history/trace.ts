import { type Instant, MINUTE } from '../../domain/time.ts';
import type { MinuteSeries } from '../../ports/metrics.ts';
import type { Outcome } from '../../ports/outcome.ts';
import type { TrafficHistory } from '../../ports/traffic-history.ts';

/** Requests by minute from an instant on, and the minutes of which CloudWatch says nothing. */
export interface Trace {
  readonly from: Instant;
  /** One a minute; undefined: there is no datapoint. */
  readonly counts: readonly (number | undefined)[];
  readonly gaps: readonly Gap[];
  /** Worked out from a queue's size and what left it, since nothing counts what arrives. */
  readonly estimated: boolean;
}

/** [from, to) */
export interface Gap {
  readonly from: Instant;
  readonly to: Instant;
}

export interface Traced {
  readonly name: string;
  readonly kind: 'real-time' | 'async';
  readonly variants: readonly string[];
}

/** The endpoint's own requests in [from, to), both on a minute. Gaps are told, never filled. */
export async function readTrace(
  history: TrafficHistory,
  { name, kind, variants }: Traced,
  from: Instant,
  to: Instant,
): Promise<Outcome<Trace>> {
  if (kind === 'real-time') {
    const series = await history.invocations(name, variants, from, to);
    return series.ok ? { ok: true, value: traceOf(sumUp(series.value, from, to), from, false) } : series;
  }
  // A minute more: what arrived in the first one is its size above that of the one before.
  const queue = await history.queue(name, variants[0] ?? '', from - MINUTE, to);
  if (!queue.ok) return queue;
  return { ok: true, value: traceOf(arrivals(queue.value, from, to), from, true) };
}

function minutesOf(from: Instant, to: Instant): number {
  return Math.round((to - from) / MINUTE);
}

/** A minute counts only where every variant has a point. */
function sumUp(series: readonly MinuteSeries[], from: Instant, to: Instant): (number | undefined)[] {
  const byMinute = series.map((points) => new Map(points));
  return Array.from({ length: minutesOf(from, to) }, (_, index) => {
    const values = byMinute.map((points) => points.get(from + index * MINUTE));
    if (values.length === 0 || values.includes(undefined)) return undefined;
    return Math.round(values.reduce<number>((sum, value) => sum + (value ?? 0), 0));
  });
}

/**
 * Arrived = growth of the backlog + processed + expired. The backlog's maximum of a minute is above its end, so a minute
 * may come out too high and a later one below zero by as much: that is taken off the ones before, and the sum stays right.
 */
function arrivals(
  { backlog, processed, expired }: { backlog: MinuteSeries; processed: MinuteSeries; expired: MinuteSeries },
  from: Instant,
  to: Instant,
): (number | undefined)[] {
  const sizes = new Map(backlog);
  const left = [new Map(processed), new Map(expired)];
  const counts: (number | undefined)[] = [];
  for (let at = from; at < to; at += MINUTE) {
    const [before, size] = [sizes.get(at - MINUTE), sizes.get(at)];
    if (before === undefined || size === undefined) {
      counts.push(undefined);
      continue;
    }
    // At zero instances nothing is processed, and nothing says so.
    const gone = left.reduce((sum, points) => sum + (points.get(at) ?? 0), 0);
    const arrived = Math.round(size - before + gone);
    counts.push(Math.max(0, arrived));
    takeOff(counts, Math.max(0, -arrived));
  }
  return counts;
}

/** From the newest minute back to the last gap. */
function takeOff(counts: (number | undefined)[], surplus: number): void {
  let rest = surplus;
  for (let index = counts.length - 1; rest > 0 && index >= 0; index -= 1) {
    const count = counts[index];
    if (count === undefined) return;
    const taken = Math.min(count, rest);
    counts[index] = count - taken;
    rest -= taken;
  }
}

function traceOf(counts: readonly (number | undefined)[], from: Instant, estimated: boolean): Trace {
  const gaps: Gap[] = [];
  for (const [index, count] of counts.entries()) {
    if (count !== undefined) continue;
    const at = from + index * MINUTE;
    const last = gaps.at(-1);
    if (last?.to === at) gaps[gaps.length - 1] = { from: last.from, to: at + MINUTE };
    else gaps.push({ from: at, to: at + MINUTE });
  }
  return { from, counts, gaps, estimated };
}

/** `minute_index,count`, one row a minute from 0. Only for a trace whose gaps somebody has decided about. */
export function formatTrace(counts: readonly number[]): string {
  return `minute_index,count\n${counts.map((count, index) => `${index},${count}\n`).join('')}`;
}
