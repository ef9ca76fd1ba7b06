import { nextChange, rungAt } from '../../shared/domain/agenda.ts';
import type { Rung } from '../../shared/domain/policy.ts';
import type { Happening, ScenarioEndpoint } from '../model.ts';
import type { Rulebook, Rules } from '../rulebook.ts';
import type { Run } from '../run.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;
/** What parks and wakes take beyond the times that policy and endpoint name: ticks, two runs, a retry. */
const SLACK = HOUR;
/** A type that had no capacity is parked again after so long at the latest. */
const BREAKER = 24 * HOUR;
/** In these nothing can be decided by the scaler: a human mends them. */
const BROKEN: ReadonlySet<string> = new Set(['Failed', 'OutOfService', 'UpdateRollbackFailed']);

export interface Unrest {
  readonly endpoint: string;
  readonly what: string;
}

/**
 * What invariants over steps cannot say: when nothing has stood in the way for long, nothing may be stuck half-way. Zero
 * is reached where policy allows it and nobody asks; who asks is served.
 */
export function findUnrest(run: Run, rulebook: Rulebook): Unrest[] {
  const { scenario } = run;
  const end = scenario.start + scenario.durationMs;
  return scenario.endpoints.flatMap((endpoint) => {
    const rules = rulebook.rulesOf(endpoint.name);
    if (rules?.policyName === undefined || !rules.valid || rules.protected || rules.givenBack) return [];
    if (wasRefused(run, endpoint.name, rules.from)) return [];
    const what = unrestOf(run, endpoint, rules, end);
    return what === undefined ? [] : [{ endpoint: endpoint.name, what }];
  });
}

/** A policy that does not fit the endpoint does nothing, and that was announced. */
function wasRefused({ observer }: Run, name: string, since: number): boolean {
  return observer.events.some(
    ({ detailType, detail, at }) =>
      detailType === 'Policy Invalid' && detail['endpoint'] === name && Date.parse(at) >= since,
  );
}

function unrestOf(run: Run, endpoint: ScenarioEndpoint, rules: Rules, end: number): string | undefined {
  const { policy, agenda } = rules;
  if (policy === undefined || agenda === undefined || modeOf(run) !== 'on') return undefined;
  const state = run.observer.changesOf(endpoint, run.scenario.start).at(-1);
  if (state === undefined || BROKEN.has(state.status)) return undefined;
  // Somebody's limits may stand for good.
  if (policy.onDrift !== undefined && run.happenings.some(isOthersLimit)) return undefined;
  const start = longestStart(endpoint);
  const idleFor = policy.zero?.idleFor ?? 30 * MINUTE;
  const since = end - (idleFor + (policy.zero?.minUp ?? 0) + 2 * start + SLACK);
  if (since < run.scenario.start || isDisturbed(run, endpoint, since, end) || rules.from > since) return undefined;
  const asked = arrivals(run, endpoint, since, end);
  const parks = endpoint.kind === 'real-time';
  if (asked === 0 && run.aws.world.requests(endpoint.name).pending === 0) {
    const until = end + (typeof policy.wake.lead === 'number' ? policy.wake.lead : 2 * start) + 30 * MINUTE;
    const mayBeZero = rungsBetween(rules, since, until).every(meansZero);
    const isAtZero = parks ? state.status === 'Absent' || state.status === 'Deleting' : state.desired === 0;
    if (!mayBeZero || isAtZero || (parks && policy.zero?.by !== 'park')) return undefined;
    if (parks && wasShort(run, end - BREAKER)) return undefined;
    return `${state.status} with ${state.desired} instances at the end, although nobody has asked for anything since ${iso(since)}`;
  }
  const listens = policy.wake.on === undefined || policy.wake.on.includes(parks ? 'request' : 'backlog');
  const waits = parks ? endpoint.whenAway === 'asks' : run.aws.world.requests(endpoint.name).pending > 0;
  const early = arrivals(run, endpoint, since, end - 2 * start - SLACK);
  const late = arrivals(run, endpoint, end - 20 * MINUTE, end);
  if (!listens || !waits || early === 0 || late === 0 || state.serving > 0) return undefined;
  if (wasShort(run, since)) return undefined;
  const closed = rungsBetween(rules, since, end).some((rung) => rung.kind === 'bounds' && rung.max === 0);
  return closed ? undefined : `${state.status} at the end, although callers have been waiting since ${iso(since)}`;
}

function isOthersLimit({ happening, times }: Run['happenings'][number]): boolean {
  return happening.verb === 'call' && happening.operation.endsWith('ScalableTarget') && times() > 0;
}

function modeOf({ deployment }: Run): string {
  return deployment.functions[0]?.environment['MODE'] ?? 'on';
}

function longestStart({ startsIn, deletesInMs }: ScenarioEndpoint): number {
  return deletesInMs + (startsIn.kind === 'fixed' ? startsIn.ms : 2 * startsIn.p95Ms);
}

function rungsBetween({ agenda }: Rules, from: number, until: number): Rung[] {
  const rungs: Rung[] = [];
  if (agenda === undefined) return rungs;
  for (let at: number | undefined = from; at !== undefined && at <= until; at = nextChange(agenda, at)) {
    const rung = rungAt(agenda, at);
    if (rung !== undefined) rungs.push(rung);
  }
  return rungs;
}

function meansZero(rung: Rung): boolean {
  return rung.kind === 'zero' || (rung.kind === 'bounds' && rung.min === 0);
}

function arrivals({ scenario }: Run, { name, traffic }: ScenarioEndpoint, from: number, to: number): number {
  let count = 0;
  for (let minute = Math.floor((from - scenario.start) / MINUTE); minute * MINUTE + scenario.start < to; minute += 1) {
    count += traffic[minute] ?? 0;
  }
  for (const happening of scenario.happens) {
    if (happening.verb === 'requests' && happening.endpoint === name && happening.at >= from) count += happening.count;
  }
  return count;
}

/** Anything that somebody does, or that goes wrong, since then; a shortage is judged by itself. */
function isDisturbed(run: Run, { name }: ScenarioEndpoint, since: number, end: number): boolean {
  const late = run.happenings.some(({ happening, times }) => {
    if (happening.verb === 'requests' || happening.verb === 'crash') return false;
    return endOf(happening, end) >= since && (times() > 0 || happening.at >= since) && concerns(happening, name);
  });
  return late || run.observer.deaths.some((at) => at >= since) || isAlarming(run, name);
}

function endOf(happening: Happening, end: number): number {
  return 'until' in happening ? (happening.until ?? end) : happening.at;
}

function concerns(happening: Happening, name: string): boolean {
  return !('endpoint' in happening) || happening.endpoint === name;
}

/** An alarm that somebody set asks for as long as it lasts. */
function isAlarming({ happenings }: Run, name: string): boolean {
  const states = happenings
    .map(({ happening }) => happening)
    .filter((one) => one.verb === 'call' && one.operation === 'SetAlarmState')
    .sort((a, b) => a.at - b.at);
  const last = states.findLast((one) => one.verb === 'call' && String(one.input['AlarmName']).startsWith(`${name}-`));
  return last?.verb === 'call' && last.input['StateValue'] !== 'OK';
}

function wasShort({ scenario }: Run, since: number): boolean {
  return scenario.happens.some(
    (one) => (one.verb === 'noCapacity' || one.verb === 'noQuota') && (one.until === undefined || one.until >= since),
  );
}

const iso = (at: number): string => new Date(at).toISOString();
