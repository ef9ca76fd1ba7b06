import type { Code, FunctionCode } from '../rehearsal/functions.ts';
import { rehearse, type Scenario } from '../rehearsal/index.ts';
import { SCALER_PRICES, STACK_PARTS } from '../rehearsal/prices.ts';
import { PRODUCT } from '../rehearsal/product.ts';
import { METRIC_NAMESPACE, RUN_METRICS, type RunMetric } from '../shared/domain/run-metrics.ts';
import type { LogLine } from '../shared/ports/world.ts';
import type { CallRecord, SdkRequestHandler } from '../simulator/contract.ts';

/** What a month of the scaler costs beside what a rehearsal's bill knows; us-east-1 list prices of the same date. */
const PRICES = { ...SCALER_PRICES, logGigabyteMonth: 0.03, kmsRequest: 0.03 / 10_000 } as const;
const MONTH_HOURS = 730;
const HOUR_MS = 3_600_000;
const GIGABYTE = 1e9;
const MEMORY_GB = 0.5;

/** A run costs no simulated time. Billed: this much of its own, and one answer of AWS per wave of calls sent together. */
const OWN_SECONDS = 0.03;
const WAVE_SECONDS = 0.05;
/** CloudWatch Logs counts 26 bytes for each event beside its text. */
const EVENT_OVERHEAD = 26;
/** Lambda's own platform.start and platform.report as JSON, per run. */
const PLATFORM_BYTES = 800;
/** Each function asks KMS for the table's key about every five minutes, while DynamoDB caches it. */
const KMS_REQUESTS_PER_HOUR = 3 * 12;

export interface Usage {
  readonly hours: number;
  readonly endpoints: number;
  runs: number;
  calls: number;
  waves: number;
  readUnits: number;
  writeUnits: number;
  metricsRead: number;
  events: number;
  logBytes: number;
  /** Hours in which each metric was published, of one function. */
  readonly metricHours: Map<string, Set<number>>;
  /** Alarms of asynchronous endpoints. */
  readonly alarms: Set<string>;
}

export interface MonthlyBill {
  readonly usage: Usage;
  /** USD a month by service. */
  readonly lines: Readonly<Record<string, number>>;
  readonly total: number;
}

/** Runs it once and counts everything that AWS would charge for. */
export async function billMonth(scenario: Scenario, countFromHour = 0): Promise<MonthlyBill> {
  const hours = scenario.durationMs / HOUR_MS - countFromHour;
  const usage: Usage = {
    hours,
    endpoints: scenario.endpoints.length,
    runs: 0,
    calls: 0,
    waves: 0,
    readUnits: 0,
    writeUnits: 0,
    metricsRead: 0,
    events: 0,
    logBytes: 0,
    metricHours: new Map(),
    alarms: new Set(),
  };
  const begin = scenario.start + countFromHour * HOUR_MS;
  let now = scenario.start;
  const code = Object.fromEntries(
    Object.entries(PRODUCT).map(([id, fn]) => [id, watch(fn, usage, () => (now >= begin ? now : undefined))]),
  ) satisfies Code;
  await rehearse(scenario, {
    code,
    onReady: ({ aws }) => {
      aws.onStep(() => {
        now = aws.clock.now();
      });
      aws.onCall((call) => {
        if (call.caller.kind !== 'product') return;
        if (call.operation === 'PutMetricAlarm') usage.alarms.add(String(call.input?.AlarmName));
        if (call.at >= begin) countCall(call, usage);
      });
    },
  });
  return { usage, ...priceMonth(usage) };
}

/** Counts runs, waves and log bytes of a function; `at` is undefined while nothing is counted. */
function watch(fn: FunctionCode, usage: Usage, at: () => number | undefined): FunctionCode {
  return {
    ...fn,
    start: (world) => {
      const inner = world.clientDefaults['requestHandler'] as SdkRequestHandler;
      let open = false;
      const requestHandler: SdkRequestHandler = {
        metadata: inner.metadata,
        destroy: () => inner.destroy(),
        updateHttpClientConfig: () => undefined,
        httpHandlerConfigs: () => ({}),
        handle: async (request, options) => {
          if (!open && at() !== undefined) usage.waves += 1;
          open = true;
          // What was sent together is seen before the first answer.
          for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
          open = false;
          return inner.handle(request, options);
        },
      };
      const logSink = (line: LogLine): void => {
        const now = at();
        if (now !== undefined && line.level !== 'DEBUG') countLine(line, now, usage);
        world.logSink(line);
      };
      const handler = fn.start({ ...world, logSink, clientDefaults: { ...world.clientDefaults, requestHandler } });
      return (event, context) => {
        if (at() !== undefined) {
          usage.runs += 1;
          usage.logBytes += PLATFORM_BYTES;
        }
        open = false;
        return handler(event, context);
      };
    },
  };
}

