import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { METRIC_NAMESPACE, RUN_METRICS, type RunMetric } from '../domain/run-metrics.ts';
import type { LogLine, LogSink } from '../ports/world.ts';
import type { World } from './contract.ts';

const SERVICE = 'endpoint-scaler';

/** A call that hangs must leave time to record what happened: the function's own timeout is 50 s. */
const REQUEST_TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 8_000, throwOnRequestTimeout: true };

/** The world of a deployed function. */
export function lambdaWorld(): World {
  return {
    env: process.env,
    clientDefaults: { requestHandler: REQUEST_TIMEOUTS },
    clock: { now: () => Date.now() },
    random: () => Math.random(),
    sleep: async (ms) => {
      await wait(ms);
    },
    logSink: lambdaLogSink(process.env['LOG_LEVEL'], process.env['TAG_PREFIX']),
  };
}

/** Two stacks in one account differ by their tag prefix, so it names the service in lines and metrics. */
function lambdaLogSink(level: string | undefined, service = SERVICE): LogSink {
  const logger = new Logger({ serviceName: service, ...(isLevel(level) ? { logLevel: level } : {}) });
  const metrics = new Metrics({ namespace: METRIC_NAMESPACE, serviceName: service });
  return (line) => {
    if (line.logType === 'metric') {
      publish(metrics, line);
      return;
    }
    const { level: lineLevel, message, ...fields } = line;
    WRITE[lineLevel](logger, message, fields);
  };
}

const WRITE: Readonly<
  Record<LogLine['level'], (logger: Logger, message: string, fields: Record<string, unknown>) => void>
> = {
  DEBUG: (logger, message, fields) => logger.debug(message, fields),
  INFO: (logger, message, fields) => logger.info(message, fields),
  WARN: (logger, message, fields) => logger.warn(message, fields),
  ERROR: (logger, message, fields) => logger.error(message, fields),
};

const UNITS = {
  Count: MetricUnit.Count,
  Milliseconds: MetricUnit.Milliseconds,
  Seconds: MetricUnit.Seconds,
  None: MetricUnit.NoUnit,
} as const;

function publish(metrics: Metrics, line: LogLine): void {
  const values = line['metrics'] as Readonly<Partial<Record<RunMetric, number>>>;
  metrics.addDimension('function', String(line['function']));
  for (const [name, value] of Object.entries(values)) {
    metrics.addMetric(name, UNITS[RUN_METRICS[name as RunMetric]], value);
  }
  metrics.publishStoredMetrics();
}

function isLevel(value: string | undefined): value is LogLine['level'] {
  return value === 'DEBUG' || value === 'INFO' || value === 'WARN' || value === 'ERROR';
}
