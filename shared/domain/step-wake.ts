import { wakeTriggersOf } from './kinds.ts';
import type { ScalingSpec, StepScaling } from './policy.ts';
import type { FleetRecord } from './record.ts';
import { MINUTE, SECOND } from './time.ts';

/** No scaling policy of the document may bear it where the step policy wakes. */
export const STEP_WAKE_NAME = 'wake';

/**
 * What AWS documents for an asynchronous endpoint that scales from zero: two minutes in which requests wait without an
 * instance add one. Target tracking takes over once there is an instance to measure.
 */
const STEP_WAKE: StepScaling = {
  kind: 'step',
  name: STEP_WAKE_NAME,
  alarm: {
    metric: 'HasBacklogWithoutCapacity',
    source: {
      namespace: 'AWS/SageMaker',
      name: 'HasBacklogWithoutCapacity',
      dimensions: { EndpointName: '{endpoint}' },
      statistic: 'Average',
    },
    threshold: 1,
    periods: 2,
    period: MINUTE,
    statistic: 'Average',
    comparison: '>=',
    missing: 'missing',
  },
  steps: [{ from: 0, change: { add: 1 } }],
  cooldown: 300 * SECOND,
};

/** Whether a step policy of Application Auto Scaling lifts this endpoint from zero, instead of a function of ours. */
export function wakesByStep({ kind, policy }: Pick<FleetRecord, 'kind' | 'policy'>): boolean {
  return kind === 'async' && policy?.wake.by === 'step-policy' && wakeTriggersOf(kind, policy).includes('backlog');
}

/** The scaling policies that the document names, and the one that it wakes by. */
export function scalingOf(record: Pick<FleetRecord, 'kind' | 'policy'>): readonly ScalingSpec[] {
  const named = record.policy?.scaling ?? [];
  return wakesByStep(record) ? [...named, STEP_WAKE] : named;
}
