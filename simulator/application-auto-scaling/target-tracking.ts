import type { AlarmDefinition } from '../cloudwatch/alarm.ts';
import { validationError } from './errors.ts';
import type { ScalableTarget, TargetTrackingConfiguration } from './model.ts';
import { COPIES, INSTANCES, metricDimensions, PROVISIONED, type Resource } from './resources.ts';

interface MetricPart {
  readonly alarm: Pick<
    AlarmDefinition,
    'MetricName' | 'Namespace' | 'Statistic' | 'Dimensions' | 'Period' | 'Unit' | 'Metrics'
  >;
  readonly isHighResolution: boolean;
}

/** Scale-in begins when the metric is more than 10 % below the target. */
const LOW_SHARE = 0.9;

interface PredefinedMetric {
  readonly name: string;
  readonly statistic: string;
  readonly period: number;
  readonly of: Resource['dimension'];
}

const PREDEFINED: Readonly<Record<string, PredefinedMetric>> = {
  SageMakerVariantInvocationsPerInstance: {
    name: 'InvocationsPerInstance',
    statistic: 'Sum',
    period: 60,
    of: INSTANCES,
  },
  SageMakerVariantConcurrentRequestsPerModelHighResolution: {
    name: 'ConcurrentRequestsPerModel',
    statistic: 'Average',
    period: 10,
    of: INSTANCES,
  },
  SageMakerVariantProvisionedConcurrencyUtilization: {
    name: 'ServerlessProvisionedConcurrencyUtilization',
    statistic: 'Average',
    period: 60,
    of: PROVISIONED,
  },
  SageMakerInferenceComponentInvocationsPerCopy: {
    name: 'InvocationsPerCopy',
    statistic: 'Sum',
    period: 60,
    of: COPIES,
  },
  SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution: {
    name: 'ConcurrentRequestsPerCopy',
    statistic: 'Average',
    period: 10,
    of: COPIES,
  },
};

function metricOf(target: ScalableTarget, configuration: TargetTrackingConfiguration): MetricPart {
  const { PredefinedMetricSpecification: predefined, CustomizedMetricSpecification: customized } = configuration;
  if (predefined) {
    const metric = PREDEFINED[predefined.PredefinedMetricType]!;
    return {
      alarm: {
        Namespace: 'AWS/SageMaker',
        MetricName: metric.name,
        Statistic: metric.statistic,
        Period: metric.period,
        Dimensions: metricDimensions(target.resource),
      },
      isHighResolution: metric.period < 60,
    };
  }
  if (customized?.Metrics) {
    const withPeriod = customized.Metrics.map((query) =>
      query.MetricStat ? { ...query, MetricStat: { ...query.MetricStat, Period: 60 } } : query,
    );
    return { alarm: { Metrics: withPeriod }, isHighResolution: false };
  }
  return {
    alarm: {
      Namespace: customized!.Namespace!,
      MetricName: customized!.MetricName!,
      Statistic: customized!.Statistic!,
      Dimensions: customized!.Dimensions ?? [],
      Period: 60,
      ...(customized!.Unit === undefined ? {} : { Unit: customized!.Unit }),
    },
    isHighResolution: false,
  };
}

/**
 * The two alarms of a target tracking policy as Application Auto Scaling makes them: 3 datapoints above the target, 15
 * below nine tenths of it; 10-second metrics take 3 and 90 (field observations, AWS blog on scale-in after 15 minutes).
 */
export function buildAlarms(
  target: ScalableTarget,
  configuration: TargetTrackingConfiguration,
  policyArn: string,
  names: { readonly high: string; readonly low: string | undefined },
): AlarmDefinition[] {
  const { alarm, isHighResolution } = metricOf(target, configuration);
  const common = {
    ...alarm,
    AlarmDescription: `DO NOT EDIT OR DELETE. For TargetTrackingScaling policy ${policyArn}.`,
    ActionsEnabled: true,
    AlarmActions: [policyArn],
  };
  const high: AlarmDefinition = {
    ...common,
    AlarmName: names.high,
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: configuration.TargetValue,
    EvaluationPeriods: 3,
  };
  if (names.low === undefined) return [high];
  const low: AlarmDefinition = {
    ...common,
    AlarmName: names.low,
    ComparisonOperator: 'LessThanThreshold',
    // Rounded so that 0.9 × 7 is 6.3 and not 6.300000000000001.
    Threshold: Number((configuration.TargetValue * LOW_SHARE).toPrecision(12)),
    EvaluationPeriods: isHighResolution ? 90 : 15,
  };
  return [high, low];
}

/** Capacity at which the metric would be on target, if it falls in proportion. */
export function proportionalCapacity(current: number, value: number, target: number): number {
  return Math.ceil((current * value) / target - 1e-9);
}

function checkCustomized(configuration: TargetTrackingConfiguration): void {
  const customized = configuration.CustomizedMetricSpecification!;
  if (customized.Metrics) {
    const others = [customized.MetricName, customized.Namespace, customized.Statistic, customized.Dimensions];
    if (others.some((member) => member !== undefined)) {
      throw validationError(
        'Metrics and MetricName, Namespace, Dimensions, Statistic are mutually exclusive in a customized metric specification.',
      );
    }
    if (customized.Metrics.filter((query) => query.ReturnData ?? true).length !== 1) {
      throw validationError(
        'Exactly one of the Metrics of a customized metric specification must have ReturnData true.',
      );
    }
    return;
  }
  if (customized.MetricName === undefined || customized.Namespace === undefined || customized.Statistic === undefined) {
    throw validationError(
      'A customized metric specification must have MetricName, Namespace and Statistic, or Metrics.',
    );
  }
}

export function checkTargetTracking(
  { dimension }: Resource,
  configuration: TargetTrackingConfiguration | undefined,
): TargetTrackingConfiguration {
  if (!configuration)
    throw validationError(
      'TargetTrackingScalingPolicyConfiguration is required for policy type TargetTrackingScaling.',
    );
  const { PredefinedMetricSpecification: predefined, CustomizedMetricSpecification: customized } = configuration;
  if ((predefined === undefined) === (customized === undefined)) {
    throw validationError(
      'Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified.',
    );
  }
  if (!(configuration.TargetValue > 0)) throw validationError('TargetValue must be greater than 0.');
  if (predefined && !Object.hasOwn(PREDEFINED, predefined.PredefinedMetricType)) {
    throw validationError(
      `Predefined metric type ${predefined.PredefinedMetricType} is not supported by this simulator. Supported: ${Object.keys(PREDEFINED).join(', ')}.`,
    );
  }
  if (predefined && PREDEFINED[predefined.PredefinedMetricType]!.of !== dimension) {
    throw validationError(
      `Predefined metric type ${predefined.PredefinedMetricType} cannot be used with scalable dimension ${dimension}.`,
    );
  }
  if (customized) checkCustomized(configuration);
  return configuration;
}
