import { DECISIONS, REASON_CODES } from '../../../shared/domain/decision.ts';
import { RUN_METRICS } from '../../../shared/domain/run-metrics.ts';
import type { Line } from './execution-environment.ts';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const FUNCTIONS: readonly unknown[] = ['scheduled-scaling', 'backlog-wake', 'idle-windows'];

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string' && value !== '';
const isCount: Check = (value) => Number.isInteger(value) && Number(value) >= 0;
const isObject: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const oneOf =
  (values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
const isFlat: Check = (value) =>
  isObject(value) && Object.values(value as object).every((field) => field === null || typeof field !== 'object');
const isCounts: Check = (value) => isObject(value) && Object.values(value as object).every(isCount);

const EVERY_LINE = {
  level: oneOf(['DEBUG', 'INFO', 'WARN', 'ERROR']),
  message: isText,
  timestamp: (value: unknown) => ISO.test(String(value)),
  service: oneOf(['endpoint-scaler']),
};

/** The fields of each kind of line that people's saved queries and alarms may rest on. */
const BY_TYPE: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  decision: {
    ...EVERY_LINE,
    runId: isText,
    function: oneOf(FUNCTIONS),
    endpoint: isText,
    decision: oneOf(DECISIONS),
    reason: oneOf(REASON_CODES),
    evidence: isFlat,
    acted: (value) => typeof value === 'boolean',
    at: (value) => ISO.test(String(value)),
  },
  run: {
    ...EVERY_LINE,
    runId: isText,
    function: oneOf(FUNCTIONS),
    trigger: oneOf(['tick', 'alarm', 'endpoint-state', 'endpoint-ready', 'wake-requested', 'malformed', 'unknown']),
    considered: isCount,
    skipped: isCount,
    failures: isCount,
    durationMs: isCount,
    decisions: isCounts,
  },
  problem: { ...EVERY_LINE, runId: isText, function: oneOf(FUNCTIONS), level: oneOf(['ERROR']) },
  other: { ...EVERY_LINE, runId: isText, function: oneOf(FUNCTIONS) },
};

interface EmbeddedMetrics {
  readonly Timestamp: number;
  readonly CloudWatchMetrics: readonly {
    readonly Namespace: string;
    readonly Dimensions: readonly (readonly string[])[];
    readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
  }[];
}

/** What is wrong with a log line; an empty list is a line as it is documented. */
export function problemsOf(line: Line): readonly string[] {
  if (line['_aws'] !== undefined) return problemsOfMetrics(line, line['_aws'] as EmbeddedMetrics);
  // The runtime itself logs what a handler throws.
  if (isObject(line['message']) && line['logType'] === undefined) return problemsOfThrown(line);
  const type = String(line['logType'] ?? 'other');
  const fields = BY_TYPE[type === 'decision-repeat' ? 'decision' : type];
  if (fields === undefined) return [`logType: ${type}: no such kind of line`];
  return Object.entries(fields)
    .filter(([name, check]) => !check(line[name]))
    .map(([name]) => `${type}: ${name}: ${JSON.stringify(line[name])}`);
}

function problemsOfThrown({ requestId, level, message }: Line): readonly string[] {
  const { errorType, errorMessage, stackTrace } = message as Line;
  const isComplete = isText(requestId) && level === 'ERROR' && isText(errorType) && isText(errorMessage);
  return isComplete && Array.isArray(stackTrace) ? [] : [`thrown: ${JSON.stringify(message)}`];
}

function problemsOfMetrics(line: Line, { Timestamp, CloudWatchMetrics }: EmbeddedMetrics): readonly string[] {
  const problems: string[] = [];
  if (!isCount(Timestamp)) problems.push(`metrics: Timestamp: ${Timestamp}`);
  for (const { Namespace, Dimensions, Metrics } of CloudWatchMetrics) {
    if (Namespace !== 'EndpointScaler') problems.push(`metrics: Namespace: ${Namespace}`);
    for (const dimension of Dimensions.flat()) {
      if (!isText(line[dimension])) problems.push(`metrics: dimension ${dimension} has no value`);
      if (dimension === 'endpoint')
        problems.push('metrics: a dimension per endpoint costs a custom metric per endpoint');
    }
    for (const { Name, Unit } of Metrics) {
      const unit = (RUN_METRICS as Readonly<Record<string, string>>)[Name];
      if (unit !== Unit) problems.push(`metrics: ${Name}: unit ${Unit}, documented is ${unit}`);
      if (typeof line[Name] !== 'number') problems.push(`metrics: ${Name}: ${JSON.stringify(line[Name])}`);
    }
  }
  return problems;
}

/** Sums of the metrics that these lines publish. */
export function metricsOf(lines: readonly Line[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const line of lines.filter(({ _aws }) => _aws !== undefined)) {
    for (const name of Object.keys(RUN_METRICS)) {
      if (typeof line[name] === 'number') sums[name] = (sums[name] ?? 0) + line[name];
    }
  }
  return sums;
}
