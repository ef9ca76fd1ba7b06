import type { CallRecord, ComponentChange, EndpointChange } from '../../simulator/contract.ts';
import type { Happening } from '../model.ts';
import type { HappeningState, Run } from '../run.ts';
import { MINUTE_MS } from './context.ts';

/** One endpoint as simulated AWS has it now, and what the product has seen of it. */
export interface EndpointState {
  readonly name: string;
  /** The inference component whose copies `desired` and `serving` count; absent: instances of the endpoint. */
  readonly component?: string;
  status: string;
  desired: number;
  serving: number;
  config: string;
  instanceType: string;
  /** Where there are several. */
  variants: EndpointChange['variants'];
  /** Since when it is in service without a break; undefined: it is not. */
  inServiceSince: number | undefined;
  /** Successful CreateEndpoint of this incarnation; undefined: it existed before the run. */
  createdAt: number | undefined;
  /** Made by the product, and never in service yet. */
  ownTry: boolean;
  deletedAt: number | undefined;
  /** Last successful DescribeEndpoint of the product. */
  describedAt: number | undefined;
  /** Last time the product read a recipe of it from its table. */
  recipeReadAt: number | undefined;
  /** Last successful read of its metrics by the product. */
  metricsReadAt: number | undefined;
  /** Longest time from a create or scale-out to the last instance in service. */
  longestStartMs: number;
  /** Of a component: since when it has had a copy that answers; undefined: it has none. */
  servingSince: number | undefined;
  /** More instances have been wanted than serve since then. */
  raisedAt: number | undefined;
  /** The last stretch in which it could not be changed, or not for long enough for a run; still busy: without end. */
  busy: { readonly since: number; readonly until: number };
  changedAt: number;
  /** Last time that somebody else changed its capacity, its bounds or what scales it. */
  touchedAt: number;
  /** Last time that somebody else asked for instances. */
  scaledAt: number;
  /** Of a component: last time that the product asked for copies. */
  askedAt: number;
}

export interface ActiveHold {
  readonly mode: 'up' | 'down' | 'hands-off';
  readonly from: number;
  readonly until: number;
}

