import { describe, expect, it } from 'vitest';
import { inAwsUnits } from '../../../shared/domain/instance-units.ts';
import { instanceTypesOf } from '../../../shared/domain/mixed-types.ts';
import type { TargetTracking } from '../../../shared/domain/policy.ts';
import type { FleetRecord } from '../../../shared/domain/record.ts';
import { compileExpression } from '../../../simulator/cloudwatch/metric-math.ts';

const spec: TargetTracking = {
  kind: 'target-tracking',
  metric: 'ConcurrentRequestsPerModel',
  target: 6,
  weights: { reference: 'ml.g5.xlarge', serves: { 'ml.g5.xlarge': 8, 'ml.g6.xlarge': 5 } },
  scaleInCooldown: 0,
  scaleOutCooldown: 0,
};
const POOLS = ['ml.g5.xlarge', 'ml.g6.xlarge'];

function mathOn(pools: readonly string[]) {
  const scaled = inAwsUnits(spec, { instanceType: pools[0], pools });
  if (scaled?.kind !== 'target-tracking' || scaled.source === undefined || !('math' in scaled.source))
    throw new Error('no expression');
  return scaled.source;
}

/** Samples of one minute: the sum of concurrency, and how many instances reported it; NaN: none did. */
function figureOf(samples: Readonly<Record<string, number>>): number {
  const series = Object.entries(samples).map(([id, value]) => [id, Float64Array.of(value)] as const);
  const value = compileExpression(mathOn(POOLS).math).evaluate(new Map(series), 1);
  return typeof value === 'number' ? value : (value[0] ?? 0);
}

describe('a weighted target on instance pools', () => {
  it('is load by capacity, in requests of one reference instance', () => {
    // 2 g5 with 8 and 3 g6 with 5 at once, all full.
    expect(figureOf({ load1: 16, count1: 2, load2: 15, count2: 3 })).toBe(8);
    expect(figureOf({ load1: 8, count1: 2, load2: 7.5, count2: 3 })).toBe(4);
  });

  it('is the other type alone where a pool has no instances', () => {
    expect(figureOf({ load1: Number.NaN, count1: Number.NaN, load2: 15, count2: 3 })).toBe(8);
    expect(figureOf({ load1: 16, count1: 2, load2: Number.NaN, count2: Number.NaN })).toBe(8);
  });

  it('has no value without any instance', () => {
    const none = Number.NaN;
    expect(figureOf({ load1: none, count1: none, load2: none, count2: none })).toBeNaN();
  });

  it('reads what each type publishes, under the name of the plain metric', () => {
    expect(mathOn(POOLS)).toEqual({
      math: '8 * (FILL(load1, 0) + FILL(load2, 0)) / (8 * FILL(count1, 0) + 5 * FILL(count2, 0))',
      metrics: {
        load1: expect.objectContaining({
          statistic: 'Sum',
          dimensions: expect.objectContaining({ InstanceType: 'ml.g5.xlarge' }),
        }),
        count1: expect.objectContaining({ statistic: 'SampleCount' }),
        load2: expect.objectContaining({ dimensions: expect.objectContaining({ InstanceType: 'ml.g6.xlarge' }) }),
        count2: expect.objectContaining({ namespace: 'AWS/SageMaker', name: 'ConcurrentRequestsPerModel' }),
      },
    });
    expect(inAwsUnits(spec, { pools: POOLS })).toMatchObject({ metric: 'ConcurrentRequestsPerModel', target: 6 });
  });

  it('leaves out types that it does not know, and is nothing where it knows none', () => {
    expect(mathOn(['ml.p5.48xlarge', 'ml.g6.xlarge']).math).toBe('8 * (FILL(load1, 0)) / (5 * FILL(count1, 0))');
    expect(inAwsUnits(spec, { pools: ['ml.p5.48xlarge'] })).toBeUndefined();
  });
});

describe('a weighted target on one instance type', () => {
  it.each([
    ['ml.g5.xlarge', 6],
    ['ml.g6.xlarge', 3.75],
  ])('on %s is the plain metric at %s', (instanceType, target) => {
    const { weights: _, ...plain } = spec;
    expect(inAwsUnits(spec, { instanceType })).toEqual({ ...plain, target });
  });

  it.each(['ml.p5.48xlarge', undefined])('on %s is not known', (instanceType) => {
    expect(inAwsUnits(spec, { instanceType })).toBeUndefined();
  });

  it('is what a record without pools stands on', () => {
    const record = { observed: { instanceType: 'ml.g6.xlarge' }, pools: [] } as unknown as FleetRecord;
    expect(instanceTypesOf(record)).toEqual({ instanceType: 'ml.g6.xlarge', pools: undefined });
  });
});
