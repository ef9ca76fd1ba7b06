import { PRICES_AS_OF } from '../../rehearsal/prices.ts';
import type { HoldEvent } from '../../shared/aws/dynamodb.ts';
import type { FleetRecord } from '../../shared/domain/record.ts';
import type { Instant } from '../../shared/domain/time.ts';
import type { Account } from '../account/connect.ts';
import { readZones, type ZoneOf } from '../account/documents.ts';
import { nextEdge } from '../account/edges.ts';
import { type EndpointLook, lookAtAll, readFleet, type TargetLook } from '../account/fleet.ts';
import type { Io } from '../output.ts';
import { writeJson } from '../output.ts';
import { formatLocal } from '../times.ts';
import { countsOf, parkedOf } from './capacity.ts';
import { describeStatus } from './status-text.ts';

export interface StatusOptions {
  readonly json?: string;
}

export async function showStatus(
  account: Account,
  io: Io,
  names: readonly string[],
  options: StatusOptions,
): Promise<void> {
  const [fleet, zones] = await Promise.all([readFleet(account, names), readZones(account, io)]);
  const looks = await lookAtAll(account, fleet);
  for (const text of new Set(looks.flatMap(({ unread }) => unread))) io.note(`not read: ${text}`);
  if (options.json !== undefined) {
    const histories = await Promise.all(looks.map(({ record }) => account.holdHistory.of(record.endpoint)));
    const endpoints = looks.map((look, index) => statusJson(look, fleet.now, zones, histories[index] ?? []));
    writeJson(io, options.json, { ...headJson(account, fleet.now), endpoints });
  }
  if (options.json !== '-')
    io.out(describeStatus({ account, looks, now: fleet.now, zones, parkedOf, pricesAsOf: PRICES_AS_OF }));
}

export function headJson({ region, prefix, stack }: Account, now: Instant) {
  const { mode, table } = stack.settings;
  return { at: iso(now), region, prefix, stack: stack.id ?? null, mode: stack.assumed ? null : mode, table };
}

function statusJson(look: EndpointLook, now: Instant, zones: ZoneOf, history: readonly HoldEvent[]) {
  const { record, hold, ruling, target } = look;
  const edge = nextEdge(record, hold, now, look.leadMs);
  const zone = zones(record.policyName);
  return {
    endpoint: record.endpoint,
    kind: record.kind,
    policy: record.policyName,
    protected: record.protected,
    phase: record.phase,
    phaseSince: iso(record.phaseSince),
    status: look.status,
    capacity: {
      ...countsOf(look),
      min: target?.min ?? null,
      max: target?.max ?? null,
    },
    targets: look.targets.map(targetJson),
    ruling: {
      want: ruling.want,
      reason: ruling.reason,
      bounds: ruling.bounds ?? null,
      window: isoOrNull(ruling.window),
    },
    nextEdge:
      edge === undefined
        ? null
        : {
            at: iso(edge.at),
            local: zone === undefined ? null : formatLocal(zone, edge.at),
            timezone: zone?.id ?? null,
            what: edge.what,
            startsAt: isoOrNull(edge.startsAt),
          },
    leadSeconds: Math.round(look.leadMs / 1000),
    hold: hold !== undefined && hold.until > now ? holdJson(hold) : null,
    holds: history.map((event) =>
      event.kind === 'set' ? { set: iso(event.at), ...holdJson(event.hold) } : { removed: iso(event.at) },
    ),
    demand: record.demand.map(({ since, renewedAt, ...demand }) => ({
      ...demand,
      since: iso(since),
      renewedAt: iso(renewedAt),
    })),
    late: lateJson(record, now),
    parked: parkedJson(record, now),
    lastFailure:
      record.wake?.lastFailure === undefined
        ? null
        : { ...record.wake.lastFailure, at: iso(record.wake.lastFailure.at) },
    gaveUp: isoOrNull(record.wake?.gaveUp?.at),
    proven: isoOrNull(record.proven?.at),
    rehearsal: rehearsalJson(record),
    imageMoved:
      record.imageMoved === undefined ? null : { at: iso(record.imageMoved.at), images: record.imageMoved.images },
    smokeFailed:
      record.smokeFailed === undefined ? null : { at: iso(record.smokeFailed.at), why: record.smokeFailed.why },
    invalid: record.invalid?.problem ?? null,
    orphaned: record.orphaned?.what ?? null,
    outstanding: record.outstanding ?? [],
    givenBack: isoOrNull(record.giveBack?.at),
    unread: look.unread,
  };
}

function lateJson({ late }: FleetRecord, now: Instant) {
  if (late === undefined) return null;
  return { window: iso(late.window), since: iso(late.since), seconds: secondsSince(late.since, now) };
}

function targetJson({ name, dimension, desired, serving, bounds }: TargetLook) {
  return { name, dimension, desired, serving, min: bounds?.min ?? null, max: bounds?.max ?? null };
}

function rehearsalJson({ rehearsal }: FleetRecord) {
  if (rehearsal === undefined) return null;
  const { since, failed } = rehearsal;
  return { since: iso(since), failed: failed === undefined ? null : { at: iso(failed.at), why: failed.why } };
}

function parkedJson(record: FleetRecord, now: Instant) {
  const parked = parkedOf(record, now);
  if (parked === undefined) return null;
  const { since, dryRun, hours, instances, instanceType, saved } = parked;
  return {
    since: iso(since),
    dryRun,
    hours: round(hours),
    instances,
    instanceType: instanceType ?? null,
    saved: saved === null ? null : round(saved),
    currency: 'USD',
    pricesAsOf: PRICES_AS_OF,
  };
}

function holdJson({
  mode,
  from,
  until,
  by,
  why,
}: {
  mode: string;
  from: Instant;
  until: Instant;
  by: string;
  why: string;
}) {
  return { mode, from: iso(from), until: iso(until), by, why };
}

function secondsSince(at: Instant, now: Instant): number {
  return Math.round((now - at) / 1000);
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function iso(at: Instant): string {
  return new Date(at).toISOString();
}

function isoOrNull(at: Instant | undefined): string | null {
  return at === undefined ? null : iso(at);
}