/** Copies that a component was not given are asked for again after ten minutes at the latest, and a run or two. */
const ASKED_AGAIN_MS = 15 * 60_000;
const RECIPE_KEY = /recipe\/([^"]+)"/;
const SERVING: ReadonlySet<string> = new Set([
  'InService',
  'Updating',
  'SystemUpdating',
  'RollingBack',
  'UpdateRollbackFailed',
]);

/** What somebody else can do to an endpoint's capacity. */
const HANDS: ReadonlySet<string> = new Set([
  'SageMaker.CreateEndpoint',
  'SageMaker.DeleteEndpoint',
  'SageMaker.UpdateEndpoint',
  'SageMaker.UpdateEndpointWeightsAndCapacities',
  'SageMaker.CreateInferenceComponent',
  'SageMaker.UpdateInferenceComponent',
  'SageMaker.UpdateInferenceComponentRuntimeConfig',
  'SageMaker.DeleteInferenceComponent',
  'ApplicationAutoScaling.RegisterScalableTarget',
  'ApplicationAutoScaling.DeregisterScalableTarget',
  'ApplicationAutoScaling.PutScalingPolicy',
  'ApplicationAutoScaling.DeleteScalingPolicy',
  'ApplicationAutoScaling.PutScheduledAction',
]);

/** Longest tick. */
const BETWEEN_RUNS_MS = 5 * MINUTE_MS;
/** Endpoints of a scenario were created so long before it starts. */
const SEEDED_BEFORE_MS = 30 * 86_400_000;

type Of<V extends Happening['verb']> = Extract<Happening, { verb: V }>;

/** Simulated AWS as far as invariants need it, followed call by call; nothing here asks the product. */
export class WorldState {
  readonly #run: Run;
  readonly #endpoints = new Map<string, EndpointState>();
  /** By component. */
  readonly #components = new Map<string, EndpointState>();
  readonly #invalid = new Map<string, number>();
  /** When a scaling that came to nothing was told, by resource. */
  readonly #failed = new Map<string, number>();
  readonly #unruled = new Set<string>();
  #seenEvents = 0;
  readonly #beforeCall = new Map<string, EndpointState>();
  readonly #shortages: readonly Of<'noCapacity' | 'noQuota'>[];
  readonly #sicknesses: readonly Of<'unhealthy'>[];
  readonly #stuck: readonly Of<'stuck'>[];
  readonly #callFaults: readonly Of<'callFault' | 'network'>[];
  readonly #hidden: readonly Of<'metrics'>[];
  readonly #stale: readonly Of<'stale'>[];
  readonly #holds: readonly HappeningState[];
  readonly #deployments: readonly Of<'deploy'>[];
  readonly #lostTicks: readonly Of<'events'>[];

  constructor(run: Run) {
    this.#run = run;
    const { happens, endpoints, start } = run.scenario;
    const only = <V extends Happening['verb']>(verb: V) => happens.filter((one): one is Of<V> => one.verb === verb);
    this.#shortages = [...only('noCapacity'), ...only('noQuota')];
    this.#sicknesses = only('unhealthy');
    this.#stuck = only('stuck');
    this.#callFaults = [...only('callFault'), ...only('network')];
    this.#hidden = only('metrics').filter(({ mode }) => mode === 'missing');
    this.#stale = only('stale');
    this.#lostTicks = only('events').filter(({ of, mode }) => of === 'tick' && mode !== 'twice');
    this.#deployments = only('deploy');
    this.#holds = run.happenings
      .filter(({ happening }) => happening.verb === 'hold' || happening.verb === 'unhold')
      .sort((a, b) => a.happening.at - b.happening.at);
    for (const { name, instances, instanceType, hosting, variants } of endpoints) {
      const state = { name, status: 'InService', desired: instances, serving: instances, config: name, instanceType };
      const seeded = variants?.map((one) => ({ ...one, desired: one.instances, serving: one.instances }));
      const inServiceSince = start - SEEDED_BEFORE_MS;
      this.#endpoints.set(name.toLowerCase(), { ...fresh(start), ...state, variants: seeded, inServiceSince });
      for (const { name: component, copies } of hosting?.components ?? []) {
        const part = { ...state, component, desired: copies, serving: copies };
        const servingSince = copies > 0 ? inServiceSince : undefined;
        this.#components.set(component, { ...fresh(start), ...part, inServiceSince, servingSince });
      }
    }
  }

  endpoint(name: string): EndpointState | undefined {
    return this.#endpoints.get(name.toLowerCase());
  }

  endpoints(): Iterable<EndpointState> {
    return this.#endpoints.values();
  }

  component(name: string): EndpointState | undefined {
    return this.#components.get(name);
  }

  /** The endpoint that a component runs on. */
  readonly hostOf = (component: string): string | undefined => this.#components.get(component)?.name;

  /** What bounds and windows speak of: instances of an endpoint, or the copies of each of its components. */
  *scaled(): Iterable<EndpointState> {
    for (const state of this.#endpoints.values()) if (!this.isHost(state.name)) yield state;
    yield* this.#components.values();
  }

  /** Whether it runs inference components. */
  isHost(endpoint: string): boolean {
    return this.#run.scenario.endpoints.find(({ name }) => name === endpoint)?.hosting !== undefined;
  }

  /** The endpoint as it was when the product's call that is now seen began. */
  beforeCall(name: string): EndpointState | undefined {
    return this.#beforeCall.get(name.toLowerCase()) ?? this.endpoint(name);
  }

  callBegins(): void {
    this.#beforeCall.clear();
  }

  /** Takes over a change; answers the state before it. */
  change(change: EndpointChange): EndpointState {
    const key = change.endpoint.toLowerCase();
    const known = this.#endpoints.get(key) ?? { ...fresh(change.at), name: change.endpoint };
    const before = { ...known };
    if (!this.#beforeCall.has(key)) this.#beforeCall.set(key, before);
    this.#endpoints.set(key, known);
    const { status, desired, serving, config, instanceType, variants } = change;
    Object.assign(known, { status, desired, serving, config, instanceType, variants, changedAt: change.at });
    if (status === 'Absent') {
      known.inServiceSince = undefined;
      known.deletedAt = change.at;
      known.ownTry = false;
    } else if (SERVING.has(status)) {
      known.inServiceSince ??= change.at;
      known.ownTry = false;
      if (serving >= desired && known.createdAt !== undefined) this.#noteStart(known, change.at - known.createdAt);
    } else known.inServiceSince = undefined;
    this.#followRaise(known, change.at);
    const wasBusy = known.busy.until > change.at;
    if (status === 'InService' && wasBusy) known.busy = { since: known.busy.since, until: change.at };
    if (status !== 'InService' && !wasBusy) {
      const since = change.at - known.busy.until < BETWEEN_RUNS_MS ? known.busy.since : change.at;
      known.busy = { since, until: Number.POSITIVE_INFINITY };
    }
    return before;
  }

  /** Takes over a change of a component; answers the state before it. Undefined: none of the scenario's own. */
  changeComponent({ component, status, desired, serving, at }: ComponentChange): EndpointState | undefined {
    const known = this.#components.get(component);
    if (known === undefined) return undefined;
    const before = { ...known };
    if (!this.#beforeCall.has(partKey(component))) this.#beforeCall.set(partKey(component), before);
    Object.assign(known, { status, desired, serving, changedAt: at });
    if (status === 'Absent' || status === 'Deleting') known.inServiceSince = undefined;
    else known.inServiceSince ??= at;
    known.servingSince = serving > 0 ? (known.servingSince ?? at) : undefined;
    this.#followRaise(known, at);
    return before;
  }

  /** The component as it was when the product's call that is now seen began. */
  componentBeforeCall(name: string): EndpointState | undefined {
    return this.#beforeCall.get(partKey(name)) ?? this.component(name);
  }

  #followRaise(state: EndpointState, at: number): void {
    if (state.desired > state.serving) state.raisedAt ??= at;
    else {
      if (state.raisedAt !== undefined && state.desired > 0) this.#noteStart(state, at - state.raisedAt);
      state.raisedAt = undefined;
    }
  }

  #noteStart(state: EndpointState, ms: number): void {
    // Only the start itself: later changes of a long life are no starts.
    if (ms < 2 * 3_600_000) state.longestStartMs = Math.max(state.longestStartMs, ms);
  }

  call(record: CallRecord): void {
    if (record.error !== undefined) return;
    const { service, operation, input, caller, at } = record;
    if (service === 'SageMaker' && operation === 'CreateEndpoint') {
      const state = this.endpoint(String(input.EndpointName));
      if (state === undefined) return;
      state.createdAt = at;
      state.ownTry = caller.kind === 'product';
      state.recipeReadAt = undefined;
    }
    const component = caller.kind === 'person' ? this.component(componentOf(input)) : undefined;
    if (component !== undefined && HANDS.has(`${service}.${operation}`)) {
      component.touchedAt = at;
      if (operation === 'UpdateInferenceComponentRuntimeConfig') component.scaledAt = at;
    }
    if (caller.kind === 'person' && HANDS.has(`${service}.${operation}`)) {
      const state = this.endpoint(touchedBy(input));
      if (state !== undefined) state.touchedAt = at;
      if (state !== undefined && operation === 'UpdateEndpointWeightsAndCapacities') state.scaledAt = at;
    }
    if (caller.kind !== 'product') return;
    if (operation === 'UpdateInferenceComponentRuntimeConfig' || operation === 'RegisterScalableTarget') {
      const asked = this.component(componentOf(input));
      if (asked !== undefined) asked.askedAt = at;
    }
    if (service === 'SageMaker' && operation === 'DescribeEndpoint') {
      const state = this.endpoint(String(input.EndpointName));
      if (state !== undefined) state.describedAt = at;
    } else if (service === 'DynamoDB') this.#seeTable(operation, input, at);
    else if (service === 'CloudWatch' && operation === 'GetMetricData') {
      for (const name of endpointsIn(input, (component) => this.component(component)?.name)) {
        const state = this.endpoint(name);
        if (state !== undefined) state.metricsReadAt = at;
      }
    }
  }

  /** A recipe counts as read once its content was: a list of versions is none, and what is written after must be read again. */
  #seeTable(operation: string, input: { readonly ProjectionExpression?: string }, at: number): void {
    const isRead = operation === 'GetItem' || (operation === 'Query' && input.ProjectionExpression === undefined);
    if (!isRead && operation !== 'PutItem') return;
    const name = RECIPE_KEY.exec(JSON.stringify(input))?.[1];
    const state = name === undefined ? undefined : this.endpoint(name);
    if (state !== undefined) state.recipeReadAt = isRead ? at : undefined;
  }

  /** The hold in force: the last one that was made before `at` and neither ended nor was taken back. */
  holdOf(endpoint: string, at: number): ActiveHold | undefined {
    let hold: ActiveHold | undefined;
    for (const { happening, times } of this.#holds) {
      if (happening.at > at || times() === 0) continue;
      if (happening.verb === 'hold' && happening.endpoint === endpoint) {
        hold = { mode: happening.mode, from: happening.at, until: happening.until };
      } else if (happening.verb === 'unhold' && happening.endpoint === endpoint) hold = undefined;
    }
    return hold !== undefined && at < hold.until ? hold : undefined;
  }

  /** When the last hold of this endpoint ended, or the stack was deployed anew, at or before `at`; -Infinity: never. */
  lastOrderChange(endpoint: string, at: number): number {
    const ends = this.#holds.flatMap(({ happening, times }) => {
      if (!('endpoint' in happening) || happening.endpoint !== endpoint || times() === 0) return [];
      return happening.verb === 'hold' ? [happening.until] : [happening.at];
    });
    const deployed = this.#deployments.map((one) => one.at);
    return Math.max(Number.NEGATIVE_INFINITY, ...[...ends, ...deployed].filter((end) => end <= at));
  }

  /** Holds that began or ended, or deployments that brought another mode or tick, within `ms` before `at`. */
  orderChanged(endpoint: string, at: number, ms: number): boolean {
    if (this.#deployments.some((one) => one.at <= at && at - one.at <= ms)) return true;
    return this.#holds.some(({ happening }) => {
      if (!('endpoint' in happening) || happening.endpoint !== endpoint) return false;
      const edges = happening.verb === 'hold' ? [happening.at, happening.until] : [happening.at];
      return edges.some((edge) => edge <= at && at - edge <= ms);
    });
  }

  /** A shortage of capacity or quota of this type was in force at some time in [from, to]. */
  isShort(instanceType: string, from: number, to: number): boolean {
    return this.#shortages.some(
      (one) => (one.instanceType === instanceType || one.instanceType === 'all') && overlaps(one, from, to),
    );
  }

  /** Starts of this endpoint failed, or it was stuck in a status, at some time in [from, to]. */
  isAiling(endpoint: string, from: number, to: number): boolean {
    return [...this.#sicknesses, ...this.#stuck].some((one) => one.endpoint === endpoint && overlaps(one, from, to));
  }

  /** Its containers failed their health check before: whoever gave up for that waits for a person. */
  wasSick(endpoint: string, at: number): boolean {
    return this.#sicknesses.some((one) => one.endpoint.toLowerCase() === endpoint.toLowerCase() && one.at <= at);
  }

  /** Scripted refusals or crashes hit the product at some time in [from, to]. */
  isDisturbed(from: number, to: number): boolean {
    return (
      this.#callFaults.some((one) => overlaps(one, from, to)) ||
      this.#stale.some((one) => overlaps(one, from, to)) ||
      this.#run.observer.deaths.some((at) => at <= to && at >= from)
    );
  }

  /** Scripted refusals hit calls that look or change at some time in [from, to]; what cannot be announced is still done. */
  isRefused(from: number, to: number): boolean {
    return this.#callFaults.some((one) => !one.calls.startsWith('EventBridge.') && overlaps(one, from, to));
  }

  /** A run of the product died in [from, to]. */
  hasDied(from: number, to: number): boolean {
    return this.#run.observer.deaths.some((at) => at >= from && at <= to);
  }

  /** Ticks were dropped or delayed at some time in [from, to]: nobody could act on the calendar. */
  ticksLost(from: number, to: number): boolean {
    return this.#lostTicks.some((one) => overlaps(one, from, to));
  }

  /** A minute lacked its datapoint within the time, or its end lies in a spell: nothing is answered then. */
  metricsHidden(endpoint: string, from: number, to: number): boolean {
    return this.#hidden.some((one) => {
      if (one.endpoint !== endpoint) return false;
      if (overlaps(one, to, to)) return true;
      // A minute that is hidden only in part has a datapoint of the rest.
      const at = Math.ceil(one.at / MINUTE_MS) * MINUTE_MS;
      const until = one.until === undefined ? undefined : Math.floor(one.until / MINUTE_MS) * MINUTE_MS;
      return (until === undefined || at < until) && overlaps({ at, until }, from, to);
    });
  }

  /** `Policy Invalid` was announced for this endpoint since then: its calendar promises nothing. */
  toldInvalid(endpoint: string, since: number): boolean {
    this.#readEvents();
    return (this.#invalid.get(endpoint.toLowerCase()) ?? Number.NEGATIVE_INFINITY) >= since;
  }

  /** Its policy was announced as invalid, and nothing was done for it after that: there never was a valid one. */
  isUnruled(endpoint: string): boolean {
    this.#readEvents();
    return this.#unruled.has(endpoint.toLowerCase());
  }

  /** Copies that a component was not given, as was told, are asked for again and again. */
  isAskingInVain({ component, askedAt }: EndpointState, at: number): boolean {
    if (component === undefined) return false;
    this.#readEvents();
    const told = this.#failed.get(`inference-component/${component}`.toLowerCase());
    return told !== undefined && at - askedAt < ASKED_AGAIN_MS;
  }

  #readEvents(): void {
    const { events } = this.#run.observer;
    for (; this.#seenEvents < events.length; this.#seenEvents += 1) {
      const { detailType, detail, at } = events[this.#seenEvents]!;
      const endpoint = String(detail['endpoint']).toLowerCase();
      if (detailType === 'Policy Invalid') {
        this.#invalid.set(endpoint, Date.parse(at));
        this.#unruled.add(endpoint);
      } else if (detailType === 'Scaling Failed') {
        this.#failed.set(String(detail['resource']).toLowerCase(), Date.parse(at));
      } else if (detailType === 'Capacity Changed' || detailType === 'Wake Started') this.#unruled.delete(endpoint);
    }
  }

  /** Parameter `Mode` of the template, as deployed. */
  mode(): string {
    return this.#run.deployment.functions[0]?.environment['MODE'] ?? 'on';
  }
}

