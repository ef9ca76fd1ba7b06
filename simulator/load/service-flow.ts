import type { EpochMs } from '../contract.ts';

const INITIAL_CAPACITY = 256;
/** Float noise of summed rates; far below one request, far above the noise of 14 days. */
const EPSILON = 1e-6;
/** Waits that stand for all of one stretch of time. */
const SAMPLES = 8;

/**
 * A FIFO queue before `servers` parallel servers with a fixed service time, in closed form: no object per request.
 *
 * With cumulative arrivals A and starts S, deterministic service means that a start needs a server whose last start was
 * one service time ago: S(t) = min(A(t), S(t − s) + c). A is linear inside a segment, so over a segment longer than s the
 * recursion unrolls to S(t) = min(A(t), S(t − k·s) + k·c) with the smallest k that leaves the segment. Curves are kept as
 * points and read by linear interpolation; counts are differences of rounded-down cumulative values, so nothing is lost.
 */
export class ServiceFlow {
  readonly #serviceMs: number;
  /** A request not started so long after it came leaves the queue unserved. */
  readonly #patienceMs: number;
  #times = new Float64Array(INITIAL_CAPACITY);
  #arrivals = new Float64Array(INITIAL_CAPACITY);
  #starts = new Float64Array(INITIAL_CAPACITY);
  #length = 0;
  #now: EpochMs;
  #arrived = 0;
  #started = 0;
  #dropped = 0;
  #served = 0;

  constructor(start: EpochMs, serviceMs: number, patienceMs: number) {
    this.#now = start;
    this.#serviceMs = serviceMs;
    this.#patienceMs = patienceMs;
  }

  /** Requests answered so far. */
  get served(): number {
    return this.#served;
  }

  /** Requests that left the queue unserved so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Requests begun so far, exact. */
  get started(): number {
    return this.#started;
  }

  /** Requests that wait for a server. */
  get queued(): number {
    return this.#arrived - this.#dropped - this.#startedWhole;
  }

  /** Requests that wait or are being served; what AWS calls concurrency and backlog. */
  get inside(): number {
    return this.#arrived - this.#dropped - this.#served;
  }

