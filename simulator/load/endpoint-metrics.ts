import type { Metric, MetricOwner, MetricStore } from '../cloudwatch/metric-store.ts';
import type { EpochMs, Readings } from '../contract.ts';
import { sizeOf } from '../instance-size.ts';
import { createServerlessPublisher } from './serverless-metrics.ts';

const NAMESPACE = 'AWS/SageMaker';
/** Instance metrics live in a namespace of their own (SageMaker guide, monitoring-cloudwatch). */
const INSTANCE_NAMESPACE = '/aws/sagemaker/Endpoints';
const COMPONENT_NAMESPACE = '/aws/sagemaker/InferenceComponents';
const FINE_STEP_MS = 10_000;
const OVERHEAD_MICROSECONDS = 2_000;
/** From a stream's begin on an instance to the first of its answer. */
const FIRST_CHUNK_MICROSECONDS = 200_000;
/** Percent of one core, one GPU, and one GPU's memory. */
const IDLE_CORE = 2;
const BUSY_CORE = 98;
const BUSY_GPU = 95;
const GPU_MEMORY = 70;

/** What happened on an endpoint in one segment of a slot, while it existed. */
export interface LoadSample {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly instances: number;
  readonly instanceType: string;
  /** Requests that all instances serve at once. */
  readonly servers: number;
  /** Where the variant has instance pools. */
  readonly pools: readonly PoolShare[] | undefined;
  /** Requests that reached the endpoint. */
  readonly admitted: number;
  /** Of which an invocation is counted here. */
  readonly counted: number;
  readonly served: number;
  readonly begun: number;
  /** Left the queue unserved: a model error for a real-time caller, an expiry in an asynchronous queue. */
  readonly dropped: number;
  /** Of those that a serverless endpoint took, for how many compute had to start, and how long that took. */
  readonly cold: number;
  readonly coldMs: number;
  /** Streams whose instance was taken away under them. */
  readonly cut: number;
  /** In the queue or being served: at the begin, at the end, and the mean being served. */
  readonly insideBefore: number;
  readonly insideAfter: number;
  readonly insideMean: number;
  readonly busyMean: number;
  readonly queuedAfter: number;
  readonly oldestAgeMs: number;
  readonly serviceMs: number;
  readonly streams: boolean;
}

/** What the instances of one type are of the whole. */
export interface PoolShare {
  readonly instanceType: string;
  readonly instances: number;
  readonly servers: number;
}

type Publisher = (sample: LoadSample) => void;

/** Publishes what CloudWatch shows of one endpoint; which metrics exist, and when they fall silent, depends on its kind. */
export interface EndpointMetrics {
  publish: Publisher;
  /** Requests that found nothing to answer them, where that is told of. */
  turnAway?(time: EpochMs, count: number): void;
}

/** Opens metrics of one resource as they are needed; `instance`: those of the machines beneath it. */
function createOpener(
  store: MetricStore,
  owner: MetricOwner,
  both: readonly { Name: string; Value: string }[],
  instanceNamespace = INSTANCE_NAMESPACE,
) {
  const cache = new Map<string, Metric>();
  return (
    name: string,
    unit: string,
    options: { alone?: boolean; instance?: boolean; fine?: boolean } = {},
  ): Metric => {
    let metric = cache.get(name);
    if (!metric) {
      metric = store.open(
        {
          namespace: options.instance ? instanceNamespace : NAMESPACE,
          name,
          dimensions: options.alone ? both.slice(0, 1) : both,
        },
        unit,
        owner,
        options.fine ? FINE_STEP_MS : undefined,
      );
      cache.set(name, metric);
    }
    return metric;
  };
}

export type Opener = ReturnType<typeof createOpener>;

function addOne(metric: Metric, time: EpochMs, value: number, count = 1): void {
  metric.add(time, value * count, count, value, value);
}

/** How much of all that can be served at once is being served: 0 to 1. */
function loadOf({ busyMean, servers }: LoadSample): number {
  return servers > 0 ? Math.min(1, busyMean / servers) : 0;
}

function busyCore(load: number): number {
  return IDLE_CORE + (BUSY_CORE - IDLE_CORE) * load;
}