function countLine(line: LogLine, now: number, usage: Usage): void {
  const time = new Date(now).toISOString();
  if (line.logType !== 'metric') {
    // As the logger of the deployed function writes it.
    const text = JSON.stringify({ ...line, timestamp: time, service: 'endpoint-scaler', sampling_rate: 0 });
    usage.logBytes += Buffer.byteLength(text) + EVENT_OVERHEAD;
    return;
  }
  const values = line['metrics'] as Readonly<Partial<Record<RunMetric, number>>>;
  const Metrics = Object.keys(values).map((Name) => ({ Name, Unit: RUN_METRICS[Name as RunMetric] }));
  const CloudWatchMetrics = [{ Namespace: METRIC_NAMESPACE, Dimensions: [['service', 'function']], Metrics }];
  const dimensions = { service: 'endpoint-scaler', function: line['function'] };
  const text = JSON.stringify({ _aws: { Timestamp: now, CloudWatchMetrics }, ...dimensions, ...values });
  usage.logBytes += Buffer.byteLength(text) + EVENT_OVERHEAD;
  for (const name of Object.keys(values)) {
    const key = `${name} ${String(line['function'])}`;
    const hours = usage.metricHours.get(key) ?? new Set<number>();
    usage.metricHours.set(key, hours.add(Math.floor(now / HOUR_MS)));
  }
}

function countCall({ service, operation, input, output }: CallRecord, usage: Usage): void {
  usage.calls += 1;
  if (service === 'CloudWatch' && operation === 'GetMetricData')
    usage.metricsRead += input?.MetricDataQueries?.length ?? 1;
  if (service === 'EventBridge') usage.events += input?.Entries?.length ?? 1;
  if (service !== 'DynamoDB') return;
  // All reads are consistent: one unit per 4 KB of what a call read.
  const read = [...(output?.Items ?? []), ...(output?.Item === undefined ? [] : [output.Item])];
  if (operation === 'Query' || operation === 'GetItem') usage.readUnits += unitsOf(read, 4096);
  else usage.writeUnits += unitsOf([input?.Item ?? {}], 1024);
}

function unitsOf(items: readonly object[], unit: number): number {
  const bytes = items.reduce((sum, item) => sum + sizeOf(item), 0);
  return Math.max(1, Math.ceil(bytes / unit));
}

/** DynamoDB's item size: names and values of the attributes. */
function sizeOf(item: object): number {
  return Object.entries(item).reduce((sum, [name, value]) => {
    const text = (value as { S?: string; N?: string }).S ?? (value as { N?: string }).N;
    const bytes = (value as { B?: Uint8Array }).B?.byteLength ?? Buffer.byteLength(text ?? JSON.stringify(value));
    return sum + Buffer.byteLength(name) + bytes;
  }, 0);
}

function priceMonth(usage: Usage): Omit<MonthlyBill, 'usage'> {
  const months = MONTH_HOURS / usage.hours;
  const seconds = usage.runs * OWN_SECONDS + usage.waves * WAVE_SECONDS;
  // A metric is charged for the hours in which it was published.
  const metrics = [...usage.metricHours.values()].reduce((sum, hours) => sum + Math.min(hours.size, usage.hours), 0);
  const lines = {
    'Lambda requests': usage.runs * PRICES.lambdaInvocation * months,
    'Lambda time': seconds * MEMORY_GB * PRICES.lambdaGigabyteSecond * months,
    Scheduler: ((2 * 3600) / 60) * MONTH_HOURS * PRICES.schedulerInvocation,
    'DynamoDB reads': usage.readUnits * PRICES.dynamoDbReadUnit * months,
    'DynamoDB writes': usage.writeUnits * PRICES.dynamoDbWriteUnit * months,
    KMS: KMS_REQUESTS_PER_HOUR * MONTH_HOURS * PRICES.kmsRequest,
    'log bytes': (usage.logBytes / GIGABYTE) * (PRICES.logGigabyte + PRICES.logGigabyteMonth) * months,
    'custom metrics': (metrics / usage.hours) * PRICES.customMetricMonth,
    'metrics read': usage.metricsRead * PRICES.metricRequested * months,
    'own events': usage.events * PRICES.customEvent * months,
    'alarms on the scaler': STACK_PARTS.alarms * PRICES.alarmMonth,
  };
  return { lines, total: Object.values(lines).reduce((sum, value) => sum + value, 0) };
}

/** Of asynchronous endpoints, shown apart: one alarm each. */
export function alarmsOfEndpoints({ alarms }: Usage): number {
  return alarms.size * PRICES.alarmMonth;
}
