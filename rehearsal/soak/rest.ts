import { nextChange, rungAt } from '../../shared/domain/agenda.ts';
import type { Rung } from '../../shared/domain/policy.ts';
import type { Callers } from '../invariants/callers.ts';
import { CHECKER } from '../invariants/context.ts';
import type { Happening, ScenarioEndpoint, StartTime } from '../model.ts';
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
  return scenario.endpoints.flatMap((endpoint) =>
    partsOf(run, endpoint).flatMap((part) => {
      const rules = rulebook.rulesOf(endpoint.name, part.component);
      if (rules?.policyName === undefined || !rules.valid || rules.protected || rules.givenBack) return [];
      if (wasRefused(run, endpoint.name, rules.policyFrom)) return [];
      const what = unrestOf(run, part, rules, end);
      return what === undefined ? [] : [{ endpoint: endpoint.name, what }];
    }),
  );
}

/** A policy that does not fit the endpoint does nothing, and that was announced. */
function wasRefused({ observer }: Run, name: string, since: number): boolean {
  return observer.events.some(
    ({ detailType, detail, at }) =>
      detailType === 'Policy Invalid' && detail['endpoint'] === name && Date.parse(at) >= since,
  );
}

/** What comes to rest by itself: an endpoint, or each of its components. */
interface Part {
  readonly endpoint: ScenarioEndpoint;
  readonly component: string | undefined;
  readonly callers: Callers;
  readonly whenAway: ScenarioEndpoint['whenAway'];
  readonly state: { readonly status: string; readonly desired: number; readonly serving: number } | undefined;
  readonly longestStartMs: number;
}

function partsOf(run: Run, endpoint: ScenarioEndpoint): readonly Part[] {
  const { name, traffic, whenAway, hosting, deletesInMs } = endpoint;
  const longestStartMs = deletesInMs + longest(endpoint.startsIn);
  if (hosting === undefined) {
    const state = run.observer.changesOf(endpoint, run.scenario.start).at(-1);
    const callers = { name, component: undefined, traffic };
    return [{ endpoint, component: undefined, callers, whenAway, state, longestStartMs }];
  }
  return hosting.components.map((one) => ({
    endpoint,
    component: one.name,
    callers: { name, component: one.name, traffic: one.traffic },
    whenAway: one.whenAway,
    state: run.observer.componentChanges.get(one.name)?.at(-1) ?? {
      status: 'InService',
      desired: one.copies,
      serving: one.copies,
    },
    longestStartMs: longestStartMs + longest(one.startsIn),
  }));
}

function unrestOf(run: Run, part: Part, rules: Rules, end: number): string | undefined {
  const { endpoint, component, callers, state, longestStartMs: start } = part;
  const { policy, agenda } = rules;
  if (policy === undefined || agenda === undefined || modeOf(run) !== 'on') return undefined;
  if (state === undefined || BROKEN.has(state.status)) return undefined;
  // Somebody's limits may stand for good.
  if (policy.onDrift !== undefined && run.happenings.some(isOthersLimit)) return undefined;
  const idleFor = policy.zero?.idleFor ?? 30 * MINUTE;
  const since = end - (idleFor + (policy.zero?.minUp ?? 0) + 2 * start + SLACK);
  if (since < run.scenario.start || isDisturbed(run, endpoint, since, end) || rules.from > since) return undefined;
  const asked = arrivals(run, callers, since, end);
  const parks = endpoint.kind === 'real-time';
  if (asked === 0 && run.aws.world.requests(endpoint.name, component).pending === 0) {
    // What came long ago may have waited in the queue until just now.
    if (endpoint.kind === 'async' && hadBacklog(run, endpoint.name, since, end)) return undefined;
    const until = end + (typeof policy.wake.lead === 'number' ? policy.wake.lead : 2 * start) + 30 * MINUTE;
    const mayBeZero = rungsBetween(rules, since, until).every(meansZero);
    const isAtZero = parks ? state.status === 'Absent' || state.status === 'Deleting' : state.desired === 0;
    // What a scaling policy of its owner's makes of copies or instances is his.
    if (!parks && run.happenings.some((one) => isOthersPolicy(one, component ?? endpoint.name))) return undefined;
    if (!mayBeZero || isAtZero || (parks && policy.zero?.by !== 'park')) return undefined;
    if (parks && wasShort(run, end - BREAKER)) return undefined;
    const what = component === undefined ? 'instances' : `copies of ${component}`;
    return `${state.status} with ${state.desired} ${what} at the end, although nobody has asked for anything since ${iso(since)}`;
  }
  const listens =
    policy.wake.on === undefined || policy.wake.on.includes(endpoint.kind === 'async' ? 'backlog' : 'request');
  // A request that finds no copy fails, which asks for one whatever its caller does then.
  const asks = component !== undefined || part.whenAway === 'asks';
  const waits = endpoint.kind === 'async' ? run.aws.world.requests(endpoint.name).pending > 0 : asks;
  const early = arrivals(run, callers, since, end - 2 * start - SLACK);
  const late = arrivals(run, callers, end - 20 * MINUTE, end);
  if (!listens || !waits || early === 0 || late === 0 || state.serving > 0) return undefined;
  if (wasShort(run, since)) return undefined;
  const closed = rungsBetween(rules, since, end).some((rung) => rung.kind === 'bounds' && rung.max === 0);
  return closed ? undefined : `${state.status} at the end, although callers have been waiting since ${iso(since)}`;
}

/** By the queue's own metric, as the account holds it. */
function hadBacklog({ aws }: Run, EndpointName: string, since: number, end: number): boolean {
  const { Datapoints } = aws.call(CHECKER, 'CloudWatch', 'GetMetricStatistics', {
    Namespace: 'AWS/SageMaker',
    MetricName: 'ApproximateBacklogSize',
    Dimensions: [{ Name: 'EndpointName', Value: EndpointName }],
    StartTime: new Date(since),
    EndTime: new Date(end),
    Period: HOUR / 1000,
    Statistics: ['Maximum'],
  }) as { readonly Datapoints: readonly { readonly Maximum: number }[] };
  return Datapoints.some(({ Maximum }) => Maximum > 0);
}

function isOthersLimit({ happening, times }: Run['happenings'][number]): boolean {
  return happening.verb === 'call' && happening.operation.endsWith('ScalableTarget') && times() > 0;
}

function isOthersPolicy({ happening, times }: Run['happenings'][number], name: string): boolean {
  if (happening.verb !== 'call' || happening.operation !== 'PutScalingPolicy' || times() === 0) return false;
  return String(happening.input['ResourceId']).split('/').includes(name);
}

function modeOf({ deployment }: Run): string {
  return deployment.functions[0]?.environment['MODE'] ?? 'on';
}

function longest(startsIn: StartTime): number {
  return startsIn.kind === 'fixed' ? startsIn.ms : 2 * startsIn.p95Ms;
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

function arrivals({ scenario }: Run, { name, component, traffic }: Callers, from: number, to: number): number {
  let count = 0;
  for (let minute = Math.floor((from - scenario.start) / MINUTE); minute * MINUTE + scenario.start < to; minute += 1) {
    count += traffic[minute] ?? 0;
  }
  for (const happening of scenario.happens) {
    if (happening.verb !== 'requests' || happening.endpoint !== name || happening.component !== component) continue;
    if (happening.at >= from) count += happening.count;
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
