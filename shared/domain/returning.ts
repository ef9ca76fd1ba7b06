import { parks } from './kinds.ts';
import type { FleetRecord } from './record.ts';
import type { Ruling } from './ruling.ts';
import { DAY, type DurationMs, type Instant } from './time.ts';

/** One try a day: what stood in the way of the last one is seldom gone sooner. */
const RETURN_AGAIN = DAY;
/** Time that must be left in front of the next edge, in leads: a start, and one of the ladder if that fails. */
const LEADS_LEFT = 2;
/** Who asked by name for it to be up is not asked to wait. */
const QUIET: readonly Ruling['reason'][] = ['window', 'otherwise', 'leave'];

/**
 * Whether an endpoint on a fallback config may be parked and woken at once, although its calendar has it up: the policy
 * says so, nobody asked for it, and what is left until the calendar changes is long enough. That it is idle, and its
 * preferred type not known to be short, is judged like for any park.
 */
export function mayReturn(record: FleetRecord, ruling: Ruling, now: Instant, leadMs: DurationMs): boolean {
  const { policy, phase, running, observed, returnedAt } = record;
  if (policy?.wake.returnToPreferred !== true || !parks(record.kind, policy)) return false;
  if (phase !== 'up' && phase !== 'parking') return false;
  if (running?.preferredType === undefined || running.creationTime !== observed?.creationTime) return false;
  // Its owner has deployed since: what it runs on is preferred.
  if (running.configName !== observed.configName) return false;
  if (!ruling.mayLower || ruling.reportOnly || !QUIET.includes(ruling.reason)) return false;
  if (returnedAt !== undefined && now - returnedAt < RETURN_AGAIN) return false;
  return ruling.until - now >= LEADS_LEFT * leadMs;
}
