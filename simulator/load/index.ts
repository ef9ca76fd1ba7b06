import type { MetricOwner, MetricStore } from '../cloudwatch/metric-store.ts';
import {
  type EndpointLoad,
  type EpochMs,
  type FaultHandle,
  type Kernel,
  type LatencySummary,
  type MetricsTrouble,
  type RequestTotals,
  type ServerlessUse,
  SLOT_MS,
} from '../contract.ts';
import {
  countCurrent,
  describeVariantType,
  type Endpoint,
  hostsComponents,
  isAsync,
  SERVING_STATUSES,
  type Variant,
} from '../sagemaker/endpoint.ts';
import { ABSENT, type Capacity, LoadOnEndpoint, NO_LOAD } from './endpoint-load.ts';
import { createComponentMetrics, createEndpointMetrics, type EndpointMetrics, idleSample } from './endpoint-metrics.ts';
import { LatencyRecord } from './latency.ts';
import { addTotals, NO_REQUESTS, SplitLoad, type VariantCapacity } from './split.ts';

/** How much of an idle past a seeded endpoint has in its metrics. */
const PAST_MS = 24 * 3_600_000;

/** A period in which the endpoint's metrics are not what they should be, and how many reads and evaluations ran into it. */
interface TroubledPeriod {
  readonly from: EpochMs;
  readonly until: EpochMs;
  readonly mode: MetricsTrouble;
  misses: number;
}

/** Requests and metrics of one endpoint name (case kept by SageMaker, equal without regard to it). */
interface Entry<Load extends LoadOnEndpoint | SplitLoad = SplitLoad> {
  readonly load: Load;
  /** Of all that was answered under the endpoint's name, by its components too. */
  readonly latency: LatencyRecord;
  readonly owner: MetricOwner;
  readonly troubled: TroubledPeriod[];
  readonly metrics: Map<string, EndpointMetrics>;
}

/** Requests and metrics of one inference component. */
interface ComponentEntry extends Entry<LoadOnEndpoint> {
  readonly endpoint: string;
  readonly name: string;
}

/** What a component can do from now on; undefined: neither it nor its endpoint is there. */
export interface ComponentCapacity {
  readonly copies: number;
  readonly instanceType: string;
}

function isWithin(period: TroubledPeriod, time: EpochMs): boolean {
  return period.from <= time && time < period.until;
}

/** Asked with every datapoint, so it makes nothing. */
function isTroubled(periods: readonly TroubledPeriod[], mode: 'missing' | 'zero', time: EpochMs): boolean {
  for (const period of periods) if (period.mode === mode && isWithin(period, time)) return true;
  return false;
}

function createEntry<Load extends LoadOnEndpoint | SplitLoad>(
  load: Load,
  latency: LatencyRecord,
  troubled: TroubledPeriod[] = [],
): Entry<Load> {
  return {
    load,
    latency,
    troubled,
    metrics: new Map(),
    owner: {
      settle(now) {
        load.settle(now);
        for (const period of troubled) if (isWithin(period, now)) period.misses++;
      },
      isHidden: (time) => isTroubled(troubled, 'missing', time),
      isZeroed: (time) => isTroubled(troubled, 'zero', time),
      latenessAt: (now) => {
        let lateness = 0;
        for (const period of troubled) {
          if (typeof period.mode === 'object' && isWithin(period, now))
            lateness = Math.max(lateness, period.mode.lateMs);
        }
        return lateness;
      },
    },
  };
}

/** The load on every endpoint name, and the metrics it makes. */
export class EndpointLoads {
  readonly #kernel: Kernel;
  readonly #store: MetricStore;
  readonly #start: EpochMs;
  readonly #entries = new Map<string, Entry>();
  readonly #components = new Map<string, ComponentEntry>();

  constructor(kernel: Kernel, store: MetricStore) {
    this.#kernel = kernel;
    this.#store = store;
    this.#start = kernel.clock.now();
    store.onMissing = ({ dimensions }, now) => {
      for (const { Name, Value } of dimensions) {
        if (Name === 'EndpointName') this.#entries.get(Value.toLowerCase())?.owner.settle(now);
        if (Name === 'InferenceComponentName') this.#components.get(Value.toLowerCase())?.owner.settle(now);
      }
    };
  }

