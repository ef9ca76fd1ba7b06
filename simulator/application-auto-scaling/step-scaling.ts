import { limitExceeded, validationError } from './errors.ts';
import type { StepAdjustment, StepScalingConfiguration } from './model.ts';

/** Service quota: step adjustments per policy. */
const MAXIMUM_STEPS = 20;
export const DEFAULT_COOLDOWN_SECONDS = 300;

/** Half-open towards the side away from the threshold, so that every breach falls into one step only (Application Auto Scaling guide, step scaling). */
function contains(step: StepAdjustment, breach: number): boolean {
  const lower = step.MetricIntervalLowerBound ?? -Infinity;
  const upper = step.MetricIntervalUpperBound ?? Infinity;
  return breach >= 0 ? breach >= lower && breach < upper : breach > lower && breach <= upper;
}

function roundPercent(change: number): number {
  if (change > 0 && change < 1) return 1;
  if (change < 0 && change > -1) return -1;
  return Math.trunc(change);
}

/** Capacity that a breach asks for, from `current`; undefined when no step covers it. */
export function stepCapacity(
  configuration: StepScalingConfiguration,
  current: number,
  breach: number,
): number | undefined {
  const step = configuration.StepAdjustments?.find((candidate) => contains(candidate, breach));
  if (!step) return undefined;
  const { ScalingAdjustment: amount } = step;
  switch (configuration.AdjustmentType) {
    case 'ExactCapacity':
      return amount;
    case 'PercentChangeInCapacity': {
      const change = roundPercent((current * amount) / 100);
      const magnitude = Math.max(Math.abs(change), configuration.MinAdjustmentMagnitude ?? 0);
      return amount === 0 ? current : current + Math.sign(amount) * magnitude;
    }
    default:
      return current + amount;
  }
}

export function checkStepScaling(configuration: StepScalingConfiguration | undefined): StepScalingConfiguration {
  if (!configuration) throw validationError('StepScalingPolicyConfiguration is required for policy type StepScaling.');
  if (configuration.AdjustmentType === undefined)
    throw validationError('AdjustmentType is required for policy type StepScaling.');
  const steps = configuration.StepAdjustments ?? [];
  if (steps.length === 0) throw validationError('At least one StepAdjustment must be specified.');
  if (steps.length > MAXIMUM_STEPS) throw limitExceeded(`Step adjustments per policy are limited to ${MAXIMUM_STEPS}.`);
  const sorted = [...steps].sort(
    (a, b) => (a.MetricIntervalLowerBound ?? -Infinity) - (b.MetricIntervalLowerBound ?? -Infinity),
  );
  sorted.forEach((step, index) => {
    const [lower, upper] = [step.MetricIntervalLowerBound ?? -Infinity, step.MetricIntervalUpperBound ?? Infinity];
    if (lower >= upper)
      throw validationError('StepAdjustment intervals must have a lower bound below the upper bound.');
    const next = sorted[index + 1];
    if (!next) return;
    const nextLower = next.MetricIntervalLowerBound ?? -Infinity;
    if (upper > nextLower) throw validationError("StepAdjustment intervals can't overlap");
    if (upper < nextLower) throw validationError("StepAdjustment intervals can't have gaps between them");
  });
  if (configuration.AdjustmentType === 'ExactCapacity' && steps.some((step) => step.ScalingAdjustment < 0)) {
    throw validationError('ScalingAdjustment must not be negative for ExactCapacity.');
  }
  return configuration;
}
