import { explainReason } from '../../report/reasons.ts';
import type { Evidence } from '../../shared/domain/decision.ts';
import { endsDemand } from '../../shared/domain/demand.ts';
import { idleForOf, parks } from '../../shared/domain/kinds.ts';
import type { FleetRecord, Hold } from '../../shared/domain/record.ts';
import { HOUR, type Instant, MINUTE } from '../../shared/domain/time.ts';
import { setHold } from '../../shared/use-cases/hold.ts';
import { findObstacle, inServiceSince, readParkFacts } from '../../shared/use-cases/idle-windows/before-park.ts';
import { breakerObstacle, cheapObstacle, lessonObstacle } from '../../shared/use-cases/idle-windows/consider-park.ts';
import type { Work } from '../../shared/use-cases/idle-windows/ports.ts';
import { readUse } from '../account/activity.ts';
import type { Account } from '../account/connect.ts';
import { readZones } from '../account/documents.ts';
import { describeRung } from '../account/edges.ts';
import { must } from '../account/failures.ts';
import { type Fleet, readFleet, ruleOn } from '../account/fleet.ts';
import { prepareWork } from '../account/work.ts';
import type { Io } from '../output.ts';
import { CliError, EXIT, writeJson } from '../output.ts';
import { printable } from '../printable.ts';
import { formatAge, formatWhen, readDuration, readWhen } from '../times.ts';
import { holdAnswer, holdError, holdPorts } from './hold.ts';
import { type Seen, waitFor } from './wait.ts';

export interface ParkOptions {
  readonly until?: string;
  readonly why: string;
  readonly by?: string;
  readonly replace?: boolean;
  readonly wait?: boolean;
  readonly timeout: string;
  readonly every: string;
  readonly json?: string;
}

/** Two runs and a delete fit into it with room; what is parked stays so where the calendar does not want it up. */
const SHORT_HOLD = HOUR;
/** A shorter hold may end before the second run of a park. */
const LEAST_HOLD = 10 * MINUTE;

/**
 * Parks by a `down` hold: idle-windows parks by its own rules or not at all, and this command never deletes. What those
 * rules would refuse is found first, by their own code, and nothing is stored then.
 */
export async function park(account: Account, io: Io, name: string, options: ParkOptions): Promise<void> {
  const timing = { timeout: readDuration('--timeout', options.timeout), every: readDuration('--every', options.every) };
  const fleet = await readFleet(account, [name]);
  const record = fleet.records[0]!;
  const zone = (await readZones(account, io))(record.policyName);
  const when = (at: Instant) => formatWhen(at, zone);
  const refusal = checkRecord(account, record);
  if (refusal !== undefined) throw refuse(record, refusal);
  const until = chooseUntil(account, fleet, record, options, when);
  const by = options.by ?? (await account.caller());
  const asked: Hold = { endpoint: record.endpoint, mode: 'down', from: fleet.now, until, by, why: options.why };
  const obstacle = await findReason(account, prepareWork(account, fleet, record, asked), when);
  if (obstacle !== undefined) throw refuse(record, obstacle);
  const outcome = await setHold(holdPorts(account), { ...asked, replace: options.replace === true }, fleet.now);
  if (!outcome.ok) throw holdError(outcome);
  const { endpoint } = record;
  if (options.wait !== true) {
    if (options.json !== undefined) writeJson(io, options.json, { endpoint, ...holdAnswer(outcome) });
    if (options.json !== '-') {
      io.out(
        `${printable(endpoint)}: held down until ${when(until)}; it is parked within the next minutes unless something changes\n`,
      );
    }
    return;
  }
  const end = await waitFor(account, io, { endpoint, what: 'parked', ...timing, isReached: isParked });
  if (options.json !== undefined) {
    const waitedSeconds = Math.round(end.waited / 1000);
    writeJson(io, options.json, { endpoint, ...holdAnswer(outcome), phase: end.record.phase, waitedSeconds });
  }
  if (options.json !== '-')
    io.out(`${printable(endpoint)}: parked after ${formatAge(end.waited)}, held down until ${when(until)}\n`);
}

function refuse({ endpoint }: FleetRecord, why: string): CliError {
  return new CliError(EXIT.failed, `${printable(endpoint)}: not parked: ${why}`);
}

