import type { Policy } from '../../shared/documents/index.ts';
import { inAwsUnits, whyNoUnits } from '../../shared/domain/instance-units.ts';
import { isWeighted } from '../../shared/domain/mixed-types.ts';
import { specName } from '../../shared/domain/policy.ts';
import type { ScenarioEndpoint } from '../model.ts';

/** Scaling policies that are not put, since nobody knows what AWS's numbers are on the endpoint's instance type. */
export function unitWarnings(
  endpoints: readonly ScenarioEndpoint[],
  policies: ReadonlyMap<string, Policy>,
): readonly string[] {
  return endpoints.flatMap((endpoint) => {
    const policyName = endpoint.policy ?? '';
    const policy = policies.get(policyName);
    if (policy === undefined) return [];
    return typesOf(endpoint).flatMap(([variant, instanceType]) => {
      const { scaling } = policy.variants.get(variant) ?? policy;
      return (
        scaling
          // Pools that a weighted target does not know have a warning of their own.
          .filter((spec) => !(endpoint.pools && isWeighted(spec)) && inAwsUnits(spec, { instanceType }) === undefined)
          .map(
            (spec) =>
              `endpoints.${endpoint.name}: ${instanceType}: the scaling policy ${specName(spec)} is not applied: ${whyNoUnits(spec)} (policy ${policyName})`,
          )
      );
    });
  });
}

function typesOf({ kind, variants, instanceType }: ScenarioEndpoint): readonly (readonly [string, string])[] {
  if (kind === 'components' || kind === 'serverless') return [];
  return variants?.map((variant) => [variant.name, variant.instanceType]) ?? [['AllTraffic', instanceType]];
}
