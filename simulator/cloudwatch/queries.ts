import type { EpochMs } from '../contract.ts';
import { validationError } from './errors.ts';
import { type CompiledExpression, compileExpression, type MathValue, MetricMathError } from './metric-math.ts';
import {
  type Dimension,
  type Metric,
  type MetricId,
  type MetricStore,
  readStatistic,
  STATISTICS,
  type Statistic,
} from './metric-store.ts';
import type { Summary } from './series.ts';

export interface MetricStat {
  readonly Metric: {
    readonly Namespace?: string;
    readonly MetricName?: string;
    readonly Dimensions?: readonly Dimension[];
  };
  readonly Period: number;
  readonly Stat: string;
  readonly Unit?: string;
}

export interface MetricDataQuery {
  readonly Id: string;
  readonly MetricStat?: MetricStat;
  readonly Expression?: string;
  readonly Label?: string;
  readonly ReturnData?: boolean;
  readonly Period?: number;
}

/** Periods are 1, 5, 10, 20 and 30 seconds for high-resolution metrics, or any multiple of a minute. */
export function isPeriod(seconds: number): boolean {
  return [1, 5, 10, 20, 30].includes(seconds) || (seconds > 0 && seconds % 60 === 0);
}

export function checkStatistic(stat: string): Statistic {
  const found = STATISTICS.find((statistic) => statistic === stat);
  if (!found) {
    throw validationError(
      `The statistic '${stat}' is not supported by this simulator. Supported: ${STATISTICS.join(', ')}.`,
    );
  }
  return found;
}

/** A metric as one reader asks for it; keeps the metric it found until metrics appear that were not there. */
export class MetricReader {
  readonly periodMs: number;
  readonly statistic: Statistic;
  readonly #store: MetricStore;
  readonly #stat: MetricStat;
  #found: readonly Metric[] = [];
  #foundAt = -1;

  constructor(store: MetricStore, stat: MetricStat) {
    this.#store = store;
    this.#stat = stat;
    this.periodMs = stat.Period * 1000;
    this.statistic = checkStatistic(stat.Stat);
  }

  metrics(): readonly Metric[] {
    if (this.#foundAt !== this.#store.version) {
      this.#foundAt = this.#store.version;
      const all = this.#store.find(this.#id);
      this.#found = this.#stat.Unit === undefined ? all : all.filter((metric) => metric.unit === this.#stat.Unit);
    }
    return this.#found;
  }

  settle(now: EpochMs): void {
    const metrics = this.metrics();
    if (metrics.length === 0) this.#store.onMissing(this.#id, now);
    for (const metric of metrics) metric.owner?.settle(now);
  }

  get #id(): MetricId {
    const { Namespace, MetricName, Dimensions } = this.#stat.Metric;
    return { namespace: Namespace ?? '', name: MetricName ?? '', dimensions: Dimensions ?? [] };
  }

  /** The datapoint of [from, from + period); of the first unit by name when the metric has several. */
  summary(from: EpochMs, now: EpochMs): Summary | undefined {
    for (const metric of this.metrics()) {
      const summary = metric.summarize(from, from + this.periodMs, this.periodMs, now);
      if (summary) return summary;
    }
    return undefined;
  }

  value(from: EpochMs, now: EpochMs): number {
    const summary = this.summary(from, now);
    return summary ? readStatistic(summary, this.statistic) : NaN;
  }

  /** A percentile of [from, from + period), of a metric whose values are kept; NaN where there is none. */
  percentile(from: EpochMs, share: number, now: EpochMs): number {
    for (const metric of this.metrics()) {
      const value = metric.percentile(from, from + this.periodMs, share, now);
      if (!Number.isNaN(value)) return value;
    }
    return NaN;
  }

  /** Datapoints of consecutive periods from `start`, NaN where there is none. */
  readInto(target: Float64Array, start: EpochMs, now: EpochMs): void {
    const metrics = this.metrics();
    if (metrics.length === 1) {
      metrics[0]!.readInto(target, start, this.periodMs, this.statistic, now);
      return;
    }
    for (let i = 0; i < target.length; i++) target[i] = this.value(start + i * this.periodMs, now);
  }
}

