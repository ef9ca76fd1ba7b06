import fc from 'fast-check';
import { arbitraryOf, type Overrides } from './model-arbitrary.ts';

/** An endpoint as an owner may have it: the requests that made it, over the whole input space of the published models. */
export interface OwnedEndpoint {
  readonly variant: string;
  /** CreateEndpointConfig without names and models. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly variantSettings: Readonly<Record<string, unknown>>;
  readonly shadow: { readonly settings: Readonly<Record<string, unknown>>; readonly desired: number } | undefined;
  readonly deployment: Readonly<Record<string, unknown>> | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly configTags: Readonly<Record<string, string>>;
  readonly desired: number;
  readonly weight: number;
  readonly target: OwnedTarget | undefined;
}

export interface OwnedTarget {
  readonly min: number;
  readonly max: number;
  readonly suspended: Readonly<Record<string, boolean>> | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly tracking: readonly Readonly<Record<string, unknown>>[];
  readonly steps: readonly Readonly<Record<string, unknown>>[];
  readonly actions: readonly Readonly<Record<string, unknown>>[];
  readonly alarms: readonly OwnedAlarm[];
}

export interface OwnedAlarm {
  readonly definition: Readonly<Record<string, unknown>>;
  /** Which policies each list names, by their number among the step policies; other actions beside them. */
  readonly wiring: Readonly<Record<'AlarmActions' | 'OKActions' | 'InsufficientDataActions', readonly number[]>>;
  readonly others: readonly string[];
}

/** Bounded by hand where a pattern of the model says less than AWS takes, or far more than the recipe is about. */
const SAGEMAKER: Overrides = {
  Tag: null,
  DestinationS3Uri: fc.constantFrom('s3://bucket', 's3://bucket/prefix/of/keys'),
  RoleArn: fc.constantFrom('arn:aws:iam::123456789012:role/service-role/endpoint'),
  'MetricsConfig.MetricPublishFrequencyInSeconds': fc.constantFrom(10, 30, 60, 120, 180, 240, 300),
  MlReservationArn: fc.constant('arn:aws:sagemaker:eu-central-1:123456789012:training-plan/p'),
};

/** AWS tells the keys apart by more than case; its own prefix is its own. */
const tagMap = (most: number): fc.Arbitrary<Record<string, string>> =>
  fc
    .uniqueArray(
      fc.tuple(
        fc.string({ unit: fc.constantFrom(...'abzAZ09_.:/=+-@ äß日'.split('')), minLength: 1, maxLength: 24 }),
        fc.string({ unit: fc.constantFrom(...'abzAZ09_.:/=+-@ äß日'.split('')), maxLength: 40 }),
      ),
      { selector: ([key]) => key.toLowerCase(), maxLength: most, size: 'max' },
    )
    .map((pairs) => Object.fromEntries(pairs.map(([key, value], index) => [`k${index}${key}`, value])));

const variantSettings = (): fc.Arbitrary<Readonly<Record<string, unknown>>> => {
  const rest = arbitraryOf('SageMaker', 'ProductionVariant', {
    ...SAGEMAKER,
    'ProductionVariant.VariantName': null,
    'ProductionVariant.ModelName': null,
    'ProductionVariant.InstanceType': null,
    'ProductionVariant.InstancePools': null,
    'ProductionVariant.ServerlessConfig': null,
    // Only of inference components; reserved capacity refuses the park.
    'ProductionVariant.ManagedInstanceScaling': null,
    'ProductionVariant.CapacityReservationConfig': null,
    'ProductionVariant.InitialInstanceCount': fc.integer({ min: 1, max: 4 }),
  }) as fc.Arbitrary<Record<string, unknown>>;
  // Burstable types cannot be scaled.
  const type = (arbitraryOf('SageMaker', 'ProductionVariantInstanceType') as fc.Arbitrary<string>).filter(
    (name) => !name.startsWith('ml.t'),
  );
  const pools = fc
    .uniqueArray(type, { minLength: 1, maxLength: 5 })
    .map((types) => ({ InstancePools: types.map((InstanceType, index) => ({ InstanceType, Priority: index + 1 })) }));
  return fc
    .tuple(
      rest,
      fc.oneof(
        type.map((InstanceType) => ({ InstanceType })),
        pools,
      ),
    )
    .map(([settings, hardware]) => ({
      ...settings,
      InitialInstanceCount: settings['InitialInstanceCount'] ?? 1,
      ...hardware,
    }));
};

