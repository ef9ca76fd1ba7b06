import type {
  DecisionResult,
  EndpointResult,
  HappensResult,
  RehearsalResult,
  WindowResult,
} from '../rehearsal/result.ts';
import { formatPlural, formatSeconds } from './format.ts';
import { explainReason, isFailure } from './reasons.ts';
import { createZone, type Zone } from './zone.ts';

/** One thing that went wrong, in words: what happened, and how it was mended. */
export interface Trouble {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly severity: 'violation' | 'late' | 'fault' | 'notice';
  readonly endpoint: string | null;
  readonly title: string;
  readonly what: string;
  readonly mended: string;
}

/** Refusals of one endpoint for one reason over the whole run. */
export interface RefusalGroup {
  readonly endpoint: string;
  readonly reason: string;
  readonly times: number;
  readonly first: number;
  readonly last: number;
}

const DAY = 24 * 3_600_000;

/** Events that tell of trouble no decision or window tells of. */
const NOTICES: Readonly<Record<string, string>> = {
  'Policy Invalid': 'Its endpoints are never parked and nothing of them is lowered until the document is valid again.',
  'Policy Not Applied': 'The rest of the policy is in force.',
  'Scaling Failed': 'The advice is in the event; the scaler asks AWS for nothing more than the policy says.',
  'Drift Found': 'Mended, respected or left alone, as `onDrift` of its policy says.',
  'Endpoint Orphaned': 'It is not recreated; its recipe is kept.',
  'Model Changed': 'The recipe keeps what was running.',
  'Requests Expiring': 'Queued requests may expire before capacity serves them.',
  'Alarm Stuck': 'An alarm that never clears keeps its endpoint up; look at the alarm.',
  'Scaler Off': 'Nothing is done while the mode is off.',
  'Holidays Expiring': 'Apply the schedule again to compile the next years.',
};

/** Verbs of a scenario that disturb the world, rather than being what people do in it. */
const FAULTS: Readonly<Record<string, string>> = {
  noCapacity: 'Capacity shortage',
  throttle: 'Throttled calls',
  fail: 'Failing calls',
  crash: 'A function died',
  events: 'Events lost or disturbed',
  metrics: 'Metrics missing',
};

/** What a happening is called when it is a fault; null for what people do, such as a hold or a request. */
export function nameFault(what: string): string | null {
  const [verb = ''] = what.split(/[^A-Za-z]/, 1);
  return Object.hasOwn(FAULTS, verb) ? (FAULTS[verb] ?? null) : null;
}

const LASTING = / for (?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:\d+s)?$/;

/** How long a happening lasts by its own line, in milliseconds; 0 when the line does not say. */
function readLasting(what: string): number {
  const [, days = '0', hours = '0', minutes = '0'] = LASTING.exec(what) ?? [];
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60_000;
}

function findFailures(endpoint: EndpointResult, from: number, to: number): DecisionResult[] {
  return endpoint.decisions.filter((decision) => {
    const at = Date.parse(decision.at);
    return isFailure(decision.reason) && at >= from && at < to;
  });
}

function formatTimes(times: number): string {
  return times === 1 ? 'once' : formatPlural(times, 'time');
}

function countTimes(decisions: readonly DecisionResult[]): number {
  return decisions.reduce((sum, decision) => sum + decision.times, 0);
}

function findService(endpoint: EndpointResult, after: number): number | null {
  const span = endpoint.spans.find(
    (candidate) => candidate.status === 'InService' && candidate.serving > 0 && Date.parse(candidate.to) > after,
  );
  return span === undefined ? null : Math.max(Date.parse(span.from), after);
}

function listLate(endpoint: EndpointResult, from: number, to: number): WindowResult[] {
  return endpoint.windows.filter((window) => {
    const begins = Date.parse(window.begins);
    return window.lateSeconds > 0 && begins >= from && begins < to;
  });
}

function tellLate(name: string, window: WindowResult, zone: Zone): string {
  const begins = zone.stamp(Date.parse(window.begins));
  return window.readyAt === null
    ? `${name} was never ready for its window of ${begins} (${formatSeconds(window.lateSeconds)} long).`
    : `${name} was ready at ${zone.time(Date.parse(window.readyAt))}, ${formatSeconds(window.lateSeconds)} after its window of ${begins}.`;
}

