import { describe, expect, it } from 'vitest';
import { coresOf, gpusOf, inAwsUnits } from '../../../shared/domain/instance-units.ts';
import type { ScalingSpec } from '../../../shared/domain/policy.ts';

describe('an instance type', () => {
  it.each([
    ['ml.m5.large', 2, undefined],
    ['ml.m7g.medium', 1, undefined],
    ['ml.m5.xlarge', 4, undefined],
    ['ml.c6i.32xlarge', 128, undefined],
    ['ml.g5.2xlarge', 8, 1],
    ['ml.g5.12xlarge', 48, 4],
    ['ml.g4dn.16xlarge', 64, 1],
    ['ml.p4d.24xlarge', 96, 8],
    ['ml.p5.4xlarge', 16, 1],
    ['ml.c7i.metal', undefined, undefined],
    ['nonsense', undefined, undefined],
    ['ml.constructor.xlarge', 4, undefined],
  ])('%s has %s cores and %s GPUs', (type, cores, gpus) => {
    expect(coresOf(type)).toBe(cores);
    expect(gpusOf(type)).toBe(gpus);
  });
});

describe('a scaling policy in AWS’s numbers', () => {
  const tracking = (metric: string): ScalingSpec => ({
    kind: 'target-tracking',
    metric,
    target: 70,
    scaleInCooldown: 0,
    scaleOutCooldown: 0,
  });

  it.each([
    ['CPUUtilization', 'ml.m5.xlarge', 280],
    ['GPUUtilization', 'ml.g5.12xlarge', 280],
    ['GPUMemoryUtilization', 'ml.g5.2xlarge', 70],
    ['MemoryUtilization', 'ml.m5.xlarge', 70],
    ['InvocationsPerInstance', undefined, 70],
  ])('70 of %s on %s is %s', (metric, type, target) => {
    expect(inAwsUnits(tracking(metric), { instanceType: type })).toMatchObject({ target });
  });

  it.each([
    ['CPUUtilization', undefined],
    ['GPUUtilization', 'ml.m5.xlarge'],
  ])('%s on %s is not known', (metric, type) => {
    expect(inAwsUnits(tracking(metric), { instanceType: type })).toBeUndefined();
  });

  it('multiplies threshold and steps alike, and leaves a metric of the team’s own alone', () => {
    const step: ScalingSpec = {
      kind: 'step',
      alarm: {
        metric: 'CPUUtilization',
        threshold: 50,
        periods: 1,
        period: 60_000,
        statistic: 'Average',
        comparison: '>=',
        missing: 'missing',
      },
      steps: [
        { from: 0, to: 25, change: { add: 1 } },
        { from: 25, change: { add: 2 } },
      ],
      cooldown: 0,
    };
    expect(inAwsUnits(step, { instanceType: 'ml.m5.xlarge' })).toMatchObject({
      alarm: { threshold: 200 },
      steps: [
        { from: 0, to: 100, change: { add: 1 } },
        { from: 100, change: { add: 2 } },
      ],
    });
    const own = { namespace: 'X', name: 'CPUUtilization', dimensions: {}, statistic: 'Average' };
    expect(inAwsUnits({ ...step, alarm: { ...step.alarm, source: own } }, {})).toMatchObject({
      alarm: { threshold: 50 },
    });
  });
});
