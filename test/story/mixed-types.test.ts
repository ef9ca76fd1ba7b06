import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { MONDAY_UTC } from './fleet.ts';
import { answers, endpointOf, expectSound, spanAt, spansWithin } from './reading.ts';
import { type Document, runScenario } from './run-scenario.ts';

/** 8 at once on a g5, 5 on a g6; the target is 6 on a g5, or as large a share of a g6. */
const SERVES = { 'ml.g5.xlarge': 8, 'ml.g6.xlarge': 5 };
const policyOf = (more: object) => ({
  otherwise: { min: 1, max: 10 },
  scaling: [
    { kind: 'target-tracking', metric: 'ConcurrentRequestsPerModel', target: 6, scaleOutCooldown: '60s', ...more },
  ],
});

/** 30 requests at once from 1h to 4h: three quarters of what 1 g5 and 6.4 g6 serve; five instances are fewer than it takes. */
const endpoint = (policy: string): Document => ({
  kind: 'real-time',
  policy,
  pools: Object.entries(SERVES).map(([instanceType, concurrent]) => ({ instanceType, concurrent })),
  startsIn: '4m',
  serves: { concurrent: 8, in: '1s' },
  traffic: [
    { from: '+0h', to: '+1h', perMinute: 120 },
    { from: '+1h', to: '+4h', perMinute: 1800 },
    { from: '+4h', to: '+7h', perMinute: 120 },
  ],
});

const poolsOf = (result: RehearsalResult, index: number): Record<string, number> => {
  const described = answers(result, 'DescribeEndpoint')[index] as {
    ProductionVariants: { InstancePools: { InstanceType: string; CurrentInstanceCount: number }[] }[];
  };
  const pools = described.ProductionVariants[0]?.InstancePools ?? [];
  return Object.fromEntries(pools.map((pool) => [pool.InstanceType, pool.CurrentInstanceCount]));
};

const look = (at: string, name: string) => ({ at, call: 'SageMaker.DescribeEndpoint', with: { EndpointName: name } });

describe('instance pools of different strength, in a shortage of the first type', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '7h',
      policies: {
        weighted: policyOf({ reference: 'ml.g5.xlarge', serves: SERVES }),
        plain: policyOf({}),
      },
      endpoints: { weighted: endpoint('weighted'), plain: endpoint('plain') },
      happens: [
        { at: '+30m', for: '6h', noCapacity: 'ml.g5.xlarge' },
        look('+50m', 'weighted'),
        look('+3h', 'weighted'),
        look('+6h', 'weighted'),
        {
          at: '+3h',
          call: 'ApplicationAutoScaling.DescribeScalingPolicies',
          with: { ServiceNamespace: 'sagemaker', ResourceId: 'endpoint/weighted/variant/AllTraffic' },
        },
      ],
    }));
  });

  it('the second type carries what is added, and goes first', () => {
    expect(poolsOf(result, 0)).toEqual({ 'ml.g5.xlarge': 1, 'ml.g6.xlarge': 0 });
    expect(poolsOf(result, 1)).toEqual({ 'ml.g5.xlarge': 1, 'ml.g6.xlarge': 7 });
    expect(poolsOf(result, 2)).toEqual({ 'ml.g5.xlarge': 1, 'ml.g6.xlarge': 0 });
    expect(endpointOf(result, 'weighted').instanceHours.byType?.['ml.g6.xlarge']).toBeGreaterThan(10);
  });

  it('scales out although the second pool has published nothing yet, and in when it is empty again', () => {
    expect(spanAt(result, 'weighted', '59m').desired).toBe(1);
    expect(spanAt(result, 'weighted', '70m').desired, 'three data of a minute each').toBeGreaterThan(1);
    expect(spanAt(result, 'weighted', '5h').desired).toBe(1);
  });

  it('stays at what the load asks for', () => {
    const steady = spansWithin(result, 'weighted', '2h', '4h');
    expect([...new Set(steady.map(({ desired }) => desired))]).toEqual([8]);
  });

  it('is given to AWS as load by capacity, a minute at a time', () => {
    const [policy] = (answers(result, 'DescribeScalingPolicies')[0] as { ScalingPolicies: Document[] }).ScalingPolicies;
    expect(policy).toMatchObject({
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 6,
        CustomizedMetricSpecification: {
          Metrics: [
            {
              Expression: '8 * (FILL(load1, 0) + FILL(load2, 0)) / (8 * FILL(count1, 0) + 5 * FILL(count2, 0))',
              ReturnData: true,
            },
            ...['Sum', 'SampleCount', 'Sum', 'SampleCount'].map((Stat, index) => ({
              ReturnData: false,
              MetricStat: {
                Stat,
                Metric: {
                  MetricName: 'ConcurrentRequestsPerModel',
                  Dimensions: [
                    { Name: 'EndpointName', Value: 'weighted' },
                    { Name: 'VariantName', Value: 'AllTraffic' },
                    { Name: 'InstanceType', Value: Object.keys(SERVES)[Math.floor(index / 2)] },
                  ],
                },
              },
            })),
          ],
        },
      },
    });
  });

  it('without weights the same target asks for too few, and swings', () => {
    const steady = spansWithin(result, 'plain', '2h', '4h');
    expect(steady.filter(({ desired }, index) => desired !== steady[index - 1]?.desired).length).toBeGreaterThan(4);
    expect(
      Math.min(...steady.map(({ desired }) => desired)),
      'fewer than the six that bear it when all are busy',
    ).toBeLessThan(6);
    const [plain, weighted] = [endpointOf(result, 'plain'), endpointOf(result, 'weighted')];
    expect(plain.latency?.p95 ?? 0).toBeGreaterThan(2 * (weighted.latency?.p95 ?? Number.POSITIVE_INFINITY));
  });

  it('breaks no promise', () => expectSound(result));
});