interface Compiled {
  readonly query: MetricDataQuery;
  readonly reader: MetricReader | undefined;
  readonly expression: CompiledExpression | undefined;
}

function compile(store: MetricStore, query: MetricDataQuery): Compiled {
  if ((query.MetricStat === undefined) === (query.Expression === undefined)) {
    throw validationError(
      `The value of parameter MetricDataQueries for '${query.Id}' must have exactly one of MetricStat and Expression.`,
    );
  }
  if (query.MetricStat) {
    if (!isPeriod(query.MetricStat.Period)) {
      throw validationError(
        `Period must be 1, 5, 10, 20, 30 or a multiple of 60 (query '${query.Id}', ${query.MetricStat.Period}).`,
      );
    }
    return { query, reader: new MetricReader(store, query.MetricStat), expression: undefined };
  }
  try {
    return { query, reader: undefined, expression: compileExpression(query.Expression!) };
  } catch (error) {
    if (!(error instanceof MetricMathError)) throw error;
    throw validationError(`Error in expression '${query.Id}': ${error.message}`);
  }
}

/** Queries that read each other, compiled once; one grid of periods for all, the longest period of their metrics. */
export class QuerySet {
  readonly periodMs: number;
  readonly #compiled: readonly Compiled[];

  constructor(store: MetricStore, queries: readonly MetricDataQuery[]) {
    const ids = new Set(queries.map((query) => query.Id));
    if (ids.size !== queries.length)
      throw validationError('The values for parameter id in MetricDataQueries are not unique.');
    const compiled = queries.map((query) => compile(store, query));
    for (const { query, expression } of compiled) {
      const unknown = expression?.ids.find((id) => !ids.has(id));
      if (unknown !== undefined)
        throw validationError(`Error in expression '${query.Id}': Undefined variable '${unknown}'`);
    }
    this.#compiled = sortByUse(compiled);
    const periods = compiled.map(({ query, reader }) => reader?.periodMs ?? (query.Period ?? 0) * 1000);
    this.periodMs = Math.max(...periods) || 60_000;
  }

  settle(now: EpochMs): void {
    for (const { reader } of this.#compiled) reader?.settle(now);
  }

  hasMultipleUnits(id: string): readonly string[] {
    const metrics = this.#compiled.find(({ query }) => query.Id === id)?.reader?.metrics() ?? [];
    return [...new Set(metrics.map((metric) => metric.unit))];
  }

  /** Values of every query on the grid of `length` periods from `start`, oldest first; NaN where there is no datapoint. */
  evaluate(start: EpochMs, length: number, now: EpochMs): Map<string, MathValue> {
    const values = new Map<string, MathValue>();
    for (const { query, reader, expression } of this.#compiled) {
      if (!reader) {
        values.set(query.Id, expression!.evaluate(values, length));
        continue;
      }
      const series = new Float64Array(length).fill(NaN);
      const step = reader.periodMs;
      if (step === this.periodMs) {
        reader.readInto(series, start, now);
        values.set(query.Id, series);
        continue;
      }
      for (let i = 0; i < length; i++) {
        const from = start + i * this.periodMs;
        // A finer metric has its points at every step; on a coarser grid the last of them stands for the period.
        for (let at = from; at < from + this.periodMs; at += step) {
          const value = reader.value(at, now);
          if (!Number.isNaN(value)) series[i] = value;
        }
      }
      values.set(query.Id, series);
    }
    return values;
  }
}

/** Expressions after what they read; a circle cannot be evaluated. */
function sortByUse(compiled: readonly Compiled[]): Compiled[] {
  const sorted: Compiled[] = [];
  const done = new Set<string>();
  let rest = [...compiled];
  while (rest.length > 0) {
    const ready = rest.filter(({ expression }) => (expression?.ids ?? []).every((id) => done.has(id)));
    if (ready.length === 0) throw validationError(`Error in expression '${rest[0]!.query.Id}': Circular dependency`);
    for (const entry of ready) done.add(entry.query.Id);
    sorted.push(...ready);
    rest = rest.filter((entry) => !ready.includes(entry));
  }
  return sorted;
}
