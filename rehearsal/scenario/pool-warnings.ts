import type { Policy } from '../../shared/documents/index.ts';
import type { TargetTracking } from '../../shared/domain/policy.ts';
import type { ScenarioEndpoint } from '../model.ts';

/** What a policy that scales on concurrency does not say of the types that an endpoint's instance pools name. */
export function poolWarnings(
  endpoints: readonly ScenarioEndpoint[],
  policies: ReadonlyMap<string, Policy>,
): readonly string[] {
  return endpoints.flatMap(({ name, pools, policy: policyName = '' }) => {
    const policy = policies.get(policyName);
    if (pools === undefined || policy === undefined) return [];
    const specs = [policy, ...policy.variants.values()].flatMap(({ scaling }) => scaling);
    return specs.flatMap((spec) =>
      spec.kind === 'target-tracking' && spec.metric === 'ConcurrentRequestsPerModel'
        ? warningsOf(spec, pools).map((warning) => `endpoints.${name}.pools: ${warning} (policy ${policyName})`)
        : [],
    );
  });
}

function warningsOf({ weights }: TargetTracking, pools: NonNullable<ScenarioEndpoint['pools']>): readonly string[] {
  if (weights === undefined) {
    const alike = pools.every(({ concurrent }) => concurrent === pools[0]?.concurrent);
    const what = pools.map(({ instanceType, concurrent }) => `${instanceType} takes ${concurrent}`).join(', ');
    return alike ? [] : [`${what}: one target for all is wrong for each; state \`serves\` in the scaling policy`];
  }
  return pools
    .filter(({ instanceType }) => !Object.hasOwn(weights.serves, instanceType))
    .map(({ instanceType }) => `${instanceType}: not in \`serves\` of the scaling policy; its load is not counted`);
}