const config = arbitraryOf('SageMaker', 'CreateEndpointConfigInput', {
  ...SAGEMAKER,
  'CreateEndpointConfigInput.EndpointConfigName': null,
  'CreateEndpointConfigInput.ProductionVariants': null,
  'CreateEndpointConfigInput.ShadowProductionVariants': null,
  'CreateEndpointConfigInput.Tags': null,
  // An asynchronous endpoint is never parked.
  'CreateEndpointConfigInput.AsyncInferenceConfig': null,
}) as fc.Arbitrary<Record<string, unknown>>;

/** Every member of the request, those of kinds that are never parked too. */
export const wholeConfig = fc
  .record({
    config: arbitraryOf('SageMaker', 'CreateEndpointConfigInput', {
      ...SAGEMAKER,
      'CreateEndpointConfigInput.EndpointConfigName': null,
      'CreateEndpointConfigInput.ProductionVariants': null,
      'CreateEndpointConfigInput.ShadowProductionVariants': null,
      'CreateEndpointConfigInput.Tags': null,
    }) as fc.Arbitrary<Record<string, unknown>>,
    variant: arbitraryOf('SageMaker', 'ProductionVariant', {
      ...SAGEMAKER,
      'ProductionVariant.ModelName': null,
      'ProductionVariant.InstancePools': null,
      'ProductionVariant.ServerlessConfig': null,
      'ProductionVariant.InstanceType': arbitraryOf('SageMaker', 'ProductionVariantInstanceType'),
    }) as fc.Arbitrary<Record<string, unknown>>,
    shadow: fc.option(variantSettings(), { nil: undefined }),
    tags: tagMap(10),
  })
  .map(({ config: rest, variant, shadow, tags }) => ({
    request: {
      // A variant without a model hosts inference components: the role is the config's own then.
      ExecutionRoleArn: 'arn:aws:iam::123456789012:role/hosting',
      ...rest,
      ProductionVariants: [{ InstanceType: 'ml.g5.xlarge', ...variant }],
      ...(shadow && { ShadowProductionVariants: [{ ...shadow, VariantName: 'the-shadow', ModelName: 'model' }] }),
    } as Record<string, unknown>,
    tags,
  }));

const deployment = fc
  .tuple(arbitraryOf('SageMaker', 'DeploymentConfig', SAGEMAKER) as fc.Arbitrary<Record<string, unknown>>, fc.boolean())
  .map(([{ BlueGreenUpdatePolicy, RollingUpdatePolicy, ...rest }, rolls]) => ({
    ...rest,
    // Of the two policies AWS takes one.
    ...(rolls && RollingUpdatePolicy !== undefined && { RollingUpdatePolicy }),
    ...(!rolls && BlueGreenUpdatePolicy !== undefined && { BlueGreenUpdatePolicy }),
  }));

const query = (id: string) => ({
  Id: id,
  MetricStat: {
    Metric: { Namespace: 'Custom/App', MetricName: `depth-${id}`, Dimensions: [{ Name: 'Queue', Value: 'orders' }] },
    Stat: 'Average',
  },
  ReturnData: false,
});
const expression = (value: string) => ({ Id: 'e', Expression: value, Label: 'per instance', ReturnData: true });

