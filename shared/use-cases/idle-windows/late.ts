import { parks } from '../../domain/kinds.ts';
import type { RecordChange, Work } from './ports.ts';
import { announce, iso } from './report.ts';

/**
 * In a window of a rung with a minimum and not in service: late, with its age. Announced when it begins; the metric
 * counts it at every tick, so that its alarm lasts as long as the lateness.
 */
export function noteLateness(work: Work): RecordChange | undefined {
  const { session, ruling, run, ports } = work;
  const { record } = session;
  const away = record.phase === 'parked' || record.phase === 'waking' || record.phase === 'restoring';
  const window = ruling.window;
  const asked = ruling.want === 'up' && (ruling.bounds?.min ?? 0) >= 1 && !ruling.reason.startsWith('demand-');
  if (!away || !parks(record.kind, record.policy) || !asked || window === undefined || window > run.now)
    return undefined;
  ports.log.count('LateEndpoints');
  if (record.late?.window === window) return undefined;
  announce(work, 'Endpoint Late', {
    reason: ruling.reason,
    window: iso(window),
    lateSeconds: Math.round((run.now - window) / 1000),
    phase: record.phase,
    lastFailure: record.wake?.lastFailure?.class ?? null,
  });
  return (fresh) => ({ ...fresh, late: { window, since: run.now } });
}
