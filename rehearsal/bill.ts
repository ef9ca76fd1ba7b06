import type { CallRecord, PaidTime, SimulatedAws } from '../simulator/contract.ts';
import { FALLBACK_PRICES, PRICES_AS_OF, SCALER_PRICES, STACK_PARTS } from './prices.ts';
import type { Bill } from './result.ts';

const HOUR_SECONDS = 3_600;
const MONTH_HOURS = 730;
/** A run costs no simulated time, so its billed duration is an estimate: start of the handler, then each call. */
const RUN_SECONDS = 0.03;
const CALL_SECONDS = 0.02;
/** Canonical lines, summary and metrics of a run; measured on runs with nothing to do, rounded up. */
const LOG_BYTES_PER_RUN = 1_500;
const READ_UNIT_BYTES = 4_096;
const DYNAMODB_WRITES: ReadonlySet<string> = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'TransactWriteItems']);

/** Counts what the product asks of services that charge for it. */
export class ScalerMeter {
  #calls = 0;
  #reads = 0;
  #writes = 0;
  #metrics = 0;
  #cloudWatchCalls = 0;
  #events = 0;
  readonly #alarms = new Set<string>();

  constructor(aws: SimulatedAws) {
    aws.onCall((record) => {
      if (record.caller.kind === 'product') this.#see(record);
    });
  }

  #see({ service, operation, input, output }: CallRecord): void {
    this.#calls += 1;
    if (service === 'DynamoDB') {
      if (DYNAMODB_WRITES.has(operation)) this.#writes += writeUnits(input);
      else this.#reads += Math.max(1, (output?.Items as unknown[] | undefined)?.length ?? 1);
    } else if (service === 'CloudWatch') {
      if (operation === 'GetMetricData')
        this.#metrics += (input?.MetricDataQueries as unknown[] | undefined)?.length ?? 1;
      else this.#cloudWatchCalls += 1;
      if (operation === 'PutMetricAlarm' && input !== undefined) this.#alarms.add(String(input.AlarmName));
      if (operation === 'DeleteAlarms') for (const name of input?.AlarmNames ?? []) this.#alarms.delete(String(name));
    } else if (service === 'EventBridge' && operation === 'PutEvents') {
      this.#events += (input?.Entries as unknown[] | undefined)?.length ?? 1;
    }
  }

  /** USD for a run of so many hours. */
  cost(invocations: number, memoryMb: number, hours: number): number {
    const prices = SCALER_PRICES;
    const seconds = invocations * RUN_SECONDS + this.#calls * CALL_SECONDS;
    return (
      invocations * (prices.lambdaInvocation + prices.schedulerInvocation) +
      seconds * (memoryMb / 1_024) * prices.lambdaGigabyteSecond +
      this.#reads * prices.dynamoDbReadUnit +
      this.#writes * prices.dynamoDbWriteUnit +
      this.#metrics * prices.metricRequested +
      this.#cloudWatchCalls * prices.cloudWatchCall +
      this.#events * prices.customEvent +
      (this.#alarms.size + STACK_PARTS.alarms) * (prices.alarmMonth / MONTH_HOURS) * hours +
      STACK_PARTS.customMetrics * (prices.customMetricMonth / MONTH_HOURS) * hours +
      ((invocations * LOG_BYTES_PER_RUN) / 1e9) * prices.logGigabyte
    );
  }
}

/** Records of the fleet are at most one read unit of four kilobytes, which is four write units. */
function writeUnits(input: unknown): number {
  return input === undefined ? 1 : READ_UNIT_BYTES / 1_024;
}

export interface BillLine {
  readonly endpoint: string;
  readonly paid: readonly PaidTime[];
  /** What would run all the time. */
  readonly alwaysOn: readonly PaidTime[];
}

/** What it cost, what it would have cost, and the types whose price nobody knows. */
export function computeBill(
  lines: readonly BillLine[],
  prices: Readonly<Record<string, number>>,
  scaler: number,
): { readonly bill: Bill; readonly unpriced: readonly string[] } {
  const unpriced = new Set<string>();
  const priceOf = (instanceType: string): number | null => {
    const price = prices[instanceType] ?? FALLBACK_PRICES[instanceType]?.usdPerHour;
    if (price === undefined) unpriced.add(instanceType);
    return price ?? null;
  };
  const costOf = (times: readonly PaidTime[]): number | null => {
    let cost: number | null = 0;
    for (const { instanceType, instanceSeconds } of times) {
      if (instanceSeconds === 0) continue;
      const price = priceOf(instanceType);
      cost = cost === null || price === null ? null : cost + (price * instanceSeconds) / HOUR_SECONDS;
    }
    return cost;
  };
  const endpoints: Record<string, { paid: number | null; alwaysOn: number | null }> = {};
  let saved: number | null = -scaler;
  for (const line of lines) {
    const paid = costOf(line.paid);
    const alwaysOn = costOf(line.alwaysOn);
    endpoints[line.endpoint] = { paid, alwaysOn };
    saved = saved === null || paid === null || alwaysOn === null ? null : saved + alwaysOn - paid;
  }
  return {
    bill: { endpoints, saved, scaler, currency: 'USD', pricesAsOf: PRICES_AS_OF },
    unpriced: [...unpriced].sort(),
  };
}