  attach(endpoint: string, load: EndpointLoad): void {
    if (this.#entries.has(endpoint.toLowerCase())) throw new Error(`endpoint ${endpoint}: has a load already`);
    this.#create(endpoint, load);
  }

  /** The endpoint of that name as it is from now on; undefined when it is gone. */
  update(name: string, endpoint: Endpoint | undefined): void {
    const entry = this.#entryOf(name);
    entry.load.setCapacity(this.#capacitiesOf(entry, endpoint));
  }

  attachComponent(endpoint: string, component: string, load: EndpointLoad | undefined): void {
    const whole = this.#entryOf(endpoint);
    const own = new LoadOnEndpoint(this.#kernel, load ?? NO_LOAD, this.#start, whole.latency);
    const entry = { ...createEntry(own, whole.latency, whole.troubled), endpoint, name: component };
    this.#components.set(component.toLowerCase(), entry);
  }

  updateComponent(endpoint: string, component: string, capacity: ComponentCapacity | undefined): void {
    if (!this.#components.has(component.toLowerCase())) {
      if (capacity === undefined) return;
      this.attachComponent(endpoint, component, undefined);
    }
    const entry = this.#components.get(component.toLowerCase())!;
    if (capacity === undefined) {
      entry.load.setCapacity(ABSENT);
      return;
    }
    const { copies, instanceType } = capacity;
    const metrics = this.#componentMetrics(entry, component);
    entry.load.setCapacity({ kind: 'real-time', accepts: copies > 0, instances: copies, instanceType, metrics });
  }

  /** As for an endpoint that was in service before the start. */
  recallComponentPast(component: string, copies: number, instanceType: string): void {
    const metrics = this.#componentMetrics(this.#components.get(component.toLowerCase())!, component);
    this.#publishIdlePast(metrics, { instances: copies, instanceType, pools: undefined });
  }

  #componentMetrics(entry: ComponentEntry, component: string): EndpointMetrics {
    let metrics = entry.metrics.get(component);
    if (!metrics) {
      metrics = createComponentMetrics(this.#store, entry.owner, component);
      entry.metrics.set(component, metrics);
    }
    return metrics;
  }

  /** Gives an endpoint that was in service before the start the metrics of an idle past: zeros are published, not left out. */
  recallIdlePast(endpoint: Endpoint): void {
    for (const { capacity } of this.#capacitiesOf(this.#entryOf(endpoint.name), endpoint)) {
      const { metrics, instances, instanceType, pools } = capacity;
      const shares =
        pools && [...pools].map(([type, count]) => ({ instanceType: type, instances: count, servers: count }));
      if (metrics !== undefined) this.#publishIdlePast(metrics, { instances, instanceType, pools: shares });
    }
  }

  #publishIdlePast(metrics: EndpointMetrics, fleet: Parameters<typeof idleSample>[2]): void {
    const from = Math.ceil((this.#start - PAST_MS) / SLOT_MS) * SLOT_MS;
    for (let at = from; at < this.#start; at += SLOT_MS) metrics.publish(idleSample(at, at + SLOT_MS, fleet));
  }

  /** To a component where one is named, else to the endpoint itself. */
  inject(endpoint: string, count: number, component?: string): void {
    const entry = component === undefined ? undefined : this.#components.get(component.toLowerCase());
    (entry ?? this.#entryOf(endpoint)).load.inject(count);
  }

  /** One request at this instant, as `inject` takes it; false: the endpoint throttles it. */
  invoke(endpoint: string, component?: string): boolean {
    const entry = component === undefined ? undefined : this.#components.get(component.toLowerCase());
    return (entry ?? this.#entryOf(endpoint)).load.invoke();
  }

  trouble(endpoint: string, from: EpochMs, until: EpochMs | undefined, mode: MetricsTrouble): FaultHandle {
    const period: TroubledPeriod = { from, until: until ?? Infinity, mode, misses: 0 };
    this.#entryOf(endpoint).troubled.push(period);
    return { times: () => period.misses };
  }

  /** Of the endpoint's name, its components included; or of one component. */
  totals(endpoint: string, component?: string): RequestTotals {
    return this.#settled(endpoint, component).reduce((sum, load) => addTotals(sum, load.totals()), NO_REQUESTS);
  }

  /** Of the variant at that place in the config. */
  totalsOf(endpoint: string, index: number): RequestTotals {
    const { load } = this.#entryOf(endpoint);
    load.settle(this.#kernel.clock.now());
    return load.totalsOf(index);
  }

  latency(endpoint: string, component?: string): LatencySummary | undefined {
    this.#settled(endpoint, component);
    if (component === undefined) return this.#entryOf(endpoint).latency.summary();
    return this.#components.get(component.toLowerCase())?.load.latency();
  }

  serverlessUse(endpoint: string): ServerlessUse | undefined {
    this.#settled(endpoint, undefined);
    return this.#entryOf(endpoint).load.serverlessUse();
  }

  arrivalsByHour(endpoint: string): readonly number[] {
    const hours: number[] = [];
    for (const load of this.#settled(endpoint, undefined)) {
      load.arrivalsByHour().forEach((count, hour) => {
        hours[hour] = (hours[hour] ?? 0) + count;
      });
    }
    return Array.from(hours, (count) => count ?? 0);
  }

  settle(): void {
    const now = this.#kernel.clock.now();
    for (const { load } of this.#entries.values()) load.settle(now);
    for (const { load } of this.#components.values()) load.settle(now);
  }

  #settled(endpoint: string, component: string | undefined): readonly (LoadOnEndpoint | SplitLoad)[] {
    const now = this.#kernel.clock.now();
    const components = [...this.#components.values()].filter(
      (one) => one.endpoint.toLowerCase() === endpoint.toLowerCase() && (component ?? one.name) === one.name,
    );
    const entries = component === undefined ? [this.#entryOf(endpoint), ...components] : components;
    for (const { load } of entries) load.settle(now);
    return entries.map(({ load }) => load);
  }

  #entryOf(endpoint: string): Entry {
    return this.#entries.get(endpoint.toLowerCase()) ?? this.#create(endpoint, NO_LOAD);
  }

  #create(endpoint: string, load: EndpointLoad): Entry {
    const latency = new LatencyRecord();
    const entry = createEntry(new SplitLoad(this.#kernel, load, this.#start, latency), latency);
    this.#entries.set(endpoint.toLowerCase(), entry);
    return entry;
  }

  /** Each variant with its part of the traffic; none: nothing of that name can answer. */
  #capacitiesOf(entry: Entry, endpoint: Endpoint | undefined): readonly VariantCapacity[] {
    if (!endpoint || !SERVING_STATUSES.has(endpoint.status)) return [];
    // What is asked of its components is theirs, and published by them.
    if (endpoint.variants.every(({ definition }) => hostsComponents(definition))) return [];
    return endpoint.variants.map((variant) => ({
      capacity: this.#capacityOf(entry, endpoint, variant),
      weight: variant.weight,
    }));
  }

  #capacityOf(entry: Entry, endpoint: Endpoint, { definition, current }: Variant): Capacity {
    const variant = definition.VariantName;
    const { ServerlessConfig: config } = definition;
    const kind = config ? 'serverless' : isAsync(endpoint) ? 'async' : 'real-time';
    const instances = countCurrent({ current });
    const key = JSON.stringify([endpoint.name, variant, kind]);
    let metrics = entry.metrics.get(key);
    if (!metrics) {
      metrics = createEndpointMetrics(this.#store, entry.owner, endpoint.name, variant, kind, this.#kernel.readings);
      entry.metrics.set(key, metrics);
    }
    const accepts = kind !== 'real-time' || instances > 0;
    const serverless = config && { memoryMb: config.MemorySizeInMB, maxConcurrency: config.MaxConcurrency };
    const pools = definition.InstancePools === undefined ? undefined : new Map(current);
    const instanceType = describeVariantType({ definition, current });
    return { kind, accepts, instances, serverless, instanceType, pools, metrics };
  }
}
