import { inAwsUnits, unitsOn } from '../../shared/domain/instance-units.ts';
import { type ScalingSpec, type StepScaling, specName } from '../../shared/domain/policy.ts';
import type { FleetRecord } from '../../shared/domain/record.ts';
import { scalingOf } from '../../shared/domain/step-wake.ts';

/** One scaling policy of the endpoint's policy, in the words of the document and in AWS's numbers. */
export interface ScalingLine {
  readonly name: string;
  readonly says: string;
  /** What AWS is given, with the arithmetic where the two differ. */
  readonly inAws: string;
}

export function explainScaling(record: FleetRecord): readonly ScalingLine[] {
  const { observed } = record;
  return scalingOf(record).map((spec) => ({
    name: specName(spec),
    says: sayWhat(spec),
    inAws: sayInAws(spec, observed?.instanceType),
  }));
}

function sayWhat(spec: ScalingSpec): string {
  if (spec.kind === 'step') {
    const { metric, comparison, threshold, periods } = spec.alarm;
    return `${metric} ${comparison} ${threshold} for ${periods} periods: ${spec.steps.map(sayStep).join('; ')}`;
  }
  return `${spec.metric} at ${spec.target}${spec.disableScaleIn ? ', never scales in' : ''}`;
}

function sayStep({ from, to, change }: StepScaling['steps'][number]): string {
  const [kind, by] = Object.entries(change)[0] ?? ['add', 0];
  return `${from ?? ''}..${to ?? ''} ${kind} ${by}`;
}

function sayInAws(spec: ScalingSpec, instanceType: string | undefined): string {
  const { metric, source } = spec.kind === 'step' ? spec.alarm : spec;
  const scaled = inAwsUnits(spec, instanceType);
  if (scaled === undefined) {
    return `not applied: AWS sums it over cores or GPUs, and how many ${instanceType ?? 'the instance'} has is not known`;
  }
  const units = source === undefined ? (unitsOn(metric, instanceType) ?? 1) : 1;
  const given = spec.kind === 'step' ? spec.alarm.threshold : spec.target;
  const result = scaled.kind === 'step' ? scaled.alarm.threshold : scaled.target;
  return units === 1 ? `${result}` : `${given} % x ${units} (of ${instanceType ?? ''}) = ${result}`;
}
