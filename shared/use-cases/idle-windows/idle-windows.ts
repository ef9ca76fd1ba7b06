import { requestWake } from '../../domain/demand.ts';
import { parks, wakeTriggersOf } from '../../domain/kinds.ts';
import type { FleetRecord, Hold, LeadSamples } from '../../domain/record.ts';
import { HOUR, MINUTE, SECOND } from '../../domain/time.ts';
import { type Run, type RunCounts, RunOverError, type Trigger } from '../../ports/run.ts';
import { countLevels } from './fleet-levels.ts';
import { judge, leadOf, sampleKeys } from './judge.ts';
import type { IdleWindowsPorts, RunShared, Work } from './ports.ts';
import { createSession, LostRaceError } from './session.ts';
import { workOnEndpoint } from './work-on-endpoint.ts';

export type IdleWindows = (trigger: Trigger, run: Run) => Promise<RunCounts>;

/** Endpoints worked on at the same time: SageMaker's control plane takes a few calls a second. */
const AT_ONCE = 4;
/** No endpoint is begun when less than this is left of the run: the next tick takes it. */
const LEAST_TIME = 15 * SECOND;
/** A sweep over all endpoints finds what no event told: reappeared, gone or failed endpoints. */
const SWEEP_EVERY = 15 * MINUTE;
/** Beside the quarter hours, when the other function re-checks its fleet. */
const SWEEP_OFFSET = 7 * MINUTE;
const NOTHING: RunCounts = { considered: 0, skipped: 0, failures: 0 };

export function createIdleWindows(ports: IdleWindowsPorts): IdleWindows {
  return (trigger, run) => {
    switch (trigger.kind) {
      case 'tick':
        return ports.settings.mode === 'off' ? announceOff(ports, run) : runTick(ports, run);
      case 'endpoint-state':
        return runOne(ports, run, trigger.endpoint);
      case 'wake-requested':
        return runRequest(ports, run, trigger);
      case 'endpoint-ready':
      case 'alarm':
        // Other functions' triggers; the ticks make up for whatever they could have told.
        ports.log.count('EventsUnknown');
        return Promise.resolve(NOTHING);
      default:
        return trigger satisfies never;
    }
  };
}

async function runTick(ports: IdleWindowsPorts, run: Run): Promise<RunCounts> {
  const [records, holds] = await Promise.all([ports.fleet.list(), ports.fleet.holds()]);
  countLevels(ports, run, records, holds);
  const forced = isDue(run.now, ports.settings.tick, SWEEP_EVERY, SWEEP_OFFSET)
    ? await sweep(ports, records)
    : new Set<string>();
  const due = records.filter((record) => forced.has(keyOf(record.endpoint)) || isRecordDue(record, run.now));
  const shared = await shareRun(ports, due, holds);
  const failures = await workOnAll(ports, run, shared, due, forced);
  return { considered: due.length, skipped: records.length - due.length, failures };
}

function isRecordDue({ phase, nextAt }: FleetRecord, now: number): boolean {
  return (phase !== 'up' && phase !== 'parked') || nextAt.windows <= now;
}

/** Whether a tick is the first one at or after a multiple of the period. */
function isDue(now: number, tick: number, every: number, offset: number): boolean {
  return Math.floor((now - offset) / every) !== Math.floor((now - tick - offset) / every);
}

/** Names whose reality contradicts the record; the phase table decides what follows. */
async function sweep({ endpoints, log }: IdleWindowsPorts, records: readonly FleetRecord[]): Promise<Set<string>> {
  const all = await endpoints.list();
  if (!all.ok) {
    log.warn('the sweep over all endpoints did not come through', { problem: all.failure.message });
    return new Set();
  }
  const statuses = new Map(all.value.map(({ name, status }) => [keyOf(name), status]));
  const differing = records.filter(({ endpoint, phase }) => {
    const status = statuses.get(keyOf(endpoint));
    if (phase === 'parked') return status !== undefined && status !== 'Deleting';
    return phase === 'up' && (status === undefined || FAILED.includes(status));
  });
  return new Set(differing.map(({ endpoint }) => keyOf(endpoint)));
}

const FAILED: readonly string[] = ['Failed', 'OutOfService', 'UpdateRollbackFailed'];

async function shareRun(
  ports: IdleWindowsPorts,
  due: readonly FleetRecord[],
  holds: readonly Hold[],
): Promise<RunShared> {
  const keys = due.filter(needsLead).flatMap(sampleKeys);
  const samples: ReadonlyMap<string, LeadSamples> =
    keys.length === 0 ? new Map() : await ports.fleet.samples([...new Set(keys)]);
  let breakers: ReturnType<RunShared['breakers']> | undefined;
  let parksLeft = ports.settings.parkBudget;
  return {
    samples,
    holds: new Map(holds.map((hold) => [keyOf(hold.endpoint), hold])),
    breakers: () => {
      breakers ??= ports.breakers.openUntil();
      return breakers;
    },
    hasParks: () => parksLeft > 0,
    takePark: () => {
      parksLeft -= 1;
      return parksLeft >= 0;
    },
  };
}

