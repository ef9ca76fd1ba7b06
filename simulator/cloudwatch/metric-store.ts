import type { EpochMs } from '../contract.ts';
import { emptySummary, PointSeries, type Summary } from './series.ts';
import { ValueLog } from './value-log.ts';

export interface Dimension {
  readonly Name: string;
  readonly Value: string;
}

/** Retention by resolution (API reference, GetMetricStatistics): under a minute 3 h, a minute 15 days, 5 minutes 63 days, an hour 455 days. */
export const FINE_KEEP_MS = 3 * 3_600_000;
export const COARSE_KEEP_MS = 15 * 86_400_000;
const STORED_KEEP_MS = 63 * 86_400_000;
const MINUTE_MS = 60_000;

/** Whose metric it is: its data are produced lazily, appear late, and can be hidden. Absent for custom metrics. */
export interface MetricOwner {
  /** Brings the data up to what `now` may show. */
  settle(now: EpochMs): void;
  /** Readers see nothing of this owner at `time`, and no data of that time ever. */
  isHidden(time: EpochMs): boolean;
  /** Readers at `now` see data so much later than AWS shows them otherwise. */
  latenessAt(now: EpochMs): number;
  /** What happened at `time` is counted as nothing. */
  isZeroed(time: EpochMs): boolean;
}

/** Counters and sizes, which a mistake makes zero; what is measured otherwise (concurrency, latency, utilisation) tells the truth. */
const COUNTERS = /^(?:Invocations|ApproximateBacklogSize)/;

/** How late AWS's own metrics can be read: a minute's point a minute after it ended, a 10-second point 10 seconds after. */
const PUBLISH_DELAY_MS = { coarse: 60_000, fine: 10_000 };

export class Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: readonly Dimension[];
  readonly unit: string;
  readonly owner: MetricOwner | undefined;
  readonly #coarse: PointSeries;
  readonly #fine: PointSeries | undefined;
  readonly #scratch = emptySummary();
  #values: ValueLog | undefined;

  constructor(id: MetricId, unit: string, owner: MetricOwner | undefined, fineStepMs: number | undefined) {
    this.namespace = id.namespace;
    this.name = id.name;
    this.dimensions = sortDimensions(id.dimensions);
    this.unit = unit;
    this.owner = owner;
    this.#coarse = new PointSeries(MINUTE_MS, STORED_KEEP_MS);
    this.#fine = fineStepMs === undefined ? undefined : new PointSeries(fineStepMs, FINE_KEEP_MS);
  }

  get isHighResolution(): boolean {
    return this.#fine !== undefined;
  }

  /** End of the newest minute with data; 0 without any. */
  get newestEnd(): EpochMs {
    return this.#coarse.isEmpty ? 0 : this.#coarse.newestEnd;
  }

  add(time: EpochMs, sum: number, count: number, min: number, max: number): void {
    if (this.owner?.isHidden(time)) return;
    const isZero = this.owner !== undefined && COUNTERS.test(this.name) && this.owner.isZeroed(time);
    const factor = isZero ? 0 : 1;
    this.#coarse.add(time, sum * factor, count, min * factor, max * factor);
    this.#fine?.add(time, sum * factor, count, min * factor, max * factor);
    this.#values?.add(time, sum * factor, count, min * factor, max * factor);
  }

  /** From now on single values are kept, for percentiles. */
  keepValues(): void {
    this.#values ??= new ValueLog((this.#fine ?? this.#coarse).stepMs);
  }

  /** A percentile over [from, to) as a reader at `now` sees it, of values since they are kept; NaN without data. */
  percentile(from: EpochMs, to: EpochMs, share: number, now: EpochMs): number {
    const series = this.#readable(to - from, now);
    if (!series) return NaN;
    return this.#values?.percentile(from, Math.min(to, this.#shownUntil(series, now)), share) ?? NaN;
  }

  /**
   * One datapoint over [from, to) as a reader at `now` sees it; undefined without data. The object is reused by the next
   * call. Settle the owner first.
   */
  summarize(from: EpochMs, to: EpochMs, periodMs: number, now: EpochMs): Summary | undefined {
    const series = this.#readable(periodMs, now);
    if (!series) return undefined;
    const end = Math.min(to, this.#shownUntil(series, now));
    const keepMs = keepOf(periodMs);
    const summary = this.#scratch;
    summary.sum = 0;
    summary.count = 0;
    summary.min = Infinity;
    summary.max = -Infinity;
    series.collect(Math.max(from, now - keepMs), end, summary);
    return summary.count === 0 ? undefined : summary;
  }

  /**
   * Datapoints of consecutive periods from `start` into `target`, NaN where there is none: what alarms read every time,
   * so it copies without an object per point when the period is the resolution kept.
   */
  readInto(target: Float64Array, start: EpochMs, periodMs: number, statistic: Statistic, now: EpochMs): void {
    target.fill(NaN);
    const series = this.#readable(periodMs, now);
    if (!series) return;
    if (periodMs === series.stepMs && start >= now - keepOf(periodMs)) {
      series.readInto(target, start, this.#shownUntil(series, now), statistic);
      return;
    }
    for (let i = 0; i < target.length; i++) {
      const from = start + i * periodMs;
      const summary = this.summarize(from, from + periodMs, periodMs, now);
      if (summary) target[i] = readStatistic(summary, statistic);
    }
  }

  #readable(periodMs: number, now: EpochMs): PointSeries | undefined {
    const series = periodMs < MINUTE_MS ? this.#fine : this.#coarse;
    return !series || series.isEmpty || this.owner?.isHidden(now) ? undefined : series;
  }

  #shownUntil(series: PointSeries, now: EpochMs): EpochMs {
    if (!this.owner) return Infinity;
    const delay = series.stepMs < MINUTE_MS ? PUBLISH_DELAY_MS.fine : PUBLISH_DELAY_MS.coarse;
    return Math.floor((now - delay - this.owner.latenessAt(now)) / series.stepMs) * series.stepMs;
  }
}

