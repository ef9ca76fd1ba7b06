import type { EndpointLoad, EpochMs, Kernel, RequestTotals, ServerlessUse } from '../contract.ts';
import { ABSENT, type Capacity, LoadOnEndpoint } from './endpoint-load.ts';
import type { LatencyRecord } from './latency.ts';

/** The golden ratio's fraction: where the rounding of a slot begins wanders evenly over all slots. */
const WANDER = 0.618_033_988_749_894_9;

/** One variant as the load sees it. */
export interface VariantCapacity {
  readonly capacity: Capacity;
  readonly weight: number;
}

/** Requests of one slot, split by weight: exact in sum, fair over many slots, and the same whoever asks. */
export function shareOf(count: number, slot: number, weights: readonly number[], index: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (weights.length === 1 || !(total > 0)) return index === 0 ? count : 0;
  const begin = (slot * WANDER) % 1;
  const upTo = (variants: number): number => {
    if (variants === 0) return 0;
    if (variants === weights.length) return count;
    const below = weights.slice(0, variants).reduce((sum, weight) => sum + weight, 0);
    // Sums of fractions may miss a whole number by their last digits.
    return Math.floor((count * below) / total + begin + 1e-9);
  };
  return upTo(index + 1) - upTo(index);
}

/**
 * The requests of an endpoint name, one flow for each variant: SageMaker sends a request to a variant by weight, whatever
 * the variants do. While nothing is there all of them wait, or are lost, in the first.
 */
export class SplitLoad {
  readonly #kernel: Kernel;
  readonly #load: EndpointLoad;
  readonly #start: EpochMs;
  readonly #latency: LatencyRecord;
  readonly #parts: LoadOnEndpoint[] = [];
  #weights: readonly number[] = [1];
  #injected = 0;

  /** `latency`: of all that is answered under the endpoint's name. */
  constructor(kernel: Kernel, load: EndpointLoad, start: EpochMs, latency: LatencyRecord) {
    this.#latency = latency;
    this.#kernel = kernel;
    this.#load = load;
    this.#start = start;
    this.#part(0);
  }

  setCapacity(variants: readonly VariantCapacity[]): void {
    const count = Math.max(1, variants.length, this.#parts.length);
    // What came until now was split as it was until now.
    for (const part of this.#parts) part.settleTo(this.#kernel.clock.now());
    const taking = variants.filter(({ capacity }) => capacity.accepts);
    this.#weights = taking.length === 0 ? [1] : variants.map(({ weight }) => weight);
    for (let index = 0; index < count; index++) this.#part(index).setCapacity(variants[index]?.capacity ?? ABSENT);
  }

  inject(count: number): void {
    this.#injected += 1;
    this.#parts.forEach((part, index) => {
      const share = shareOf(count, this.#injected, this.#weights, index);
      if (share > 0 || index === 0) part.inject(share);
    });
  }

  /** Whether the endpoint takes it: serverless endpoints, which may not, have one variant. */
  invoke(): boolean {
    const [only, ...more] = this.#parts;
    if (only !== undefined && more.length === 0) return only.invoke();
    this.inject(1);
    return true;
  }

  settle(now: EpochMs): void {
    for (const part of this.#parts) part.settle(now);
  }

  totals(): RequestTotals {
    return this.#parts.map((part) => part.totals()).reduce(addTotals);
  }

  /** By place in the config. */
  totalsOf(index: number): RequestTotals {
    return this.#part(index).totals();
  }

  /** Serverless endpoints have one variant. */
  serverlessUse(): ServerlessUse | undefined {
    return this.#parts[0]?.serverlessUse();
  }

  arrivalsByHour(): readonly number[] {
    const hours: number[] = [];
    for (const part of this.#parts) {
      part.arrivalsByHour().forEach((count, hour) => {
        hours[hour] = (hours[hour] ?? 0) + count;
      });
    }
    return hours;
  }

  #part(index: number): LoadOnEndpoint {
    for (let next = this.#parts.length; next <= index; next++) {
      const { arrivals } = this.#load;
      const load: EndpointLoad = {
        ...this.#load,
        arrivals: (slot) => shareOf(arrivals(slot), slot, this.#weights, next),
      };
      this.#parts.push(new LoadOnEndpoint(this.#kernel, load, this.#start, this.#latency));
    }
    return this.#parts[index]!;
  }
}

export const NO_REQUESTS: RequestTotals = { total: 0, served: 0, cold: 0, failed: 0, cut: 0, expired: 0, pending: 0 };

export function addTotals(a: RequestTotals, b: RequestTotals): RequestTotals {
  return {
    total: a.total + b.total,
    served: a.served + b.served,
    cold: a.cold + b.cold,
    failed: a.failed + b.failed,
    cut: a.cut + b.cut,
    expired: a.expired + b.expired,
    pending: a.pending + b.pending,
  };
}
