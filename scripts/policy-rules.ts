import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MATH_FUNCTIONS } from '../shared/documents/metric-math.ts';
import { METRIC_NAMES } from '../shared/domain/metric-names.ts';

/**
 * Every rule about scaling that a policy can break: what AWS refuses and we refuse before it is asked, and what AWS takes
 * and is unwise. docs/rules.md is made from this table, and a test breaks each rule by its own example.
 */
export interface PolicyRule {
  readonly id: string;
  /** Whose rule it is, and where that is known from. */
  readonly aws: string;
  readonly source: string;
  /** A policy that breaks it; of an endpoint, where the rule is about that. */
  readonly breaks: object;
  readonly endpoint?: {
    readonly kind: 'real-time' | 'async' | 'components' | 'serverless';
    readonly instanceType?: string;
    /** Of its variants or components, where it has not just one. */
    readonly names?: readonly string[];
    readonly managedMin?: number;
    readonly maxConcurrency?: number;
  };
  /** For `size`: its option, where no policy says it. */
  readonly says: string;
}

const AAS = 'Application Auto Scaling';
const MODEL = 'model: application-autoscaling';
const CLOUDWATCH = 'model: cloudwatch, PutMetricAlarm';

const tracking = (more: object = {}) => ({
  scaling: [{ kind: 'target-tracking', metric: 'ConcurrentRequestsPerModel', target: 8, ...more }],
});
const step = (more: object = {}, alarm: object = {}) => ({
  scaling: [
    {
      kind: 'step',
      alarm: { metric: 'ModelLatency', threshold: '1s', periods: 3, ...alarm },
      steps: [{ from: 0, add: 1 }],
      ...more,
    },
  ],
});
const steps = (...list: readonly object[]) => step({ steps: list });
const custom = { namespace: 'Orders', name: 'Depth', statistic: 'Average' };
const math = (more: object) =>
  tracking({ name: 'share', metric: { math: 'a / 2', metrics: { a: 'Invocations' }, ...more } });
const byType = (more: object = {}) =>
  tracking({ target: 6, reference: 'ml.g5.xlarge', serves: { 'ml.g5.xlarge': 8, 'ml.g6.xlarge': 5 }, ...more });
const mixed = { a: 'Invocations', b: 'ModelLatency' };

