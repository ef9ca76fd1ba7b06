import { formatDuration } from '../shared/documents/values.ts';
import type { Zone } from '../shared/documents/zones.ts';
import type { Rung } from '../shared/domain/policy.ts';
import type { DurationMs, Instant } from '../shared/domain/time.ts';
import { HOUR } from '../shared/domain/time.ts';
import type { ClockChange, Plan } from './commands/plan.ts';
import { formatTable } from './output.ts';
import { formatLocal, formatUtc } from './times.ts';

/** The plan as a person reads it: a row for each edge, then what it adds up to. */
export function describePlan(plan: Plan): string {
  const { policy, zone, from, to, compiled, spans } = plan;
  const rows = spans.map((span) => [
    formatLocal(zone, span.from),
    formatUtc(span.from),
    nameOf(span.rung),
    boundsOf(span.rung),
    formatHours(span.until - span.from),
    span.clockChanges.map((change) => describeChange(zone, change)).join('; '),
  ]);
  const table = formatTable([[`from (${zone.id})`, 'from (UTC)', 'rung', 'asks for', 'hours', ''], ...rows], [4]);
  const head = `${policy}: ${formatLocal(zone, from)} to ${formatLocal(zone, to)}, ${formatHours(to - from)} hours\n\n`;
  return `${head}${table}\n${describeTotals(plan)}${describeHolidays(zone, compiled.holidaysEnd, to)}`;
}

function describeTotals({ compiled, spans, from, to }: Plan): string {
  const rows: string[][] = [];
  let least = 0;
  for (const rung of compiled.agenda.rungs) {
    const length = spans.filter((span) => span.rung === rung).reduce((sum, span) => sum + span.until - span.from, 0);
    if (rung.kind === 'bounds') least += length * rung.min;
    const share = `${((100 * length) / (to - from)).toFixed(1)} %`;
    rows.push([nameOf(rung), boundsOf(rung), formatHours(length), share]);
  }
  const table = formatTable([['total', 'asks for', 'hours', 'share'], ...rows], [2, 3]);
  return `${table}at least ${formatHours(least)} instance hours\n`;
}

function describeHolidays(zone: Zone, end: Plan['compiled']['holidaysEnd'], to: Instant): string {
  if (end === undefined || end.at >= to) return '';
  return `holidays of ${end.schedule} are known until ${formatLocal(zone, end.at)} only\n`;
}

function nameOf(rung: Rung): string {
  return rung.during === undefined ? 'otherwise' : `during ${rung.during}`;
}

function boundsOf(rung: Rung): string {
  if (rung.kind !== 'bounds') return rung.kind;
  return `min ${rung.min}, max ${rung.max}${rung.suspend ? `, suspends ${rung.suspend.join(' and ')}` : ''}`;
}

function describeChange(zone: Zone, { at, by }: ClockChange): string {
  const direction = by > 0 ? 'forward' : 'back';
  return `DST: clocks go ${direction} ${formatDuration(Math.abs(by))} at ${formatLocal(zone, at)}`;
}

function formatHours(length: DurationMs): string {
  return String(Math.round((length / HOUR) * 100) / 100);
}
