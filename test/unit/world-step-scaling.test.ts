import { describe, expect, test } from 'vitest';
import { checkStepScaling, stepCapacity } from '../../simulator/application-auto-scaling/step-scaling.ts';

const STEPS = [
  { MetricIntervalUpperBound: -10, ScalingAdjustment: -20 },
  { MetricIntervalLowerBound: -10, MetricIntervalUpperBound: 0, ScalingAdjustment: 0 },
  { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 10, ScalingAdjustment: 10 },
  { MetricIntervalLowerBound: 10, ScalingAdjustment: 30 },
];

describe('step scaling', () => {
  test.each([
    // Percent of 10: the lower bound belongs to a step above the threshold, the upper bound to one below it.
    [0, 11],
    [9.9, 11],
    [10, 13],
    [-5, 10],
    [-10, 8],
    [-10.1, 8],
  ])('a breach of %d from 10 instances asks for %d', (breach, capacity) => {
    expect(stepCapacity({ AdjustmentType: 'PercentChangeInCapacity', StepAdjustments: STEPS }, 10, breach)).toBe(
      capacity,
    );
  });

  test.each([
    [3, 10, 4],
    [5, 30, 6],
    [5, -30, 4],
    [5, -5, 4],
  ])('percent of %d by %d rounds towards zero, and never to nothing', (current, adjustment, capacity) => {
    const configuration = {
      AdjustmentType: 'PercentChangeInCapacity' as const,
      StepAdjustments: [{ ScalingAdjustment: adjustment }],
    };
    expect(stepCapacity(configuration, current, 1)).toBe(capacity);
  });

  test('percent moves by at least the minimum magnitude', () => {
    const configuration = {
      AdjustmentType: 'PercentChangeInCapacity' as const,
      MinAdjustmentMagnitude: 3,
      StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 10 }],
    };
    expect(stepCapacity(configuration, 4, 1)).toBe(7);
  });

  test('exact and relative counts, and nothing where no step is', () => {
    const steps = [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 2 }];
    expect(stepCapacity({ AdjustmentType: 'ExactCapacity', StepAdjustments: steps }, 9, 1)).toBe(2);
    expect(stepCapacity({ AdjustmentType: 'ChangeInCapacity', StepAdjustments: steps }, 9, 1)).toBe(11);
    expect(stepCapacity({ AdjustmentType: 'ChangeInCapacity', StepAdjustments: steps }, 9, -1)).toBeUndefined();
  });

  test.each([
    [
      [
        { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 5, ScalingAdjustment: 1 },
        { MetricIntervalLowerBound: 4, ScalingAdjustment: 2 },
      ],
      'overlap',
    ],
    [
      [
        { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 5, ScalingAdjustment: 1 },
        { MetricIntervalLowerBound: 6, ScalingAdjustment: 2 },
      ],
      'gaps',
    ],
    [[], 'At least one'],
  ])('refuses intervals with %j', (StepAdjustments, message) => {
    expect(() => checkStepScaling({ AdjustmentType: 'ChangeInCapacity', StepAdjustments })).toThrow(message);
  });
});