function keepOf(periodMs: number): number {
  if (periodMs < MINUTE_MS) return FINE_KEEP_MS;
  return periodMs % 300_000 === 0 ? STORED_KEEP_MS : COARSE_KEEP_MS;
}

export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: readonly Dimension[];
}

export function sortDimensions(dimensions: readonly Dimension[]): Dimension[] {
  return [...dimensions].sort((a, b) => (a.Name < b.Name ? -1 : a.Name > b.Name ? 1 : 0));
}

/** A metric is its namespace, name and exact set of dimensions: there is no roll-up over a dimension left out. */
function keyOf({ namespace, name, dimensions }: MetricId): string {
  return JSON.stringify([namespace, name, sortDimensions(dimensions).map((d) => [d.Name, d.Value])]);
}

export class MetricStore {
  /** By identity; one metric may exist in several units. */
  readonly #metrics = new Map<string, Metric[]>();
  readonly #valuesKept = new Set<string>();
  #version = 0;
  /** Asked for a metric that does not exist yet: whoever would publish it lazily may do so now. */
  onMissing: (id: MetricId, now: EpochMs) => void = () => {};

  /** Rises when a metric appears that was not there; what was looked up before may be incomplete. */
  get version(): number {
    return this.#version;
  }

  open(id: MetricId, unit: string, owner: MetricOwner | undefined, fineStepMs: number | undefined): Metric {
    const key = keyOf(id);
    const known = this.#metrics.get(key) ?? [];
    const same = known.find((metric) => metric.unit === unit && metric.isHighResolution === (fineStepMs !== undefined));
    if (same) return same;
    const metric = new Metric(id, unit, owner, fineStepMs);
    if (this.#valuesKept.has(key)) metric.keepValues();
    this.#metrics.set(key, [...known, metric]);
    this.#version++;
    return metric;
  }

  /** Keeps single values of a metric, also of one that is not there yet. */
  keepValues(id: MetricId): void {
    const key = keyOf(id);
    this.#valuesKept.add(key);
    for (const metric of this.#metrics.get(key) ?? []) metric.keepValues();
  }

  /** All units of a metric, by name of the unit. */
  find(id: MetricId): readonly Metric[] {
    return [...(this.#metrics.get(keyOf(id)) ?? [])].sort((a, b) => (a.unit < b.unit ? -1 : 1));
  }

  /** Every metric of a namespace, or of all. */
  list(namespace: string | undefined): Metric[] {
    const metrics = [...this.#metrics.values()].flatMap((units) => units.slice(0, 1));
    return namespace === undefined ? metrics : metrics.filter((metric) => metric.namespace === namespace);
  }
}

export type Statistic = 'Sum' | 'Average' | 'Minimum' | 'Maximum' | 'SampleCount';

export function readStatistic(summary: Summary, statistic: Statistic): number {
  switch (statistic) {
    case 'Sum':
      return summary.sum;
    case 'Average':
      return summary.sum / summary.count;
    case 'Minimum':
      return summary.min;
    case 'Maximum':
      return summary.max;
    case 'SampleCount':
      return summary.count;
  }
}

export const STATISTICS: readonly Statistic[] = ['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum'];
