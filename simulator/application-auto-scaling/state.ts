import type { SimulatedCloudWatch } from '../cloudwatch/index.ts';
import type { Caller, EpochMs, Kernel } from '../contract.ts';
import { ActivityLog } from './activities.ts';
import { targetNotFound, validationError } from './errors.ts';
import {
  DIMENSION,
  NAMESPACE,
  type ScalableTarget,
  type ScalingPolicy,
  type VariantLookup,
  type VariantView,
} from './model.ts';

/** The service principal that scales SageMaker variants. */
export const SCALING_CALLER: Caller = { kind: 'service', name: 'sagemaker.application-autoscaling.amazonaws.com' };

export interface ResourceKey {
  readonly ServiceNamespace: string;
  readonly ResourceId: string;
  readonly ScalableDimension: string;
}

/** Scalable targets with their policies and scheduled actions. */
export class AutoScalingState {
  readonly kernel: Kernel;
  readonly cloudwatch: SimulatedCloudWatch;
  readonly variants: VariantLookup;
  readonly targets = new Map<string, ScalableTarget>();
  readonly activities: ActivityLog;
  /** The service-linked role comes with an account's first scalable target and stays. */
  hasServiceLinkedRole = false;

  constructor(kernel: Kernel, cloudwatch: SimulatedCloudWatch, variants: VariantLookup) {
    this.kernel = kernel;
    this.cloudwatch = cloudwatch;
    this.variants = variants;
    this.activities = new ActivityLog(kernel);
  }

  get now(): EpochMs {
    return this.kernel.clock.now();
  }

  require(key: ResourceKey, word: 'found' | 'registered' = 'found'): ScalableTarget {
    parseResource(key);
    const target = this.targets.get(key.ResourceId);
    if (!target) throw targetNotFound(key.ResourceId, word);
    return target;
  }

  /** The variant behind a target, if it is there and its endpoint can be changed now; else why not. */
  look(target: ScalableTarget): { readonly view: VariantView } | { readonly notScalable: string } {
    const view = this.variants.find(target.endpoint, target.variant);
    if (view === undefined) return { notScalable: `Could not find endpoint ${target.endpoint}.` };
    if (view === 'no-variant') return { notScalable: `Could not find variant ${target.variant}.` };
    if (view.endpointStatus !== 'InService')
      return { notScalable: `Endpoint ${target.endpoint} is in status ${view.endpointStatus}.` };
    return { view };
  }

  findPolicy(arn: string): { target: ScalableTarget; policy: ScalingPolicy } | undefined {
    for (const target of this.targets.values()) {
      for (const policy of target.policies.values()) if (policy.arn === arn) return { target, policy };
    }
    return undefined;
  }
}

/** Only what SageMaker variants need is modelled; other scalable things are refused by name. */
export function parseResource({ ServiceNamespace, ResourceId, ScalableDimension }: ResourceKey): {
  endpoint: string;
  variant: string;
} {
  if (ServiceNamespace !== NAMESPACE) {
    throw validationError(
      `Service namespace ${ServiceNamespace} is not supported by this simulator. Supported: ${NAMESPACE}.`,
    );
  }
  if (ScalableDimension !== DIMENSION) {
    throw validationError(
      `Scalable dimension ${ScalableDimension} is not supported by this simulator. Supported: ${DIMENSION}.`,
    );
  }
  const match = /^endpoint\/([^/]+)\/variant\/([^/]+)$/.exec(ResourceId);
  if (!match)
    throw validationError(
      `Unsupported resource type for ResourceId: ${ResourceId}. Expected endpoint/<name>/variant/<name>.`,
    );
  return { endpoint: match[1]!, variant: match[2]! };
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
