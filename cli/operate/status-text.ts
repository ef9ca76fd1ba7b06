import { explainReason } from '../../report/reasons.ts';
import type { FleetRecord } from '../../shared/domain/record.ts';
import type { Instant } from '../../shared/domain/time.ts';
import type { Account } from '../account/connect.ts';
import type { ZoneOf } from '../account/documents.ts';
import { nextEdge } from '../account/edges.ts';
import type { EndpointLook, TargetLook } from '../account/fleet.ts';
import { formatTable } from '../output.ts';
import { printable } from '../printable.ts';
import { formatAge, formatWhen } from '../times.ts';
import { countsOf, type Parked } from './capacity.ts';

export interface StatusPage {
  readonly account: Account;
  readonly looks: readonly EndpointLook[];
  readonly now: Instant;
  readonly zones: ZoneOf;
  readonly parkedOf: (record: FleetRecord, now: Instant) => Parked | undefined;
  readonly pricesAsOf: string;
}

/** A line for each endpoint, then what is worth a second line. */
export function describeStatus(page: StatusPage): string {
  const { account, looks, now } = page;
  const { mode } = account.stack.settings;
  const head = `${account.prefix} in ${account.region}, mode ${account.stack.assumed ? 'unknown' : mode}, ${formatWhen(now, undefined)}\n\n`;
  if (looks.length === 0) return `${head}no endpoint is enrolled: tag one with ${account.prefix}:policy=<policy>\n`;
  const rows = looks.map((look) => rowOf(page, look));
  const lines = formatTable([['endpoint', 'kind', 'phase', 'serving', 'bounds', 'because', 'next'], ...rows]).split(
    '\n',
  );
  const [title = '', ...body] = lines;
  const text = looks.map((look, index) =>
    [body[index], ...notesOf(page, look).map((note) => `    ${note}`)].join('\n'),
  );
  return `${head}${title}\n${text.join('\n')}\n${totalOf(page)}`;
}

function rowOf({ now, zones }: StatusPage, look: EndpointLook): string[] {
  const { record, ruling, target, status } = look;
  const { desired, serving } = countsOf(look);
  const edge = nextEdge(record, look.hold, now, look.leadMs);
  const expected = status === 'InService' || (status === 'Absent' && record.phase === 'parked');
  return [
    printable(record.endpoint),
    record.kind,
    expected ? record.phase : `${record.phase} (${status})`,
    `${serving}/${desired}`,
    target === undefined ? '-' : `${target.min}..${target.max}`,
    ruling.reason,
    edge === undefined ? '-' : `${formatWhen(edge.at, zones(record.policyName))}: ${edge.what}`,
  ];
}

function notesOf(page: StatusPage, look: EndpointLook): readonly string[] {
  const { now, zones } = page;
  const { record, hold, ruling } = look;
  const zone = zones(record.policyName);
  const edge = nextEdge(record, hold, now, look.leadMs);
  const notes: (string | undefined)[] = [
    ...look.targets.map(describeTarget),
    describeParked(page, record),
    edge?.startsAt === undefined || edge.startsAt <= now
      ? undefined
      : `starts at ${formatWhen(edge.startsAt, zone)} to be ready then`,
    record.late &&
      `late by ${formatAge(now - record.late.since)}: wanted since ${formatWhen(record.late.window, zone)}`,
    hold && hold.until > now
      ? `held ${hold.mode} until ${formatWhen(hold.until, zone)} by ${printable(hold.by)}: ${printable(hold.why)}`
      : undefined,
    ...record.demand.map(
      ({ target, source, since, by, why }) =>
        `${target === undefined ? '' : `${printable(target)} `}asked for by ${printable(by ?? source)} since ${formatWhen(since, zone)}${why === undefined ? '' : `: ${printable(why)}`}`,
    ),
    record.wake?.lastFailure &&
      `the last start failed (${record.wake.lastFailure.class}): ${printable(record.wake.lastFailure.message)}`,
    record.wake?.gaveUp && 'no further try until its policy changes or somebody asks: endpoint-scaler wake',
    record.smokeFailed &&
      `in service, but its model failed the smoke request on ${formatWhen(record.smokeFailed.at, zone)}: ${printable(record.smokeFailed.why)}`,
    record.imageMoved &&
      `its wake on ${formatWhen(record.imageMoved.at, zone)} brought another image of ${printable(record.imageMoved.images)}; not parked again without zero.allowImageChange, or: endpoint-scaler park`,
    describeRehearsal(record, (at) => formatWhen(at, zone)),
    record.invalid && `its documents are invalid, nothing is lowered: ${printable(record.invalid.problem)}`,
    record.orphaned && `it is not recreated: ${printable(record.orphaned.what)} is gone`,
    record.outstanding && record.outstanding.length > 0
      ? `not restored: ${record.outstanding.map(({ item, why }) => `${printable(item)} (${printable(why)})`).join(', ')}`
      : undefined,
    record.giveBack && `given back on ${formatWhen(record.giveBack.at, zone)} by ${printable(record.giveBack.by)}`,
    record.protected ? 'protected by its tag: never parked, never scaled in' : undefined,
    ruling.want === 'hands-off' ? explainReason(ruling.reason) : undefined,
  ];
  return notes.filter((note) => note !== undefined);
}

function describeTarget({ name, dimension, desired, serving, bounds }: TargetLook): string {
  const limits = bounds === undefined ? 'no scalable target' : `${bounds.min}..${bounds.max}`;
  const unit = dimension === 'copies' ? 'copies' : 'instances';
  return `${printable(name)}: ${serving}/${desired} ${unit}, ${limits}`;
}

export function describeRehearsal(
  { policy, proven, rehearsal }: FleetRecord,
  when: (at: Instant) => string,
): string | undefined {
  if (rehearsal?.failed !== undefined) {
    const why = printable(rehearsal.failed.why);
    return `its first wake failed on ${when(rehearsal.failed.at)}: ${why}; not parked again until config or model are made anew, or: endpoint-scaler park`;
  }
  if (rehearsal !== undefined) return `its first park, on ${when(rehearsal.since)}, is a rehearsal: woken at once`;
  if (policy?.zero?.rehearse !== true || proven !== undefined) return undefined;
  return 'not proven: no wake has brought it into service yet; its first park will be a rehearsal';
}

function describeParked({ now, zones, parkedOf }: StatusPage, record: FleetRecord): string | undefined {
  const parked = parkedOf(record, now);
  if (parked === undefined) return undefined;
  const { since, dryRun, instances, instanceType, saved } = parked;
  const money = saved === null ? 'its price is not known' : `about ${saved.toFixed(2)} USD not spent`;
  const verb = dryRun ? 'would be parked' : 'parked';
  const what = `${instances} × ${instanceType ?? 'an unknown instance type'}`;
  return `${verb} for ${formatAge(now - since)}, since ${formatWhen(since, zones(record.policyName))}: ${what}, ${money}`;
}

function totalOf({ looks, now, parkedOf, pricesAsOf }: StatusPage): string {
  const parked = looks.map(({ record }) => parkedOf(record, now)).filter((value) => value?.dryRun === false);
  if (parked.length === 0) return '';
  const known = parked.filter((value) => value?.saved !== null);
  const sum = known.reduce((total, value) => total + (value?.saved ?? 0), 0);
  const unknown = parked.length - known.length;
  const rest = unknown === 0 ? '' : `, ${unknown} of unknown price not counted`;
  return `\nparked now: ${parked.length}, about ${sum.toFixed(2)} USD not spent so far (list prices of ${pricesAsOf}, before savings plans and the scaler's own cost${rest})\n`;
}