/**
 * One sample per instance and minute. CPU and GPU are sums over the cores and GPUs of the instance, up to 100 for each
 * (SageMaker guide, monitoring-cloudwatch), memory and disk percent of the whole; a simple linear model of load.
 */
function publishInstances(open: Opener, sample: LoadSample, isNewMinute: boolean): void {
  if (!isNewMinute) return;
  const { from } = sample;
  const load = loadOf(sample);
  for (const { instanceType, instances } of sample.pools ?? [sample]) {
    if (instances === 0) continue;
    const { cpus, gpus } = sizeOf(instanceType);
    const publish = (name: string, value: number): void =>
      addOne(open(name, 'Percent', { instance: true }), from, value, instances);
    publish('CPUUtilization', cpus * busyCore(load));
    publish('MemoryUtilization', 40);
    publish('DiskUtilization', 20);
    if (gpus === 0) continue;
    publish('GPUUtilization', gpus * BUSY_GPU * load);
    publish('GPUMemoryUtilization', gpus * GPU_MEMORY);
  }
}

/** A component's share of its instances is told normalised: a hundred is all that it was given. */
function publishCopies(open: Opener, sample: LoadSample, isNewMinute: boolean): void {
  if (!isNewMinute) return;
  const { from, instances } = sample;
  const load = loadOf(sample);
  addOne(open('CPUUtilizationNormalized', 'Percent', { instance: true }), from, busyCore(load), instances);
  addOne(open('MemoryUtilizationNormalized', 'Percent', { instance: true }), from, 40, instances);
  if (sizeOf(sample.instanceType).gpus === 0) return;
  addOne(open('GPUUtilizationNormalized', 'Percent', { instance: true }), from, BUSY_GPU * load, instances);
  addOne(open('GPUMemoryUtilizationNormalized', 'Percent', { instance: true }), from, GPU_MEMORY, instances);
}

/** Time a request spends in the container: its queue there included. */
function responseMicroseconds(sample: LoadSample): number {
  const { servers } = sample;
  const waitMs = servers > 0 ? (sample.queuedAfter * sample.serviceMs) / servers : 0;
  return Math.round((sample.serviceMs + waitMs) * 1000);
}

/** What differs between a variant on instances and a component with copies. */
interface Manner {
  readonly perUnit: string;
  readonly concurrency: string;
  readonly publishUse: (open: Opener, sample: LoadSample, isNewMinute: boolean) => void;
}

const INSTANCES: Manner = {
  perUnit: 'InvocationsPerInstance',
  concurrency: 'ConcurrentRequestsPerModel',
  publishUse: publishInstances,
};
const COPIES: Manner = {
  perUnit: 'InvocationsPerCopy',
  concurrency: 'ConcurrentRequestsPerCopy',
  publishUse: publishCopies,
};

/** Of streams ModelLatency tells nothing; they have metrics of their own. */
function publishStreams(open: Opener, { from, to, begun, cut, queuedAfter }: LoadSample): void {
  if (begun > 0) {
    const wait = queuedAfter > 0 ? (to - from) * 1_000 : 0;
    addOne(open('FirstChunkLatency', 'Microseconds'), from, FIRST_CHUNK_MICROSECONDS + wait, Math.ceil(begun));
  }
  if (cut > 0) addOne(open('MidStreamErrors', 'None'), from, 1, cut);
}

function publishLatency(open: Opener, sample: LoadSample): void {
  if (sample.served <= 0) return;
  addOne(open('ModelLatency', 'Microseconds'), sample.from, responseMicroseconds(sample), sample.served);
  addOne(open('OverheadLatency', 'Microseconds'), sample.from, OVERHEAD_MICROSECONDS, sample.served);
}

