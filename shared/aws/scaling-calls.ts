import {
  type ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  DescribeScalingActivitiesCommand,
  DescribeScalingPoliciesCommand,
  DescribeScheduledActionsCommand,
  ListTagsForResourceCommand,
  PutScalingPolicyCommand,
  PutScheduledActionCommand,
  RegisterScalableTargetCommand,
  type ScalableTarget,
  type ScalingActivity,
  type ScalingPolicy,
  type ScheduledAction,
  TagResourceCommand,
} from '@aws-sdk/client-application-auto-scaling';
import type { Bounds } from '../domain/policy.ts';
import type { JsonObject } from '../domain/recipe.ts';
import type { Dimension, TargetKey } from '../domain/scalable-target.ts';
import type { Instant } from '../domain/time.ts';
import type { ScalingPolicyView, TargetView } from '../ports/scaling.ts';
import { toJsonObject } from './json.ts';
import type { policyRequest } from './scaling-policies.ts';

const SAGEMAKER = { ServiceNamespace: 'sagemaker' } as const;

/** As Application Auto Scaling, and a recipe, names them. */
const DIMENSIONS = {
  instances: 'sagemaker:variant:DesiredInstanceCount',
  'provisioned-concurrency': 'sagemaker:variant:DesiredProvisionedConcurrency',
  copies: 'sagemaker:inference-component:DesiredCopyCount',
} as const satisfies Readonly<Record<Dimension, string>>;

export function dimensionName(dimension: Dimension): (typeof DIMENSIONS)[Dimension] {
  return DIMENSIONS[dimension];
}

/** One that AWS adds is nobody's of ours; `instances` then finds no target of that id. */
export function dimensionOf(name: string | undefined): Dimension {
  const [known] = Object.entries(DIMENSIONS).find(([, aws]) => aws === name) ?? [];
  return (known as Dimension | undefined) ?? 'instances';
}

/** What every call on one target names. */
export function placeOf({ resourceId, dimension }: TargetKey) {
  return { ...SAGEMAKER, ScalableDimension: dimensionName(dimension), ResourceId: resourceId };
}

const PAGE_SIZE = 50;
const PAGES_LIMIT = 100;
/** Activities come newest first; of a busy account the newest are read. */
const ACTIVITY_PAGES = 4;

/** The raw calls that both the control and the snapshots need. They throw what the SDK throws. */
export interface ScalingCalls {
  targets(keys: readonly TargetKey[]): Promise<readonly ScalableTarget[]>;
  /** Undefined: of every target that SageMaker has. */
  policies(key: TargetKey | undefined): Promise<readonly ScalingPolicy[]>;
  scheduledActions(key: TargetKey): Promise<readonly ScheduledAction[]>;
  /** Of every target, newest first, those that came to nothing included; at most the newest pages. */
  activities(since: Instant): Promise<readonly ScalingActivity[]>;
  tags(arn: string): Promise<Readonly<Record<string, string>>>;
  register(request: RegisterRequest): Promise<void>;
  /** For a target that is there: registering tags on creation alone. */
  tag(arn: string, tags: Readonly<Record<string, string>>): Promise<void>;
  putPolicy(key: TargetKey, name: string, request: JsonObject): Promise<string>;
  putScheduledAction(key: TargetKey, name: string, request: JsonObject): Promise<void>;
}

export interface RegisterRequest {
  readonly key: TargetKey;
  readonly bounds: Bounds;
  readonly suspended?: TargetView['suspended'];
  /** Only for a target that does not exist yet: AWS tags on creation alone. */
  readonly tags?: Readonly<Record<string, string>>;
}

export function createScalingCalls(client: ApplicationAutoScalingClient): ScalingCalls {
  return { ...createReads(client), ...createWrites(client) };
}

type Reads = Pick<ScalingCalls, 'targets' | 'policies' | 'scheduledActions' | 'activities' | 'tags'>;

function createReads(client: ApplicationAutoScalingClient): Reads {
  return {
    async targets(keys) {
      const found: ScalableTarget[] = [];
      for (const { dimension, ResourceIds } of inChunks(keys)) {
        const one = { ...SAGEMAKER, ScalableDimension: dimensionName(dimension), ResourceIds, MaxResults: PAGE_SIZE };
        const pages = await allPages(async (NextToken) => {
          const answer = await client.send(new DescribeScalableTargetsCommand({ ...one, NextToken }));
          return { items: answer.ScalableTargets ?? [], next: answer.NextToken };
        });
        found.push(...pages);
      }
      return found;
    },
    // AWS takes a dimension only together with a resource id.
    policies: (key) =>
      allPages(async (NextToken) => {
        const place = key === undefined ? SAGEMAKER : placeOf(key);
        const answer = await client.send(
          new DescribeScalingPoliciesCommand({ ...place, MaxResults: PAGE_SIZE, NextToken }),
        );
        return { items: answer.ScalingPolicies ?? [], next: answer.NextToken };
      }),
    scheduledActions: (key) =>
      allPages(async (NextToken) => {
        const answer = await client.send(
          new DescribeScheduledActionsCommand({ ...placeOf(key), MaxResults: PAGE_SIZE, NextToken }),
        );
        return { items: answer.ScheduledActions ?? [], next: answer.NextToken };
      }),
    async activities(since) {
      const found: ScalingActivity[] = [];
      let NextToken: string | undefined;
      for (let page = 0; page < ACTIVITY_PAGES; page += 1) {
        const answer = await client.send(
          new DescribeScalingActivitiesCommand({
            ...SAGEMAKER,
            IncludeNotScaledActivities: true,
            MaxResults: PAGE_SIZE,
            NextToken,
          }),
        );
        const activities = answer.ScalingActivities ?? [];
        found.push(...activities);
        const oldest = activities.at(-1)?.StartTime?.getTime() ?? 0;
        NextToken = answer.NextToken;
        if (NextToken === undefined || NextToken === '' || oldest < since) break;
      }
      return found;
    },
    async tags(ResourceARN) {
      return (await client.send(new ListTagsForResourceCommand({ ResourceARN }))).Tags ?? {};
    },
  };
}

