import { ProductionVariantInstanceType } from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import { coresOf, gpusOf, inAwsUnits } from '../../../shared/domain/instance-units.ts';
import type { ScalingSpec } from '../../../shared/domain/policy.ts';
import { sizeOf } from '../../../simulator/instance-size.ts';

/** What does not follow from a name, by EC2's tables of instance types. */
const ODD_CORES: Readonly<Record<string, number>> = { 'ml.c4.8xlarge': 36, 'ml.t2.medium': 2 };
const GPUS: Readonly<Record<string, number>> = {
  'ml.g4dn.12xlarge': 4,
  'ml.g5.12xlarge': 4,
  'ml.g5.24xlarge': 4,
  'ml.g5.48xlarge': 8,
  'ml.g6.12xlarge': 4,
  'ml.g6.24xlarge': 4,
  'ml.g6.48xlarge': 8,
  'ml.g6e.12xlarge': 4,
  'ml.g6e.24xlarge': 4,
  'ml.g6e.48xlarge': 8,
  'ml.g7.12xlarge': 2,
  'ml.g7.24xlarge': 4,
  'ml.g7.48xlarge': 8,
  'ml.g7e.12xlarge': 2,
  'ml.g7e.24xlarge': 4,
  'ml.g7e.48xlarge': 8,
  'ml.p2.8xlarge': 8,
  'ml.p2.16xlarge': 16,
  'ml.p3.8xlarge': 4,
  'ml.p3.16xlarge': 8,
  'ml.p4d.24xlarge': 8,
  'ml.p4de.24xlarge': 8,
  'ml.p5.48xlarge': 8,
  'ml.p5e.48xlarge': 8,
  'ml.p5en.48xlarge': 8,
  'ml.p6-b200.48xlarge': 8,
  'ml.p6-b300.48xlarge': 8,
  'ml.p6e-gb200.36xlarge': 4,
};

function coresByName(type: string): number {
  const size = type.split('.')[2] ?? '';
  const named = { medium: 1, large: 2, xlarge: 4 }[size];
  return ODD_CORES[type] ?? named ?? 4 * Number.parseInt(size, 10);
}

const gpusByName = (type: string): number => GPUS[type] ?? (/^ml\.[gp]\d/.test(type) ? 1 : 0);

describe('an instance type', () => {
  it.each(Object.values(ProductionVariantInstanceType))('%s that endpoints can run on is known', (type) => {
    expect(coresOf(type)).toBe(coresByName(type));
    expect(gpusOf(type)).toBe(gpusByName(type) || undefined);
    expect(sizeOf(type), 'the simulator, which has a table of its own').toMatchObject({
      cpus: coresByName(type),
      gpus: gpusByName(type),
    });
  });

  it.each([
    ['ml.m4.10xlarge', 40, undefined],
    ['ml.c5.9xlarge', 36, undefined],
    ['ml.c5.18xlarge', 72, undefined],
    ['ml.c4.8xlarge', 36, undefined],
    ['ml.m7g.medium', 1, undefined],
    ['ml.t3.medium', 2, undefined],
    ['ml.p2.8xlarge', 32, 8],
    ['ml.p2.16xlarge', 64, 16],
    ['ml.p3dn.24xlarge', 96, 8],
    ['ml.p5.4xlarge', 16, 1],
    ['ml.p6-b200.48xlarge', 192, 8],
    ['ml.p6e-gb200.36xlarge', 144, 4],
    ['ml.gr6.4xlarge', 16, 1],
    ['ml.gr6.8xlarge', 32, 1],
    ['ml.inf2.24xlarge', 96, undefined],
  ])('%s has %s cores and %s GPUs', (type, cores, gpus) => {
    expect(coresOf(type)).toBe(cores);
    expect(gpusOf(type)).toBe(gpus);
  });

  it.each(['ml.c7i.metal', 'ml.zz9.12xlarge', 'ml.g99.xlarge', 'ml.constructor.xlarge', 'nonsense'])(
    '%s is not known, and not guessed',
    (type) => {
      expect(coresOf(type)).toBeUndefined();
      expect(gpusOf(type)).toBeUndefined();
    },
  );

  it('a size that its family does not have today has no known number of GPUs', () => {
    expect(gpusOf('ml.g5.32xlarge')).toBeUndefined();
    expect(gpusOf('ml.p4d.12xlarge')).toBeUndefined();
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
    ['CPUUtilization', 'ml.zz9.xlarge'],
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