function needsLead({ kind, policy }: FleetRecord): boolean {
  return parks(kind, policy) && policy?.wake.lead === 'learned';
}

/** Somebody waits for what is away; nobody waits for a deletion. Among equals, whatever is due longest. */
function bringingUpFirst(a: FleetRecord, b: FleetRecord): number {
  return URGENCY[a.phase] - URGENCY[b.phase] || a.nextAt.windows - b.nextAt.windows;
}

const URGENCY: Readonly<Record<FleetRecord['phase'], number>> = {
  waking: 0,
  restoring: 0,
  parked: 0,
  parking: 1,
  up: 2,
};

/** Answers how many endpoints' work failed unexpectedly; one never stops the others. */
async function workOnAll(
  ports: IdleWindowsPorts,
  run: Run,
  shared: RunShared,
  due: readonly FleetRecord[],
  forced: ReadonlySet<string>,
): Promise<number> {
  const queue = [...due].sort(bringingUpFirst);
  let failures = 0;
  const worker = async (): Promise<void> => {
    for (let record = queue.shift(); record !== undefined; record = queue.shift()) {
      if (ports.clock.now() + LEAST_TIME > run.deadline) return;
      if (!(await workOnOne(ports, run, shared, record, forced.has(keyOf(record.endpoint))))) failures += 1;
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, due.length) }, worker));
  return failures;
}

async function workOnOne(
  ports: IdleWindowsPorts,
  run: Run,
  shared: RunShared,
  record: FleetRecord,
  forced: boolean,
): Promise<boolean> {
  const { fleet, clock, settings } = ports;
  try {
    const session = createSession(record, { fleet, clock, run, lease: settings.lease });
    if (record.lease !== undefined && record.lease.until > clock.now() && record.lease.holder !== run.holder)
      return true;
    const leadMs = leadOf(record, shared.samples, settings.tick);
    const ruling = judge({
      record,
      hold: shared.holds.get(keyOf(record.endpoint)),
      now: run.now,
      mode: settings.mode,
      leadMs,
    });
    const work: Work = { ports, run, shared, session, leadMs, ruling, forced };
    await workOnEndpoint(work);
    return true;
  } catch (error) {
    if (error instanceof LostRaceError || error instanceof RunOverError) {
      ports.log.info('another run has the endpoint', { endpoint: record.endpoint, reason: error.message });
      return true;
    }
    ports.log.problem('the work on an endpoint failed', {
      endpoint: record.endpoint,
      error: error instanceof Error ? { name: error.name, message: error.message, stack: error.stack } : String(error),
    });
    return false;
  }
}

async function runOne(ports: IdleWindowsPorts, run: Run, endpoint: string, known?: FleetRecord): Promise<RunCounts> {
  if (ports.settings.mode === 'off') return NOTHING;
  const record = known ?? (await ports.fleet.get(endpoint));
  if (record === undefined) return NOTHING;
  const shared = await shareRun(ports, [record], await ports.fleet.holds());
  const failures = await workOnAll(ports, run, shared, [record], new Set([keyOf(record.endpoint)]));
  return { considered: 1, skipped: 0, failures };
}

/** Stored before anything else is done; then the same run wakes. */
async function runRequest(
  ports: IdleWindowsPorts,
  run: Run,
  request: Extract<Trigger, { kind: 'wake-requested' }>,
): Promise<RunCounts> {
  const { at, by, why, retry } = request;
  const record = await ports.fleet.get(request.endpoint);
  if (record === undefined) {
    ports.log.warn('a wake was requested for an endpoint that is not in the fleet', { endpoint: request.endpoint, by });
    return NOTHING;
  }
  // Another function's demand is stored already: it only asks for the wake to begin now.
  if (request.demand !== undefined) return runOne(ports, run, request.endpoint, record);
  if (record.policy !== undefined && !wakeTriggersOf(record.kind, record.policy).includes('request')) {
    ports.log.warn('a wake was requested, but the policy does not wake on requests', {
      endpoint: record.endpoint,
      policy: record.policy.name,
      by,
    });
    return NOTHING;
  }
  const stored = await ports.fleet.update(record.endpoint, (fresh) =>
    requestWake(fresh, { at, now: run.now, ...(by && { by }), ...(why && { why }), ...(retry && { retry }) }),
  );
  return stored === undefined || stored.phase === 'up' ? NOTHING : runOne(ports, run, stored.endpoint, stored);
}

/** Mode `off` does nothing at all; while something of ours is parked, that is said every hour. */
async function announceOff({ fleet, announcer, settings }: IdleWindowsPorts, run: Run): Promise<RunCounts> {
  if (!isDue(run.now, settings.tick, HOUR, 0)) return NOTHING;
  const parkedNames = (await fleet.list()).filter(({ phase }) => phase !== 'up').map(({ endpoint }) => endpoint);
  if (parkedNames.length > 0) {
    const detail = { reason: 'mode-off', parked: parkedNames.length, endpoints: parkedNames.slice(0, 20) };
    announcer.announce({ at: run.now, type: 'Scaler Off', detail });
  }
  return { ...NOTHING, considered: parkedNames.length };
}

function keyOf(name: string): string {
  return name.toLowerCase();
}
