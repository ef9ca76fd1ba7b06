import { decideRuling } from '../../domain/decide-ruling.ts';
import { type Decision, type Evidence, REQUEST_SOURCE } from '../../domain/decision.ts';
import { addDemand } from '../../domain/demand.ts';
import { sizeForBacklog } from '../../domain/plan-capacity.ts';
import type { FleetRecord, Intent } from '../../domain/record.ts';
import type { Ruling } from '../../domain/ruling.ts';
import { rulingInputOf } from '../../domain/ruling-input.ts';
import { iso } from '../../domain/time.ts';
import { withoutIntent } from '../scheduled-scaling/carry-out.ts';
import { wakeBounds } from '../scheduled-scaling/demand.ts';
import type { Turn } from '../scheduled-scaling/ports.ts';
import { createTurn, dueNow } from '../scheduled-scaling/turn.ts';
import { alarmSourceOf, endpointOfOwnAlarm } from '../wake-triggers.ts';
import { type Look, lookAt } from './look.ts';
import type { AlarmRun } from './run.ts';

/**
 * The demand is stored first: whatever fails after that is done by the next run without a second event. Then, for an
 * endpoint that is up, capacity from zero in one step; for a parked one a request that idle-windows answers.
 */
export async function answerAlarm(shared: AlarmRun, record: FleetRecord, early: Look | undefined): Promise<void> {
  const { ports, alarm, run } = shared;
  // The alarm went off before the endpoint was last found idle: that demand has been served.
  if (alarm.at <= (record.lastIdleAt ?? 0)) return;
  if (record.giveBack?.doneAt !== undefined) return;
  const turn = createTurn(ports.fleet, record, 'read');
  const ruling = rule(shared, withDemand(shared, record, early));
  storeDemand(shared, turn, ruling, early);
  if (record.phase !== 'up') {
    await turn.save();
    askForWake(shared, record, ruling);
    return;
  }
  const [, late] = await Promise.all([turn.save(), early ?? lookAt(ports, record.endpoint, run.now)]);
  await leaveZero(shared, turn, ruling, early ?? late);
  // Only its own: what a run before it left untold is the next tick's to tell.
  if (turn.record.intent?.holder === run.holder) turn.change(withoutIntent);
  await turn.save();
}

function rule({ ports, run, holds }: AlarmRun, record: FleetRecord): Ruling {
  const hold = holds.get(record.endpoint.toLowerCase());
  // No lead is begun here: that is the ticks' business.
  const context = { now: run.now, mode: ports.settings.mode, hold, leadMs: 0, recipeDesired: record.parkedDesired };
  return decideRuling(rulingInputOf(record, context));
}

function withDemand({ alarm, ports }: AlarmRun, record: FleetRecord, look: Look | undefined): FleetRecord {
  const own = endpointOfOwnAlarm(ports.settings.tagPrefix, alarm.alarm) !== undefined && look !== undefined;
  const source = own ? 'backlog' : alarmSourceOf(alarm.alarm);
  return { ...record, demand: addDemand(record.demand, { source, since: alarm.at }) };
}

/**
 * In one write with what follows from it: a sample for later leads begins with the call that comes next, and a run that
 * dies after it is spoken for by the next tick.
 */
function storeDemand(shared: AlarmRun, turn: Turn, ruling: Ruling, look: Look | undefined): void {
  const { run } = shared;
  const count = look === undefined ? undefined : countFor(turn.record, ruling, look);
  turn.change((record) => {
    const { demand } = withDemand(shared, record, look);
    const sized = demand.map((entry) =>
      entry.source === 'backlog' && count !== undefined ? { ...entry, count } : entry,
    );
    return { ...record, demand: sized };
  });
  turn.change(dueNow(run.now));
  if (ruling.want !== 'up' || ruling.reportOnly || turn.record.phase !== 'up') return;
  const intent = { holder: run.holder, at: run.now, until: run.deadline, reason: 'backlog-wake' } as const;
  if (count !== undefined && look?.view?.variants[0]?.desired === 0) {
    const raising = { at: run.now, to: count };
    turn.change((record) => withIntent({ ...record, raising }, { ...intent, desired: count }));
  } else if (look === undefined && turn.record.observed?.desired === 0) {
    turn.change((record) => withIntent(record, { ...intent, fromZero: true }));
  }
}