/** Starts that failed, the tries that followed, and when the endpoint served again. */
function tellStarts(name: string, endpoint: EndpointResult, failures: readonly DecisionResult[], zone: Zone): string {
  const [first] = failures;
  const last = failures.at(-1);
  if (first === undefined || last === undefined) return '';
  const service = findService(endpoint, Date.parse(last.until));
  const tries = endpoint.decisions.filter((decision) => {
    const at = Date.parse(decision.at);
    const between = at >= Date.parse(first.at) && at <= (service ?? Number.POSITIVE_INFINITY);
    return decision.decision === 'wake' && !isFailure(decision.reason) && between;
  });
  const config = tries.at(-1)?.evidence['config'];
  const by = typeof config === 'string' ? ` with ${config}` : '';
  const again = tries.length === 0 ? '' : `, was tried again ${formatTimes(countTimes(tries))}${by}`;
  const back = service === null ? 'was not back by the end of the run' : `was in service at ${zone.stamp(service)}`;
  return `${name} failed to start ${formatTimes(countTimes(failures))} (${explainReason(last.reason)})${again} and ${back}.`;
}

function tellCalls(name: string, failures: readonly DecisionResult[], zone: Zone): string {
  const last = failures.at(-1);
  if (last === undefined) return '';
  const until = zone.stamp(Date.parse(last.until));
  return `${name}: ${explainReason(last.reason)}, ${formatTimes(countTimes(failures))}, the last at ${until}.`;
}

function tellRecovery(name: string, endpoint: EndpointResult, failures: readonly DecisionResult[], zone: Zone): string {
  const starts = failures.filter((decision) => decision.reason.startsWith('wake-'));
  // That an endpoint is reported as failed follows from a start that failed; told once is enough.
  const others = failures.filter(
    (decision) => !starts.includes(decision) && (starts.length === 0 || decision.reason !== 'endpoint-failed'),
  );
  return [tellStarts(name, endpoint, starts, zone), tellCalls(name, others, zone)]
    .filter((text) => text !== '')
    .join(' ');
}

function tellFault(happening: HappensResult, until: number, result: RehearsalResult, zone: Zone): Trouble {
  const from = Date.parse(happening.at);
  const told: string[] = [];
  for (const [name, endpoint] of Object.entries(result.endpoints)) {
    const failures = findFailures(endpoint, from, until);
    if (failures.length > 0) told.push(tellRecovery(name, endpoint, failures, zone));
    for (const window of listLate(endpoint, from, until)) told.push(tellLate(name, window, zone));
  }
  const effect = happening.times === 0 ? 'It met nothing.' : `It took effect ${formatTimes(happening.times)}.`;
  const calm =
    happening.times === 0
      ? 'There was nothing to mend.'
      : 'No window was late and no start failed in the day that followed: every tick asks again what each endpoint should be.';
  return {
    at: from,
    severity: 'fault',
    endpoint: null,
    title: nameFault(happening.what) ?? happening.what,
    what: `${happening.what}. ${effect}`,
    mended: told.length > 0 ? told.join(' ') : calm,
  };
}

