import type { EpochMs, ServerlessUse } from '../contract.ts';

/** How long compute beyond the provisioned concurrency stays warm without a request; AWS publishes nothing of it. */
const KEEPS_WARM_MS = 10 * 60_000;
const DEFAULT_COLD_START_SECONDS = 10;
const MEGABYTES = 1_024;

/** What a serverless variant may use, its provisioned concurrency apart. */
export interface ServerlessLimits {
  readonly memoryMb: number;
  readonly maxConcurrency: number;
}

/** A stretch of time over which nothing of the capacity changes, and what comes in it. */
export interface Stretch {
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Evenly spread. */
  readonly arriving: number;
  /** At the begin of the stretch, all at once. */
  readonly burst: number;
  /** Requests in service at the begin. */
  readonly busy: number;
  readonly provisioned: number;
  readonly maxConcurrency: number;
}

/** What becomes of the requests of a stretch before they are served. */
interface Reception {
  /** Of those that arrive, refused because compute that starts takes up the maximum. */
  readonly refused: number;
  readonly cold: number;
}

/**
 * Compute of a serverless variant. One request each; provisioned concurrency is always warm and goes first. A request
 * that finds none free starts one, and so does every other one that comes until those have started: they count for the
 * maximum from then on, and what comes beyond it is throttled. A fluid in slots, as the queue is.
 */
export class ServerlessCompute {
  readonly #serviceMs: number;
  readonly #coldMs: number;
  /** Beyond the provisioned: the most that was in use or started at an instant, while it keeps warm. Falling. */
  #peaks: { readonly at: EpochMs; readonly count: number }[] = [];
  #starting: { readonly readyAt: EpochMs; readonly count: number }[] = [];
  #coldStarts = 0;
  #throttled = 0;
  #provisionedGb = 0;
  #onDemandGb = 0;

  constructor(serviceMs: number, coldStartSeconds = DEFAULT_COLD_START_SECONDS) {
    this.#serviceMs = serviceMs;
    this.#coldMs = coldStartSeconds * 1_000;
  }

  get coldMs(): number {
    return this.#coldMs;
  }

  receive(stretch: Stretch): Reception {
    const { from, to, arriving, burst, provisioned, maxConcurrency } = stretch;
    const warm = this.#warmAt(from);
    const length = to - from;
    const wanted = this.#wanted(stretch);
    const beyond = Math.max(0, wanted - provisioned);
    const excess = beyond - warm.ready;
    const room = Math.max(0, maxConcurrency - provisioned - warm.ready - warm.starting);
    let [cold, refused] = [0, 0];
    if (excess > 1e-9 && length > 0) {
      const rate = excess / Math.min(this.#serviceMs, length);
      // Until the first of them is ready, everybody who finds none free starts another one.
      const asking = Math.max(burst > 0 ? excess : 0, rate * Math.min(this.#coldMs, length));
      const starts = Math.min(Math.ceil(asking), arriving + burst);
      cold = Math.min(starts, room);
      refused = Math.min(starts - cold, arriving);
    }
    if (cold > 0) this.#starting.push({ readyAt: from + this.#coldMs, count: cold });
    this.#note(to, Math.max(Math.min(Math.ceil(beyond - 1e-9), warm.ready), 0) + warm.starting + cold);
    this.#coldStarts += cold;
    this.#throttled += refused;
    return { refused, cold };
  }

  /** Concurrency at the end of the stretch if nobody is refused. */
  #wanted({ from, to, arriving, burst, busy }: Stretch): number {
    const length = to - from;
    if (length <= 0) return busy + burst;
    if (this.#serviceMs <= length) return Math.max((arriving * this.#serviceMs) / length, burst);
    return busy * (1 - length / this.#serviceMs) + arriving + burst;
  }

  /**
   * Units that count for the maximum: those that start, and what else is inside. Whoever started one is inside for as long
   * as a warm unit would take, and is counted once.
   */
  inUse(now: EpochMs, inside: number): number {
    const { starting } = this.#warmAt(now);
    const young = this.#starting.filter(({ readyAt }) => readyAt - this.#coldMs > now - this.#serviceMs);
    return starting + Math.max(0, inside - young.reduce((sum, { count }) => sum + count, 0));
  }

  throttle(count: number): void {
    this.#throttled += count;
  }

  /** Requests in service over a stretch: on provisioned concurrency as far as it goes. */
  use({ memoryMb }: ServerlessLimits, ms: number, busyMean: number, provisioned: number): void {
    const perBusy = ((ms / 1_000) * memoryMb) / MEGABYTES;
    const on = Math.min(busyMean, provisioned);
    this.#provisionedGb += on * perBusy;
    this.#onDemandGb += (busyMean - on) * perBusy;
  }

  total(): ServerlessUse {
    return {
      coldStarts: this.#coldStarts,
      throttled: this.#throttled,
      provisionedGigabyteSeconds: this.#provisionedGb,
      onDemandGigabyteSeconds: this.#onDemandGb,
    };
  }

  #warmAt(now: EpochMs): { readonly ready: number; readonly starting: number } {
    this.#peaks = this.#peaks.filter(({ at }) => at + KEEPS_WARM_MS > now);
    this.#starting = this.#starting.filter(({ readyAt }) => readyAt > now);
    const starting = this.#starting.reduce((sum, { count }) => sum + count, 0);
    return { ready: Math.max(0, (this.#peaks[0]?.count ?? 0) - starting), starting };
  }

  #note(at: EpochMs, count: number): void {
    while ((this.#peaks.at(-1)?.count ?? Infinity) <= count) this.#peaks.pop();
    if (count > 0) this.#peaks.push({ at, count });
  }
}
