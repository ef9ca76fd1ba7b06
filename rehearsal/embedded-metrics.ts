import { METRIC_NAMESPACE, RUN_METRICS, type RunMetric } from '../shared/domain/run-metrics.ts';
import type { LogLine } from '../shared/ports/world.ts';
import type { SimulatedAws } from '../simulator/contract.ts';

/** What CloudWatch makes of a function's metric line, so that the template's alarms on the scaler itself are rehearsed too. */
export function publishMetrics(aws: SimulatedAws, service: string, line: LogLine): void {
  const values = line['metrics'] as Readonly<Partial<Record<RunMetric, number>>>;
  const dimensions = { service, function: String(line['function']) };
  for (const [name, value] of Object.entries(values)) {
    const unit = RUN_METRICS[name as RunMetric];
    aws.world.publishMetric({ namespace: METRIC_NAMESPACE, name, dimensions, unit, value });
  }
}