/** Refused: the document is invalid, or does not fit the endpoint; nothing of it is applied. */
export const REFUSALS: readonly PolicyRule[] = [
  {
    id: 'min-above-max',
    aws: 'MinCapacity above MaxCapacity is refused, also after merging with what the target has; both are always sent',
    source: MODEL,
    breaks: { capacity: [{ during: 'office', min: 5, max: 4 }] },
    says: 'capacity[0].min: 5: at most max, which is 4',
  },
  {
    id: 'one-bound',
    aws: 'A target is created with both bounds',
    source: MODEL,
    breaks: { otherwise: { min: 1 } },
    says: 'otherwise.max: nothing: required: a whole number from 0 to 100000',
  },
  {
    id: 'whole-counts',
    aws: 'Capacities are whole numbers, 0 or more',
    source: MODEL,
    breaks: { otherwise: { min: 0.5, max: 2 } },
    says: 'otherwise.min: 0.5: a whole number from 0 to 100000',
  },
  {
    id: 'zero-of-a-classic-variant',
    aws: 'A classic real-time variant has at least one instance: the 0 is taken at registration and refused when it is tried',
    source: 'guide: endpoint-auto-scaling-zero-instances',
    breaks: { otherwise: { min: 0, max: 2 } },
    endpoint: { kind: 'real-time' },
    says: 'otherwise: min 0, max 2: min ≥ 1, or zero together with `zero: { by: park }`: a real-time endpoint reaches zero only by deletion',
  },
  {
    id: 'zero-of-a-serverless-variant',
    aws: 'ProvisionedConcurrency is 1 to 200: the 0 is taken at registration and refused when it is tried',
    source: 'model: sagemaker, ServerlessProvisionedConcurrency',
    breaks: { otherwise: { min: 0, max: 2 } },
    endpoint: { kind: 'serverless' },
    says: 'otherwise: min 0, max 2: min ≥ 1, or leave: provisioned concurrency is at least 1; an endpoint config without any is what removes it',
  },
  {
    id: 'zero-by-of-a-serverless-variant',
    aws: 'Without requests a serverless endpoint costs nothing but its provisioned concurrency: there is nothing to delete',
    source: 'guide: serverless-endpoints',
    breaks: { otherwise: { min: 1, max: 2 }, zero: { by: 'park' } },
    endpoint: { kind: 'serverless' },
    says: 'zero.by: park: nothing: a serverless endpoint is never parked, without requests it costs nothing but its provisioned concurrency; remove it',
  },
  {
    id: 'wake-of-a-serverless-endpoint',
    aws: 'A serverless endpoint is in service all the time: there is nothing to wake',
    source: 'guide: serverless-endpoints',
    breaks: { otherwise: { min: 1, max: 2 }, wake: { on: ['request'] } },
    endpoint: { kind: 'serverless' },
    says: 'wake.on: request: nothing for a serverless endpoint: it is never away',
  },
  {
    id: 'several-variants-and-one-set-of-bounds',
    aws: 'Each variant is a scalable target of its own',
    source: MODEL,
    breaks: { otherwise: { min: 1, max: 2 } },
    endpoint: { kind: 'real-time', names: ['blue', 'green'] },
    says: 'capacity: blue, green: endpoints with one variant; bounds do not say which variant they speak of',
  },
  {
    id: 'several-components-and-one-set-of-bounds',
    aws: 'Each inference component is a scalable target of its own',
    source: MODEL,
    breaks: { otherwise: { min: 1, max: 2 } },
    endpoint: { kind: 'components', names: ['chat', 'embed'] },
    says: 'components: nothing for chat, embed: an entry for each inference component, components: { <name>: { capacity, scaling } }',
  },
  {
    id: 'no-component',
    aws: 'Copies are scaled of an inference component, and there is none',
    source: MODEL,
    breaks: { otherwise: { min: 1, max: 2 } },
    endpoint: { kind: 'components', names: [] },
    says: 'endpoint: no inference component: at least one inference component on the endpoint: bounds speak of its copies',
  },
  {
    id: 'zero-copies-on-instances-that-stay',
    aws: 'Instances go to zero only under ManagedInstanceScaling with MinInstanceCount 0: zero copies would save nothing',
    source: 'guide: endpoint-auto-scaling-zero-instances',
    breaks: { otherwise: { min: 0, max: 2 } },
    endpoint: { kind: 'components', managedMin: 1 },
    says: 'endpoint: ManagedInstanceScaling.MinInstanceCount 1: MinInstanceCount 0 in the endpoint config, or min ≥ 1 in every rung of a component: with zero copies the instances would stay',
  },
  {
    id: 'zero-copies-without-managed-scaling',
    aws: 'Without ManagedInstanceScaling nobody takes the instances away',
    source: 'guide: endpoint-auto-scaling-zero-instances',
    breaks: { otherwise: { min: 0, max: 2 } },
    endpoint: { kind: 'components' },
    says: 'endpoint: ManagedInstanceScaling is not enabled: MinInstanceCount 0 in the endpoint config, or min ≥ 1 in every rung of a component: with zero copies the instances would stay',
  },
  {
    id: 'park-of-a-queue',
    aws: 'What becomes of queued requests when their endpoint is deleted is not documented; instances go to zero without that',
    source: 'guide: async-inference-autoscale',
    breaks: { otherwise: { min: 0, max: 2 }, zero: { by: 'park' } },
    endpoint: { kind: 'async' },
    says: 'zero.by: park: instances (what becomes of queued requests when it is deleted is unknown)',
  },
  {
    id: 'zero-by-of-another-kind',
    aws: 'Each kind of endpoint has one way to zero',
    source: 'own',
    breaks: { otherwise: { min: 0, max: 2 }, zero: { by: 'copies' } },
    endpoint: { kind: 'real-time' },
    says: 'zero.by: copies: park for a real-time endpoint',
  },
  {
    id: 'smoke-of-another-kind',
    aws: 'The invocation before an endpoint counts as ready is InvokeEndpoint of a whole endpoint',
    source: 'model: sagemaker-runtime',
    breaks: { otherwise: { min: 0, max: 2 }, wake: { smoke: { body: '{}', contentType: 'application/json' } } },
    endpoint: { kind: 'async' },
    says: 'wake.smoke: application/json: real-time endpoints only; remove it',
  },
  {
    id: 'time-to-live-without-a-queue',
    aws: 'Only requests of asynchronous endpoints wait, and expire',
    source: 'model: sagemaker-runtime, RequestTTLSeconds',
    breaks: { otherwise: { min: 1, max: 2 }, wake: { requestTtl: '1h' } },
    endpoint: { kind: 'real-time' },
    says: 'wake.requestTtl: 60m: asynchronous endpoints only: the others have no queue; remove it',
  },
  {
    id: 'step-wake-without-a-queue',
    aws: 'The step policy reads HasBacklogWithoutCapacity, which only asynchronous endpoints publish',
    source: 'guide: async-inference-autoscale',
    breaks: { otherwise: { min: 1, max: 2 }, wake: { by: 'step-policy' } },
    endpoint: { kind: 'real-time' },
    says: 'wake.by: step-policy: function for a real-time endpoint: only an asynchronous one has a queue',
  },
  {
    id: 'step-wake-that-nobody-listens-for',
    aws: 'A step policy on the backlog is a wake on the backlog',
    source: 'own',
    breaks: { otherwise: { min: 1, max: 2 }, wake: { by: 'step-policy', on: ['request'] } },
    endpoint: { kind: 'async' },
    says: 'wake.by: step-policy: function, or backlog in wake.on',
  },
  {
    id: 'step-wake-without-a-maximum',
    aws: 'Scaling policies add instances up to the target’s maximum',
    source: MODEL,
    breaks: { otherwise: 'zero', wake: { by: 'step-policy' } },
    endpoint: { kind: 'async' },
    says: 'wake.by: step-policy: function, or a rung with max ≥ 1: Application Auto Scaling adds instances up to a maximum',
  },
  {
    id: 'above-the-concurrency-of-a-serverless-variant',
    aws: 'ProvisionedConcurrency is at most MaxConcurrency: more is taken at registration and refused when it is tried',
    source: 'model: sagemaker, ProductionVariantServerlessConfig',
    breaks: { otherwise: { min: 1, max: 20 } },
    endpoint: { kind: 'serverless', maxConcurrency: 10 },
    says: 'otherwise: max 20: max at most 10, the MaxConcurrency of the endpoint',
  },
  {
    id: 'a-queue-that-nothing-lifts',
    aws: 'A queued request expires after 6 hours at most, or what `wake.requestTtl` says',
    source: 'model: sagemaker-runtime, RequestTTLSeconds',
    breaks: { otherwise: { min: 0, max: 2 }, wake: { on: [] } },
    endpoint: { kind: 'async' },
    says: 'wake.on: nothing: a backlog may wait at most 6 hours (its requests expire then): add backlog to wake.on, or max ≥ 1',
  },
  {
    id: 'burstable-type',
    aws: 'Burstable ml.t instances cannot be scaled',
    source: 'guide: endpoint-auto-scaling-prerequisites',
    breaks: { otherwise: { min: 1, max: 2 }, ...tracking() },
    endpoint: { kind: 'real-time', instanceType: 'ml.t2.medium' },
    says: 'scaling: ml.t2.medium: no scaling policies: Application Auto Scaling refuses burstable ml.t instance types',
  },
  {
    id: 'metric-of-another-kind',
    aws: 'The metric is never published for this kind of endpoint (high-resolution concurrency of an asynchronous one, a backlog of a real-time one): the policy is taken and never scales',
    source: 'guide: monitoring-cloudwatch, async-inference-monitor',
    breaks: { otherwise: { min: 0, max: 2 }, ...tracking() },
    endpoint: { kind: 'async' },
    says: 'scaling: ConcurrentRequestsPerModel: a metric that async endpoints publish; this one comes from real-time endpoints alone',
  },
  {
    id: 'scale-in-of-another-kind',
    aws: 'Other kinds than real-time ones publish no concurrency to wait for',
    source: 'guide: async-inference-monitor',
    breaks: { otherwise: { min: 0, max: 2 }, scaleIn: 'when-quiet' },
    endpoint: { kind: 'async' },
    says: 'scaleIn: when-quiet: real-time endpoints only: the others publish no concurrency; remove it',
  },
  {
    id: 'too-many-policies',
    aws: '50 policies on a target; a document of ours holds 10',
    source: 'guide: application-auto-scaling-quotas',
    breaks: {
      scaling: Array.from({ length: 11 }, (_, index) => ({ ...step().scaling[0], name: `p${index}` })),
    },
    says: 'scaling: …: at most 10 entries',
  },
  {
    id: 'two-on-one-metric',
    aws: 'A second target-tracking policy on the same metric is refused',
    source: 'guide: target-tracking-scaling-policy-overview',
    breaks: { scaling: [...tracking({ name: 'a' }).scaling, ...tracking({ name: 'b' }).scaling] },
    says: 'scaling[1].metric: ConcurrentRequestsPerModel: another metric than the target-tracking policies above',
  },
  {
    id: 'two-of-one-name',
    aws: 'A policy of the same name replaces the first',
    source: MODEL,
    breaks: { scaling: [...step().scaling, ...step().scaling] },
    says: 'scaling[1].name: nothing: a name of its own: a scaling policy above is called step-ModelLatency, too',
  },
  {
    id: 'policy-name',
    aws: 'Names are 1 to 256 printable characters; ours are narrower, since names of policies and alarms are put together from them',
    source: MODEL,
    breaks: tracking({ name: 'a-b' }),
    says: 'scaling[0].name: a-b: a name of letters, digits and _, at most 64',
  },
  {
    id: 'kind-of-policy',
    aws: 'StepScaling and TargetTrackingScaling; predictive scaling is for ECS alone',
    source: MODEL,
    breaks: { scaling: [{ kind: 'predictive' }] },
    says: 'scaling[0].kind: predictive: target-tracking or step',
  },
  {
    id: 'target-above-zero',
    aws: 'The target has to be a valid number for its metric',
    source: MODEL,
    breaks: tracking({ target: 0 }),
    says: 'scaling[0].target: 0: more than 0',
  },
  {
    id: 'time-of-a-count',
    aws: 'A target is a plain number in the metric’s unit; a time is converted where the metric measures time',
    source: 'own',
    breaks: tracking({ target: '5s' }),
    says: 'scaling[0].target: 5s: a number: ConcurrentRequestsPerModel does not measure time',
  },
  {
    id: 'over-a-hundred-percent',
    aws: 'CPU and GPU utilisation are sums over cores and devices, up to 100 % of each',
    source: 'guide: monitoring-cloudwatch',
    breaks: tracking({ metric: 'GPUUtilization', target: 250 }),
    says: 'scaling[0].target: 250: at most 100: percent of the whole instance, multiplied by its cores or GPUs for AWS',
  },
  {
    id: 'over-the-whole-instance',
    aws: 'Memory and disk in use are percent of the instance, never more than 100',
    source: 'guide: monitoring-cloudwatch',
    breaks: step({}, { metric: 'MemoryUtilization', threshold: 150 }),
    says: 'scaling[0].alarm.threshold: 150: at most 100: percent of the whole instance',
  },
  {
    id: 'over-the-whole-concurrency',
    aws: 'Utilisation of provisioned concurrency is a fraction, never more than 1',
    source: 'guide: monitoring-cloudwatch',
    breaks: tracking({ metric: 'ServerlessProvisionedConcurrencyUtilization', target: 70 }),
    says: 'scaling[0].target: 70: at most 1: a fraction, of which 1 is all',
  },
  {
    id: 'cooldown',
    aws: 'Cooldowns are whole seconds',
    source: MODEL,
    breaks: tracking({ scaleInCooldown: '1500ms' }),
    says: 'scaling[0].scaleInCooldown: 1500ms: a duration in whole seconds, like 300s, at most 1d',
  },
  {
    id: 'too-many-steps',
    aws: '20 step adjustments in a policy',
    source: 'guide: application-auto-scaling-quotas',
    breaks: steps(...Array.from({ length: 21 }, (_, index) => ({ from: index, add: index + 1 }))),
    says: 'scaling[0].steps: …: at most 20 entries',
  },
  {
    id: 'no-step',
    aws: 'At least one step adjustment',
    source: MODEL,
    breaks: steps(),
    says: 'scaling[0].steps: []: at least one step',
  },
  {
    id: 'gap-between-steps',
    aws: 'Ranges of steps have no gap',
    source: 'guide: step-scaling-policy-overview',
    breaks: steps({ from: 0, to: 3, add: 1 }, { from: 5, add: 2 }),
    says: 'scaling[0].steps[0].to: 3: the `from` of the next step, or absent',
  },
  {
    id: 'overlapping-steps',
    aws: 'Ranges of steps do not overlap',
    source: 'guide: step-scaling-policy-overview',
    breaks: steps({ from: 0, to: 7, add: 1 }, { from: 5, add: 2 }),
    says: 'scaling[0].steps[0].to: 7: the `from` of the next step, or absent',
  },
  {
    id: 'steps-out-of-order',
    aws: 'Ranges of steps do not overlap; ours are written in rising order',
    source: 'guide: step-scaling-policy-overview',
    breaks: steps({ from: 5, add: 1 }, { from: 5, add: 2 }),
    says: 'scaling[0].steps[1].from: 5: steps in rising order of `from`',
  },
  {
    id: 'step-backwards',
    aws: 'An upper bound is above its lower bound',
    source: 'guide: step-scaling-policy-overview',
    breaks: steps({ from: 5, to: 5, add: 1 }),
    says: 'scaling[0].steps[0].to: 5: more than `from`',
  },
  {
    id: 'step-without-bounds',
    aws: 'At most one step has a null bound on each side',
    source: 'guide: step-scaling-policy-overview',
    breaks: steps({ add: 1 }),
    says: 'scaling[0].steps[0]: {"add":1}: at least one of from and to',
  },
  {
    id: 'highest-step-without-end',
    aws: 'Above the highest step nothing would be done however high the metric rises',
    source: 'guide: step-scaling-policy-overview',
    breaks: steps({ from: 0, to: 5, add: 1 }),
    says: 'scaling[0].steps[0].to: 5: absent in the highest step: the metric may rise further',
  },
  {
    id: 'lowest-step-without-end',
    aws: 'Below the lowest step nothing would be done however low the metric falls',
    source: 'guide: step-scaling-policy-overview',
    breaks: step({ steps: [{ from: -5, to: 0, add: -1 }] }, { comparison: '<' }),
    says: 'scaling[0].steps[0].from: -5: absent in the lowest step: the metric may fall further',
  },
  {
    id: 'step-without-a-begin',
    aws: 'A step above the threshold has a lower bound',
    source: 'guide: step-scaling-policy-overview',
    breaks: steps({ to: 3, add: 1 }, { from: 3, add: 2 }),
    says: 'scaling[0].steps[0].from: nothing: required: where the step begins',
  },
  {
    id: 'step-without-an-end',
    aws: 'A step below the threshold has an upper bound',
    source: 'guide: step-scaling-policy-overview',
    breaks: step(
      {
        steps: [
          { to: -5, add: -2 },
          { from: -5, add: -1 },
        ],
      },
      { comparison: '<' },
    ),
    says: 'scaling[0].steps[1].to: nothing: required: where the step ends, 0 for the threshold',
  },
  {
    id: 'step-on-the-other-side',
    aws: 'A step that lies where its alarm never rings is never taken',
    source: 'guide: step-scaling-policy-overview',
    breaks: steps({ from: -1, add: 1 }),
    says: 'scaling[0].steps[0].from: -1: 0 or more: above the threshold',
  },
  {
    id: 'step-on-the-other-side-below',
    aws: 'The same for an alarm that rings below its threshold',
    source: 'guide: step-scaling-policy-overview',
    breaks: step({ steps: [{ to: 1, add: -1 }] }, { comparison: '<' }),
    says: 'scaling[0].steps[0].to: 1: 0 or less: below the threshold',
  },
  {
    id: 'mixed-changes',
    aws: 'A policy has one AdjustmentType for all its steps',
    source: MODEL,
    breaks: steps({ from: 0, to: 5, add: 1 }, { from: 5, percent: 50 }),
    says: 'scaling[0].steps[1].percent: 50: add, as in the first step: AWS takes one kind for all steps of a policy',
  },
  {
    id: 'one-change-a-step',
    aws: 'A step has one ScalingAdjustment',
    source: MODEL,
    breaks: steps({ from: 0, add: 1, set: 2 }),
    says: 'scaling[0].steps[0]: {"from":0,"add":1,"set":2}: exactly one of add, percent, set',
  },
  {
    id: 'whole-change',
    aws: 'ScalingAdjustment is a whole number',
    source: MODEL,
    breaks: steps({ from: 0, add: 1.5 }),
    says: 'scaling[0].steps[0].add: 1.5: a whole number',
  },
  {
    id: 'exact-capacity-below-zero',
    aws: 'ExactCapacity takes no negative number',
    source: MODEL,
    breaks: steps({ from: 0, set: -1 }),
    says: 'scaling[0].steps[0].set: -1: a whole number from 0 to 100000',
  },
  {
    id: 'magnitude-without-percent',
    aws: 'MinAdjustmentMagnitude belongs to PercentChangeInCapacity',
    source: MODEL,
    breaks: step({ minMagnitude: 2 }),
    says: 'scaling[0].minMagnitude: 2: absent: only steps in percent have a least magnitude',
  },
  {
    id: 'aggregation',
    aws: 'MetricAggregationType is Average, Minimum or Maximum',
    source: MODEL,
    breaks: step({ aggregation: 'Sum' }),
    says: 'scaling[0].aggregation: Sum: Average, Minimum or Maximum',
  },
  {
    id: 'alarm-period',
    aws: 'Periods of alarms are 10, 20, 30 or a multiple of 60 seconds',
    source: CLOUDWATCH,
    breaks: step({}, { period: '45s' }),
    says: 'scaling[0].alarm.period: 45s: a period of an alarm: 10s, 20s, 30s or a multiple of 1m',
  },
  {
    id: 'high-resolution-period',
    aws: 'A period below a minute needs a high-resolution metric; with another one the alarm has no data most of the time',
    source: CLOUDWATCH,
    breaks: step({}, { period: '10s' }),
    says: 'scaling[0].alarm.period: 10s: at least 1m: AWS publishes this metric once a minute',
  },
  {
    id: 'alarm-over-a-day',
    aws: 'An alarm of periods below an hour looks back a day at most',
    source: CLOUDWATCH,
    breaks: step({}, { periods: 100, period: '1h' }),
    says: 'scaling[0].alarm.periods: 100: periods × period of at most 1d',
  },
  {
    id: 'metric-without-statistic',
    aws: 'A metric of one’s own needs a statistic',
    source: MODEL,
    breaks: tracking({ metric: { namespace: 'Orders', name: 'Depth' } }),
    says: 'scaling[0].metric.statistic: nothing: required: a statistic: Average, Minimum, Maximum, Sum, SampleCount, or a percentile like p90',
  },
  {
    id: 'statistic-of-an-alarm',
    aws: 'A statistic, or a percentile and its kin as ExtendedStatistic',
    source: CLOUDWATCH,
    breaks: step({}, { statistic: 'Median' }),
    says: 'scaling[0].alarm.statistic: Median: a statistic: Average, Minimum, Maximum, Sum, SampleCount, or a percentile like p90',
  },
  {
    id: 'two-statistics',
    aws: 'A metric has one statistic',
    source: MODEL,
    breaks: step({}, { metric: custom, statistic: 'Sum', threshold: 1 }),
    says: 'scaling[0].alarm.statistic: Sum: absent: a metric that is written out has its own statistic',
  },
  {
    id: 'namespace',
    aws: 'A namespace is 1 to 255 characters without a colon',
    source: 'model: cloudwatch',
    breaks: tracking({ metric: { ...custom, namespace: 'a:b' } }),
    says: 'scaling[0].metric.namespace: a:b: a CloudWatch namespace of 1 to 255 characters, without a colon',
  },
  {
    id: 'too-many-dimensions',
    aws: 'A metric has at most 30 dimensions',
    source: 'model: cloudwatch',
    breaks: tracking({
      metric: {
        ...custom,
        dimensions: Object.fromEntries(Array.from({ length: 31 }, (_, index) => [`d${index}`, 'x'])),
      },
    }),
    says: 'scaling[0].metric.dimensions: …: at most 30 dimensions',
  },
  {
    id: 'long-expression',
    aws: 'An expression is at most 2048 characters',
    source: MODEL,
    breaks: math({ math: `a + ${'1 + '.repeat(600)}1` }),
    says: 'scaling[0].metric.math: …: a metric math expression of at most 2048 characters',
  },
  {
    id: 'unreadable-expression',
    aws: 'An expression has to be metric math',
    source: 'guide: application-auto-scaling-target-tracking-metric-math',
    breaks: math({ math: 'FILL(a, 0))' }),
    says: 'scaling[0].metric.math: FILL(a, 0)): metric math that can be read: an operator is missing at character 11, where ) stands',
  },
  {
    id: 'unknown-function',
    aws: 'Functions are those of metric math, in capitals',
    source: 'guide: application-auto-scaling-target-tracking-metric-math',
    breaks: math({ math: 'FROB(a)' }),
    says: `scaling[0].metric.math: FROB(a): functions of metric math, ${MATH_FUNCTIONS.join(', ')}; FROB is none`,
  },
  {
    id: 'arguments',
    aws: 'Each function takes so many arguments',
    source: 'guide: using-metric-math',
    breaks: math({ math: 'FILL(a)' }),
    says: 'scaling[0].metric.math: FILL(a): 2 arguments of FILL, not 1',
  },
  {
    id: 'unknown-sign',
    aws: 'Operators are + - * / ^, comparisons, AND and OR',
    source: 'guide: using-metric-math',
    breaks: math({ math: 'a % 2' }),
    says: 'scaling[0].metric.math: a % 2: metric math that can be read: a sign that it does not know at character 3, where % stands',
  },
  {
    id: 'undeclared-id',
    aws: 'An expression reads what is given beside it',
    source: 'guide: application-auto-scaling-target-tracking-metric-math',
    breaks: math({ math: 'FILL(a, 0) / b' }),
    says: 'scaling[0].metric.math: FILL(a, 0) / b: names that `metrics` gives, a; b is none',
  },
  {
    id: 'search-expression',
    aws: 'SEARCH gives any number of series',
    source: 'guide: application-auto-scaling-target-tracking-metric-math',
    breaks: math({ math: 'SUM(SEARCH("{AWS/SageMaker} Invocations", "Sum")) + a' }),
    says: 'scaling[0].metric.math: SUM(SEARCH("{AWS/SageMaker} Invocations", "Sum")) + a: an expression without SEARCH: a scaling policy reads only what `metrics` names, and needs one time series',
  },
  {
    id: 'several-series',
    aws: 'An expression returns a single time series',
    source: 'guide: application-auto-scaling-target-tracking-metric-math',
    breaks: math({ math: 'METRICS() + a' }),
    says: 'scaling[0].metric.math: METRICS() + a: an expression that gives one time series: join several by SUM, AVG, MIN or MAX',
  },
  {
    id: 'too-many-queries',
    aws: 'Ten metrics in an expression that is alarmed on',
    source: 'model: cloudwatch',
    breaks: math({
      math: Array.from({ length: 11 }, (_, index) => `m${index}`).join(' + '),
      metrics: Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`m${index}`, 'Invocations'])),
    }),
    says: 'scaling[0].metric.metrics: …: at most 10 metrics',
  },
  {
    id: 'no-query',
    aws: 'An expression is over metrics',
    source: 'model: cloudwatch',
    breaks: math({ math: '1', metrics: {} }),
    says: 'scaling[0].metric.metrics: {}: at least one metric',
  },
  {
    id: 'one-result',
    aws: 'Exactly one query returns data: the expression, whose id is ours',
    source: MODEL,
    breaks: math({ math: 'result / 2', metrics: { result: 'Invocations' } }),
    says: 'scaling[0].metric.metrics.result: Invocations: another id: result is the result',
  },
  {
    id: 'id-of-a-query',
    aws: 'Ids begin with a small letter, then letters, digits and _',
    source: 'model: cloudwatch',
    breaks: math({ math: 'A / 2', metrics: { A: 'Invocations' } }),
    says: 'scaling[0].metric.metrics.A: A: an id as metric math knows it: a small letter, then letters, digits and _',
  },
  {
    id: 'unused-query',
    aws: 'Taken; a metric that its expression does not name is a slip of the pen',
    source: 'own',
    breaks: math({ metrics: mixed }),
    says: 'scaling[0].metric.metrics.b: ModelLatency: a metric that the expression names',
  },
  {
    id: 'name-of-an-expression',
    aws: 'Every policy has a name',
    source: MODEL,
    breaks: tracking({ metric: { math: 'a / 2', metrics: { a: 'Invocations' } } }),
    says: 'scaling[0].name: nothing: required: an expression has no name of its own',
  },
  {
    id: 'list-of-policies',
    aws: 'The grammar: a list of policies',
    source: 'own',
    breaks: { scaling: 'fast' },
    says: 'scaling: fast: a list of scaling policies, { kind, … }',
  },
  {
    id: 'a-policy',
    aws: 'The grammar: each with its kind',
    source: 'own',
    breaks: { scaling: ['fast'] },
    says: 'scaling[0]: fast: a scaling policy, { kind, … }',
  },
  {
    id: 'list-of-steps',
    aws: 'The grammar: a list of steps',
    source: 'own',
    breaks: step({ steps: 'some' }),
    says: 'scaling[0].steps: some: a list of steps, { from, to, add | percent | set }',
  },
  {
    id: 'alarm-of-a-step-policy',
    aws: 'A step policy does nothing without an alarm',
    source: 'guide: step-scaling-policy-overview',
    breaks: { scaling: [{ kind: 'step', steps: [{ from: 0, add: 1 }] }] },
    says: 'scaling[0].alarm: nothing: required: an alarm, { metric, threshold, periods }',
  },
  {
    id: 'whole-percent',
    aws: 'PercentChangeInCapacity takes whole numbers',
    source: MODEL,
    breaks: steps({ from: 0, percent: 0.5 }),
    says: 'scaling[0].steps[0].percent: 0.5: a whole number of percent',
  },
  {
    id: 'amount',
    aws: 'A target is a number',
    source: MODEL,
    breaks: tracking({ target: 'much' }),
    says: 'scaling[0].target: much: a number, or a duration like 90s, 30m, 1d2h or 1d2h3m4s5ms (units in that order, each at most once) for a metric that measures time',
  },
  {
    id: 'known-metric',
    aws: 'An alarm on a metric that is not there has no data, and never scales',
    source: 'guide: monitoring-cloudwatch',
    breaks: tracking({ metric: 'Concurrency' }),
    says: `scaling[0].metric: Concurrency: one of the metrics ${METRIC_NAMES.join(', ')}`,
  },
  {
    id: 'form-of-a-metric',
    aws: 'A predefined metric, one of one’s own, or metric math',
    source: MODEL,
    breaks: { scaling: [{ kind: 'target-tracking', target: 8 }] },
    says: 'scaling[0].metric: nothing: required: the short name of a metric, { namespace, name, dimensions, statistic }, or { math, metrics } with a name for each',
  },
  {
    id: 'name-of-a-metric',
    aws: 'A metric’s name is 1 to 255 characters',
    source: 'model: cloudwatch',
    breaks: tracking({ metric: { ...custom, name: '' } }),
    says: 'scaling[0].metric.name: "": the name of a metric, 1 to 255 characters',
  },
  {
    id: 'dimension',
    aws: 'A dimension’s value is 1 to 255 characters',
    source: 'model: cloudwatch',
    breaks: tracking({ metric: { ...custom, dimensions: { For: '' } } }),
    says: 'scaling[0].metric.dimensions.For: "": a text of 1 to 255 characters; {endpoint}, {variant} and {component} stand for the endpoint’s own, and there are no others',
  },
  {
    id: 'name-of-a-dimension',
    aws: 'A dimension’s name does not begin with a colon',
    source: 'model: cloudwatch',
    breaks: tracking({ metric: { ...custom, dimensions: { ':For': 'x' } } }),
    says: 'scaling[0].metric.dimensions[":For"]: :For: the name of a dimension',
  },
  {
    id: 'unknown-placeholder',
    aws: 'Taken, and the metric of that very name never has data',
    source: 'own',
    breaks: tracking({ metric: { ...custom, dimensions: { For: 'x-{endpiont}' } } }),
    says: 'scaling[0].metric.dimensions.For: x-{endpiont}: a text of 1 to 255 characters; {endpoint}, {variant} and {component} stand for the endpoint’s own, and there are no others',
  },
  {
    id: 'unit',
    aws: 'Units are a closed list of words',
    source: 'model: cloudwatch, StandardUnit',
    breaks: tracking({ metric: { ...custom, unit: '%' } }),
    says: 'scaling[0].metric.unit: %: a unit of CloudWatch, like Count or Percent',
  },
  {
    id: 'suspension',
    aws: 'Scaling in, scaling out and scheduled scaling are suspended',
    source: MODEL,
    breaks: { otherwise: { min: 1, max: 2, suspend: ['in', 'in'] } },
    says: 'otherwise.suspend: ["in","in"]: a list of at least one of in, out and scheduled, each once',
  },
  {
    id: 'metric-by-type',
    aws: 'Of the metrics of instance pools, concurrency is load that can be divided by what instances serve',
    source: 'guide: realtime-endpoints-heterogeneous',
    breaks: byType({ metric: 'InvocationsPerInstance' }),
    says: 'scaling[0].serves: {"ml.g5.xlarge":8,"ml.g6.xlarge":5}: absent: only ConcurrentRequestsPerModel is weighed by instance type',
  },
  {
    id: 'reference-type',
    aws: 'A target over several instance types is in units of one of them',
    source: 'guide: realtime-endpoints-heterogeneous',
    breaks: byType({ reference: 'ml.g4dn.xlarge' }),
    says: 'scaling[0].reference: ml.g4dn.xlarge: one of ml.g5.xlarge, ml.g6.xlarge',
  },
  {
    id: 'more-than-it-serves',
    aws: 'A target above what an instance serves is met by a queue',
    source: 'guide: realtime-endpoints-heterogeneous',
    breaks: byType({ target: 9 }),
    says: 'scaling[0].target: 9: at most 8, which is what one ml.g5.xlarge serves',
  },
  {
    id: 'no-spot',
    aws: 'SageMaker hosting has no spot instances',
    source: 'model: sagemaker, ProductionVariant',
    breaks: byType({ spot: true }),
    says: 'scaling[0].spot: true: SageMaker hosting has no spot instances (managed spot is for training jobs); remove it. Instance pools and fallbackConfigs are what there is against a shortage',
  },
];

