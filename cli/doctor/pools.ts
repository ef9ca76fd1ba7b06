import { weighedTypes } from '../../shared/domain/mixed-types.ts';
import { specName } from '../../shared/domain/policy.ts';
import type { FleetRecord } from '../../shared/domain/record.ts';
import type { EndpointConfigView } from '../../shared/ports/endpoints.ts';
import type { Finding } from './finding.ts';

/** The load of a type that a weighted target does not know is not counted. */
export function judgePools(
  { endpoint, policy }: Pick<FleetRecord, 'endpoint' | 'policy'>,
  { variants }: Pick<EndpointConfigView, 'variants'>,
): readonly Finding[] {
  const pools = variants[0]?.pools ?? [];
  return (policy?.scaling ?? []).flatMap((spec): Finding[] => {
    if (spec.kind !== 'target-tracking' || spec.weights === undefined) return [];
    const weighed = weighedTypes(spec.weights, pools);
    const unsaid = pools.filter((type) => !weighed.includes(type));
    if (unsaid.length === 0) return [];
    const found = `the scaling policy ${specName(spec)} does not say how much ${unsaid.join(', ')} of its instance pools serves`;
    return [
      {
        level: 'warning',
        check: 'scaling',
        subject: endpoint,
        found,
        advice: 'add it to `serves`: until then its load is not counted',
      },
    ];
  });
}