  /** Mean of `inside` around now: without rounding, so that light load is not counted as a whole request all the time. */
  get insideExact(): number {
    return Math.max(0, this.#arrived - this.#dropped - this.#startsAt(this.#now - this.#serviceMs));
  }

  /** Requests being served, exact. */
  get busyExact(): number {
    return Math.max(0, this.#started - this.#startsAt(this.#now - this.#serviceMs));
  }

  get #startedWhole(): number {
    return Math.floor(this.#started + EPSILON);
  }

  /** `count` requests at this very instant. */
  admit(count: number): void {
    if (count === 0) return;
    this.#push();
    this.#arrived += count;
    this.#push();
  }

  /** The queue is gone (endpoint deleted); what is being served is still answered. Returns how many were lost. */
  abandon(): number {
    const lost = this.queued;
    this.#started = this.#startedWhole;
    this.#dropped += lost;
    if (lost > 0) this.#push();
    return lost;
  }

  /**
   * A share (0 … 1) of what is being served, and will be for longer than `graceMs`, ends now without an answer. Returns
   * how many those were. Of the whole only the curve of begun requests tells which are still there: it is flattened.
   */
  cut(share: number, graceMs: number): number {
    const kept = this.#now - this.#serviceMs + graceMs;
    if (graceMs >= this.#serviceMs || this.#length === 0) return 0;
    const before = this.#startsAt(kept);
    const staying = this.#started - before;
    const lost = Math.min(this.#startedWhole - this.#served, Math.round(staying * share));
    if (lost <= 0) return 0;
    this.#push();
    this.#insert(kept, before);
    for (let index = 0; index < this.#length; index++) {
      if (this.#times[index]! <= kept) continue;
      this.#starts[index] = before + (this.#starts[index]! - before) * (1 - lost / staying);
    }
    this.#started -= lost;
    this.#dropped += lost;
    return lost;
  }

  /** Moves on to `until` with `count` requests evenly spread up to there and `servers` servers throughout. */
  advance(until: EpochMs, count: number, servers: number): void {
    const from = this.#now;
    if (until <= from) return;
    if (count === 0 && this.inside === 0) {
      this.#now = until;
      return;
    }
    if (this.#length === 0 || this.#times[this.#length - 1]! < from) this.#push();
    this.#now = until;
    this.#arrived += count;
    if (servers > 0) this.#start(from, until, servers);
    this.#push();
    this.#dropImpatient(until);
    // Evenly spread requests sit in the middle of their shares, so the curve is rounded, not cut.
    const answered = Math.floor(this.#startsAt(until - this.#serviceMs) + 0.5 + EPSILON);
    this.#served = Math.max(this.#served, Math.min(this.#startedWhole, answered));
  }

  /** When the request at the head of the queue came; undefined when nothing waits. */
  oldestArrival(): EpochMs | undefined {
    if (this.queued === 0) return undefined;
    return this.#arrivalOf(this.#startedWhole + this.#dropped);
  }

  /**
   * How long some of those waited that began since `startedBefore`, evenly chosen and `SAMPLES` in number. Inside the
   * stretch from `from` the queue moves at the servers' pace until it is empty, and nobody begins before he comes.
   */
  waitsSince(from: EpochMs, startedBefore: number, servers: number): readonly number[] {
    const pace = this.#serviceMs / servers;
    return Array.from({ length: SAMPLES }, (_, sample) => {
      const place = ((sample + 0.5) / SAMPLES) * (this.#started - startedBefore);
      const came = this.#arrivalOf(startedBefore + place + this.#dropped);
      return Math.max(0, Math.min(this.#now, from + place * pace) - came);
    });
  }

  /** When the request came with which so many had arrived. */
  #arrivalOf(count: number): EpochMs {
    let index = this.#length - 1;
    while (index > 0 && this.#arrivals[index - 1]! > count) index--;
    if (index <= 0) return this.#times[0]!;
    const [a0, a1] = [this.#arrivals[index - 1]!, this.#arrivals[index]!];
    const [t0, t1] = [this.#times[index - 1]!, this.#times[index]!];
    return a1 > a0 ? t0 + ((count - a0) / (a1 - a0)) * (t1 - t0) : t1;
  }

  #start(from: EpochMs, until: EpochMs, servers: number): void {
    const waitingCeiling = this.#arrived - this.#dropped;
    const rounds = Math.max(1, Math.ceil((until - from) / this.#serviceMs - EPSILON));
    const freed = this.#startsAt(until - rounds * this.#serviceMs) + rounds * servers;
    const started = Math.max(this.#started, Math.min(waitingCeiling, freed));
    // An emptied queue makes the curve a whole number again, so that rounding errors never add up.
    this.#started = waitingCeiling - started < EPSILON ? waitingCeiling : started;
  }

  #dropImpatient(now: EpochMs): void {
    const queued = this.queued;
    if (queued === 0) return;
    const tooOld = Math.floor(this.#read(this.#arrivals, now - this.#patienceMs) + EPSILON);
    const leaving = Math.min(queued, tooOld - this.#startedWhole - this.#dropped);
    if (leaving <= 0) return;
    this.#dropped += leaving;
    this.#started = Math.min(this.#started, this.#arrived - this.#dropped);
    this.#starts[this.#length - 1] = this.#started;
  }

  #startsAt(time: EpochMs): number {
    return this.#length === 0 ? this.#started : this.#read(this.#starts, time);
  }

  /** Value of a cumulative curve at `time`, between its points; at a jump the value after it. */
  #read(curve: Float64Array, time: EpochMs): number {
    const times = this.#times;
    const last = this.#length - 1;
    if (last < 0) return 0;
    if (time >= times[last]!) return curve[last]!;
    let low = 0;
    let high = last;
    if (time < times[0]!) return curve[0]!;
    // Recent points are asked for most: gallop back from the end before halving.
    for (let step = 1; high - step > 0; step *= 2) {
      if (times[high - step]! <= time) {
        low = high - step;
        break;
      }
      high -= step;
    }
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (times[middle]! <= time) low = middle;
      else high = middle;
    }
    const span = times[high]! - times[low]!;
    const share = span > 0 ? (time - times[low]!) / span : 1;
    return curve[low]! + share * (curve[high]! - curve[low]!);
  }

  #push(): void {
    if (this.#length === this.#times.length) this.#makeRoom();
    this.#times[this.#length] = this.#now;
    this.#arrivals[this.#length] = this.#arrived;
    this.#starts[this.#length] = this.#started;
    this.#length++;
  }

  /** A point on both curves where they are read at anyway, so that changing one side of it leaves the other as it is. */
  #insert(time: EpochMs, started: number): void {
    if (time <= this.#times[0]! || time >= this.#times[this.#length - 1]!) return;
    if (this.#length === this.#times.length) this.#makeRoom();
    let index = this.#length;
    while (this.#times[index - 1]! > time) index--;
    const arrived = this.#read(this.#arrivals, time);
    for (const curve of [this.#times, this.#arrivals, this.#starts]) curve.copyWithin(index + 1, index, this.#length);
    this.#times[index] = time;
    this.#arrivals[index] = arrived;
    this.#starts[index] = started;
    this.#length++;
  }

  /** Drops points that no later reading can need, or grows. */
  #makeRoom(): void {
    const needed = this.#now - Math.max(this.#serviceMs, this.#patienceMs) - 2 * this.#serviceMs - 60_000;
    let keepFrom = 0;
    while (keepFrom < this.#length - 2 && this.#times[keepFrom + 1]! < needed) keepFrom++;
    if (keepFrom > this.#length / 2) {
      for (const curve of [this.#times, this.#arrivals, this.#starts]) curve.copyWithin(0, keepFrom, this.#length);
      this.#length -= keepFrom;
      return;
    }
    const grow = (curve: Float64Array): Float64Array<ArrayBuffer> => {
      const larger = new Float64Array(curve.length * 2);
      larger.set(curve);
      return larger;
    };
    this.#times = grow(this.#times);
    this.#arrivals = grow(this.#arrivals);
    this.#starts = grow(this.#starts);
  }
}
