import type { FleetRecord } from '../../domain/record.ts';
import type { Mode } from '../../domain/ruling.ts';
import { type DurationMs, type Instant, MINUTE } from '../../domain/time.ts';
import type { Announcer } from '../../ports/announcer.ts';
import type { FleetStore } from '../../ports/fleet-store.ts';
import type { Clock, Sleep } from '../../ports/world.ts';
import { giveBack } from '../give-back.ts';

export interface UninstallPorts {
  readonly fleet: FleetStore;
  readonly announcer: Announcer;
  readonly clock: Clock;
  readonly sleep: Sleep;
}

export interface UninstallOptions {
  /** The caller's identity. */
  readonly by: string;
  /** The stack's: `dry-run` wakes what is parked and changes nothing else, `off` does nothing at all. */
  readonly mode: Mode;
  /** Absent: asks, reports and does not wait. */
  readonly until?: Instant;
  /** How long to wait between two looks. */
  readonly every: DurationMs;
}

export type Release =
  /** In service, without anything of ours on it. */
  | { readonly kind: 'released' }
  /** The functions wake it, or remove what we made of it. */
  | { readonly kind: 'waking'; readonly phase: FleetRecord['phase']; readonly why?: string }
  /** Nobody wakes it, or somebody has to do something first. */
  | { readonly kind: 'stuck'; readonly phase: FleetRecord['phase']; readonly why: string };

export interface UninstallReport {
  readonly endpoints: readonly { readonly endpoint: string; readonly outcome: Release }[];
  /** Everything is released: the stack may go. */
  readonly complete: boolean;
}

export type UninstallProgress = (endpoint: string, phase: FleetRecord['phase'], why: string | undefined) => void;

/** Functions tick every minute: a record that nobody wrote for so long has nobody who works on it. */
const SILENT_AFTER: DurationMs = 6 * MINUTE;
/** While AWS creates, nothing is written either: SageMaker itself gives up within the hour. */
const CREATING_AT_MOST: DurationMs = 75 * MINUTE;

/**
 * Gives everything back and waits until the functions have done it: they wake, and remove what we made. The records keep
 * the mark, so that a stack that lives on touches nothing of it again; repeating goes on where it was broken off.
 */
export async function uninstall(
  ports: UninstallPorts,
  options: UninstallOptions,
  progress: UninstallProgress,
): Promise<UninstallReport> {
  const watch = createWatch();
  const released = new Map<string, Release>();
  for (;;) {
    const now = ports.clock.now();
    // Listed again each time: what was enrolled meanwhile is given back, too.
    const records = await ports.fleet.list();
    const endpoints: { endpoint: string; outcome: Release }[] = [];
    for (const record of records) {
      const { endpoint } = record;
      const known = released.get(endpoint);
      const outcome = known ?? (await release(ports, record, options, now, watch));
      if (outcome.kind === 'released') released.set(endpoint, outcome);
      if (known === undefined) progress(endpoint, record.phase, 'why' in outcome ? outcome.why : undefined);
      endpoints.push({ endpoint, outcome });
    }
    const open = endpoints.filter(({ outcome }) => outcome.kind === 'waking');
    const complete = endpoints.every(({ outcome }) => outcome.kind === 'released');
    const isLast = options.until === undefined || now + options.every > options.until;
    if (open.length === 0 || isLast) return { endpoints, complete };
    await ports.sleep(options.every);
  }
}

async function release(
  ports: UninstallPorts,
  record: FleetRecord,
  { by, mode }: UninstallOptions,
  now: Instant,
  watch: Watch,
): Promise<Release> {
  const { endpoint } = record;
  if (record.giveBack === undefined) {
    const given = await giveBack(ports, { endpoint, by: `uninstall: ${by}` }, now);
    if (!given.ok) return { kind: 'stuck', phase: record.phase, why: given.problem };
  }
  const fresh = (await ports.fleet.get(endpoint)) ?? record;
  const isDone = fresh.phase === 'up' && (fresh.giveBack?.doneAt !== undefined || mode === 'dry-run');
  return isDone ? { kind: 'released' } : waking(fresh, mode, now, watch);
}

function waking(record: FleetRecord, mode: Mode, now: Instant, watch: Watch): Release {
  const { endpoint, phase, wake, orphaned } = record;
  if (orphaned !== undefined) {
    const why = `${orphaned.what} is gone: endpoint-scaler recover --endpoint ${endpoint} --with-config, or forget it`;
    return { kind: 'stuck', phase, why };
  }
  if (wake?.gaveUp !== undefined) {
    const why = `its start failed too often (${wake.lastFailure?.message ?? 'no reason told'}): mend it, then endpoint-scaler wake ${endpoint}`;
    return { kind: 'stuck', phase, why };
  }
  const why = wake?.lastFailure?.message;
  const waitsUntil = wake?.nextTryAt ?? 0;
  const longest = wake?.createdAt === undefined ? SILENT_AFTER : CREATING_AT_MOST;
  const isSilent = watch.silentFor(record, now) > longest && waitsUntil < now - SILENT_AFTER;
  if (mode === 'off' || isSilent) {
    const own = phase === 'up' ? '' : `; endpoint-scaler recover --endpoint ${endpoint} wakes it with your own rights`;
    const what =
      mode === 'off'
        ? "the stack's mode is off: deploy it with Mode=wake-only"
        : 'no function works on it: is their schedule disabled?';
    return { kind: 'stuck', phase, why: `${what}${own}` };
  }
  return { kind: 'waking', phase, ...(why !== undefined && { why }) };
}

interface Watch {
  /** How long this command has seen no write of the record. */
  silentFor(record: FleetRecord, now: Instant): DurationMs;
}

function createWatch(): Watch {
  const seen = new Map<string, { version: number; at: Instant }>();
  return {
    silentFor({ endpoint, version }, now) {
      const before = seen.get(endpoint);
      if (before?.version === version) return now - before.at;
      seen.set(endpoint, { version, at: now });
      return 0;
    },
  };
}
