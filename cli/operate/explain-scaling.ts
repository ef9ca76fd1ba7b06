import { formatDuration } from '../../shared/documents/values.ts';
import { inAwsUnits, unitsOn, whyNoUnits } from '../../shared/domain/instance-units.ts';
import { type MetricUnit, metricFacts } from '../../shared/domain/metric-names.ts';
import { type InstanceTypes, instanceTypesOf, unweighted, weighedTypes } from '../../shared/domain/mixed-types.ts';
import {
  type ScalingSpec,
  type StepScaling,
  specName,
  type TargetTracking,
  type TypeWeights,
} from '../../shared/domain/policy.ts';
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
  const types = instanceTypesOf(record);
  const unless = isBoundless(record) ? `; ${BOUNDLESS}` : '';
  return scalingOf(record).map((spec) => ({
    name: specName(spec),
    says: sayWhat(spec),
    inAws: `${sayInAws(spec, types)}${unless}`,
  }));
}

export const BOUNDLESS = 'put only on a scalable target that is there already: no rung of the policy has min and max';

/** Without bounds no scalable target is registered, so that scaling policies have nothing to stand on. */
export function isBoundless({ agenda }: FleetRecord): boolean {
  const kinds = (agenda?.rungs ?? []).map(({ kind }) => kind);
  return kinds.includes('zero') && !kinds.includes('bounds');
}

function sayWhat(spec: ScalingSpec): string {
  if (spec.kind === 'step') {
    const { metric, statistic, source, comparison, threshold, periods } = spec.alarm;
    const of = statistic === 'Average' || (source && 'math' in source) ? '' : `${statistic} of `;
    const sayAmount = (amount: number) => inDocumentUnits(amount, spec.alarm);
    const steps = spec.steps.map((step) => sayStep(step, sayAmount));
    return `${of}${metric} ${comparison} ${sayAmount(threshold)} for ${periods} periods: ${steps.join('; ')}`;
  }
  const unit = spec.weights === undefined ? '' : ` a ${spec.weights.reference}`;
  return `${spec.metric} at ${inDocumentUnits(spec.target, spec)}${unit}${spec.disableScaleIn ? ', never scales in' : ''}`;
}

function sayStep({ from, to, change }: StepScaling['steps'][number], sayAmount: (amount: number) => string): string {
  const [kind, by] = Object.entries(change)[0] ?? ['add', 0];
  const [begin, end] = [from, to].map((edge) => (edge === undefined ? '' : sayAmount(edge)));
  return `${begin}..${end} ${kind} ${by}`;
}

/** A time as a policy would say it, where the metric is one that measures time. */
function inDocumentUnits(amount: number, { metric, source }: Pick<TargetTracking, 'metric' | 'source'>): string {
  const ms = inMilliseconds(Math.abs(amount), source === undefined ? metricFacts(metric)?.unit : undefined);
  if (ms === undefined || ms === 0 || !Number.isInteger(ms)) return String(amount);
  return `${amount < 0 ? '-' : ''}${formatDuration(ms)}`;
}

function inMilliseconds(amount: number, unit: MetricUnit | undefined): number | undefined {
  switch (unit) {
    case 'microseconds':
      return amount / 1000;
    case 'milliseconds':
      return amount;
    case 'seconds':
      return amount * 1000;
    default:
      return undefined;
  }
}

function sayInAws(spec: ScalingSpec, types: InstanceTypes): string {
  if (spec.kind === 'target-tracking' && spec.weights !== undefined) return sayWeighted(spec, spec.weights, types);
  const { instanceType } = types;
  const { metric, source } = spec.kind === 'step' ? spec.alarm : spec;
  const scaled = inAwsUnits(spec, types);
  if (scaled === undefined) {
    return `not applied: AWS sums it over cores or GPUs, and how many ${instanceType ?? 'the instance'} has is not known; written out, the metric takes the sum itself`;
  }
  const units = source === undefined ? (unitsOn(metric, instanceType) ?? 1) : 1;
  const given = spec.kind === 'step' ? spec.alarm.threshold : spec.target;
  const result = scaled.kind === 'step' ? scaled.alarm.threshold : scaled.target;
  return units === 1 ? `${result}` : `${given} % x ${units} (of ${instanceType ?? ''}) = ${result}`;
}

/** Load by capacity where there are instance pools, else the one type's share of the reference type. */
function sayWeighted(spec: TargetTracking, weights: TypeWeights, { instanceType = '', pools }: InstanceTypes): string {
  const scaled = unweighted(spec, { instanceType, pools });
  if (scaled === undefined) return `not applied: ${whyNoUnits(spec)}`;
  const { reference, serves } = weights;
  if (pools === undefined) {
    if (instanceType === reference) return `${scaled.target}`;
    return `${spec.target} x ${serves[instanceType]} / ${serves[reference]} (of ${instanceType}) = ${scaled.target}`;
  }
  const types = weighedTypes(weights, pools);
  const unsaid = pools.filter((type) => !types.includes(type));
  const capacity = types.map((type) => `${serves[type]} x ${type}`).join(' + ');
  const rest = unsaid.length === 0 ? '' : `; not counted, for want of \`serves\`: ${unsaid.join(', ')}`;
  return `${serves[reference]} x requests / (${capacity}) at ${scaled.target}, from data a minute apart${rest}`;
}
