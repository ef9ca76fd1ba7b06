import { offsetAt, type Zone } from '../../shared/documents/zones.ts';
import { createRandomStreams } from '../../simulator/random.ts';
import { MINUTE_MS, type MinuteCounts } from './traffic.ts';

/** A multiplication of the traffic that nobody announced: a promotion, a batch of retries, a mention on television. */
type Burst =
  | { readonly kind: 'random'; readonly perWeek: number; readonly factor: number; readonly forMs: number }
  | { readonly kind: 'fixed'; readonly atMs: number; readonly factor: number; readonly forMs: number };

/** Traffic of a service that people use: much by day, little by night, less at weekends, never smooth. */
export interface Diurnal {
  readonly zone: Zone;
  /** Requests per second. */
  readonly day: number;
  readonly night: number;
  /** Local time in minutes after midnight at which the day's rate is reached, and until which it lasts. */
  readonly dayFrom: number;
  readonly dayTo: number;
  /** Minutes over which the rate rises before `dayFrom` and falls after `dayTo`. */
  readonly ramp: number;
  /** Factor on the day's rate on Saturdays and Sundays; the night's rate is the floor. */
  readonly weekend: number;
  /** Relative standard deviation of the rate from one ten minutes to the next. */
  readonly noise: number;
  readonly bursts: readonly Burst[];
}

const MINUTES_PER_DAY = 1_440;
/** A burst is there within two minutes: "at short notice". */
const BURST_RAMP_MINUTES = 2;
const NOISE_MINUTES = 10;

type Random = () => number;

/** About normal, mean 0, deviation 1: sums and roots only, so that every machine draws the same value. */
function drawNormal(random: Random): number {
  let sum = 0;
  for (let draw = 0; draw < 12; draw += 1) sum += random();
  return sum - 6;
}

/** Whole arrivals around a mean: many small chances where it is small, a normal around it where it is large. */
function drawCount(mean: number, random: Random): number {
  if (mean <= 0) return 0;
  if (mean >= 20) return Math.max(0, Math.round(mean + Math.sqrt(mean) * drawNormal(random)));
  const chances = 120;
  let count = 0;
  for (let chance = 0; chance < chances; chance += 1) if (random() * chances < mean) count += 1;
  return count;
}

function smoothStep(x: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  return x * x * (3 - 2 * x);
}

/** Share of the day's rate at a local minute: 1 within the day, falling to 0 over the ramp on both sides of midnight. */
function shareOfDay(minuteOfDay: number, { dayFrom, dayTo, ramp }: Diurnal): number {
  const length = dayTo > dayFrom ? dayTo - dayFrom : dayTo - dayFrom + MINUTES_PER_DAY;
  const since = (minuteOfDay - dayFrom + MINUTES_PER_DAY) % MINUTES_PER_DAY;
  if (since < length) return 1;
  if (ramp === 0) return 0;
  const after = since - length;
  const before = MINUTES_PER_DAY - since;
  return Math.max(smoothStep(1 - after / ramp), smoothStep(1 - before / ramp));
}

interface BurstSpan {
  readonly from: number;
  readonly to: number;
  readonly factor: number;
}

/** Random bursts fall into the hours of the day's rate, where they hurt; their number follows `perWeek` on average. */
function placeBursts(diurnal: Diurnal, start: number, minutes: number, random: Random): BurstSpan[] {
  const spans: BurstSpan[] = [];
  for (const burst of diurnal.bursts) {
    const length = burst.forMs / MINUTE_MS;
    if (burst.kind === 'fixed') {
      const from = burst.atMs / MINUTE_MS;
      spans.push({ from, to: from + length, factor: burst.factor });
      continue;
    }
    const days = Math.ceil(minutes / MINUTES_PER_DAY);
    for (let day = 0; day < days; day += 1) {
      const perDay = burst.perWeek / 7;
      const times = Math.floor(perDay) + (random() < perDay % 1 ? 1 : 0);
      for (let time = 0; time < times; time += 1) {
        const at = random();
        const room =
          diurnal.dayTo > diurnal.dayFrom
            ? diurnal.dayTo - diurnal.dayFrom
            : diurnal.dayTo - diurnal.dayFrom + MINUTES_PER_DAY;
        const local = diurnal.dayFrom + Math.floor(at * Math.max(1, room - length));
        const dayBegin = start + day * MINUTES_PER_DAY * MINUTE_MS;
        const midnight = -(((dayBegin + offsetAt(diurnal.zone, dayBegin)) / MINUTE_MS) % MINUTES_PER_DAY);
        const from = Math.floor(day * MINUTES_PER_DAY + midnight + local);
        spans.push({ from, to: from + length, factor: burst.factor });
      }
    }
  }
  return spans;
}

function burstFactor(spans: readonly BurstSpan[], minute: number): number {
  let factor = 1;
  for (const span of spans) {
    if (minute < span.from || minute >= span.to + BURST_RAMP_MINUTES) continue;
    const rise = (minute - span.from + 1) / BURST_RAMP_MINUTES;
    const fall = (span.to + BURST_RAMP_MINUTES - minute) / BURST_RAMP_MINUTES;
    factor *= 1 + (span.factor - 1) * Math.min(1, rise, fall);
  }
  return factor;
}

/** Requests by minute from `start`: the same seed and stream name give the same requests, on every machine. */
export function countDiurnal(
  diurnal: Diurnal,
  options: { readonly start: number; readonly minutes: number; readonly seed: number; readonly stream: string },
): MinuteCounts {
  const { start, minutes } = options;
  const streams = createRandomStreams(options.seed);
  const noise = streams.random(`traffic-noise:${options.stream}`);
  const arrivals = streams.random(`traffic-arrivals:${options.stream}`);
  const bursts = placeBursts(diurnal, start, minutes, streams.random(`traffic-bursts:${options.stream}`));
  const counts = new Int32Array(minutes);
  let wobble = 1;
  for (let minute = 0; minute < minutes; minute += 1) {
    if (minute % NOISE_MINUTES === 0) wobble = Math.max(0, 1 + diurnal.noise * drawNormal(noise));
    const instant = start + minute * MINUTE_MS;
    const local = (instant + offsetAt(diurnal.zone, instant)) / MINUTE_MS;
    const weekday = (Math.floor(local / MINUTES_PER_DAY) + 4) % 7;
    const weekend = weekday === 0 || weekday === 6 ? diurnal.weekend : 1;
    const share = shareOfDay(((local % MINUTES_PER_DAY) + MINUTES_PER_DAY) % MINUTES_PER_DAY, diurnal);
    const rate = diurnal.night + Math.max(0, diurnal.day * weekend - diurnal.night) * share;
    counts[minute] = drawCount(rate * 60 * wobble * burstFactor(bursts, minute), arrivals);
  }
  return counts;
}
