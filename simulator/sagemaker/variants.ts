import { createHash } from 'node:crypto';
import {
  type DeployedImage,
  type Endpoint,
  type EndpointConfig,
  hostsComponents,
  type ProductionVariant,
  SERVERLESS,
  type Variant,
} from './endpoint.ts';
import { nameKey } from './naming.ts';
import type { SageMakerState } from './state.ts';

/** How the ledger calls the GB of provisioned concurrency. */
export const PROVISIONED = 'serverless-provisioned';

interface Container {
  readonly Image?: string;
}

function resolveImages(state: SageMakerState, definition: ProductionVariant): DeployedImage[] {
  const model = definition.ModelName === undefined ? undefined : state.models.get(nameKey(definition.ModelName))?.model;
  if (!model) return [];
  const containers = [model['PrimaryContainer'], ...((model['Containers'] as Container[] | undefined) ?? [])] as (
    | Container
    | undefined
  )[];
  return containers.flatMap((container) => {
    if (container?.Image === undefined) return [];
    return [
      {
        SpecifiedImage: container.Image,
        ResolvedImage: resolve(container.Image, state.pushedImages.get(container.Image) ?? 0),
        ResolutionTime: new Date(state.now),
      },
    ];
  });
}

/** A digest names one image for good; a tag names whatever was pushed last. */
function resolve(image: string, pushes: number): string {
  if (image.includes('@sha256:')) return image;
  const digest = createHash('sha256')
    .update(pushes === 0 ? image : `${image} ${pushes}`)
    .digest('hex');
  return `${image.replace(/:[^/]*$/, '')}@sha256:${digest}`;
}

/** Variants at their initial counts and weights, with no instance yet: what a create or an update starts from. */
export function buildVariants(
  state: SageMakerState,
  config: EndpointConfig,
): { readonly variants: Variant[]; readonly shadows: Variant[] } {
  const build = (definition: ProductionVariant) => buildVariant(state, definition);
  return {
    variants: config.ProductionVariants.map(build),
    shadows: (config.ShadowProductionVariants ?? []).map(build),
  };
}

function buildVariant(state: SageMakerState, definition: ProductionVariant): Variant {
  return {
    definition,
    current: new Map(),
    desired: definition.ServerlessConfig
      ? (definition.ServerlessConfig.ProvisionedConcurrency ?? 0)
      : (definition.InitialInstanceCount ?? 1),
    weight: definition.InitialVariantWeight ?? 1,
    desiredWeight: definition.InitialVariantWeight ?? 1,
    transition: undefined,
    images: resolveImages(state, definition),
    hosts: [],
    vacancy: new Map(),
  };
}

/** Paid for from now on, or no longer: instances by their type, provisioned concurrency by its memory in GB. */
export function payFor(
  state: SageMakerState,
  endpoint: string,
  { ServerlessConfig }: ProductionVariant,
  type: string,
  count: number,
): void {
  const ledger = state.ledger(endpoint);
  if (type !== SERVERLESS) ledger.change(type, count, state.now);
  else if (count !== 0)
    ledger.change(PROVISIONED, (count * (ServerlessConfig?.MemorySizeInMB ?? 0)) / 1_024, state.now);
}

/** In service from now on. */
export function addInstances(variant: Variant, instanceType: string, count: number): void {
  if (hostsComponents(variant.definition)) {
    for (let n = 0; n < count; n += 1) variant.hosts.push({ instanceType, readyAt: 0, copies: new Map() });
  }
  variant.current.set(instanceType, (variant.current.get(instanceType) ?? 0) + count);
}

/** Takes instances away, lowest-priority pool first; returns what was taken, by type. */
export function takeInstances(variant: Variant, count: number): Map<string, number> {
  const taken = new Map<string, number>();
  const priorities = new Map(variant.definition.InstancePools?.map((pool) => [pool.InstanceType, pool.Priority]));
  const types = [...variant.current.keys()].sort((a, b) => (priorities.get(b) ?? 0) - (priorities.get(a) ?? 0));
  let rest = count;
  for (const type of types) {
    const take = Math.min(rest, variant.current.get(type)!);
    if (take === 0) continue;
    variant.current.set(type, variant.current.get(type)! - take);
    taken.set(type, take);
    rest -= take;
  }
  return taken;
}

export function findVariant(endpoint: Endpoint, name: string): Variant | undefined {
  return [...endpoint.variants, ...endpoint.shadows].find((variant) => variant.definition.VariantName === name);
}