/** Of two alarms at once the one that came first has made the change. */
function withIntent(record: FleetRecord, intent: Intent): FleetRecord {
  return { ...record, intent: record.intent ?? intent };
}

function countFor(record: FleetRecord, ruling: Ruling, { backlog = 0 }: Look): number {
  const { min, max } = wakeBounds(record, ruling.bounds);
  return sizeForBacklog(backlog, record.policy?.wake.backlogPerInstance, min, max);
}

async function leaveZero(shared: AlarmRun, turn: Turn, ruling: Ruling, look: Look): Promise<void> {
  const { ports, run } = shared;
  const { record } = turn;
  const { view, backlog } = look;
  const [variant] = view?.variants ?? [];
  const count = countFor(record, ruling, look);
  const evidence = { ...evidenceOf(shared, ruling), backlog: backlog ?? null, desired: variant?.desired ?? null };
  if (ruling.want !== 'up' || count === 0) return decide(shared, record, 'keep', ruling.reason, evidence, false);
  // Only zero is left here; more than zero is the business of bounds and scaling policies.
  if (variant !== undefined && variant.desired > 0)
    return decide(shared, record, 'keep', ruling.reason, evidence, false);
  if (view?.status !== 'InService' || variant === undefined) {
    return decide(shared, record, 'keep', 'in-progress', { ...evidence, status: view?.status ?? null }, false);
  }
  const wake = { ...evidence, newDesired: count };
  if (ruling.reportOnly) return decide(shared, record, 'scale', 'backlog-wake', { ...wake, dryRun: true }, false);
  const outcome = await ports.endpoints.setDesired(
    record.endpoint,
    { name: variant.name, dimension: 'instances' },
    count,
  );
  if (outcome.ok) {
    decide(shared, record, 'scale', 'backlog-wake', wake, true);
    ports.log.count('CapacityChanges');
    const detail = {
      reason: 'backlog-wake',
      before: { desired: 0 },
      after: { desired: count },
      backlog: backlog ?? null,
    };
    ports.announcer.announce({ at: run.now, type: 'Capacity Changed', endpoint: record.endpoint, detail });
    return;
  }
  const { failure } = outcome;
  ports.log.count('CallsRefused');
  if (failure.class === 'in-progress') return decide(shared, record, 'keep', 'in-progress', evidence, false);
  const error = { code: failure.code, message: failure.message };
  decide(shared, record, 'refuse', failure.definite ? 'call-refused' : 'call-failed', evidence, false, error);
}

/** Idle-windows alone creates endpoints. The demand is stored already, so a lost request only costs a tick. */
function askForWake(shared: AlarmRun, record: FleetRecord, ruling: Ruling): void {
  const { ports, run, alarm } = shared;
  const evidence = evidenceOf(shared, ruling);
  if (record.phase !== 'parked' || ruling.want !== 'up') {
    decide(shared, record, 'keep', ruling.reason, { ...evidence, phase: record.phase }, false);
    return;
  }
  decide(shared, record, 'wake', ruling.reason, evidence, true);
  ports.announcer.announce({
    at: run.now,
    type: 'Wake Requested',
    endpoint: record.endpoint,
    source: REQUEST_SOURCE,
    detail: { why: `alarm ${alarm.alarm}`, demand: alarmSourceOf(alarm.alarm) },
  });
}

function evidenceOf({ alarm }: AlarmRun, ruling: Ruling): Evidence {
  return { ...ruling.evidence, alarm: alarm.alarm, alarmSince: iso(alarm.at) };
}

function decide(
  { ports, run }: AlarmRun,
  { endpoint }: FleetRecord,
  decision: Decision['decision'],
  reason: Decision['reason'],
  evidence: Evidence,
  acted: boolean,
  error?: { readonly code: string; readonly message: string },
): void {
  const entry = { at: run.now, function: 'backlog-wake', endpoint, decision, reason, evidence, acted } as const;
  ports.log.record({ ...entry, ...(error && { error }) }, false);
}
