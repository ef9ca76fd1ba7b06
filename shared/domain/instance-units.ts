import { type InstanceTypes, unweighted } from './mixed-types.ts';
import type { ScalingSpec, StepScaling } from './policy.ts';

/**
 * GPUs by size where a size has more than one; every other size of these families has one.
 * Source: AWS's list of SageMaker hosting instance types (its accelerated computing part), November 2026.
 */
const GPUS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  g4dn: { '12xlarge': 4 },
  g5: { '12xlarge': 4, '24xlarge': 4, '48xlarge': 8 },
  g6: { '12xlarge': 4, '24xlarge': 4, '48xlarge': 8 },
  g6e: { '12xlarge': 4, '24xlarge': 4, '48xlarge': 8 },
  g7e: { '12xlarge': 2, '24xlarge': 4, '48xlarge': 8 },
  p3: { '8xlarge': 4, '16xlarge': 8 },
  p4d: { '24xlarge': 8 },
  p4de: { '24xlarge': 8 },
  p5: { '48xlarge': 8 },
  p5e: { '48xlarge': 8 },
  p5en: { '48xlarge': 8 },
};

/** vCPUs of sizes that do not follow `n` × xlarge = 4n. Source: the same list. */
const CORES: Readonly<Record<string, number>> = { medium: 1, large: 2, xlarge: 4 };

function split(instanceType: string): { readonly family: string; readonly size: string } | undefined {
  const match = /^ml\.([a-z0-9-]+)\.([a-z0-9]+)$/.exec(instanceType);
  return match === null ? undefined : { family: match[1] ?? '', size: match[2] ?? '' };
}

/** vCPUs of an instance type; undefined: not known (metal, or no instance type). */
export function coresOf(instanceType: string): number | undefined {
  const parts = split(instanceType);
  if (parts === undefined) return undefined;
  const times = /^(\d+)xlarge$/.exec(parts.size)?.[1];
  return times === undefined ? CORES[parts.size] : 4 * Number(times);
}

/** GPUs of an instance type; undefined: its family is not known to have any. */
export function gpusOf(instanceType: string): number | undefined {
  const parts = split(instanceType);
  const sizes = parts === undefined || !Object.hasOwn(GPUS, parts.family) ? undefined : GPUS[parts.family];
  return sizes === undefined || parts === undefined ? undefined : (sizes[parts.size] ?? 1);
}

/** What a metric is summed over on each instance: CPU over cores, GPU over devices. */
const SUMMED_OVER: Readonly<Record<string, (instanceType: string) => number | undefined>> = {
  CPUUtilization: coresOf,
  GPUUtilization: gpusOf,
  GPUMemoryUtilization: gpusOf,
};

/** Whether AWS sums the metric over cores or devices, so that a percentage has to be multiplied. */
export function isSummed(metric: string): boolean {
  return Object.hasOwn(SUMMED_OVER, metric);
}

/** How often 100 % of the metric fit on one instance; 1 where it is no sum; undefined: the instance type is not known. */
export function unitsOn(metric: string, instanceType: string | undefined): number | undefined {
  const count = isSummed(metric) ? SUMMED_OVER[metric] : undefined;
  if (count === undefined) return 1;
  return instanceType === undefined ? undefined : count(instanceType);
}

/**
 * The scaling policy in AWS's numbers: a target of 70 % CPU on four cores is 280. Undefined: the metric is a sum over
 * cores or devices and nobody knows how many the instance has, or weighed by types of which none is run on. An expression
 * or a metric of the team's own is as given.
 */
export function inAwsUnits(spec: ScalingSpec, types: InstanceTypes): ScalingSpec | undefined {
  if (spec.kind === 'target-tracking' && spec.weights !== undefined) return unweighted(spec, types);
  const { metric, source } = spec.kind === 'step' ? spec.alarm : spec;
  const units = source === undefined ? unitsOn(metric, types.instanceType) : 1;
  if (units === undefined) return undefined;
  if (units === 1) return spec;
  return spec.kind === 'step' ? stepTimes(spec, units) : { ...spec, target: spec.target * units };
}

function stepTimes(spec: StepScaling, units: number): StepScaling {
  return {
    ...spec,
    alarm: { ...spec.alarm, threshold: spec.alarm.threshold * units },
    steps: spec.steps.map(({ from, to, change }) => ({
      ...(from === undefined ? {} : { from: from * units }),
      ...(to === undefined ? {} : { to: to * units }),
      change,
    })),
  };
}

/** Why a policy has no numbers on such instances. */
export function whyNoUnits(spec: ScalingSpec): string {
  return spec.kind === 'target-tracking' && spec.weights !== undefined
    ? 'its `serves` names none of the types that the endpoint runs on'
    : 'AWS sums this metric over cores or GPUs, and how many this instance type has is not known';
}

/** Whether the policy's numbers depend on the instance type. */
export function dependsOnType(spec: ScalingSpec): boolean {
  if (spec.kind === 'target-tracking' && spec.weights !== undefined) return true;
  const { metric, source } = spec.kind === 'step' ? spec.alarm : spec;
  return source === undefined && isSummed(metric);
}
