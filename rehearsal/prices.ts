/**
 * On-demand prices of hosted instances as published between October 2025 and October 2026, USD per hour, before savings
 * plans. A fallback: prices differ by region and change; a scenario's own `prices` win.
 */
export const PRICES_AS_OF = '2026-10';

interface ListPrice {
  readonly usdPerHour: number;
  /** Where it was quoted. */
  readonly region: string;
}

export const FALLBACK_PRICES: Readonly<Record<string, ListPrice>> = {
  'ml.g4dn.xlarge': { usdPerHour: 0.861, region: 'eu-west-3' },
  'ml.g4dn.2xlarge': { usdPerHour: 1.099, region: 'eu-west-3' },
  'ml.g5.xlarge': { usdPerHour: 1.408, region: 'us-east-1' },
  'ml.g5.2xlarge': { usdPerHour: 1.515, region: 'us-west-2' },
  'ml.g6.xlarge': { usdPerHour: 1.4302, region: 'eu-west-3' },
  'ml.g6e.2xlarge': { usdPerHour: 2.8026, region: 'us-east-1' },
  'ml.m5.xlarge': { usdPerHour: 0.23, region: 'us-east-1' },
  'ml.p5en.48xlarge': { usdPerHour: 72.795, region: 'us-east-2' },
  // A serverless endpoint's are for each GB of its memory: requests by themselves (0.00002 USD a second) …
  serverless: { usdPerHour: 0.072, region: 'us-east-1' },
  // … and, with provisioned concurrency, what is kept ready and the requests on it. Estimates: no list of them was at hand,
  // so they stand to the first as Lambda's do (a quarter, and seven twelfths).
  'serverless-provisioned': { usdPerHour: 0.018, region: 'estimate' },
  'serverless-provisioned-use': { usdPerHour: 0.042, region: 'estimate' },
};

/** What the scaler's own parts cost, us-east-1 list prices of the same date. */
export const SCALER_PRICES = {
  lambdaInvocation: 0.2e-6,
  /** arm64. */
  lambdaGigabyteSecond: 0.0000133334,
  dynamoDbReadUnit: 0.125e-6,
  dynamoDbWriteUnit: 0.625e-6,
  metricRequested: 0.01e-3,
  cloudWatchCall: 0.01e-3,
  alarmMonth: 0.1,
  customMetricMonth: 0.3,
  customEvent: 1e-6,
  schedulerInvocation: 1e-6,
  logGigabyte: 0.5,
} as const;

/** What the stack has however little there is to do: alarms on itself, and the metrics that every tick publishes. */
export const STACK_PARTS = { alarms: 17, customMetrics: 6 } as const;
