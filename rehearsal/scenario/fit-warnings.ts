import { compilePolicy, type Policy, type Schedule } from '../../shared/documents/index.ts';
import type { FleetRecord, Observed, TargetState } from '../../shared/domain/record.ts';
import { compileFor } from '../../shared/use-cases/scheduled-scaling/compile-record.ts';
import type { ScenarioEndpoint } from '../model.ts';

/** Of every endpoint that a scenario makes with one variant. */
const VARIANT = 'AllTraffic';
const TAG_PREFIX = 'endpoint-scaler';

/**
 * Where a policy does not fit an endpoint of the scenario, by the product's own rules for its kind, variants and instance
 * types. Warnings: a scenario may be there to rehearse just that.
 */
export function fitWarnings(
  endpoints: readonly ScenarioEndpoint[],
  policies: ReadonlyMap<string, Policy>,
  schedules: ReadonlyMap<string, Schedule | undefined>,
  start: number,
): readonly string[] {
  return endpoints.flatMap((endpoint) => {
    const { name, policy: policyName } = endpoint;
    const policy = policyName === undefined ? undefined : policies.get(policyName);
    // What is missing, or names schedules that are not there, is told as that.
    if (policy === undefined || policy.uses.some(({ schedule }) => schedules.get(schedule) === undefined)) return [];
    const compilation = compileFor(portsOf(policy, schedules), start, asEnrolled(endpoint, policy.name, start));
    if (compilation.ok) return [];
    return compilation.problems.map(
      ({ field, value, allowed }) =>
        `endpoints.${name}: policy ${policy.name} is invalid for it: ${field}: ${value}: ${allowed}`,
    );
  });
}

function portsOf(
  policy: Policy,
  schedules: ReadonlyMap<string, Schedule | undefined>,
): Parameters<typeof compileFor>[0] {
  const settings = { tagPrefix: TAG_PREFIX };
  return {
    settings,
    library: {
      compile(_, targets, from, until) {
        const [only] = targets;
        const isShared = targets.length > 1 || only?.dimension === 'copies';
        const of = isShared ? { targets } : only && { variant: only.name };
        const compiled = compilePolicy(policy, schedules, { from, until, ...of });
        if (compiled.ok) return { ok: true, ...compiled.value };
        const parameter = `/${TAG_PREFIX}/policies/${policy.name}`;
        return { ok: false, missing: false, problems: compiled.problems.map((problem) => ({ parameter, ...problem })) };
      },
    },
  };
}

/** What the product will know of it when it has looked for the first time. */
function asEnrolled(endpoint: ScenarioEndpoint, policyName: string, at: number): FleetRecord {
  const { name, kind, hosting, serverless, variants } = endpoint;
  const targets = hosting?.components.map(({ name: component }) => target(component, 'copies', endpoint.instanceType));
  const several = variants?.map((variant) => target(variant.name, 'instances', variant.instanceType));
  const own = targets ?? several;
  const observed: Observed = {
    at,
    status: 'InService',
    configName: name,
    creationTime: at,
    lastModifiedTime: at,
    desired: endpoint.instances,
    serving: endpoint.instances,
    ...(serverless === undefined && { instanceType: endpoint.instanceType }),
  };
  return {
    schemaVersion: 1,
    version: 1,
    endpoint: name,
    arn: name,
    kind,
    phase: 'up',
    phaseSince: at,
    generation: 0,
    policyName,
    protected: false,
    demand: [],
    nextAt: { scaling: at, windows: at },
    observed,
    ...(own === undefined ? { variant: VARIANT, pools: poolTypes(endpoint) ?? [] } : { targets: own }),
    ...(hosting && { managedMin: hosting.min }),
    ...(serverless && { maxConcurrency: serverless.maxConcurrency }),
  };
}

function target(name: string, dimension: TargetState['dimension'], instanceType: string): TargetState {
  return { name, dimension, instanceType };
}

function poolTypes({ pools }: ScenarioEndpoint): readonly string[] | undefined {
  return pools?.map(({ instanceType }) => instanceType);
}
