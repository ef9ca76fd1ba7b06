import { decideRuling } from '../../domain/decide-ruling.ts';
import { type Decision, type Evidence, REQUEST_SOURCE } from '../../domain/decision.ts';
import { addDemand } from '../../domain/demand.ts';
import { sizeForBacklog } from '../../domain/plan-capacity.ts';
import type { Demand, FleetRecord, Intent } from '../../domain/record.ts';
import type { Ruling } from '../../domain/ruling.ts';
import { rulingInputOf } from '../../domain/ruling-input.ts';
import { iso } from '../../domain/time.ts';
import { withoutIntent } from '../scheduled-scaling/carry-out.ts';
import { copiesFor, wakeBounds } from '../scheduled-scaling/demand.ts';
import type { Turn } from '../scheduled-scaling/ports.ts';
import { createTurn, dueNow, targetTurns } from '../scheduled-scaling/turn.ts';
import { alarmSourceOf } from '../wake-triggers.ts';
import { type Look, lookAt } from './look.ts';
import type { AlarmRun } from './run.ts';

/**
 * The demand is stored first: whatever fails after that is done by the next run without a second event. Then, for an
 * endpoint that is up, capacity from zero in one step; for a parked one a request that idle-windows answers.
 */
export async function answerAlarm(shared: AlarmRun, record: FleetRecord, early: Look | undefined): Promise<void> {
  const { ports, alarm, run } = shared;
  if (record.giveBack?.doneAt !== undefined) return;
  const whole = createTurn(ports.fleet, record, 'read');
  const turn = turnOf(whole, early);
  // One that is not known yet is found by the next scheduled run.
  if (turn === undefined) return;
  // The alarm went off before it was last found idle: that demand has been served.
  if (alarm.at <= (turn.record.lastIdleAt ?? 0)) return;
  const ruling = rule(shared, withDemand(shared, turn.record, early));
  storeDemand(shared, turn, ruling, early);
  if (record.phase !== 'up') {
    await turn.save();
    askForWake(shared, record, ruling);
    return;
  }
  if (record.kind === 'components' && early === undefined) {
    // Which of its components a team's alarm means is the calendar's and the bounds' to say: the next tick raises them.
    await turn.save();
    return decide(shared, record, 'keep', ruling.reason, evidenceOf(shared, ruling), false);
  }
  const [, late] = await Promise.all([turn.save(), early ?? lookAt(ports, { endpoint: record.endpoint }, run.now)]);
  await leaveZero(shared, turn, ruling, early ?? late);
  // Only its own; what a run before it left untold is the next tick's to tell.
  if (turn.record.intent?.holder === run.holder) turn.change(withoutIntent);
  await turn.save();
}

/** The turn of the component that an own alarm names, else that of the endpoint. */
function turnOf(whole: Turn, look: Look | undefined): Turn | undefined {
  const component = look?.asked.component;
  if (component === undefined) return whole;
  return targetTurns(whole).find(({ record: { part } }) => part?.dimension === 'copies' && part.name === component);
}

function rule({ ports, run, holds }: AlarmRun, record: FleetRecord): Ruling {
  const hold = holds.get(record.endpoint.toLowerCase());
  // No lead is begun here: that is the ticks' business.
  const context = { now: run.now, mode: ports.settings.mode, hold, leadMs: 0, recipeDesired: record.parkedDesired };
  return decideRuling(rulingInputOf(record, context));
}

type Asked = Pick<Demand, 'source' | 'target'>;

function askedBy({ alarm }: AlarmRun, look: Look | undefined): Asked {
  if (look === undefined) return { source: alarmSourceOf(alarm.alarm) };
  const { component } = look.asked;
  return component === undefined ? { source: 'backlog' } : { source: 'request', target: component };
}

function withDemand(shared: AlarmRun, record: FleetRecord, look: Look | undefined): FleetRecord {
  return { ...record, demand: addDemand(record.demand, { ...askedBy(shared, look), since: shared.alarm.at }) };
}

/**
 * In one write with what follows from it: a sample for later leads begins with the call that comes next, and a run that
 * dies after it is spoken for by the next tick.
 */
function storeDemand(shared: AlarmRun, turn: Turn, ruling: Ruling, look: Look | undefined): void {
  const { run } = shared;
  const count = look === undefined ? undefined : countFor(turn.record, ruling, look);
  const asked = askedBy(shared, look);
  turn.change((record) => {
    const { demand } = withDemand(shared, record, look);
    const sized = demand.map((entry) =>
      entry.source === asked.source && entry.target === asked.target && count !== undefined
        ? { ...entry, count }
        : entry,
    );
    return { ...record, demand: sized };
  });
  turn.change(dueNow(run.now));
  if (ruling.want !== 'up' || ruling.reportOnly || turn.record.phase !== 'up') return;
  const intent = { holder: run.holder, at: run.now, until: run.deadline, reason: wakeReason(look) } as const;
  if (count !== undefined && look?.seen?.desired === 0) {
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

function wakeReason(look: Look | undefined): 'backlog-wake' | 'request-wake' {
  return look?.asked.component === undefined ? 'backlog-wake' : 'request-wake';
}

function countFor(record: FleetRecord, ruling: Ruling, { asked, waiting = 0 }: Look): number {
  if (asked.component !== undefined) return copiesFor(record, ruling.bounds, waiting);
  const { min, max } = wakeBounds(record, ruling.bounds);
  return sizeForBacklog(waiting, record.policy?.wake.backlogPerInstance, min, max);
}

async function leaveZero(shared: AlarmRun, turn: Turn, ruling: Ruling, look: Look): Promise<void> {
  const { ports, run } = shared;
  const { record } = turn;
  const { asked, seen, waiting = null } = look;
  const count = countFor(record, ruling, look);
  const reason = wakeReason(look);
  const queue = asked.component === undefined ? { backlog: waiting } : { target: asked.component, turnedAway: waiting };
  const evidence = { ...evidenceOf(shared, ruling), ...queue, desired: seen?.desired ?? null };
  if (ruling.want !== 'up' || count === 0) return decide(shared, record, 'keep', ruling.reason, evidence, false);
  // Only zero is left here; more than zero is the business of bounds and scaling policies.
  if (seen !== undefined && seen.desired > 0) return decide(shared, record, 'keep', ruling.reason, evidence, false);
  if (seen?.status !== 'InService') {
    return decide(shared, record, 'keep', 'in-progress', { ...evidence, status: seen?.status ?? null }, false);
  }
  const wake = { ...evidence, newDesired: count };
  if (ruling.reportOnly) return decide(shared, record, 'scale', reason, { ...wake, dryRun: true }, false);
  const outcome = await ports.endpoints.setDesired(record.endpoint, seen.target, count);
  if (outcome.ok) {
    decide(shared, record, 'scale', reason, wake, true);
    ports.log.count('CapacityChanges');
    const detail = { reason, before: { desired: 0 }, after: { desired: count }, ...queue };
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