const customized = fc.oneof(
  (
    arbitraryOf('ApplicationAutoScaling', 'CustomizedMetricSpecification', {
      'CustomizedMetricSpecification.Metrics': null,
      'CustomizedMetricSpecification.MetricName': fc.constantFrom('depth', 'users'),
      'CustomizedMetricSpecification.Namespace': fc.constant('Custom/App'),
      MetricUnit: fc.constantFrom('Count', 'Seconds'),
      TargetTrackingMetricUnit: fc.constantFrom('Count'),
      'MetricDimension.Name': fc.constantFrom('Queue', 'Stage'),
    }) as fc.Arbitrary<Record<string, unknown>>
  ).map((given) => ({
    MetricName: 'depth',
    Namespace: 'Custom/App',
    Statistic: 'Average',
    ...given,
  })),
  fc.constant({ Metrics: [query('a'), query('b'), expression('a / b')] }),
);

const tracking = fc
  .tuple(
    arbitraryOf('ApplicationAutoScaling', 'TargetTrackingScalingPolicyConfiguration', {
      'TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification': null,
      'TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification': null,
      'TargetTrackingScalingPolicyConfiguration.TargetValue': fc.double({ min: 0.001, max: 1e6, noNaN: true }),
      Cooldown: fc.nat({ max: 3600 }),
    }) as fc.Arbitrary<Record<string, unknown>>,
    fc.oneof(
      fc
        .constantFrom(
          'SageMakerVariantInvocationsPerInstance',
          'SageMakerVariantConcurrentRequestsPerModelHighResolution',
        )
        .map((PredefinedMetricType) => ({ PredefinedMetricSpecification: { PredefinedMetricType } })),
      customized.map((CustomizedMetricSpecification) => ({ CustomizedMetricSpecification })),
    ),
  )
  .map(([settings, metric]) => ({ ...settings, ...metric }));

/** Intervals that meet, from minus to plus infinity; capacity only rises, so that a fleet comes to rest. */
const steps = fc
  .record({
    AdjustmentType: fc.constantFrom('ChangeInCapacity', 'PercentChangeInCapacity', 'ExactCapacity'),
    edges: fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { maxLength: 4 }).map((all) => all.sort((a, b) => a - b)),
    Cooldown: fc.option(fc.nat({ max: 3600 }), { nil: undefined }),
    MetricAggregationType: fc.option(fc.constantFrom('Average', 'Minimum', 'Maximum'), { nil: undefined }),
    MinAdjustmentMagnitude: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  })
  .map(({ edges, MinAdjustmentMagnitude, ...rest }) => ({
    ...rest,
    ...(rest.AdjustmentType === 'PercentChangeInCapacity' && { MinAdjustmentMagnitude }),
    StepAdjustments: [0, ...edges].map((lower, index) => ({
      MetricIntervalLowerBound: lower,
      ...(edges[index] !== undefined && { MetricIntervalUpperBound: edges[index] }),
      ScalingAdjustment: index + 1,
    })),
  }));

/** In whole seconds, as AWS keeps them: from when, and how long. */
const SOME_DAY = Date.parse('2026-04-01T00:00:00Z') / 1000;
const times = fc.tuple(fc.nat({ max: 90_000_000 }), fc.integer({ min: 1, max: 30_000_000 }));
const action = fc
  .record(
    {
      Schedule: fc.constantFrom(
        'at(2027-05-01T09:00:00)',
        'rate(30 days)',
        'cron(0 9 1 1 ? *)',
        'cron(15 7 ? 6 MON-FRI 2029)',
      ),
      Timezone: fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'UTC'),
      times,
      bounds: fc.constantFrom({ MinCapacity: 2 }, { MaxCapacity: 9 }, { MinCapacity: 2, MaxCapacity: 6 }),
    },
    { requiredKeys: ['Schedule', 'bounds'] },
  )
  .map(({ Schedule, Timezone, times: between, bounds }) => ({
    Schedule,
    ...(Timezone !== undefined && { Timezone }),
    ...(between && {
      StartTime: new Date((SOME_DAY + between[0]) * 1000),
      EndTime: new Date((SOME_DAY + between[0] + between[1]) * 1000),
    }),
    ScalableTargetAction: bounds,
  }));