function tellLateWindows(result: RehearsalResult, covered: (at: number) => boolean, zone: Zone): Trouble[] {
  return Object.entries(result.endpoints).flatMap(([name, endpoint]) =>
    listLate(endpoint, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
      .filter((window) => !covered(Date.parse(window.begins)))
      .map((window): Trouble => {
        const begins = Date.parse(window.begins);
        const failures = findFailures(endpoint, begins - DAY / 4, begins + window.lateSeconds * 1000);
        const cause =
          failures.length > 0 ? tellRecovery(name, endpoint, failures, zone) : 'Its start took longer than the lead.';
        return {
          at: begins,
          severity: 'late',
          endpoint: name,
          title: `${name} was late by ${formatSeconds(window.lateSeconds)}`,
          what: tellLate(name, window, zone),
          mended: window.readyAt === null ? cause : `${cause} Every start is a sample for the next lead.`,
        };
      }),
  );
}

const AGAIN = 'Later runs ask again; until then what was in force stays.';

function tellFailures(result: RehearsalResult, covered: (at: number) => boolean, zone: Zone): Trouble[] {
  return Object.entries(result.endpoints).flatMap(([name, endpoint]) => {
    const late = listLate(endpoint, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    const untold = findFailures(endpoint, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY).filter((decision) => {
      const at = Date.parse(decision.at);
      return !covered(at) && !late.some((window) => Math.abs(Date.parse(window.begins) - at) < DAY / 4);
    });
    return [...Map.groupBy(untold, (decision) => decision.reason)].map(([reason, failures]): Trouble => {
      const at = Date.parse(failures[0]?.at ?? result.from);
      const what = `First at ${zone.stamp(at)}, ${formatTimes(countTimes(failures))} in all, the last at ${zone.stamp(Date.parse(failures.at(-1)?.until ?? result.to))}.`;
      const start = reason.startsWith('wake-');
      const mended = start ? tellRecovery(name, endpoint, failures, zone) : AGAIN;
      return { at, severity: 'fault', endpoint: name, title: `${name}: ${explainReason(reason)}`, what, mended };
    });
  });
}

function tellNotices(result: RehearsalResult): Trouble[] {
  const groups = new Map<
    string,
    { at: number; endpoint: string | null; type: string; times: number; reason: string }
  >();
  for (const event of result.events) {
    if (!Object.hasOwn(NOTICES, event.detailType)) continue;
    const endpoint = typeof event.detail['endpoint'] === 'string' ? event.detail['endpoint'] : null;
    const reason = typeof event.detail['reason'] === 'string' ? event.detail['reason'] : '';
    const key = JSON.stringify([event.detailType, endpoint, reason]);
    const group = groups.get(key);
    if (group === undefined)
      groups.set(key, { at: Date.parse(event.at), endpoint, type: event.detailType, times: 1, reason });
    else group.times += 1;
  }
  return [...groups.values()].map((group) => ({
    at: group.at,
    severity: 'notice',
    endpoint: group.endpoint,
    title: group.endpoint === null ? group.type : `${group.endpoint}: ${group.type}`,
    what: `Announced ${formatTimes(group.times)}${group.reason === '' ? '' : ` (${explainReason(group.reason)})`}.`,
    mended: NOTICES[group.type] ?? '',
  }));
}

function tellViolations(result: RehearsalResult): Trouble[] {
  return result.invariants.violations.map((violation) => ({
    at: Date.parse(violation.at),
    severity: 'violation',
    endpoint: violation.endpoint,
    title: `Invariant ${violation.invariant} violated${violation.endpoint === null ? '' : ` by ${violation.endpoint}`}`,
    what: violation.what,
    mended: 'This is a fault of the scaler, not of the scenario. Please report it with this document.',
  }));
}

/** Everything that went wrong, violations first, then in order of time. */
export function listTroubles(result: RehearsalResult): Trouble[] {
  const zone = createZone(result.timezone ?? 'UTC');
  const faults = result.happens.filter((happening) => nameFault(happening.what) !== null);
  const reaches = faults.map((fault, index) => {
    const from = Date.parse(fault.at);
    const next = faults
      .slice(index + 1)
      .map((later) => Date.parse(later.at))
      .find((at) => at > from);
    const reach = Math.max(DAY, readLasting(fault.what));
    return { from, to: Math.min(from + reach, next ?? Number.POSITIVE_INFINITY) };
  });
  const covered = (at: number): boolean => reaches.some((reach) => at >= reach.from && at < reach.to);
  const told = [
    ...faults.map((fault, index) => tellFault(fault, reaches[index]?.to ?? Date.parse(fault.at), result, zone)),
    ...tellLateWindows(result, covered, zone),
    ...tellFailures(result, covered, zone),
    ...tellNotices(result),
  ].sort((a, b) => a.at - b.at);
  return [...tellViolations(result), ...told];
}

export function groupRefusals(result: RehearsalResult): RefusalGroup[] {
  const groups = new Map<string, RefusalGroup>();
  for (const [endpoint, outcome] of Object.entries(result.endpoints)) {
    for (const decision of outcome.decisions) {
      if (decision.decision !== 'refuse' || isFailure(decision.reason)) continue;
      const key = JSON.stringify([endpoint, decision.reason]);
      const group = groups.get(key);
      groups.set(key, {
        endpoint,
        reason: decision.reason,
        times: (group?.times ?? 0) + decision.times,
        first: group?.first ?? Date.parse(decision.at),
        last: Date.parse(decision.until),
      });
    }
  }
  return [...groups.values()];
}
