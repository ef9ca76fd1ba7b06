import { validationError } from './errors.ts';
import { NAMESPACE } from './model.ts';

export const INSTANCES = 'sagemaker:variant:DesiredInstanceCount';
export const PROVISIONED = 'sagemaker:variant:DesiredProvisionedConcurrency';
export const COPIES = 'sagemaker:inference-component:DesiredCopyCount';

/** What of SageMaker can be scaled here. */
export type Resource =
  | { readonly dimension: typeof INSTANCES | typeof PROVISIONED; readonly endpoint: string; readonly variant: string }
  | { readonly dimension: typeof COPIES; readonly component: string };

/** How the service's own calls, texts and metrics name a resource of one dimension. */
interface Manner {
  readonly pattern: RegExp;
  readonly expected: string;
  read(names: readonly string[]): Resource;
}

const VARIANT = /^endpoint\/([^/]+)\/variant\/([^/]+)$/;
const VARIANT_EXPECTED = 'endpoint/<name>/variant/<name>';

const MANNERS: Readonly<Record<Resource['dimension'], Manner>> = {
  [INSTANCES]: {
    pattern: VARIANT,
    expected: VARIANT_EXPECTED,
    read: ([endpoint, variant]) => ({ dimension: INSTANCES, endpoint: endpoint!, variant: variant! }),
  },
  [PROVISIONED]: {
    pattern: VARIANT,
    expected: VARIANT_EXPECTED,
    read: ([endpoint, variant]) => ({ dimension: PROVISIONED, endpoint: endpoint!, variant: variant! }),
  },
  [COPIES]: {
    pattern: /^inference-component\/([^/]+)$/,
    expected: 'inference-component/<name>',
    read: ([component]) => ({ dimension: COPIES, component: component! }),
  },
};

export const DIMENSIONS = Object.keys(MANNERS) as readonly Resource['dimension'][];

export interface ResourceKey {
  readonly ServiceNamespace: string;
  readonly ResourceId: string;
  readonly ScalableDimension: string;
}

function mannerOf(dimension: string): Manner | undefined {
  return Object.hasOwn(MANNERS, dimension) ? MANNERS[dimension as Resource['dimension']] : undefined;
}

/** Only what SageMaker scales and this account has is modelled; other scalable things are refused by name. */
export function parseResource({ ServiceNamespace, ResourceId, ScalableDimension }: ResourceKey): Resource {
  if (ServiceNamespace !== NAMESPACE) {
    throw validationError(
      `Service namespace ${ServiceNamespace} is not supported by this simulator. Supported: ${NAMESPACE}.`,
    );
  }
  const manner = mannerOf(ScalableDimension);
  if (manner === undefined) {
    throw validationError(
      `Scalable dimension ${ScalableDimension} is not supported by this simulator. Supported: ${DIMENSIONS.join(', ')}.`,
    );
  }
  const match = manner.pattern.exec(ResourceId);
  if (!match)
    throw validationError(`Unsupported resource type for ResourceId: ${ResourceId}. Expected ${manner.expected}.`);
  return manner.read(match.slice(1));
}

/** Whether a resource is what a filter of a describe call asks for; absent members ask for anything. */
export function isAskedFor(
  target: { readonly resourceId: string; readonly resource: Resource },
  filter: { readonly ServiceNamespace: string; readonly ResourceId?: string; readonly ScalableDimension?: string },
): boolean {
  return (
    filter.ServiceNamespace === NAMESPACE &&
    (filter.ResourceId ?? target.resourceId) === target.resourceId &&
    (filter.ScalableDimension ?? target.resource.dimension) === target.resource.dimension
  );
}

const WORDS: Readonly<Record<Resource['dimension'], string>> = {
  [INSTANCES]: 'instance count',
  [PROVISIONED]: 'provisioned concurrency',
  [COPIES]: 'copy count',
};

/** What an activity says was set. */
export function sizeWord({ dimension }: Resource): string {
  return WORDS[dimension];
}

/** SageMaker's call that sets the size. */
export function sizeCall(resource: Resource, to: number): { readonly operation: string; readonly input: object } {
  if (resource.dimension === COPIES) {
    return {
      operation: 'UpdateInferenceComponentRuntimeConfig',
      input: { InferenceComponentName: resource.component, DesiredRuntimeConfig: { CopyCount: to } },
    };
  }
  const size =
    resource.dimension === PROVISIONED
      ? { ServerlessUpdateConfig: { ProvisionedConcurrency: to } }
      : { DesiredInstanceCount: to };
  return {
    operation: 'UpdateEndpointWeightsAndCapacities',
    input: {
      EndpointName: resource.endpoint,
      DesiredWeightsAndCapacities: [{ VariantName: resource.variant, ...size }],
    },
  };
}

/** Dimensions of the metrics that SageMaker publishes of it. */
export function metricDimensions(resource: Resource): { Name: string; Value: string }[] {
  if (resource.dimension === COPIES) return [{ Name: 'InferenceComponentName', Value: resource.component }];
  return [
    { Name: 'EndpointName', Value: resource.endpoint },
    { Name: 'VariantName', Value: resource.variant },
  ];
}

/** What Application Auto Scaling sees of a resource when it looks. */
export interface ResourceView {
  /** The endpoint's or the component's own. */
  readonly status: string;
  readonly desired: number;
  readonly current: number;
  /** Type of a variant's instances; `serverless` where it has none, empty for a component. */
  readonly instanceType: string;
  readonly failureReason: string | undefined;
}

export interface ResourceLookup {
  /** What is not there is told in SageMaker's words. */
  find(resource: Resource): ResourceView | { readonly missing: string };
}
