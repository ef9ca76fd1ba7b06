import type { EndpointSeed, Kernel, SimulatedService, VariantSeed } from '../contract.ts';
import { createComponentOperations } from './components/operations.ts';
import { hostingVariant, seedComponents } from './components/seed.ts';
import { createConfigOperations } from './config-operations.ts';
import { countCurrent, type Endpoint, type ProductionVariant, SERVERLESS } from './endpoint.ts';
import { createEndpointOperations } from './endpoint-operations.ts';
import { createListOperations } from './list-operations.ts';
import { buildArn, endpointArn, nameKey } from './naming.ts';
import { SageMakerState } from './state.ts';
import { createTagOperations } from './tags.ts';
import { addInstances, buildVariants, payFor } from './variants.ts';

const SEED_AGE_MS = 30 * 86_400_000;
export const SEED_VARIANT = 'AllTraffic';

export interface SimulatedSageMaker {
  readonly state: SageMakerState;
  readonly service: SimulatedService;
  /** An endpoint in service since 30 days, with model and config of the same name. */
  seed(seed: EndpointSeed): Endpoint;
}

function executionRole({ kernel }: SageMakerState, name: string): string {
  return `arn:aws:iam::${kernel.accountId}:role/${name}-execution`;
}

function seedModel(state: SageMakerState, name: string, createdAt: number): void {
  const arn = buildArn(state.kernel, 'model', name);
  const { region, accountId } = state.kernel;
  state.models.set(nameKey(name), {
    arn,
    createdAt,
    model: {
      ModelName: name,
      PrimaryContainer: {
        Image: `${accountId}.dkr.ecr.${region}.amazonaws.com/${nameKey(name)}:latest`,
        ModelDataUrl: `s3://models-${accountId}/${name}/model.tar.gz`,
      },
      ExecutionRoleArn: executionRole(state, name),
    },
  });
  state.tags.create(arn, {}, createdAt);
}

function seedConfig(state: SageMakerState, seed: EndpointSeed, createdAt: number): void {
  const arn = buildArn(state.kernel, 'endpoint-config', seed.name);
  const asyncMembers = {
    AsyncInferenceConfig: {
      OutputConfig: { S3OutputPath: `s3://models-${state.kernel.accountId}/${seed.name}/output` },
    },
  };
  state.configs.set(nameKey(seed.name), {
    arn,
    createdAt,
    config: {
      EndpointConfigName: seed.name,
      ProductionVariants: variantsOf(seed).map(({ name, instanceType, instances, weight }) => ({
        VariantName: name,
        ...(seed.kind === 'components' ? hostingVariant(seed) : { ModelName: seed.name }),
        ...sizeOf(seed, instanceType, instances),
        InitialVariantWeight: weight,
      })),
      ...(seed.kind === 'async' ? asyncMembers : {}),
      ...(seed.kind === 'components' ? { ExecutionRoleArn: executionRole(state, seed.name) } : {}),
    },
  });
  state.tags.create(arn, {}, createdAt);
}

function sizeOf(
  { pools, serverless }: EndpointSeed,
  InstanceType: string,
  instances: number,
): Partial<ProductionVariant> {
  if (serverless !== undefined) {
    const { memoryMb: MemorySizeInMB, maxConcurrency: MaxConcurrency } = serverless;
    return {
      ServerlessConfig: { MemorySizeInMB, MaxConcurrency, ...(instances > 0 && { ProvisionedConcurrency: instances }) },
    };
  }
  return {
    // A config cannot say 0; an asynchronous endpoint gets there by scaling.
    InitialInstanceCount: Math.max(1, instances),
    ...(pools === undefined
      ? { InstanceType }
      : { InstancePools: pools.map((type, index) => ({ InstanceType: type, Priority: index + 1 })) }),
  };
}

function variantsOf({ variants, instanceType, instances, serverless }: EndpointSeed): readonly VariantSeed[] {
  return (
    variants ?? [{ name: SEED_VARIANT, instanceType: serverless ? SERVERLESS : instanceType, instances, weight: 1 }]
  );
}

function seedEndpoint(state: SageMakerState, seed: EndpointSeed): Endpoint {
  if (state.endpoints.has(nameKey(seed.name)))
    throw new Error(`endpoint ${seed.name}: exists already (names are equal without regard to case)`);
  const least = seed.kind === 'real-time' ? 1 : 0;
  for (const { instances } of variantsOf(seed)) {
    if (Number.isInteger(instances) && instances >= least) continue;
    throw new Error(`endpoint ${seed.name}: instances ${instances}: must be a whole number, at least ${least}`);
  }
  const createdAt = state.now - SEED_AGE_MS;
  if (seed.kind !== 'components') seedModel(state, seed.name, createdAt);
  for (const { name } of seed.components ?? []) seedModel(state, name, createdAt);
  seedConfig(state, seed, createdAt);
  const { config } = state.requireConfig(seed.name);
  const endpoint: Endpoint = {
    name: seed.name,
    arn: endpointArn(state.kernel, seed.name),
    createdAt,
    modifiedAt: createdAt,
    config,
    status: 'InService',
    ...buildVariants(state, config),
    failureReason: undefined,
    deploymentConfig: undefined,
    pending: undefined,
  };
  for (const [index, { instanceType, instances }] of variantsOf(seed).entries()) {
    const variant = endpoint.variants[index]!;
    variant.desired = instances;
    if (seed.kind !== 'components') addInstances(variant, instanceType, instances);
  }
  if (seed.kind === 'components') seedComponents(state, endpoint, seed);
  state.endpoints.set(nameKey(seed.name), endpoint);
  state.tags.create(endpoint.arn, { ...seed.tags }, createdAt);
  state.setTiming(seed.name, seed.timing);
  for (const [index, { instanceType }] of variantsOf(seed).entries()) {
    const variant = endpoint.variants[index]!;
    payFor(state, seed.name, variant.definition, instanceType, countCurrent(variant));
  }
  state.report(endpoint);
  for (const component of state.componentsOf(endpoint.name)) state.reportComponent(component);
  return endpoint;
}

export function createSageMaker(kernel: Kernel): SimulatedSageMaker {
  const state = new SageMakerState(kernel);
  return {
    state,
    service: {
      name: 'SageMaker',
      operations: {
        ...createEndpointOperations(state),
        ...createConfigOperations(state),
        ...createComponentOperations(state),
        ...createListOperations(state),
        ...createTagOperations(state.tags),
      },
    },
    seed: (seed) => seedEndpoint(state, seed),
  };
}
