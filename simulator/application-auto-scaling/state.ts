import type { SimulatedCloudWatch } from '../cloudwatch/index.ts';
import type { Caller, EpochMs, Kernel } from '../contract.ts';
import { ActivityLog } from './activities.ts';
import { targetNotFound, validationError } from './errors.ts';
import type { ScalableTarget, ScalingPolicy } from './model.ts';
import { parseResource, type ResourceKey, type ResourceLookup, type ResourceView } from './resources.ts';

/** The service principal that scales SageMaker variants. */
export const SCALING_CALLER: Caller = { kind: 'service', name: 'sagemaker.application-autoscaling.amazonaws.com' };

type TargetKey = Pick<ResourceKey, 'ResourceId' | 'ScalableDimension'>;

/** Scalable targets by resource and dimension: a resource may have more than one of them. */
class TargetRegistry {
  readonly #targets = new Map<string, ScalableTarget>();

  get size(): number {
    return this.#targets.size;
  }

  get({ ResourceId, ScalableDimension }: TargetKey): ScalableTarget | undefined {
    return this.#targets.get(`${ScalableDimension} ${ResourceId}`);
  }

  add(target: ScalableTarget): void {
    this.#targets.set(`${target.resource.dimension} ${target.resourceId}`, target);
  }

  delete(target: ScalableTarget): void {
    this.#targets.delete(`${target.resource.dimension} ${target.resourceId}`);
  }

  has(target: ScalableTarget): boolean {
    return this.#targets.get(`${target.resource.dimension} ${target.resourceId}`) === target;
  }

  values(): Iterable<ScalableTarget> & IteratorObject<ScalableTarget> {
    return this.#targets.values();
  }
}

/** Scalable targets with their policies and scheduled actions. */
export class AutoScalingState {
  readonly kernel: Kernel;
  readonly cloudwatch: SimulatedCloudWatch;
  readonly resources: ResourceLookup;
  readonly targets = new TargetRegistry();
  readonly activities: ActivityLog;
  /** The service-linked role comes with an account's first scalable target and stays. */
  hasServiceLinkedRole = false;

  constructor(kernel: Kernel, cloudwatch: SimulatedCloudWatch, resources: ResourceLookup) {
    this.kernel = kernel;
    this.cloudwatch = cloudwatch;
    this.resources = resources;
    this.activities = new ActivityLog(kernel);
  }

  get now(): EpochMs {
    return this.kernel.clock.now();
  }

  require(key: ResourceKey, word: 'found' | 'registered' = 'found'): ScalableTarget {
    parseResource(key);
    const target = this.targets.get(key);
    if (!target) throw targetNotFound(key, word);
    return target;
  }

  /** The resource behind a target, if it is there and can be changed now; else why not. */
  look({ resource }: ScalableTarget): { readonly view: ResourceView } | { readonly notScalable: string } {
    const view = this.resources.find(resource);
    if ('missing' in view) return { notScalable: view.missing };
    if (view.status === 'InService') return { view };
    const what =
      'component' in resource ? `Inference component ${resource.component}` : `Endpoint ${resource.endpoint}`;
    return { notScalable: `${what} is in status ${view.status}.` };
  }

  findPolicy(arn: string): { target: ScalableTarget; policy: ScalingPolicy } | undefined {
    for (const target of this.targets.values()) {
      for (const policy of target.policies.values()) if (policy.arn === arn) return { target, policy };
    }
    return undefined;
  }
}

export function cutPage<T>(
  all: readonly T[],
  input: { NextToken?: string; MaxResults?: number },
): { page: T[]; next: { NextToken?: string } } {
  const from = input.NextToken === undefined ? 0 : Number(input.NextToken);
  if (!Number.isInteger(from) || from < 0) throw validationError('Invalid next token');
  const size = input.MaxResults ?? 50;
  if (size < 1 || size > 50) throw validationError('MaxResults must be between 1 and 50.');
  const to = from + size;
  return { page: all.slice(from, to), next: to < all.length ? { NextToken: String(to) } : {} };
}
