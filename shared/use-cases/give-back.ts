import type { FleetRecord } from '../domain/record.ts';
import { type Instant, iso } from '../domain/time.ts';
import type { Announcer } from '../ports/announcer.ts';
import type { FleetStore } from '../ports/fleet-store.ts';

export interface GiveBackPorts {
  readonly fleet: Pick<FleetStore, 'get' | 'update' | 'archive' | 'holds'>;
  readonly announcer: Announcer;
}

export type GiveBackOutcome =
  | { readonly ok: true; readonly phase: FleetRecord['phase'] }
  | { readonly ok: false; readonly problem: string };

/**
 * Asks for an endpoint to be given back: what is at zero is woken first, then what we made is removed and nothing is done
 * with it any more, for as long as it carries the tag. The record stays as the mark of that until the tag is gone.
 */
export async function giveBack(
  ports: GiveBackPorts,
  request: { readonly endpoint: string; readonly by: string },
  now: Instant,
): Promise<GiveBackOutcome> {
  const { endpoint, by } = request;
  const key = endpoint.toLowerCase();
  const hold = (await ports.fleet.holds()).find((candidate) => candidate.endpoint.toLowerCase() === key);
  if (hold?.mode === 'hands-off' && hold.until > now) {
    return { ok: false, problem: `${endpoint} is held hands-off by ${hold.by} (${hold.why}): end the hold first` };
  }
  const written = await ports.fleet.update(endpoint, (record) => ({
    ...record,
    giveBack: record.giveBack ?? { at: now, by },
    nextAt: { scaling: now, windows: now },
  }));
  if (written === undefined) return { ok: false, problem: `${endpoint} is not in the fleet` };
  return { ok: true, phase: written.phase };
}

/** Drops the record without waking; its recipes stay, so that `recover` can still recreate the endpoint. */
export async function forget(
  ports: GiveBackPorts,
  request: { readonly endpoint: string; readonly by: string },
  now: Instant,
): Promise<GiveBackOutcome> {
  const record = await ports.fleet.get(request.endpoint);
  if (record === undefined) return { ok: false, problem: `${request.endpoint} is not in the fleet` };
  if (record.lease !== undefined && record.lease.until > now) {
    return {
      ok: false,
      problem: `${record.endpoint} is being worked on until ${iso(record.lease.until)}: try again then`,
    };
  }
  if ((await ports.fleet.archive(record, now)) === 'conflict') {
    return { ok: false, problem: `${record.endpoint} was changed at the same moment: try again` };
  }
  ports.announcer.announce({
    at: now,
    type: 'Endpoint Let Go',
    endpoint: record.endpoint,
    detail: { reason: 'let-go', by: request.by, phase: record.phase },
  });
  await ports.announcer.flush();
  return { ok: true, phase: record.phase };
}
