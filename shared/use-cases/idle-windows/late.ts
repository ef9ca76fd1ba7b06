import { parks } from '../../domain/kinds.ts';
import { type Instant, iso } from '../../domain/time.ts';
import type { RecordChange, Work } from './ports.ts';
import { announce } from './report.ts';

/**
 * In a window of a rung with a minimum and not in service: late, with its age. Announced when it begins; the metric
 * counts it at every tick, so that its alarm lasts as long as the lateness.
 */
export function noteLateness(work: Work): RecordChange | undefined {
  const { session, run, ports } = work;
  const { record } = session;
  const window = windowInForce(work);
  if (window === undefined) return undefined;
  ports.log.count('LateEndpoints');
  if (record.late?.window === window) return undefined;
  const since = lateSince(work, window);
  announce(work, 'Endpoint Late', {
    reason: work.ruling.reason,
    window: iso(window),
    lateSeconds: Math.round((run.now - since) / 1000),
    phase: record.phase,
    lastFailure: record.wake?.lastFailure?.class ?? null,
  });
  return (fresh) => ({ ...fresh, late: { window, since } });
}

/** Begin of the window that asks for the endpoint while it is away; undefined: none does. */
function windowInForce({ session, ruling, run }: Work): Instant | undefined {
  const { record } = session;
  const away = record.phase === 'parked' || record.phase === 'waking' || record.phase === 'restoring';
  const keepsUp = ruling.rung?.kind === 'bounds' && ruling.rung.min >= 1;
  if (!away || ruling.want !== 'up' || !keepsUp || !parks(record.kind, record.policy)) return undefined;
  return ruling.window !== undefined && ruling.window <= run.now ? ruling.window : undefined;
}

/** A hold that has ended, or documents that are newer than the window, kept the endpoint away until then. */
function lateSince({ session, shared, run }: Work, window: Instant): Instant {
  const { record } = session;
  const heldUntil = shared.holds.get(record.endpoint.toLowerCase())?.until ?? 0;
  return Math.max(window, record.ruledSince ?? 0, heldUntil <= run.now ? heldUntil : 0);
}
