import type { EpochMs, Kernel } from '../contract.ts';
import { type AlarmDefinition, type AlarmState, formatTimestamp } from './alarm.ts';

function toMetrics(kernel: Kernel, definition: AlarmDefinition): object[] {
  const dimensionsOf = (list: AlarmDefinition['Dimensions']): object =>
    Object.fromEntries((list ?? []).map(({ Name, Value }) => [Name, Value]));
  if (definition.Metrics) {
    return definition.Metrics.map((query) => ({
      id: query.Id,
      ...(query.Label === undefined ? {} : { label: query.Label }),
      ...(query.Expression === undefined ? {} : { expression: query.Expression }),
      ...(query.Period === undefined ? {} : { period: query.Period }),
      ...(query.MetricStat
        ? {
            metricStat: {
              metric: {
                namespace: query.MetricStat.Metric.Namespace,
                name: query.MetricStat.Metric.MetricName,
                dimensions: dimensionsOf(query.MetricStat.Metric.Dimensions),
              },
              period: query.MetricStat.Period,
              stat: query.MetricStat.Stat,
              ...(query.MetricStat.Unit === undefined ? {} : { unit: query.MetricStat.Unit }),
            },
          }
        : {}),
      returnData: query.ReturnData ?? true,
    }));
  }
  return [
    {
      id: kernel.uuid('alarm-metric'),
      metricStat: {
        metric: {
          namespace: definition.Namespace,
          name: definition.MetricName,
          dimensions: dimensionsOf(definition.Dimensions),
        },
        period: definition.Period,
        stat: definition.Statistic ?? definition.ExtendedStatistic,
        ...(definition.Unit === undefined ? {} : { unit: definition.Unit }),
      },
      returnData: true,
    },
  ];
}

function toConfiguration(kernel: Kernel, definition: AlarmDefinition): object {
  return {
    ...(definition.AlarmDescription === undefined ? {} : { description: definition.AlarmDescription }),
    metrics: toMetrics(kernel, definition),
  };
}

function toEventState(state: AlarmState): object {
  return {
    value: state.value,
    reason: state.reason,
    ...(state.reasonData === undefined ? {} : { reasonData: state.reasonData }),
    timestamp: formatTimestamp(state.updatedAt),
  };
}

/** `CloudWatch Alarm State Change` (CloudWatch user guide, cloudwatch-and-eventbridge); durable, once per transition. */
export function emitStateChange(
  kernel: Kernel,
  arn: string,
  definition: AlarmDefinition,
  state: AlarmState,
  previous: AlarmState,
): void {
  kernel.emit({
    source: 'aws.cloudwatch',
    detailType: 'CloudWatch Alarm State Change',
    resources: [arn],
    detail: {
      alarmName: definition.AlarmName,
      configuration: toConfiguration(kernel, definition),
      previousState: toEventState(previous),
      state: toEventState(state),
    },
  });
}

export function emitConfigurationChange(
  kernel: Kernel,
  arn: string,
  operation: 'create' | 'update' | 'delete',
  definition: AlarmDefinition,
  state: AlarmState,
  previous: AlarmDefinition | undefined,
  configuredAt: EpochMs,
): void {
  const describe = (alarm: AlarmDefinition): object => ({
    alarmName: alarm.AlarmName,
    actionsEnabled: alarm.ActionsEnabled ?? true,
    alarmActions: alarm.AlarmActions ?? [],
    okActions: alarm.OKActions ?? [],
    insufficientDataActions: alarm.InsufficientDataActions ?? [],
    evaluationPeriods: alarm.EvaluationPeriods,
    threshold: alarm.Threshold,
    comparisonOperator: alarm.ComparisonOperator,
    ...(alarm.TreatMissingData === undefined ? {} : { treatMissingData: alarm.TreatMissingData }),
    ...toConfiguration(kernel, alarm),
    timestamp: formatTimestamp(configuredAt),
  });
  kernel.emit({
    source: 'aws.cloudwatch',
    detailType: 'CloudWatch Alarm Configuration Change',
    resources: [arn],
    detail: {
      alarmName: definition.AlarmName,
      operation,
      state: { value: state.value, timestamp: formatTimestamp(state.updatedAt) },
      configuration: describe(definition),
      ...(previous ? { previousConfiguration: describe(previous) } : {}),
    },
  });
}