/** What the record and the stack alone say. */
function checkRecord({ stack }: Account, record: FleetRecord): string | undefined {
  const { mode } = stack.settings;
  if (stack.assumed) return 'no stack works on this table';
  if (mode !== 'on') return `the mode of the stack is ${mode}`;
  if (record.kind === 'serverless') {
    return 'a serverless endpoint is never parked: without requests it costs nothing but its provisioned concurrency, at least 1';
  }
  if (record.kind !== 'real-time') return `an endpoint of kind ${record.kind} is never parked; hold it down instead`;
  if (!parks(record.kind, record.policy))
    return `policy ${printable(record.policyName)} does not say \`zero: { by: park }\``;
  if (record.giveBack !== undefined) return 'it is given back';
  if (record.phase !== 'up') return `it is ${record.phase} already`;
  return undefined;
}

/** How long it has to be held down so that the park is worth it and no window is missed without somebody's word. */
function chooseUntil(
  account: Account,
  fleet: Fleet,
  record: FleetRecord,
  { until }: ParkOptions,
  when: (at: Instant) => string,
): Instant {
  if (until !== undefined) return readWhen('--until', until, fleet.now);
  const unheld = { ...fleet, holds: new Map() };
  const calendar = { ...record, demand: [] };
  const now = ruleOn(account, unheld, calendar, fleet.now);
  if (now.want === 'up') {
    const why = now.rung === undefined ? explainReason(now.reason) : describeRung(now.rung);
    throw refuse(record, `its calendar wants it up (${why}): say with --until how long it may be away all the same`);
  }
  const end = fleet.now + SHORT_HOLD;
  // What the calendar, or a policy that knows no zero, says about it once it is parked and the hold is over.
  const later = ruleOn(account, unheld, { ...calendar, phase: 'parked' }, end);
  if (later.want !== 'up') return end;
  const window = later.window ?? fleet.now;
  if (window - fleet.now >= LEAST_HOLD) return Math.min(window, end);
  const why =
    later.window === undefined
      ? 'its policy has no time at which it may be zero'
      : `its next window begins at ${when(window)}`;
  throw refuse(record, `${why}: say with --until how long it may be away all the same`);
}

/** Everything that idle-windows would look at, in its order; undefined: nothing is in the way. */
async function findReason(account: Account, work: Work, when: (at: Instant) => string): Promise<string | undefined> {
  const { record } = work.session;
  const { now } = work.run;
  const view = must(await account.endpoints.describe(record.endpoint));
  if (view === undefined) return 'SageMaker does not find it';
  if (view.status !== 'InService') return `SageMaker says ${view.status}`;
  const cheap = cheapObstacle(work, inServiceSince(record, view, now));
  if (cheap !== undefined) return describeObstacle(cheap);
  const use = await readUse(account, work, view);
  if (use === undefined || use.verdict === 'unknown')
    return describeObstacle({ reason: 'activity-unknown', evidence: use?.evidence ?? {} });
  if (use.verdict === 'active') {
    const last = use.lastActiveAt === undefined ? 'it came into service' : 'it was used';
    const since = use.lastActiveAt ?? inServiceSince(record, view, now);
    return `${last} at ${when(since)}; idle at ${when(use.idleAt)} at the earliest`;
  }
  const idleFor = record.policy === undefined ? 0 : idleForOf(record.kind, record.policy);
  if (!endsDemand(record.demand, now, idleFor)) {
    const asked = Math.max(...record.demand.map(({ renewedAt }) => renewedAt));
    return `somebody asked for it at ${when(asked)}; that counts until ${when(asked + idleFor)}`;
  }
  const facts = must(await readParkFacts(work.ports, view));
  const obstacle =
    findObstacle(record, facts, account.prefix) ??
    lessonObstacle(work, facts) ??
    (await breakerObstacle(work, facts.config?.variants[0]?.instanceType));
  return obstacle === undefined ? undefined : describeObstacle(obstacle);
}

function describeObstacle({ reason, evidence }: { readonly reason: string; readonly evidence: Evidence }): string {
  const facts = Object.entries(evidence).map(([name, value]) => `${name} ${printable(String(value))}`);
  return `${explainReason(reason)} (${[reason, ...facts].join(', ')})`;
}

function isParked({ record }: Seen, since: Instant): boolean | string {
  if (record.phase === 'parked') return true;
  const last = record.lastDecision;
  if (record.phase !== 'up' || last?.decision !== 'refuse' || last.at < since) return false;
  return `not parked: ${explainReason(last.reason)} (${last.reason}); the hold stays, endpoint-scaler unhold ends it`;
}