function createWrites(client: ApplicationAutoScalingClient): Omit<ScalingCalls, keyof Reads> {
  return {
    async register({ key, bounds, suspended, tags }) {
      await client.send(
        new RegisterScalableTargetCommand({
          ...placeOf(key),
          MinCapacity: bounds.min,
          MaxCapacity: bounds.max,
          ...(suspended === undefined ? {} : { SuspendedState: suspendedState(suspended) }),
          ...(tags === undefined ? {} : { Tags: { ...tags } }),
        }),
      );
    },
    async tag(ResourceARN, tags) {
      await client.send(new TagResourceCommand({ ResourceARN, Tags: { ...tags } }));
    },
    async putPolicy(key, name, request) {
      // The request came from AWS or from policyRequest in the very shape that AWS takes.
      const definition = request as unknown as ReturnType<typeof policyRequest>;
      const answer = await client.send(
        new PutScalingPolicyCommand({ ...definition, ...placeOf(key), PolicyName: name }),
      );
      return answer.PolicyARN ?? '';
    },
    async putScheduledAction(key, name, { StartTime, EndTime, ...request }) {
      await client.send(
        new PutScheduledActionCommand({
          ...request,
          // Times are erased when they are left out.
          ...(typeof StartTime === 'string' ? { StartTime: new Date(StartTime) } : {}),
          ...(typeof EndTime === 'string' ? { EndTime: new Date(EndTime) } : {}),
          ...placeOf(key),
          ScheduledActionName: name,
        }),
      );
    },
  };
}

/** A call names one dimension and so many ids at most. */
function inChunks(keys: readonly TargetKey[]): readonly { dimension: Dimension; ResourceIds: string[] }[] {
  const chunks: { dimension: Dimension; ResourceIds: string[] }[] = [];
  for (const [dimension, ofOne] of Map.groupBy(keys, (key) => key.dimension)) {
    const ids = ofOne.map(({ resourceId }) => resourceId);
    for (let start = 0; start < ids.length; start += PAGE_SIZE) {
      chunks.push({ dimension, ResourceIds: ids.slice(start, start + PAGE_SIZE) });
    }
  }
  return chunks;
}

async function allPages<T>(
  read: (token: string | undefined) => Promise<{ readonly items: readonly T[]; readonly next: string | undefined }>,
): Promise<readonly T[]> {
  const found: T[] = [];
  let token: string | undefined;
  for (let page = 0; page < PAGES_LIMIT; page += 1) {
    const { items, next } = await read(token);
    found.push(...items);
    if (next === undefined || next === '') return found;
    token = next;
  }
  throw new Error(`more than ${PAGES_LIMIT} pages from Application Auto Scaling`);
}

export function targetView(target: ScalableTarget): TargetView {
  const { SuspendedState: state } = target;
  return {
    resourceId: target.ResourceId ?? '',
    dimension: dimensionOf(target.ScalableDimension),
    min: target.MinCapacity ?? 0,
    max: target.MaxCapacity ?? 0,
    suspended: {
      in: state?.DynamicScalingInSuspended ?? false,
      out: state?.DynamicScalingOutSuspended ?? false,
      scheduled: state?.ScheduledScalingSuspended ?? false,
    },
    ...(target.ScalableTargetARN === undefined ? {} : { arn: target.ScalableTargetARN }),
  };
}

function suspendedState(suspended: TargetView['suspended']) {
  return {
    DynamicScalingInSuspended: suspended.in,
    DynamicScalingOutSuspended: suspended.out,
    ScheduledScalingSuspended: suspended.scheduled,
  };
}

/** Members of the answer that name or locate the policy, and those that AWS makes itself. */
const NOT_IN_DEFINITION = new Set<keyof ScalingPolicy>([
  'PolicyName',
  'PolicyARN',
  'ServiceNamespace',
  'ResourceId',
  'ScalableDimension',
  'Alarms',
  'CreationTime',
]);

export function policyView(policy: ScalingPolicy): ScalingPolicyView {
  const members = Object.entries(policy).filter(([member]) => !NOT_IN_DEFINITION.has(member as keyof ScalingPolicy));
  return {
    name: policy.PolicyName ?? '',
    arn: policy.PolicyARN ?? '',
    type: policy.PolicyType ?? '',
    definition: toJsonObject(Object.fromEntries(members)),
  };
}
