import type {
  CustomizedMetricSpecification,
  PutScalingPolicyCommandInput,
  StepScalingPolicyConfiguration,
  TargetTrackingScalingPolicyConfiguration,
} from '@aws-sdk/client-application-auto-scaling';
import type { MetricDataQuery, PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import { metricFacts } from '../domain/metric-names.ts';
import {
  type CustomMetric,
  type MetricMath,
  type ScalingSpec,
  type StepScaling,
  specName,
  type TargetTracking,
} from '../domain/policy.ts';
import type { JsonObject } from '../domain/recipe.ts';
import { SECOND } from '../domain/time.ts';
import { toJsonObject } from './json.ts';

export interface PolicyPlace {
  readonly name: string;
  readonly variant: string;
  /** Set where the target is an inference component: its metrics have this dimension alone. */
  readonly component?: string;
}

/** Type and configuration of one of our policies, as PutScalingPolicy takes it. */
export type PolicyRequest = Pick<
  PutScalingPolicyCommandInput,
  'PolicyType' | 'TargetTrackingScalingPolicyConfiguration' | 'StepScalingPolicyConfiguration'
>;

/** Statistics that have a member of their own; others are percentiles and their kin. */
const PLAIN_STATISTICS: readonly string[] = ['Average', 'Minimum', 'Maximum', 'Sum', 'SampleCount'];
const RESULT_ID = 'result';

export function policyRequest(spec: ScalingSpec, place: PolicyPlace): PolicyRequest {
  if (spec.kind === 'step') {
    return { PolicyType: 'StepScaling', StepScalingPolicyConfiguration: stepScaling(spec) };
  }
  return {
    PolicyType: 'TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration: targetTracking(spec, place),
  };
}

function targetTracking(spec: TargetTracking, place: PolicyPlace): TargetTrackingScalingPolicyConfiguration {
  const common = {
    TargetValue: spec.target,
    ScaleInCooldown: Math.round(spec.scaleInCooldown / SECOND),
    ScaleOutCooldown: Math.round(spec.scaleOutCooldown / SECOND),
    ...(spec.disableScaleIn && { DisableScaleIn: true }),
  };
  const predefined = spec.source === undefined ? metricFacts(spec.metric)?.predefined : undefined;
  if (predefined === undefined) return { ...common, CustomizedMetricSpecification: customized(spec, place) };
  return {
    ...common,
    PredefinedMetricSpecification: {
      // The SDK's enum lags behind the service; the name is the service's own.
      PredefinedMetricType: predefined as 'SageMakerVariantInvocationsPerInstance',
    },
  };
}

function customized({ metric, source }: TargetTracking, place: PolicyPlace): CustomizedMetricSpecification {
  if (source !== undefined && 'math' in source) {
    // AWS samples the metrics of a target-tracking expression by its own period: there is no member for it.
    const { Metrics } = mathQueries(source, place);
    return {
      Metrics: Metrics.map(({ Id, Expression, MetricStat, ReturnData }) => ({
        Id,
        ...(Expression === undefined ? {} : { Expression }),
        ...(MetricStat === undefined
          ? {}
          : {
              MetricStat: {
                Metric: MetricStat.Metric,
                Stat: MetricStat.Stat,
                ...(MetricStat.Unit && { Unit: MetricStat.Unit }),
              },
            }),
        ReturnData,
      })),
    };
  }
  const { statistic, ...named } = locate(source ?? metric, place);
  if (PLAIN_STATISTICS.includes(statistic)) {
    return { ...named, Statistic: statistic as NonNullable<CustomizedMetricSpecification['Statistic']> };
  }
  const { Unit, ...Metric } = named;
  return {
    Metrics: [{ Id: RESULT_ID, MetricStat: { Metric, Stat: statistic, ...(Unit && { Unit }) }, ReturnData: true }],
  };
}

const ADJUSTMENTS = { add: 'ChangeInCapacity', percent: 'PercentChangeInCapacity', set: 'ExactCapacity' } as const;

function stepScaling({ steps, minMagnitude, aggregation, cooldown }: StepScaling): StepScalingPolicyConfiguration {
  const changes = steps.map(({ from, to, change }) => {
    const [kind, by] = Object.entries(change)[0] as [keyof typeof ADJUSTMENTS, number];
    return {
      kind,
      adjustment: {
        ...(from === undefined ? {} : { MetricIntervalLowerBound: from }),
        ...(to === undefined ? {} : { MetricIntervalUpperBound: to }),
        ScalingAdjustment: by,
      },
    };
  });
  return {
    AdjustmentType: ADJUSTMENTS[changes[0]?.kind ?? 'add'],
    StepAdjustments: changes.map(({ adjustment }) => adjustment),
    ...(minMagnitude === undefined ? {} : { MinAdjustmentMagnitude: minMagnitude }),
    Cooldown: Math.round(cooldown / SECOND),
    MetricAggregationType: aggregation ?? 'Average',
  };
}

const COMPARISONS = {
  '>=': 'GreaterThanOrEqualToThreshold',
  '>': 'GreaterThanThreshold',
  '<': 'LessThanThreshold',
  '<=': 'LessThanOrEqualToThreshold',
} as const;

/** The alarm that drives a step policy of ours, as PutMetricAlarm takes it, but for its name. */
export function stepAlarmRequest(
  spec: StepScaling,
  place: PolicyPlace,
  policyArn: string,
): Omit<PutMetricAlarmCommandInput, 'AlarmName'> {
  const { alarm } = spec;
  return {
    AlarmDescription: `Scales ${place.component ?? place.name} by its policy ${specName(spec)}. Owned by the endpoint scaler.`,
    ActionsEnabled: true,
    AlarmActions: [policyArn],
    ...alarmMetric(alarm, place),
    EvaluationPeriods: alarm.periods,
    DatapointsToAlarm: alarm.periods,
    Threshold: alarm.threshold,
    ComparisonOperator: COMPARISONS[alarm.comparison],
    TreatMissingData: alarm.missing,
  };
}

function alarmMetric(alarm: StepScaling['alarm'], place: PolicyPlace): Partial<PutMetricAlarmCommandInput> {
  const Period = alarm.period / SECOND;
  const { source } = alarm;
  if (source !== undefined && 'math' in source) return mathQueries(source, place, Period);
  const { statistic: ofMetric, ...named } = locate(source ?? alarm.metric, place);
  const statistic = source === undefined ? alarm.statistic : ofMetric;
  return {
    ...named,
    Unit: named.Unit as PutMetricAlarmCommandInput['Unit'],
    Period,
    ...(PLAIN_STATISTICS.includes(statistic)
      ? { Statistic: statistic as NonNullable<PutMetricAlarmCommandInput['Statistic']> }
      : { ExtendedStatistic: statistic }),
  };
}

function mathQueries(source: MetricMath, place: PolicyPlace, Period?: number): { Metrics: MetricDataQuery[] } {
  const inputs = Object.entries(source.metrics).map(([Id, metric]): MetricDataQuery => {
    const { statistic, Unit, ...Metric } = locate(metric, place);
    return {
      Id,
      MetricStat: { Metric, Period, Stat: statistic, ...(Unit && { Unit: Unit as 'Count' }) },
      ReturnData: false,
    };
  });
  return { Metrics: [{ Id: RESULT_ID, Expression: source.math, ReturnData: true }, ...inputs] };
}

/** Namespace, name and dimensions of a metric for one endpoint. */
function locate(source: string | CustomMetric, { name, variant, component = '' }: PolicyPlace) {
  if (typeof source !== 'string') {
    const Dimensions = Object.entries(source.dimensions).map(([key, value]) => ({
      Name: key,
      Value: value.replaceAll('{endpoint}', name).replaceAll('{variant}', variant).replaceAll('{component}', component),
    }));
    const { namespace: Namespace, name: MetricName, statistic, unit } = source;
    return { MetricName, Namespace, Dimensions, statistic, ...(unit === undefined ? {} : { Unit: unit }) };
  }
  const facts = metricFacts(source);
  const endpoint = { Name: 'EndpointName', Value: name };
  const ofVariant = [endpoint, { Name: 'VariantName', Value: variant }];
  const own = component === '' ? ofVariant : [{ Name: 'InferenceComponentName', Value: component }];
  return {
    MetricName: facts?.metric ?? source,
    Namespace: facts?.namespace ?? 'AWS/SageMaker',
    Dimensions: facts?.dimensions === 'endpoint' ? [endpoint] : own,
    statistic: facts?.statistic ?? 'Average',
  };
}

/** A configuration as Application Auto Scaling shows it: with `DisableScaleIn` filled in. */
export function asShown(request: object): JsonObject {
  const json = toJsonObject(request);
  const tracking = json['TargetTrackingScalingPolicyConfiguration'];
  if (tracking === undefined) return json;
  // Our own requests and AWS's answers alike have an object there.
  const configuration = tracking as JsonObject;
  return { ...json, TargetTrackingScalingPolicyConfiguration: { DisableScaleIn: false, ...configuration } };
}
