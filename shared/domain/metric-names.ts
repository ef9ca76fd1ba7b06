import type { CustomMetric, EndpointKind, MetricMath } from './policy.ts';

/** The unit a threshold or target is given in; times of a document are converted to it. */
export type MetricUnit = 'count' | 'microseconds' | 'milliseconds' | 'seconds' | 'percent' | 'fraction';

/** What a short metric name of a policy means in AWS's words. */
export interface MetricFacts {
  readonly namespace: string;
  readonly metric: string;
  /**
   * `endpoint`: EndpointName only; `variant`: EndpointName and VariantName, of an inference component its own name alone;
   * `component`: that alone.
   */
  readonly dimensions: 'endpoint' | 'variant' | 'component';
  readonly statistic: 'Average' | 'Maximum' | 'Minimum' | 'Sum' | 'SampleCount';
  readonly unit: MetricUnit;
  /** Application Auto Scaling's own name for it, where it has one (it knows period and dimensions itself). */
  readonly predefined?: string;
  /** Kinds of endpoint that publish it. */
  readonly kinds: readonly EndpointKind[];
}

const SAGEMAKER = 'AWS/SageMaker';
/** Published by the instances: CPU and GPU are summed over cores and devices, so 4 busy cores are 400 %. */
const INSTANCES = '/aws/sagemaker/Endpoints';
const BOTH = ['real-time', 'async'] as const;
const REAL_TIME = ['real-time'] as const;
const ANSWERING = ['real-time', 'components', 'serverless'] as const;
const STREAMING = ['real-time', 'components'] as const;
const ALL = ['real-time', 'async', 'components', 'serverless'] as const;
const SERVERLESS = ['serverless'] as const;
const COMPONENTS = ['components'] as const;
const ASYNC = ['async'] as const;

type Row = Omit<MetricFacts, 'metric'> & { readonly metric?: string };

function variant(
  statistic: MetricFacts['statistic'],
  unit: MetricUnit,
  kinds: Row['kinds'],
  namespace = SAGEMAKER,
): Row {
  return { namespace, dimensions: 'variant', statistic, unit, kinds };
}

function component(statistic: MetricFacts['statistic'], unit: MetricUnit): Row {
  return { namespace: SAGEMAKER, dimensions: 'component', statistic, unit, kinds: COMPONENTS };
}

function queue(statistic: MetricFacts['statistic'], unit: MetricUnit): Row {
  return { namespace: SAGEMAKER, dimensions: 'endpoint', statistic, unit, kinds: ASYNC };
}

/** The printed table: short names that `scaling` and step alarms may use. */
const TABLE: Readonly<Record<string, Row>> = {
  ConcurrentRequestsPerModel: {
    ...variant('Maximum', 'count', REAL_TIME),
    predefined: 'SageMakerVariantConcurrentRequestsPerModelHighResolution',
  },
  InvocationsPerInstance: {
    ...variant('Sum', 'count', REAL_TIME),
    predefined: 'SageMakerVariantInvocationsPerInstance',
  },
  ConcurrentRequestsPerCopy: {
    ...component('Maximum', 'count'),
    predefined: 'SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution',
  },
  InvocationsPerCopy: {
    ...component('Sum', 'count'),
    predefined: 'SageMakerInferenceComponentInvocationsPerCopy',
  },
  ServerlessProvisionedConcurrencyUtilization: {
    ...variant('Average', 'fraction', SERVERLESS),
    predefined: 'SageMakerVariantProvisionedConcurrencyUtilization',
  },
  ServerlessConcurrentExecutionsUtilization: variant('Average', 'fraction', SERVERLESS),
  ServerlessProvisionedConcurrencyExecutions: variant('Maximum', 'count', SERVERLESS),
  ServerlessProvisionedConcurrencySpilloverInvocations: variant('Sum', 'count', SERVERLESS),
  NoCapacityInvocationFailures: component('Sum', 'count'),
  Invocations: variant('Sum', 'count', ANSWERING),
  ModelLatency: variant('Average', 'microseconds', ALL),
  OverheadLatency: variant('Average', 'microseconds', ANSWERING),
  FirstChunkLatency: variant('Average', 'microseconds', STREAMING),
  ModelSetupTime: variant('Average', 'microseconds', SERVERLESS),
  Invocation4XXErrors: variant('Sum', 'count', ALL),
  Invocation5XXErrors: variant('Sum', 'count', ALL),
  ApproximateBacklogSizePerInstance: queue('Average', 'count'),
  ApproximateBacklogSize: queue('Average', 'count'),
  ApproximateAgeOfOldestRequest: queue('Maximum', 'seconds'),
  TimeInBacklog: { ...variant('Average', 'milliseconds', ASYNC) },
  TotalProcessingTime: { ...variant('Average', 'milliseconds', ASYNC) },
  CPUUtilization: variant('Average', 'percent', BOTH, INSTANCES),
  MemoryUtilization: variant('Average', 'percent', BOTH, INSTANCES),
  DiskUtilization: variant('Average', 'percent', BOTH, INSTANCES),
  GPUUtilization: variant('Average', 'percent', BOTH, INSTANCES),
  GPUMemoryUtilization: variant('Average', 'percent', BOTH, INSTANCES),
};

export const METRIC_NAMES: readonly string[] = Object.keys(TABLE);

/** Undefined: not in the table. */
export function metricFacts(name: string): MetricFacts | undefined {
  const row = Object.hasOwn(TABLE, name) ? TABLE[name] : undefined;
  return row === undefined ? undefined : { metric: name, ...row };
}

/**
 * What the numbers of a metric mean, of one that is written out too. Undefined: nobody here knows, or they are no longer
 * in the metric's own unit (sums and counts of its samples, expressions).
 */
export function readingOf(source: string | CustomMetric | MetricMath, statistic?: string): MetricFacts | undefined {
  if (typeof source !== 'string' && 'math' in source) return undefined;
  const facts = metricFacts(typeof source === 'string' ? source : source.name);
  if (facts === undefined || (typeof source !== 'string' && source.namespace !== facts.namespace)) return undefined;
  const of = typeof source === 'string' ? (statistic ?? 'Average') : source.statistic;
  return of === 'Sum' || of === 'SampleCount' ? undefined : facts;
}

const FULL: Readonly<Partial<Record<MetricUnit, number>>> = { percent: 100, fraction: 1 };

/** What the metric shows where all is in use; undefined: it has no end. */
export function fullOf(facts: MetricFacts | undefined): number | undefined {
  return facts === undefined ? undefined : FULL[facts.unit];
}

/** Metrics of a policy's `scaling` by which a wake can be sized: requests waiting per instance. */
export const BACKLOG_METRIC = 'ApproximateBacklogSizePerInstance';
/** The same of an inference component: requests a minute that one copy bears. */
export const PER_COPY_METRIC = 'InvocationsPerCopy';
