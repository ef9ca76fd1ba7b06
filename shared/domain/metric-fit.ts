import type { KindProblem } from './check-kind.ts';
import { metricFacts } from './metric-names.ts';
import type { EndpointKind, ScalingSpec } from './policy.ts';

/** Metrics of the printed table that the endpoint's kind never publishes: an alarm on one stays without data for ever. */
export function checkMetrics(kind: EndpointKind, scaling: readonly ScalingSpec[]): readonly KindProblem[] {
  return scaling.flatMap((spec) => tableMetrics(spec)).flatMap((metric) => checkMetric(kind, metric));
}

function tableMetrics(spec: ScalingSpec): readonly string[] {
  const { metric, source } = spec.kind === 'step' ? spec.alarm : spec;
  if (source === undefined) return [metric];
  if (!('math' in source)) return [];
  return Object.values(source.metrics).filter((one) => typeof one === 'string');
}

function checkMetric(kind: EndpointKind, metric: string): readonly KindProblem[] {
  const kinds: readonly EndpointKind[] = metricFacts(metric)?.kinds ?? [kind];
  if (kinds.includes(kind)) return [];
  const allowed = `a metric that ${kind} endpoints publish; this one comes from ${kinds.join(' and ')} endpoints alone`;
  return [{ code: 'policy-invalid', field: 'scaling', value: metric, allowed }];
}
