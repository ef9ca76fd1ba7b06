import { minimumOf, nextChange, rungAt } from '../../shared/domain/agenda.ts';
import { holdInForce } from '../../shared/domain/decide-ruling.ts';
import type { Rung } from '../../shared/domain/policy.ts';
import type { FleetRecord, Hold } from '../../shared/domain/record.ts';
import type { DurationMs, Instant } from '../../shared/domain/time.ts';

/** The next instant at which the calendar or the hold in force says something else. */
export interface Edge {
  readonly at: Instant;
  readonly what: string;
  /** For a raise of the minimum: when its start begins, so that it is ready by then. */
  readonly startsAt?: Instant;
}

export function nextEdge(
  { agenda }: FleetRecord,
  hold: Hold | undefined,
  now: Instant,
  leadMs: DurationMs,
): Edge | undefined {
  const held = holdInForce(hold, now);
  const at = agenda === undefined ? undefined : nextChange(agenda, now);
  if (held !== undefined && (at === undefined || held.until <= at || held.mode !== 'up')) {
    return { at: held.until, what: `the hold ${held.mode} ends` };
  }
  if (agenda === undefined || at === undefined) return undefined;
  const [before, after] = [rungAt(agenda, now), rungAt(agenda, at)];
  // The compiled calendar ends here, and is renewed long before: nothing that is known changes.
  if (after === undefined) return undefined;
  const raised = before !== undefined && minimumOf(after) > minimumOf(before);
  return { at, what: describeRung(after), ...(raised && { startsAt: at - leadMs }) };
}

export function describeRung(rung: Rung): string {
  const when = rung.during === undefined ? 'otherwise' : `during ${rung.during}`;
  const suspends = rung.kind === 'bounds' && rung.suspend ? `, suspends ${rung.suspend.join(' and ')}` : '';
  return `${rung.kind === 'bounds' ? `${rung.min}..${rung.max}` : rung.kind} ${when}${suspends}`;
}
