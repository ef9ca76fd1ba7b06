import {
  type EndpointLoad,
  type EpochMs,
  type Kernel,
  type LatencySummary,
  PRIORITY,
  type RequestTotals,
  type ServerlessUse,
  SLOT_MS,
  type Timer,
} from '../contract.ts';
import type { EndpointMetrics, PoolShare } from './endpoint-metrics.ts';
import { LatencyRecord } from './latency.ts';
import { ServerlessCompute, type ServerlessLimits } from './serverless.ts';
import { ServiceFlow } from './service-flow.ts';
import { arrivalInstant, countUpTo, WaitingCallers } from './waiting-callers.ts';

/** A caller of a real-time endpoint waits a minute (SageMaker runtime API, InvokeEndpoint: 60 seconds to respond). */
const RESPONSE_LIMIT_MS = 60_000;
/** API reference, AsyncInferenceClientConfig/InvokeEndpointAsync: RequestTTLSeconds defaults to its maximum, 6 hours. */
const DEFAULT_TTL_SECONDS = 21_600;
/** An instance that is taken away gets nothing new and still answers what a caller waits for; longer streams are cut. */
const DRAIN_MS = RESPONSE_LIMIT_MS;
const ASK_EVERY_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Slots looked through at once for the next arrival at an absent endpoint. */
const SCAN_SLOTS = 360;

export const NO_LOAD: EndpointLoad = { arrivals: () => 0, serves: { concurrent: 1, seconds: 1 }, whenAway: 'lost' };

/** What the endpoint can do with requests from an instant on. */
export interface Capacity {
  readonly kind: 'real-time' | 'async' | 'serverless';
  /** The endpoint takes requests: a real-time one with instances in service, any other one that is not away. */
  readonly accepts: boolean;
  /** Of a serverless endpoint its provisioned concurrency. */
  readonly instances: number;
  readonly serverless?: ServerlessLimits | undefined;
  readonly instanceType: string;
  /** Instances by type, where the variant has instance pools. */
  readonly pools?: ReadonlyMap<string, number> | undefined;
  readonly metrics: EndpointMetrics | undefined;
}

/** Nothing of that name can answer. */
export const ABSENT: Capacity = {
  kind: 'real-time',
  accepts: false,
  instances: 0,
  instanceType: '',
  metrics: undefined,
};

/**
 * The requests of one endpoint name, across its incarnations. Lazy: moves on when somebody reads or when capacity changes;
 * readers see whole slots only, so that looking never changes what happens.
 */
export class LoadOnEndpoint {
  readonly #kernel: Kernel;
  readonly #load: EndpointLoad;
  readonly #start: EpochMs;
  readonly #serviceMs: number;
  readonly #waiting = new WaitingCallers();
  readonly #hours: number[] = [];
  readonly #latency: LatencyRecord;
  /** Once the endpoint was serverless. */
  #compute: ServerlessCompute | undefined;
  #flow: ServiceFlow;
  #flowKind: Capacity['kind'] = 'real-time';
  #capacity: Capacity = ABSENT;
  /** Requests that are served at once, over all instances; of pools by type. */
  #servers = 0;
  #pools: readonly PoolShare[] | undefined;
  #at: EpochMs;
  #slot = -1;
  #slotArrivals = 0;
  #total = 0;
  #cold = 0;
  #failed = 0;
  #cut = 0;
  /** Of those cut, what no metric tells of yet. */
  #cutUntold = 0;
  /** Came at an instant between two stretches, and no metric tells of them yet. */
  #injectedUntold = 0;
  /** Throttled at an instant between two stretches, and no metric tells of them yet. */
  #throttledUntold = 0;
  #expired = 0;
  /** Served by flows of earlier incarnations of another kind. */
  #servedBefore = 0;
  #droppedSeen = 0;
  #askTimer: Timer | undefined;
  #lastAsk = -Infinity;