/** Taken, and told by `validate` (the last one by `size`). */
export const WARNINGS: readonly PolicyRule[] = [
  {
    id: 'scaling-without-bounds',
    aws: 'A scaling policy stands on a scalable target, which has both bounds: with zero alone there is none',
    source: MODEL,
    breaks: { otherwise: 'zero', ...tracking() },
    says: 'scaling: ConcurrentRequestsPerModel: better with a rung that has min and max: without bounds no scalable target is registered, and scaling policies are put only on one that is there already',
  },
  {
    id: 'scaling-between-equal-bounds',
    aws: 'A scaling policy changes capacity within the bounds of its target: with MinCapacity and MaxCapacity the same there is nothing to change',
    source: MODEL,
    breaks: { otherwise: { min: 2, max: 2 }, ...tracking() },
    says: 'scaling: ConcurrentRequestsPerModel: better with a rung whose max is above its min: between bounds that are the same a scaling policy never acts',
  },
  {
    id: 'tracking-of-latency',
    aws: 'Latency does not fall in proportion to capacity: no number of instances meets a target',
    source: 'guide: target-tracking-scaling-policy-overview',
    breaks: tracking({ metric: 'ModelLatency', target: '500ms' }),
    says: 'scaling[0].metric: ModelLatency: better a step policy: this metric does not fall in proportion to capacity, so that no number of instances meets a target',
  },
  {
    id: 'nothing-left-by-type',
    aws: 'Above 80 % of what an instance bears nothing is left for the time in which another one starts',
    source: 'guide: endpoint-scaling-loadtest',
    breaks: byType({ target: 7 }),
    says: 'scaling[0].target: 7: better at most 6.4, 80 % of what one ml.g5.xlarge serves: above it nothing is left for the time in which an instance starts',
  },
  {
    id: 'nothing-left',
    aws: 'Above 80 % of what an instance bears nothing is left for the time in which another one starts',
    source: 'guide: endpoint-scaling-loadtest',
    breaks: tracking({ metric: 'GPUUtilization', target: 90 }),
    says: 'scaling[0].target: 90: better at most 80: above it nothing is left for the time in which an instance starts',
  },
  {
    id: 'nothing-left-of-the-concurrency',
    aws: 'The same where 1 is all',
    source: 'guide: endpoint-scaling-loadtest',
    breaks: tracking({ metric: 'ServerlessProvisionedConcurrencyUtilization', target: 0.95 }),
    says: 'scaling[0].target: 0.95: better at most 0.8: above it nothing is left for the time in which an instance starts',
  },
  {
    id: 'under-a-millisecond',
    aws: 'Latencies are published in microseconds: a plain number of them that was meant in milliseconds is exceeded by every request',
    source: 'guide: monitoring-cloudwatch',
    breaks: step({}, { threshold: 500 }),
    says: 'scaling[0].alarm.threshold: 500: better at least 1000: this metric is in microseconds, and that is less than one millisecond; by its short name it takes times like 500ms, too',
  },
  {
    id: 'faster-than-a-start',
    aws: 'What is taken away faster than a start takes is missed before it is back',
    source: 'own',
    breaks: { wake: { lead: '8m' }, ...tracking() },
    says: 'scaling[0].scaleInCooldown: 5m: better at least 8m: what is taken away faster than a start takes (wake.lead) is missed before it is back',
  },
  {
    id: 'faster-than-any-start',
    aws: 'The same where no lead is stated',
    source: 'own',
    breaks: tracking({ scaleInCooldown: '30s' }),
    says: 'scaling[0].scaleInCooldown: 30s: better at least 1m: what is taken away faster than any instance takes to start is missed before it is back',
  },
  {
    id: 'breaching-without-data',
    aws: 'An endpoint that starts publishes nothing, and gets more instances for it',
    source: 'model: cloudwatch, TreatMissingData',
    breaks: step({}, { missing: 'breaching' }),
    says: 'scaling[0].alarm.missing: breaching: better notBreaching: an endpoint that is starting publishes nothing, and gets more instances for it',
  },
  {
    id: 'scaling-in-without-data',
    aws: 'Without data nobody knows that it is idle',
    source: 'model: cloudwatch, TreatMissingData',
    breaks: step({ steps: [{ to: 0, add: -1 }] }, { missing: 'breaching', comparison: '<' }),
    says: 'scaling[0].alarm.missing: breaching: better notBreaching: without data nobody knows that it is idle, and instances are taken away',
  },
  {
    id: 'expression-without-fill',
    aws: 'One metric without data leaves the expression without a value, and nothing scales',
    source: 'guide: target-tracking-scaling-policy-overview',
    breaks: math({ math: 'a + b', metrics: mixed }),
    says: 'scaling[0].metric.math: a + b: better with FILL(metric, 0) around each: one metric without data leaves no value, and Application Auto Scaling then scales neither way',
  },
];

