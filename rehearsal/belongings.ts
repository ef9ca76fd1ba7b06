import { PRIORITY, type ServiceName } from '../simulator/contract.ts';
import { createApi } from './api.ts';
import { CHECKER } from './invariants/context.ts';
import type { Run } from './run.ts';

/** What an endpoint has beside its instances, when it was last seen after some time in service. */
export interface Belongings {
  readonly tags: readonly string[];
  readonly scalingPolicies: number;
}

/** API spelling; `Absent` when deleted. */
const AWAY: ReadonlySet<string> = new Set(['Absent', 'Creating', 'Deleting', 'Failed', 'OutOfService']);
const LOOK_EVERY_MS = 20 * 60_000;
/** What comes back to service may need a few minutes to be whole again. */
const SETTLED_MS = 15 * 60_000;

/** Looks at the endpoints now and then. Nobody in the run sees it. */
export function watchBelongings(run: Run): ReadonlyMap<string, Belongings> {
  const seen = new Map<string, Belongings>();
  const { start, durationMs, endpoints } = run.scenario;
  for (let at = start + LOOK_EVERY_MS; at < start + durationMs; at += LOOK_EVERY_MS) {
    run.aws.clock.at(at, PRIORITY.script, () => {
      for (const endpoint of endpoints) {
        const changes = run.observer.changesOf(endpoint, start);
        const back = changes[changes.findLastIndex(({ status }) => AWAY.has(status)) + 1]?.at;
        if (back !== undefined && at - back >= SETTLED_MS)
          void look(run, endpoint.name).then((found) => found && seen.set(endpoint.name, found));
      }
    });
  }
  return seen;
}

async function look(run: Run, name: string): Promise<Belongings | undefined> {
  const api = createApi(run.aws, CHECKER);
  const ask = async (service: ServiceName, operation: string, input: object) => {
    const answer = await api(service, operation, { ...input });
    return answer.ok ? answer.value : undefined;
  };
  const arn = `arn:aws:sagemaker:${run.aws.region}:${run.aws.accountId}:endpoint/${name.toLowerCase()}`;
  const tags = await ask('SageMaker', 'ListTags', { ResourceArn: arn });
  const described = await ask('SageMaker', 'DescribeEndpoint', { EndpointName: name });
  // Deleted in between: what was seen before stands.
  if (tags === undefined || described === undefined) return undefined;
  let scalingPolicies = 0;
  for (const { VariantName } of (described['ProductionVariants'] ?? []) as { VariantName: string }[]) {
    const ResourceId = `endpoint/${name}/variant/${VariantName}`;
    const page = await ask('ApplicationAutoScaling', 'DescribeScalingPolicies', {
      ServiceNamespace: 'sagemaker',
      ResourceId,
    });
    scalingPolicies += ((page?.['ScalingPolicies'] ?? []) as unknown[]).length;
  }
  return { tags: ((tags['Tags'] ?? []) as { Key: string }[]).map(({ Key }) => Key), scalingPolicies };
}
