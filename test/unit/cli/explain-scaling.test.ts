import { expect, it } from 'vitest';
import { explainScaling } from '../../../cli/operate/explain-scaling.ts';
import type { ScalingSpec } from '../../../shared/domain/policy.ts';
import type { FleetRecord } from '../../../shared/domain/record.ts';

const tracking = (more: object): ScalingSpec =>
  ({
    kind: 'target-tracking',
    metric: 'CPUUtilization',
    target: 70,
    scaleInCooldown: 0,
    scaleOutCooldown: 0,
    ...more,
  }) as ScalingSpec;

const recordOf = (instanceType: string | undefined, scaling: readonly ScalingSpec[]) =>
  ({ policy: { scaling }, observed: { instanceType } }) as unknown as FleetRecord;

it('shows the arithmetic where AWS sums over cores', () => {
  expect(explainScaling(recordOf('ml.m5.xlarge', [tracking({})]))).toEqual([
    { name: 'CPUUtilization', says: 'CPUUtilization at 70', inAws: '70 % x 4 (of ml.m5.xlarge) = 280' },
  ]);
});

it('says times of the document as times, and what AWS is given in its units', () => {
  const step = (metric: string, threshold: number, edge: number): ScalingSpec =>
    ({
      kind: 'step',
      name: metric,
      alarm: {
        metric,
        comparison: '>=',
        threshold,
        periods: 3,
        periodMs: 60_000,
        statistic: 'Average',
        missing: 'notBreaching',
      },
      steps: [
        { from: 0, to: edge, change: { add: 1 } },
        { from: edge, change: { add: 3 } },
      ],
      cooldown: 0,
    }) as unknown as ScalingSpec;
  const specs = [
    step('ModelLatency', 5_000_000, 500_000),
    step('TimeInBacklog', 90_000, 1_500),
    step('ApproximateAgeOfOldestRequest', 300, 60),
    step('Invocations', 5_000_000, 10),
    tracking({ metric: 'ModelLatency', target: 123_000 }),
    tracking({ metric: 'ModelLatency', target: 123_000, source: { namespace: 'A', name: 'ModelLatency' } }),
    step('ModelLatency', 1, -2_000),
  ];
  expect(explainScaling(recordOf('ml.m5.xlarge', specs)).map(({ says, inAws }) => [says, inAws])).toEqual([
    ['ModelLatency >= 5s for 3 periods: 0..500ms add 1; 500ms.. add 3', '5000000'],
    ['TimeInBacklog >= 1m30s for 3 periods: 0..1s500ms add 1; 1s500ms.. add 3', '90000'],
    ['ApproximateAgeOfOldestRequest >= 5m for 3 periods: 0..1m add 1; 1m.. add 3', '300'],
    ['Invocations >= 5000000 for 3 periods: 0..10 add 1; 10.. add 3', '5000000'],
    ['ModelLatency at 123ms', '123000'],
    ['ModelLatency at 123000', '123000'],
    ['ModelLatency >= 1 for 3 periods: 0..-2ms add 1; -2ms.. add 3', '1'],
  ]);
});

it('says what cannot be applied, and leaves other numbers alone', () => {
  const specs = [
    tracking({ metric: 'GPUUtilization' }),
    tracking({ metric: 'InvocationsPerInstance', disableScaleIn: true }),
  ];
  expect(explainScaling(recordOf('ml.m5.xlarge', specs))).toMatchObject([
    { inAws: expect.stringContaining('not applied: AWS sums it over cores or GPUs, and how many ml.m5.xlarge has') },
    { says: 'InvocationsPerInstance at 70, never scales in', inAws: '70' },
  ]);
});

it('shows how types of different strength are weighed', () => {
  const weights = { reference: 'ml.g5.xlarge', serves: { 'ml.g5.xlarge': 8, 'ml.g6.xlarge': 5 } };
  const spec = tracking({ metric: 'ConcurrentRequestsPerModel', target: 6, weights });
  const on = (pools: readonly string[]) => explainScaling({ ...recordOf(pools[0], [spec]), pools } as FleetRecord);
  expect(on(['ml.g5.xlarge', 'ml.g6.xlarge', 'ml.p5.48xlarge'])).toEqual([
    {
      name: 'ConcurrentRequestsPerModel',
      says: 'ConcurrentRequestsPerModel at 6 a ml.g5.xlarge',
      inAws:
        '8 x requests / (8 x ml.g5.xlarge + 5 x ml.g6.xlarge) at 6, from data a minute apart; not counted, for want of `serves`: ml.p5.48xlarge',
    },
  ]);
  expect(on(['ml.p5.48xlarge'])).toMatchObject([
    { inAws: 'not applied: its `serves` names none of the types that the endpoint runs on' },
  ]);
  expect(explainScaling(recordOf('ml.g6.xlarge', [spec]))).toMatchObject([
    { inAws: '6 x 5 / 8 (of ml.g6.xlarge) = 3.75' },
  ]);
  expect(explainScaling(recordOf('ml.g5.xlarge', [spec]))).toMatchObject([{ inAws: '6' }]);
});

it('names the statistic of an alarm where it is not the average', () => {
  const alarm = {
    metric: 'ModelLatency',
    threshold: 2_000_000,
    periods: 2,
    period: 60_000,
    comparison: '>=',
    missing: 'notBreaching',
  };
  const step = (statistic: string) =>
    ({
      kind: 'step',
      alarm: { ...alarm, statistic },
      steps: [{ from: 0, change: { add: 1 } }],
      cooldown: 0,
    }) as ScalingSpec;
  expect(explainScaling(recordOf('ml.m5.xlarge', [step('p99'), step('Average')]))).toMatchObject([
    { says: 'p99 of ModelLatency >= 2s for 2 periods: 0.. add 1', inAws: '2000000' },
    { says: 'ModelLatency >= 2s for 2 periods: 0.. add 1' },
  ]);
});