/** Of `endpoint-scaler size`, by its option. */
export const SIZE_WARNING = {
  id: 'above-the-measured-limit',
  aws: 'A target above 80 % of the limit that a load test measured leaves nothing for the time in which an instance starts',
  source: 'guide: endpoint-scaling-loadtest',
  safety: 0.9,
  says: 'better at most 80%: above 80 % of the measured limit nothing is left for the time in which an instance starts',
} as const;

const cell = (text: string): string => text.replaceAll('|', '\\|');

function table(rules: readonly Pick<PolicyRule, 'id' | 'aws' | 'source' | 'says'>[]): string {
  const rows = rules.map(({ id, aws, source, says }) => `| \`${id}\` | ${cell(aws)} | ${source} | ${cell(says)} |`);
  return ['| rule | why | source | what is said |', '|---|---|---|---|', ...rows].join('\n');
}

export function renderRules(): string {
  return `# Rules of policies

What ${AAS} and CloudWatch would refuse is refused before they are asked; what they take and never scales by, too; what they take and is unwise is a warning. Each row is broken once by a test, which expects just what the last column says.
This page is generated (\`node scripts/policy-rules.ts\`). Grammar and defaults: [policies.md](policies.md).

## Refused

The document is invalid, or breaks that endpoint alone where the rule is about its kind or instance type. Nothing of it is applied, and what was valid before goes on.

${table(REFUSALS)}

## Unwise

\`validate\` warns, and the policy is applied; the last one is told by \`size\`.

${table([...WARNINGS, SIZE_WARNING])}
`;
}

export const RULES_FILE = new URL('../docs/rules.md', import.meta.url);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(RULES_FILE, renderRules());
  process.stdout.write('docs/rules.md\n');
}