function createRealTimePublisher(open: Opener, manner: Manner): Publisher {
  let minute = -1;
  return (sample) => {
    const { from, to, instances, admitted, counted, dropped } = sample;
    // Nothing in service publishes nothing; in service without traffic publishes explicit zeros.
    if (instances === 0) return;
    const isNewMinute = minute !== Math.floor(from / 60_000);
    minute = Math.floor(from / 60_000);
    if (counted > 0 || isNewMinute) {
      addOne(open('Invocations', 'None'), from, counted > 0 ? 1 : 0, Math.max(1, counted));
      addOne(open(manner.perUnit, 'None'), from, counted > 0 ? 1 / instances : 0, Math.max(1, counted));
    }
    if (dropped > 0 || isNewMinute) {
      for (const name of ['Invocation5XXErrors', 'InvocationModelErrors']) {
        open(name, 'None').add(from, dropped, Math.max(1, admitted, dropped), 0, dropped > 0 ? 1 : 0);
      }
      addOne(open('Invocation4XXErrors', 'None'), from, 0, Math.max(1, admitted));
    }
    if (sample.streams) publishStreams(open, sample);
    else publishLatency(open, sample);
    // Every instance or copy reports its own concurrency, queued requests included, so that Average is per unit.
    const peak = Math.max(
      sample.insideBefore,
      sample.insideAfter,
      Math.ceil(sample.insideMean - 1e-9),
      admitted > 0 ? 1 : 0,
    );
    const low = Math.min(sample.insideBefore, sample.insideAfter, Math.floor(sample.insideMean));
    const share = (to - from) / FINE_STEP_MS;
    open(manner.concurrency, 'None', { fine: true }).add(
      from,
      // Rounded, so that noise of the running sums does not show.
      Math.round(sample.insideMean * share * 1e6) / 1e6,
      instances * share,
      Math.floor(low / instances),
      Math.ceil(peak / instances),
    );
    manner.publishUse(open, sample, isNewMinute);
  };
}

/**
 * With instance pools, every type publishes for itself beside the whole: under a dimension more, and nothing while the
 * type has no instance (SageMaker guide, realtime-endpoints-heterogeneous).
 */
function createPoolsPublisher(openType: (instanceType: string) => Opener): Publisher {
  const publishers = new Map<
    string,
    { readonly publish: Publisher; readonly split: (sample: LoadSample, pool: PoolShare) => LoadSample }
  >();
  return (sample) => {
    for (const pool of sample.pools ?? []) {
      if (pool.instances === 0) continue;
      let own = publishers.get(pool.instanceType);
      if (!own) {
        own = { publish: createRealTimePublisher(openType(pool.instanceType), INSTANCES), split: createSplitter() };
        publishers.set(pool.instanceType, own);
      }
      own.publish(own.split(sample, pool));
    }
  };
}

/** A type's share of what happened: whole requests, what is left of one carried over. */
function createSplitter(): (sample: LoadSample, pool: PoolShare) => LoadSample {
  const rest = { admitted: 0, counted: 0, served: 0, begun: 0, dropped: 0, cut: 0 };
  return (sample, { instanceType, instances, servers }) => {
    const share = sample.servers > 0 ? servers / sample.servers : 0;
    const take = (what: keyof typeof rest): number => {
      const exact = rest[what] + sample[what] * share;
      const whole = Math.floor(exact + 1e-9);
      rest[what] = exact - whole;
      return whole;
    };
    return {
      ...sample,
      instanceType,
      instances,
      servers,
      pools: undefined,
      admitted: take('admitted'),
      counted: take('counted'),
      served: take('served'),
      begun: take('begun'),
      dropped: take('dropped'),
      cut: take('cut'),
      insideBefore: sample.insideBefore * share,
      insideAfter: sample.insideAfter * share,
      insideMean: sample.insideMean * share,
      busyMean: sample.busyMean * share,
      queuedAfter: sample.queuedAfter * share,
    };
  };
}

