import type { EndpointSeed } from '../../simulator/contract.ts';
import { MINUTE, type WorldUnderTest } from './world-kernel.ts';

export const TIMING = { startMs: () => 8 * MINUTE, deleteMs: 2 * MINUTE };

export function seedRealTime(w: WorldUnderTest, overrides: Partial<EndpointSeed> = {}): void {
  w.world.seed({
    name: 'Chat',
    kind: 'real-time',
    instanceType: 'ml.g5.2xlarge',
    instances: 1,
    tags: {},
    timing: TIMING,
    ...overrides,
  });
}

export function seedAsync(w: WorldUnderTest, overrides: Partial<EndpointSeed> = {}): void {
  w.world.seed({
    name: 'Scribe',
    kind: 'async',
    instanceType: 'ml.g5.xlarge',
    instances: 0,
    tags: {},
    timing: TIMING,
    ...overrides,
  });
}

export function statusOf(w: WorldUnderTest, name = 'Chat'): string {
  return w.call('SageMaker', 'DescribeEndpoint', { EndpointName: name }).EndpointStatus;
}

export function countsOf(w: WorldUnderTest, name = 'Chat'): { current: number; desired: number } {
  const [variant] = w.call('SageMaker', 'DescribeEndpoint', { EndpointName: name }).ProductionVariants;
  return { current: variant.CurrentInstanceCount, desired: variant.DesiredInstanceCount };
}

export function setInstances(w: WorldUnderTest, count: number, name = 'Chat'): void {
  w.call('SageMaker', 'UpdateEndpointWeightsAndCapacities', {
    EndpointName: name,
    DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount: count }],
  });
}

/** Values of a metric over the last `ms`, oldest first. */
export function readMetric(
  w: WorldUnderTest,
  name: string,
  options: {
    endpoint?: string;
    alone?: boolean;
    type?: string;
    stat?: string;
    period?: number;
    ms?: number;
    namespace?: string;
  } = {},
): number[] {
  const {
    endpoint = 'Chat',
    alone = false,
    type,
    stat = 'Sum',
    period = 60,
    ms = 10 * MINUTE,
    namespace = 'AWS/SageMaker',
  } = options;
  const dimensions = [
    { Name: 'EndpointName', Value: endpoint },
    { Name: 'VariantName', Value: 'AllTraffic' },
    ...(type === undefined ? [] : [{ Name: 'InstanceType', Value: type }]),
  ];
  const answer = w.call('CloudWatch', 'GetMetricData', {
    StartTime: new Date(w.now() - ms),
    EndTime: new Date(w.now()),
    ScanBy: 'TimestampAscending',
    MetricDataQueries: [
      {
        Id: 'm',
        MetricStat: {
          Metric: { Namespace: namespace, MetricName: name, Dimensions: alone ? dimensions.slice(0, 1) : dimensions },
          Period: period,
          Stat: stat,
        },
      },
    ],
  });
  return answer.MetricDataResults[0].Values;
}

export function targetKey(endpoint = 'Chat') {
  return {
    ServiceNamespace: 'sagemaker',
    ResourceId: `endpoint/${endpoint}/variant/AllTraffic`,
    ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
  };
}
