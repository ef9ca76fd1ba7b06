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