/** No data come for these metrics: the alarms stay where they are, and the endpoint comes to rest. */
const alarmDefinition = fc
  .record(
    {
      AlarmDescription: fc.string({ maxLength: 40 }).map((words) => `of ${words.replace(/[^\x20-\x7e]/g, '')}`),
      ActionsEnabled: fc.boolean(),
      Threshold: fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => value + 0),
      ComparisonOperator: fc.constantFrom('GreaterThanThreshold', 'LessThanOrEqualToThreshold'),
      EvaluationPeriods: fc.integer({ min: 1, max: 5 }),
      TreatMissingData: fc.constantFrom('missing', 'ignore', 'notBreaching'),
      metric: fc.oneof(
        fc.record(
          {
            Namespace: fc.constant('Custom/App'),
            MetricName: fc.constantFrom('depth', 'users'),
            Statistic: fc.constantFrom('Average', 'Sum', 'Maximum', 'SampleCount'),
            Period: fc.constantFrom(10, 30, 60, 300),
            Dimensions: fc.constantFrom([], [{ Name: 'Queue', Value: 'orders' }]),
            Unit: fc.constantFrom('Count', 'Seconds'),
          },
          { requiredKeys: ['Namespace', 'MetricName', 'Statistic', 'Period'] },
        ),
        fc.constantFrom(60, 300).map((Period) => ({
          Metrics: [query('a'), query('b')]
            .map((one) => ({ ...one, MetricStat: { ...one.MetricStat, Period } }) as object)
            .concat(expression('a - b')),
        })),
      ),
    },
    { requiredKeys: ['Threshold', 'ComparisonOperator', 'EvaluationPeriods', 'metric'] },
  )
  .map(({ metric, ...rest }) => ({ ...rest, ...metric }));

const wires = fc.uniqueArray(fc.nat({ max: 2 }), { maxLength: 2 });
const alarm: fc.Arbitrary<OwnedAlarm> = fc.record({
  definition: alarmDefinition,
  wiring: fc.record({ AlarmActions: wires, OKActions: wires, InsufficientDataActions: fc.constant([]) }),
  others: fc.subarray([
    'arn:aws:sns:eu-central-1:123456789012:pages',
    'arn:aws:lambda:eu-central-1:123456789012:function:told',
  ]),
});

const target: fc.Arbitrary<OwnedTarget> = fc
  .record({
    bounds: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.nat({ max: 4 })),
    suspended: fc.option(
      fc.record(
        {
          DynamicScalingInSuspended: fc.boolean(),
          DynamicScalingOutSuspended: fc.boolean(),
          ScheduledScalingSuspended: fc.boolean(),
        },
        { requiredKeys: [] },
      ),
      { nil: undefined },
    ),
    tags: tagMap(4),
    tracking: fc.array(tracking, { maxLength: 2 }),
    steps: fc.array(steps, { maxLength: 3 }),
    actions: fc.array(action, { maxLength: 3 }),
    alarms: fc.array(alarm, { maxLength: 3 }),
  })
  .map(({ bounds: [min, more], ...rest }) => ({ ...rest, min, max: min + more }));

/** AWS takes 50 tags; two are the product's. */
export const ownedEndpoint: fc.Arbitrary<OwnedEndpoint> = fc.record({
  variant: (arbitraryOf('SageMaker', 'VariantName') as fc.Arbitrary<string>).filter(({ length }) => length <= 40),
  config,
  variantSettings: variantSettings(),
  shadow: fc.option(fc.record({ settings: variantSettings(), desired: fc.integer({ min: 1, max: 3 }) }), {
    nil: undefined,
  }),
  deployment: fc.option(deployment, { nil: undefined }),
  tags: tagMap(48),
  configTags: tagMap(5),
  desired: fc.integer({ min: 1, max: 5 }),
  weight: fc.float({ min: 0, max: 100, noNaN: true }).map((value) => value + 0),
  target: fc.option(target, { nil: undefined }),
});
