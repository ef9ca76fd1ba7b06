import { parks, REQUEST_TTL } from '../domain/kinds.ts';
import type { FleetRecord, Hold } from '../domain/record.ts';
import { DAY, type Instant, iso, MINUTE } from '../domain/time.ts';
import type { Announcer } from '../ports/announcer.ts';
import type { FleetStore } from '../ports/fleet-store.ts';
import type { MetricReader } from '../ports/metrics.ts';

export interface HoldPorts {
  readonly fleet: Pick<FleetStore, 'get' | 'update' | 'holds' | 'putHold' | 'removeHold'>;
  readonly metrics: Pick<MetricReader, 'backlog'>;
  readonly announcer: Announcer;
}

export interface HoldRequest {
  readonly endpoint: string;
  readonly mode: Hold['mode'];
  readonly until: Instant;
  /** The caller's identity. */
  readonly by: string;
  readonly why: string;
  /** Replaces a running hold; without it a running one refuses. */
  readonly replace: boolean;
}

/** Field, value and what is allowed, for people. */
export interface HoldProblem {
  readonly field: 'endpoint' | 'mode' | 'until' | 'why' | 'replace';
  readonly value: string;
  readonly allowed: string;
}

export type HoldOutcome =
  | { readonly ok: true; readonly hold: Hold; readonly replaced?: Hold }
  | { readonly ok: false; readonly problem: HoldProblem };

const LONGEST = 30 * DAY;
const QUEUE_LOOK_BACK = 10 * MINUTE;
const START_RESERVE = 30 * MINUTE;

/** One hold per endpoint, never longer than 30 days, with a reason; both functions look at the endpoint in their next run. */
export async function setHold(ports: HoldPorts, request: HoldRequest, now: Instant): Promise<HoldOutcome> {
  const wrong = checkTime(request, now);
  if (wrong !== undefined) return { ok: false, problem: wrong };
  const record = await ports.fleet.get(request.endpoint);
  if (record === undefined) {
    return refuse('endpoint', request.endpoint, 'an endpoint of the fleet: one that carries the policy tag');
  }
  const running = await runningHold(ports, record.endpoint, now);
  if (running !== undefined && !request.replace) {
    const told = `${running.mode} until ${iso(running.until)} by ${running.by}: ${running.why}`;
    return refuse('replace', told, 'one hold per endpoint: --replace to replace it');
  }
  const forbidden = request.mode === 'down' ? await checkDown(ports, record, request.until, now) : undefined;
  if (forbidden !== undefined) return { ok: false, problem: forbidden };

  const { mode, until, by, why } = request;
  const hold: Hold = { endpoint: record.endpoint, mode, from: now, until, by, why: why.trim() };
  if ((await ports.fleet.putHold(hold)) === 'newer') {
    return refuse('replace', 'the hold of a newer version of the scaler', 'upgrade: only that version can replace it');
  }
  await makeDue(ports, record.endpoint, now);
  ports.announcer.announce({
    at: now,
    type: 'Hold Set',
    endpoint: record.endpoint,
    detail: { reason: `hold-${mode}`, mode, until: iso(until), by, why: hold.why, replaced: running?.mode ?? null },
  });
  await ports.announcer.flush();
  return { ok: true, hold, ...(running && { replaced: running }) };
}

/** Answers the hold that ended; undefined: none was running; `newer`: a newer version's, which stays. */
export async function removeHold(
  ports: HoldPorts,
  request: { readonly endpoint: string; readonly by: string },
  now: Instant,
): Promise<Hold | 'newer' | undefined> {
  const running = await runningHold(ports, request.endpoint, now);
  if (running === undefined) return undefined;
  if ((await ports.fleet.removeHold(running.endpoint, now)) === 'newer') return 'newer';
  await makeDue(ports, running.endpoint, now);
  ports.announcer.announce({
    at: now,
    type: 'Hold Ended',
    endpoint: running.endpoint,
    detail: { reason: `hold-${running.mode}`, mode: running.mode, by: request.by, setBy: running.by },
  });
  await ports.announcer.flush();
  return running;
}

function checkTime({ until, why }: HoldRequest, now: Instant): HoldProblem | undefined {
  if (!(until > now)) return { field: 'until', value: iso(until), allowed: `an instant after ${iso(now)}` };
  if (until - now > LONGEST)
    return { field: 'until', value: iso(until), allowed: `at most 30 days: ${iso(now + LONGEST)}` };
  if (why.trim() === '') return { field: 'why', value: why, allowed: 'a reason, for those who find the endpoint held' };
  return undefined;
}

/** `down` skips no condition of a park: deleting stays opt-in, and queued requests are never left to expire. */
async function checkDown(
  ports: HoldPorts,
  record: FleetRecord,
  until: Instant,
  now: Instant,
): Promise<HoldProblem | undefined> {
  if (record.kind === 'real-time' && !parks(record.kind, record.policy)) {
    return { field: 'mode', value: 'down', allowed: 'up or hands-off: the policy does not say `zero: { by: park }`' };
  }
  if (record.kind === 'serverless') {
    const allowed = 'up or hands-off: a serverless endpoint has no zero, its provisioned concurrency is at least 1';
    return { field: 'mode', value: 'down', allowed };
  }
  if (record.kind !== 'async') return undefined;
  // A request that comes right after the hold was set waits until its end, and for the start that follows.
  const latest = now + (record.policy?.wake.requestTtl ?? REQUEST_TTL) - START_RESERVE;
  if (until > latest) {
    const allowed = `at most ${iso(latest)}: requests that come meanwhile would expire in the queue`;
    return { field: 'until', value: iso(until), allowed };
  }
  const backlog = await ports.metrics.backlog(record.endpoint, now - QUEUE_LOOK_BACK, now);
  if (!backlog.ok) {
    return {
      field: 'mode',
      value: 'down',
      allowed: `an empty queue, and it cannot be read: ${backlog.failure.message}`,
    };
  }
  const [, size] = backlog.value.size.at(-1) ?? [now, undefined];
  if (size === 0) return undefined;
  const told = size === undefined ? 'CloudWatch shows no backlog metric' : `${size} requests are queued or in process`;
  return { field: 'mode', value: 'down', allowed: `an empty queue: ${told}` };
}

async function runningHold({ fleet }: HoldPorts, endpoint: string, now: Instant): Promise<Hold | undefined> {
  const key = endpoint.toLowerCase();
  const hold = (await fleet.holds()).find((candidate) => candidate.endpoint.toLowerCase() === key);
  return hold !== undefined && hold.until > now ? hold : undefined;
}

async function makeDue({ fleet }: HoldPorts, endpoint: string, now: Instant): Promise<void> {
  await fleet.update(endpoint, (record) => ({ ...record, nextAt: { scaling: now, windows: now } }));
}

function refuse(field: HoldProblem['field'], value: string, allowed: string): HoldOutcome {
  return { ok: false, problem: { field, value, allowed } };
}
