import { type InstanceTypes, unweighted } from './mixed-types.ts';
import type { ScalingSpec, StepScaling } from './policy.ts';

/**
 * Families of which a size `n`xlarge has 4n vCPUs, but for the odd sizes below. A family that is not among them is not
 * known, whatever its name suggests. Source: the instance types that CreateEndpointConfig takes (API model, November 2026)
 * in EC2's tables, and what EC2 has beside them of these generations.
 */
const FAMILIES = new Set(
  (
    'c4 c5 c5d c6g c6gd c6gn c6i c6in c7g c7i c8g dl1 g4dn g5 g6 g6e g7 g7e gr6 inf1 inf2 m4 m5 m5d m6g m6gd m6i m7g m7i ' +
    'm8g p2 p3 p3dn p4d p4de p5 p5e p5en p6-b200 p6-b300 p6e-gb200 r5 r5d r6g r6gd r6i r7g r7gd r7i r8g t2 t3 trn1 trn1n trn2'
  ).split(' '),
);

const CORES: Readonly<Record<string, number>> = { medium: 1, large: 2, xlarge: 4 };
const ODD_CORES: Readonly<Record<string, number>> = { 'c4.8xlarge': 36, 't2.medium': 2, 't3.medium': 2 };

type Sizes = Readonly<Record<string, number>>;

const UP_TO_FOUR: Sizes = { xlarge: 1, '2xlarge': 1, '4xlarge': 1, '8xlarge': 1, '16xlarge': 1, '12xlarge': 4 };
const UP_TO_EIGHT: Sizes = { ...UP_TO_FOUR, '24xlarge': 4, '48xlarge': 8 };
const BLACKWELL: Sizes = { '2xlarge': 1, '4xlarge': 1, '8xlarge': 1, '12xlarge': 2, '24xlarge': 4, '48xlarge': 8 };
const ALL_48: Sizes = { '48xlarge': 8 };

/** GPUs by family and size; a size that is not here is not known. Source: the same. */
const GPUS: Readonly<Record<string, Sizes>> = {
  g4dn: UP_TO_FOUR,
  g5: UP_TO_EIGHT,
  g6: UP_TO_EIGHT,
  g6e: UP_TO_EIGHT,
  g7: BLACKWELL,
  g7e: BLACKWELL,
  gr6: { '4xlarge': 1, '8xlarge': 1 },
  p2: { xlarge: 1, '8xlarge': 8, '16xlarge': 16 },
  p3: { '2xlarge': 1, '8xlarge': 4, '16xlarge': 8 },
  p3dn: { '24xlarge': 8 },
  p4d: { '24xlarge': 8 },
  p4de: { '24xlarge': 8 },
  p5: { '4xlarge': 1, ...ALL_48 },
  p5e: ALL_48,
  p5en: ALL_48,
  'p6-b200': ALL_48,
  'p6-b300': ALL_48,
  'p6e-gb200': { '36xlarge': 4 },
};

function split(instanceType: string): { readonly family: string; readonly size: string } | undefined {
  const match = /^ml\.([a-z0-9-]+)\.([a-z0-9]+)$/.exec(instanceType);
  return match === null ? undefined : { family: match[1] ?? '', size: match[2] ?? '' };
}

/** vCPUs of an instance type; undefined: not known (a family that is not in the table, metal, or no instance type). */
export function coresOf(instanceType: string): number | undefined {
  const parts = split(instanceType);
  if (parts === undefined || !FAMILIES.has(parts.family)) return undefined;
  const times = /^(\d+)xlarge$/.exec(parts.size)?.[1];
  const usual = times === undefined ? CORES[parts.size] : 4 * Number(times);
  return ODD_CORES[`${parts.family}.${parts.size}`] ?? usual;
}

/** GPUs of an instance type; undefined: not known, or it has none. */
export function gpusOf(instanceType: string): number | undefined {
  const parts = split(instanceType);
  const sizes = parts === undefined || !Object.hasOwn(GPUS, parts.family) ? undefined : GPUS[parts.family];
  return sizes === undefined || parts === undefined ? undefined : sizes[parts.size];
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
    : 'AWS sums this metric over cores or GPUs, and how many this instance type has is not known; written out, the metric takes the sum itself';
}

/** Whether the policy's numbers depend on the instance type. */
export function dependsOnType(spec: ScalingSpec): boolean {
  if (spec.kind === 'target-tracking' && spec.weights !== undefined) return true;
  const { metric, source } = spec.kind === 'step' ? spec.alarm : spec;
  return source === undefined && isSummed(metric);
}
