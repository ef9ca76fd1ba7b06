import type { CustomMetric, MetricMath, ScalingSpec, TargetTracking, TypeWeights } from './policy.ts';
import type { FleetRecord } from './record.ts';

/** What a variant runs on: one instance type, or instance pools (then `instanceType` is the best of them). */
export interface InstanceTypes {
  readonly instanceType?: string | undefined;
  /** Types of the instance pools, best first. */
  readonly pools?: readonly string[] | undefined;
}

export function isWeighted(spec: ScalingSpec): boolean {
  return spec.kind === 'target-tracking' && spec.weights !== undefined;
}

/** What the endpoint of a record runs on. */
export function instanceTypesOf({ observed, pools = [] }: FleetRecord): InstanceTypes {
  return { instanceType: observed?.instanceType, pools: pools.length === 0 ? undefined : pools };
}

/** Types of the pools whose load a weighted target counts. */
export function weighedTypes({ serves }: TypeWeights, pools: readonly string[]): readonly string[] {
  return pools.filter((type) => Object.hasOwn(serves, type));
}

/**
 * A weighted target as AWS can follow it. On instance pools: load by capacity, in units of the reference type. On one
 * type: the plain metric, which AWS publishes every 10 seconds, with the target in units of that type.
 * Undefined: it is not said how much any of the types serves.
 */
export function unweighted(spec: TargetTracking, { instanceType, pools }: InstanceTypes): TargetTracking | undefined {
  const { weights, ...plain } = spec;
  if (weights === undefined) return spec;
  if (pools !== undefined) {
    const types = weighedTypes(weights, pools);
    return types.length === 0 ? undefined : { ...plain, source: loadByCapacity(weights, types) };
  }
  const factor = instanceType === undefined ? undefined : factorOf(weights, instanceType);
  return factor === undefined ? undefined : { ...plain, target: spec.target * factor };
}

/** Instances of the reference type that one of this type stands for; undefined: not said. */
function factorOf({ reference, serves }: TypeWeights, type: string): number | undefined {
  const own = Object.hasOwn(serves, type) ? serves[type] : undefined;
  return own === undefined ? undefined : own / (serves[reference] ?? own);
}

/**
 * Every instance reports its own concurrency, so the sum of its samples is load and their number counts instances. A type
 * without instances publishes nothing: FILL makes it nothing in both, and without any instance 0 / 0 has no value.
 */
function loadByCapacity({ reference, serves }: TypeWeights, types: readonly string[]): MetricMath {
  const inputs = types.flatMap((type, index): [string, CustomMetric][] => [
    [`load${index + 1}`, concurrencyOf(type, 'Sum')],
    [`count${index + 1}`, concurrencyOf(type, 'SampleCount')],
  ]);
  const load = types.map((_, index) => `FILL(load${index + 1}, 0)`).join(' + ');
  const capacity = types.map((type, index) => `${serves[type] ?? 0} * FILL(count${index + 1}, 0)`).join(' + ');
  return { math: `${serves[reference] ?? 0} * (${load}) / (${capacity})`, metrics: Object.fromEntries(inputs) };
}

function concurrencyOf(type: string, statistic: 'Sum' | 'SampleCount'): CustomMetric {
  return {
    namespace: 'AWS/SageMaker',
    name: 'ConcurrentRequestsPerModel',
    dimensions: { EndpointName: '{endpoint}', VariantName: '{variant}', InstanceType: type },
    statistic,
  };
}