/** One name for all that is judged: endpoints, and components of them. */
export function labelOf({ name, component }: EndpointState): string {
  return component === undefined ? name : `${name}/${component}`;
}

function fresh(at: number): EndpointState {
  return {
    name: '',
    status: 'Absent',
    desired: 0,
    serving: 0,
    config: '',
    instanceType: '',
    variants: undefined,
    inServiceSince: undefined,
    createdAt: undefined,
    ownTry: false,
    deletedAt: undefined,
    describedAt: undefined,
    recipeReadAt: undefined,
    metricsReadAt: undefined,
    longestStartMs: 0,
    servingSince: undefined,
    raisedAt: undefined,
    busy: { since: Number.NEGATIVE_INFINITY, until: Number.NEGATIVE_INFINITY },
    changedAt: at,
    touchedAt: Number.NEGATIVE_INFINITY,
    scaledAt: Number.NEGATIVE_INFINITY,
    askedAt: Number.NEGATIVE_INFINITY,
  };
}

function overlaps(one: { readonly at: number; readonly until: number | undefined }, from: number, to: number): boolean {
  return one.at <= to && (one.until === undefined || one.until > from);
}

function partKey(component: string): string {
  return `component ${component}`;
}

/** Name of the inference component that a call is about; empty: it is about none. */
export function componentOf(input: { readonly InferenceComponentName?: string; readonly ResourceId?: string }): string {
  return input.InferenceComponentName ?? /^inference-component\/(.+)$/.exec(input.ResourceId ?? '')?.[1] ?? '';
}

function touchedBy({
  EndpointName,
  ResourceId,
}: {
  readonly EndpointName?: string;
  readonly ResourceId?: string;
}): string {
  return EndpointName ?? /^endpoint\/([^/]+)\//.exec(ResourceId ?? '')?.[1] ?? '';
}

interface MetricQuery {
  readonly MetricStat?: { readonly Metric?: { readonly Dimensions?: readonly { Name?: string; Value?: string }[] } };
}

function endpointsIn(
  input: { readonly MetricDataQueries?: readonly MetricQuery[] },
  endpointOf: (component: string) => string | undefined,
): ReadonlySet<string> {
  const names = new Set<string>();
  for (const query of input.MetricDataQueries ?? []) {
    for (const { Name, Value } of query.MetricStat?.Metric?.Dimensions ?? []) {
      if (Name === 'EndpointName' && Value !== undefined) names.add(Value);
      const component = Name === 'InferenceComponentName' && Value !== undefined ? endpointOf(Value) : undefined;
      if (component !== undefined) names.add(component);
    }
  }
  return names;
}
