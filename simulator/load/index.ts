import type { MetricOwner, MetricStore } from '../cloudwatch/metric-store.ts';
import {
  type EndpointLoad,
  type EpochMs,
  type FaultHandle,
  type Kernel,
  type LatencySummary,
  type MetricsTrouble,
  type RequestTotals,
  SLOT_MS,
} from '../contract.ts';
import { countServing, describeInstanceType, type Endpoint, isAsync, SERVING_STATUSES } from '../sagemaker/endpoint.ts';
import { ABSENT, type Capacity, LoadOnEndpoint, NO_LOAD } from './endpoint-load.ts';
import { createEndpointMetrics, type EndpointMetrics, idleSample } from './endpoint-metrics.ts';

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
interface Entry {
  readonly load: LoadOnEndpoint;
  readonly owner: MetricOwner;
  readonly troubled: TroubledPeriod[];
  readonly metrics: Map<string, EndpointMetrics>;
}

function isWithin(period: TroubledPeriod, time: EpochMs): boolean {
  return period.from <= time && time < period.until;
}

/** Asked with every datapoint, so it makes nothing. */
function isTroubled(periods: readonly TroubledPeriod[], mode: 'missing' | 'zero', time: EpochMs): boolean {
  for (const period of periods) if (period.mode === mode && isWithin(period, time)) return true;
  return false;
}

function createEntry(load: LoadOnEndpoint): Entry {
  const troubled: TroubledPeriod[] = [];
  return {
    load,
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

  constructor(kernel: Kernel, store: MetricStore) {
    this.#kernel = kernel;
    this.#store = store;
    this.#start = kernel.clock.now();
    store.onMissing = ({ dimensions }, now) => {
      const endpoint = dimensions.find((dimension) => dimension.Name === 'EndpointName')?.Value;
      if (endpoint !== undefined) this.#entries.get(endpoint.toLowerCase())?.owner.settle(now);
    };
  }

  attach(endpoint: string, load: EndpointLoad): void {
    if (this.#entries.has(endpoint.toLowerCase())) throw new Error(`endpoint ${endpoint}: has a load already`);
    this.#create(endpoint, load);
  }

  /** The endpoint of that name as it is from now on; undefined when it is gone. */
  update(name: string, endpoint: Endpoint | undefined): void {
    const entry = this.#entryOf(name);
    entry.load.setCapacity(this.#capacityOf(entry, endpoint));
  }

  /** Gives an endpoint that was in service before the start the metrics of an idle past: zeros are published, not left out. */
  recallIdlePast(endpoint: Endpoint): void {
    const { metrics, instances, instanceType } = this.#capacityOf(this.#entryOf(endpoint.name), endpoint);
    const from = Math.ceil((this.#start - PAST_MS) / SLOT_MS) * SLOT_MS;
    for (let at = from; at < this.#start; at += SLOT_MS)
      metrics?.publish(idleSample(at, at + SLOT_MS, instances, instanceType));
  }

  inject(endpoint: string, count: number): void {
    this.#entryOf(endpoint).load.inject(count);
  }

  trouble(endpoint: string, from: EpochMs, until: EpochMs | undefined, mode: MetricsTrouble): FaultHandle {
    const period: TroubledPeriod = { from, until: until ?? Infinity, mode, misses: 0 };
    this.#entryOf(endpoint).troubled.push(period);
    return { times: () => period.misses };
  }

  totals(endpoint: string): RequestTotals {
    return this.#settled(endpoint).totals();
  }

  latency(endpoint: string): LatencySummary | undefined {
    return this.#settled(endpoint).latency();
  }

  arrivalsByHour(endpoint: string): readonly number[] {
    return this.#settled(endpoint).arrivalsByHour();
  }

  settle(): void {
    const now = this.#kernel.clock.now();
    for (const { load } of this.#entries.values()) load.settle(now);
  }

  #settled(endpoint: string): LoadOnEndpoint {
    const { load } = this.#entryOf(endpoint);
    load.settle(this.#kernel.clock.now());
    return load;
  }

  #entryOf(endpoint: string): Entry {
    return this.#entries.get(endpoint.toLowerCase()) ?? this.#create(endpoint, NO_LOAD);
  }

  #create(endpoint: string, load: EndpointLoad): Entry {
    const entry = createEntry(new LoadOnEndpoint(this.#kernel, load, this.#start));
    this.#entries.set(endpoint.toLowerCase(), entry);
    return entry;
  }

  /** Requests go to all instances alike and are reported under the first variant: others share no traffic here. */
  #capacityOf(entry: Entry, endpoint: Endpoint | undefined): Capacity {
    const variant = endpoint?.variants[0]?.definition.VariantName;
    if (!endpoint || variant === undefined || !SERVING_STATUSES.has(endpoint.status)) return ABSENT;
    const kind = isAsync(endpoint) ? 'async' : 'real-time';
    const instances = countServing(endpoint);
    const key = JSON.stringify([endpoint.name, variant, kind]);
    let metrics = entry.metrics.get(key);
    if (!metrics) {
      metrics = createEndpointMetrics(this.#store, entry.owner, endpoint.name, variant, kind, this.#kernel.readings);
      entry.metrics.set(key, metrics);
    }
    const accepts = kind === 'async' || instances > 0;
    return { kind, accepts, instances, instanceType: describeInstanceType(endpoint), metrics };
  }
}
