import { currentWindowBegin, minimumOf, rungAt } from '../../domain/agenda.ts';
import { parks } from '../../domain/kinds.ts';
import type { FleetRecord } from '../../domain/record.ts';
import type { Ruling } from '../../domain/ruling.ts';
import { targetViews } from '../../domain/target-view.ts';
import { type Instant, iso, MINUTE } from '../../domain/time.ts';
import type { RecordChange, Work } from './ports.ts';
import { announce } from './report.ts';

/** A deletion is over within minutes; nothing can be created before. */
const DELETION = 5 * MINUTE;

/**
 * Asked for by a window of a rung with a minimum, or by an `up` hold, and not in service: late, with its age. Announced
 * when it begins; the metric counts it at every tick, so that its alarm lasts as long as the lateness.
 */
export function noteLateness(work: Work): RecordChange | undefined {
  const { session, run, ports } = work;
  const { record } = session;
  const window = windowInForce(record, work.ruling, run.now);
  if (window === undefined) return undefined;
  const since = lateSince(work, window);
  if (since > run.now) return undefined;
  ports.log.count('LateEndpoints');
  // An older window that is left over was told of, or late beside a newer one.
  if (record.late !== undefined && window <= record.late.window) return undefined;
  announce(work, 'Endpoint Late', {
    reason: work.ruling.reason,
    window: iso(window),
    lateSeconds: Math.round((run.now - since) / 1000),
    phase: record.phase,
    lastFailure: record.wake?.lastFailure?.class ?? null,
  });
  return (fresh) => ({ ...fresh, late: { window, since } });
}

/** Begin of the window, or of the `up` hold, that asks for the endpoint while it is away; undefined: none does. */
export function windowInForce(record: FleetRecord, ruling: Ruling, now: Instant): Instant | undefined {
  // Without a wake, what is put back is scaling, of an endpoint that serves all the while.
  const away = record.phase === 'parked' || record.phase === 'waking' || record.wake !== undefined;
  if (!away || ruling.want !== 'up' || !parks(record.kind, record.policy)) return undefined;
  if (record.targets !== undefined) return newestWindow(record, now) ?? ruling.heldFrom;
  const keepsUp = ruling.rung?.kind === 'bounds' && ruling.rung.min >= 1;
  if (keepsUp && ruling.window !== undefined && ruling.window <= now) return ruling.window;
  return ruling.heldFrom;
}

/** Each of several variants has windows of its own, which another one's do not begin anew. */
function newestWindow(record: FleetRecord, now: Instant): Instant | undefined {
  const begins = targetViews(record).flatMap(({ agenda }) => {
    if (agenda === undefined) return [];
    const rung = rungAt(agenda, now);
    return rung !== undefined && minimumOf(rung) >= 1 ? (currentWindowBegin(agenda, now) ?? []) : [];
  });
  return begins.length === 0 ? undefined : Math.max(...begins);
}

function lateSince(work: Work, window: Instant): Instant {
  const { session, shared, run, ruling, leadMs } = work;
  const { record } = session;
  if (record.returning !== undefined) {
    // We took it away ourselves, for as long as a deletion and a start take.
    const due = record.returning.since + DELETION + leadMs;
    return record.wake?.lastFailure === undefined ? due : Math.min(due, run.now);
  }
  if (window === ruling.heldFrom) {
    // Nobody knew of it before: a start may take its time, unless it has failed already.
    const due = window + leadMs;
    return record.wake?.lastFailure === undefined ? due : Math.min(due, run.now);
  }
  // A hold that has ended, or documents that are newer than the window, kept the endpoint away until then.
  const heldUntil = shared.holds.get(record.endpoint.toLowerCase())?.until ?? 0;
  return Math.max(window, record.ruledSince ?? 0, heldUntil <= run.now ? heldUntil : 0);
}