function createAsyncPublisher(open: Opener, readings: Readings): Publisher {
  let minute = -1;
  let activeMinute = -1;
  return (sample) => {
    const { from, instances, insideAfter } = sample;
    const number = Math.floor(from / 60_000);
    const isNewMinute = minute !== number;
    minute = number;
    // The backlog metrics have the endpoint's name alone and remain at zero instances; per instance falls silent there.
    addOne(open('ApproximateBacklogSize', 'None', { alone: true }), from, insideAfter);
    if (instances === 0 || readings.backlogFlagWithCapacity === 'published') {
      const flag = instances === 0 && insideAfter > 0 ? 1 : 0;
      addOne(open('HasBacklogWithoutCapacity', 'None', { alone: true }), from, flag);
    }
    addOne(
      open('ApproximateAgeOfOldestRequest', 'Seconds', { alone: true }),
      from,
      Math.round(sample.oldestAgeMs / 1000),
    );
    if (sample.dropped > 0 || isNewMinute) addOne(open('ExpiredRequests', 'None'), from, sample.dropped);
    if (instances > 0 || readings.backlogPerInstanceAtZero === 'published') {
      // What would be published without an instance to divide by is anybody's guess: the whole backlog.
      const each = insideAfter / Math.max(1, instances);
      addOne(open('ApproximateBacklogSizePerInstance', 'None', { alone: true }), from, each);
    }
    if (instances === 0) return;
    const isNewActiveMinute = activeMinute !== number;
    activeMinute = number;
    if (sample.served > 0 || isNewActiveMinute) {
      addOne(open(readings.processedMetric, 'None'), from, sample.served > 0 ? 1 : 0, Math.max(1, sample.served));
    }
    if (isNewActiveMinute) addOne(open('InvocationFailures', 'None'), from, 0);
    if (sample.served > 0) {
      const waitMs = sample.oldestAgeMs;
      addOne(open('ModelLatency', 'Microseconds'), from, Math.round(sample.serviceMs * 1000), sample.served);
      addOne(open('TimeInBacklog', 'Milliseconds'), from, Math.round(waitMs), sample.served);
      addOne(open('TotalProcessingTime', 'Milliseconds'), from, Math.round(waitMs + sample.serviceMs), sample.served);
    }
    publishInstances(open, sample, isNewActiveMinute);
  };
}

/** What an endpoint without a single request publishes over a segment. */
export function idleSample(
  from: EpochMs,
  to: EpochMs,
  { instances, instanceType, pools }: Pick<LoadSample, 'instances' | 'instanceType' | 'pools'>,
): LoadSample {
  return {
    from,
    to,
    instances,
    instanceType,
    servers: instances,
    pools,
    admitted: 0,
    counted: 0,
    served: 0,
    begun: 0,
    dropped: 0,
    cold: 0,
    coldMs: 0,
    cut: 0,
    insideBefore: 0,
    insideAfter: 0,
    insideMean: 0,
    busyMean: 0,
    queuedAfter: 0,
    oldestAgeMs: 0,
    serviceMs: 0,
    streams: false,
  };
}

export function createEndpointMetrics(
  store: MetricStore,
  owner: MetricOwner,
  endpoint: string,
  variant: string,
  kind: 'real-time' | 'async' | 'serverless',
  readings: Readings,
): EndpointMetrics {
  const both = [
    { Name: 'EndpointName', Value: endpoint },
    { Name: 'VariantName', Value: variant },
  ];
  const open = createOpener(store, owner, both);
  if (kind === 'serverless') return { publish: createServerlessPublisher(open) };
  if (kind === 'async') return { publish: createAsyncPublisher(open, readings) };
  const whole = createRealTimePublisher(open, INSTANCES);
  const byType = createPoolsPublisher((type) =>
    createOpener(store, owner, [...both, { Name: 'InstanceType', Value: type }]),
  );
  return {
    publish(sample) {
      whole(sample);
      if (sample.pools !== undefined) byType(sample);
    },
  };
}

/**
 * An inference component publishes under its own name alone; without a copy it is silent but for the requests that it
 * turns away (SageMaker guide, monitoring-cloudwatch and endpoint-auto-scaling-zero-instances).
 */
export function createComponentMetrics(store: MetricStore, owner: MetricOwner, component: string): EndpointMetrics {
  const dimensions = [{ Name: 'InferenceComponentName', Value: component }];
  const open = createOpener(store, owner, dimensions, COMPONENT_NAMESPACE);
  return {
    publish: createRealTimePublisher(open, COPIES),
    turnAway(time, count) {
      if (count > 0) addOne(open('NoCapacityInvocationFailures', 'None'), time, 1, count);
    },
  };
}