  /** `whole`: the record of all that share an endpoint. */
  constructor(kernel: Kernel, load: EndpointLoad, start: EpochMs, whole?: LatencyRecord) {
    this.#latency = new LatencyRecord(whole);
    this.#kernel = kernel;
    this.#load = load;
    this.#start = start;
    this.#at = start;
    this.#serviceMs = load.serves.seconds * 1000;
    if (!(this.#serviceMs > 0)) throw new RangeError(`serves.seconds: ${load.serves.seconds}: must be above 0`);
    if (!(load.serves.concurrent >= 1))
      throw new RangeError(`serves.concurrent: ${load.serves.concurrent}: must be at least 1`);
    this.#flow = this.#openFlow('real-time', start);
  }

  setCapacity(capacity: Capacity): void {
    const now = this.#kernel.clock.now();
    this.#advance(now);
    const before = this.#capacity;
    this.#cutStreams(before, capacity);
    this.#capacity = capacity;
    this.#countServers(capacity);
    if (capacity.accepts && capacity.kind !== this.#flowKind) this.#changeKind(capacity.kind, now);
    // With the endpoint goes its queue: a real-time caller gets an error, and what becomes of an asynchronous
    // queue is not documented, so the worse is assumed unless the account reads it otherwise.
    const keepsQueue = before.kind === 'async' && this.#kernel.readings.asyncQueueOnDelete === 'kept';
    if (before.accepts && !capacity.accepts && !keepsQueue) this.#failed += this.#loseQueue();
    this.#armAsk(now);
  }

  /** `count` requests at this instant. */
  inject(count: number): void {
    if (!Number.isInteger(count) || count < 0)
      throw new RangeError(`requests: ${count}: must be a whole number, at least 0`);
    const now = this.#kernel.clock.now();
    this.#advance(now);
    this.#countArrivals(now, count);
    if (this.#capacity.accepts) {
      if (this.#isColdForAll) this.#cold += count;
      this.#flow.admit(count);
      this.#injectedUntold += count;
      return;
    }
    const slot = Math.floor((now - this.#start) / SLOT_MS);
    const share = (now - this.#start) / SLOT_MS - slot;
    this.#capacity.metrics?.turnAway?.(now, count);
    this.#turnAway(slot, share, share, count);
    this.#armAsk(now);
  }

  /** One request at this instant, and whether the endpoint takes it; a serverless one throttles above its maximum. */
  invoke(): boolean {
    const now = this.#kernel.clock.now();
    this.#advance(now);
    const { accepts, serverless } = this.#capacity;
    const compute = this.#compute;
    const isFull =
      accepts &&
      serverless !== undefined &&
      compute !== undefined &&
      compute.inUse(now, this.#flow.inside) >= serverless.maxConcurrency;
    if (!isFull) {
      this.inject(1);
      return true;
    }
    this.#countArrivals(now, 1);
    this.#failed += 1;
    compute.throttle(1);
    this.#throttledUntold += 1;
    return false;
  }

  /** Moves on to this very instant: something is about to change. */
  settleTo(now: EpochMs): void {
    this.#advance(now);
  }

  /** Moves on to the last whole slot. */
  settle(now: EpochMs): void {
    const whole = this.#start + Math.floor((now - this.#start) / SLOT_MS) * SLOT_MS;
    if (whole > this.#at) this.#advance(whole);
  }

  totals(): RequestTotals {
    // Its container may still end what nobody waits for any more.
    const late = this.#isTooLong() ? this.#flow.served : 0;
    return {
      total: this.#total,
      served: this.#servedBefore + this.#flow.served - late,
      cold: this.#cold,
      failed: this.#failed + late,
      cut: this.#cut,
      expired: this.#expired,
      pending: this.#flow.inside + this.#waiting.count,
    };
  }

  latency(): LatencySummary | undefined {
    return this.#latency.summary();
  }

  arrivalsByHour(): readonly number[] {
    return this.#hours.map((count) => count ?? 0);
  }

  #openFlow(kind: Capacity['kind'], at: EpochMs): ServiceFlow {
    const ttlMs = (this.#load.requestTtlSeconds ?? DEFAULT_TTL_SECONDS) * 1000;
    // A real-time request that cannot be answered in time any more is given up, not served too late; a stream has to begin.
    const inTime = this.#streams ? RESPONSE_LIMIT_MS : Math.max(0, RESPONSE_LIMIT_MS - this.#serviceMs);
    // Beyond its maximum concurrency a serverless endpoint refuses at once.
    const patienceMs = kind === 'async' ? ttlMs : kind === 'serverless' ? 0 : inTime;
    this.#flowKind = kind;
    this.#droppedSeen = 0;
    return new ServiceFlow(at, this.#serviceMs, patienceMs);
  }

  /** Requests go where there is room: each type of a mixed fleet bears its share of what all serve. */
  #countServers({ instances, pools, serverless }: Capacity): void {
    if (serverless !== undefined) {
      this.#compute ??= new ServerlessCompute(this.#serviceMs, this.#load.coldStartSeconds);
      this.#pools = undefined;
      this.#servers = serverless.maxConcurrency;
      return;
    }
    const { serves, concurrentByType = {} } = this.#load;
    this.#pools =
      pools &&
      [...pools].map(([instanceType, count]) => ({
        instanceType,
        instances: count,
        servers: count * (concurrentByType[instanceType] ?? serves.concurrent),
      }));
    this.#servers = this.#pools?.reduce((sum, pool) => sum + pool.servers, 0) ?? instances * serves.concurrent;
  }

  /** A name recreated as the other kind: what the old one still served is done. */
  #changeKind(kind: Capacity['kind'], at: EpochMs): void {
    this.#loseQueue();
    const done = this.#flow.served + this.#flow.inside;
    if (this.#isTooLong()) this.#failed += done;
    else this.#servedBefore += done;
    this.#flow = this.#openFlow(kind, at);
  }

  get #streams(): boolean {
    return this.#load.serves.streams === true;
  }

  #isTooLong(): boolean {
    return this.#flowKind === 'real-time' && !this.#streams && this.#serviceMs > RESPONSE_LIMIT_MS;
  }

  /** Streams are spread evenly: with every instance that goes, its share of them goes, too. */
  #cutStreams(before: Capacity, after: Capacity): void {
    if (!this.#streams || before.kind !== 'real-time' || this.#kernel.readings.streamsOnScaleIn === 'drained') return;
    const left = after.accepts && after.kind === 'real-time' ? after.instances : 0;
    if (!before.accepts || left >= before.instances) return;
    const lost = this.#flow.cut(1 - left / before.instances, DRAIN_MS);
    this.#droppedSeen = this.#flow.dropped;
    this.#failed += lost;
    this.#cut += lost;
    this.#cutUntold += lost;
  }

  #loseQueue(): number {
    const lost = this.#flow.abandon();
    this.#droppedSeen = this.#flow.dropped;
    return lost;
  }

  #advance(to: EpochMs): void {
    while (this.#at < to) {
      const slot = Math.floor((this.#at - this.#start) / SLOT_MS);
      const slotStart = this.#start + slot * SLOT_MS;
      const end = Math.min(to, slotStart + SLOT_MS);
      this.#advanceSegment(slot, slotStart, this.#at, end);
      this.#at = end;
    }
  }

  #advanceSegment(slot: number, slotStart: EpochMs, from: EpochMs, to: EpochMs): void {
    const [a, b] = [(from - slotStart) / SLOT_MS, (to - slotStart) / SLOT_MS];
    const count = this.#arrivalsOf(slot);
    const arrived = countUpTo(count, b) - countUpTo(count, a);
    this.#countArrivals(from, arrived);
    const { accepts, instances, kind } = this.#capacity;
    if (!accepts) {
      this.#failed += this.#waiting.giveUp(slot, a, b);
      const { metrics } = this.#capacity;
      if (metrics?.turnAway) metrics.turnAway(from, arrived + this.#waiting.tries(slot, a, b));
      this.#turnAway(slot, a, b, arrived);
      this.#flow.advance(to, 0, 0);
      this.#expireAway();
      return;
    }
    if (this.#isColdForAll) this.#cold += arrived;
    const coming = arrived + (this.#waiting.count > 0 ? this.#waiting.admit(slot, a, b) : 0);
    const { refused, cold } = this.#receive(from, to, coming);
    const through = coming - refused;
    const flow = this.#flow;
    const servers = this.#servers;
    /** What the servers take in this stretch as it comes. */
    const flowing = (servers * (to - from)) / this.#serviceMs;
    const [queuedBefore, servedBefore, startedBefore, insideBefore, exactBefore, busyBefore] = [
      flow.queued,
      flow.served,
      flow.started,
      flow.inside,
      flow.insideExact,
      flow.busyExact,
    ];
    flow.advance(to, through, servers);
    const admitted = through + this.#injectedUntold;
    this.#injectedUntold = 0;
    const dropped = flow.dropped - this.#droppedSeen;
    this.#droppedSeen = flow.dropped;
    if (kind === 'async') this.#expired += dropped;
    else this.#failed += dropped + refused;
    if (kind === 'serverless')
      this.#noteServerless(from, to, startedBefore, cold, dropped, (busyBefore + flow.busyExact) / 2);
    else this.#noteLatency(from, startedBefore, queuedBefore > 0 || flow.queued > 0 || admitted > flowing);
    const served = flow.served - servedBefore;
    const counted =
      this.#streams && this.#kernel.readings.streamInvocation === 'end' ? served + this.#cutUntold : admitted;
    const oldest = kind === 'async' && flow.queued > 0 ? flow.oldestArrival() : undefined;
    this.#capacity.metrics?.publish({
      from,
      to,
      instances,
      instanceType: this.#capacity.instanceType,
      servers,
      pools: this.#pools,
      admitted,
      counted,
      served,
      begun: flow.started - startedBefore,
      dropped: dropped + refused + this.#throttledUntold,
      cold,
      coldMs: this.#compute?.coldMs ?? 0,
      cut: this.#cutUntold,
      insideBefore,
      insideAfter: flow.inside,
      insideMean: (exactBefore + flow.insideExact) / 2,
      busyMean: (busyBefore + flow.busyExact) / 2,
      queuedAfter: flow.queued,
      oldestAgeMs: oldest === undefined ? 0 : to - oldest,
      serviceMs: this.#serviceMs,
      streams: this.#streams,
    });
    [this.#cutUntold, this.#throttledUntold] = [0, 0];
  }

  /** Without an instance nobody is answered at once; a serverless endpoint starts what it needs. */
  get #isColdForAll(): boolean {
    return this.#capacity.instances === 0 && this.#capacity.serverless === undefined;
  }

  /** What a serverless endpoint does with those who come in a stretch. */
  #receive(from: EpochMs, to: EpochMs, arriving: number): { readonly refused: number; readonly cold: number } {
    const { serverless, instances: provisioned } = this.#capacity;
    if (serverless === undefined || this.#compute === undefined) return { refused: 0, cold: 0 };
    const { maxConcurrency } = serverless;
    const [busy, burst] = [this.#flow.busyExact, this.#injectedUntold];
    return this.#compute.receive({ from, to, arriving, burst, busy, provisioned, maxConcurrency });
  }

  #noteServerless(from: EpochMs, to: EpochMs, startedBefore: number, cold: number, dropped: number, busyMean: number) {
    const { serverless, instances } = this.#capacity;
    const compute = this.#compute;
    if (serverless === undefined || compute === undefined) return;
    this.#cold += cold;
    compute.throttle(dropped);
    compute.use(serverless, to - from, busyMean, instances);
    const hour = Math.floor((from - this.#start) / HOUR_MS);
    const begun = this.#flow.started - startedBefore;
    this.#latency.add(hour, this.#serviceMs + compute.coldMs, Math.min(cold, begun));
    this.#latency.add(hour, this.#serviceMs, begun - cold);
  }

  /** Undefined: it was never serverless. */
  serverlessUse(): ServerlessUse | undefined {
    return this.#compute?.total();
  }

  /** A queue that outlives its endpoint grows old all the same. */
  #expireAway(): void {
    const dropped = this.#flow.dropped - this.#droppedSeen;
    this.#droppedSeen = this.#flow.dropped;
    if (this.#flowKind === 'async') this.#expired += dropped;
    else this.#failed += dropped;
  }

  #noteLatency(from: EpochMs, startedBefore: number, mayWait: boolean): void {
    const begun = this.#flow.started - startedBefore;
    if (begun <= 0 || this.#isTooLong()) return;
    const hour = Math.floor((from - this.#start) / HOUR_MS);
    // Whoever opens a stream is answered when it begins.
    const takes = this.#streams ? 0 : this.#serviceMs;
    if (!mayWait) {
      this.#latency.add(hour, takes, begun);
      return;
    }
    const waits = this.#flow.waitsSince(from, startedBefore, this.#servers);
    for (const wait of waits) this.#latency.add(hour, takes + wait, begun / waits.length);
  }

  #arrivalsOf(slot: number): number {
    if (slot !== this.#slot) {
      this.#slot = slot;
      const count = this.#load.arrivals(slot);
      if (!Number.isInteger(count) || count < 0)
        throw new RangeError(`arrivals(${slot}): ${count}: must be a whole number, at least 0`);
      this.#slotArrivals = count;
    }
    return this.#slotArrivals;
  }

  #countArrivals(at: EpochMs, count: number): void {
    if (count === 0) return;
    this.#total += count;
    const hour = Math.floor((at - this.#start) / HOUR_MS);
    while (this.#hours.length <= hour) this.#hours.push(0);
    this.#hours[hour]! += count;
  }

  #turnAway(slot: number, from: number, to: number, count: number): void {
    this.#cold += count;
    // InvokeEndpointAsync of an absent endpoint fails at once; only real-time callers try again.
    if (this.#load.whenAway === 'asks') this.#waiting.add(slot, from, to, count);
    else this.#failed += count;
  }

  /** While the endpoint is away and its callers ask: fires when the next ask is due, at the latest when a scan ends. */
  #armAsk(now: EpochMs): void {
    this.#askTimer?.cancel();
    this.#askTimer = undefined;
    if (this.#capacity.accepts || this.#load.whenAway !== 'asks' || !this.#load.onAsk) return;
    const next = this.#waiting.count > 0 ? now : this.#scanForArrival(now);
    const due = Math.max(next, this.#lastAsk + ASK_EVERY_MS, now);
    this.#askTimer = this.#kernel.clock.at(due, PRIORITY.traffic, () => this.#ask());
  }

  #ask(): void {
    const now = this.#kernel.clock.now();
    this.#advance(now);
    if (this.#waiting.count > 0 && now - this.#lastAsk >= ASK_EVERY_MS) {
      this.#lastAsk = now;
      this.#load.onAsk?.(now);
    }
    this.#armAsk(now);
  }

  /** Instant of the next arrival after `now`, or of the end of the scan. */
  #scanForArrival(now: EpochMs): EpochMs {
    const first = Math.floor((now - this.#start) / SLOT_MS);
    for (let slot = first; slot < first + SCAN_SLOTS; slot++) {
      const count = this.#load.arrivals(slot);
      if (count === 0) continue;
      const slotStart = this.#start + slot * SLOT_MS;
      const index = slot === first ? countUpTo(count, (now - slotStart) / SLOT_MS) : 0;
      if (index < count) return arrivalInstant(slotStart, count, index);
    }
    return this.#start + (first + SCAN_SLOTS) * SLOT_MS;
  }
}
