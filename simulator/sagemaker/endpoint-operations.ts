import type { Operation } from '../contract.ts';
import { describeEndpoint } from './describe.ts';
import {
  BUSY_STATUSES,
  type Endpoint,
  type EndpointConfig,
  hostsComponents,
  isClassicRealTime,
  listInstanceTypes,
  type Variant,
} from './endpoint.ts';
import { beginCapacityChange, beginCreate, beginDelete, beginUpdate, beginWeightChange } from './lifecycle.ts';
import { alreadyExists, endpointArn, inProgress, nameKey, validationError } from './naming.ts';
import { checkConversion, checkServerlessUpdate, type ServerlessUpdate, takeMaximum } from './serverless.ts';
import type { SageMakerState } from './state.ts';
import { readTags, type Tag } from './tags.ts';
import { buildVariants, findVariant } from './variants.ts';

/** Application Auto Scaling is called by SageMaker itself when an endpoint with scalable targets is deleted. */
const SAGEMAKER_CALLER = { kind: 'service', name: 'sagemaker.amazonaws.com' } as const;

function requireIdle(state: SageMakerState, name: string, allowFailed: boolean): Endpoint {
  const endpoint = state.require(name);
  if (BUSY_STATUSES.has(endpoint.status)) throw inProgress(endpoint.arn);
  if (endpoint.status !== 'InService' && !allowFailed) {
    // On Failed, DeleteEndpoint is the only legal change (API reference, DescribeEndpoint.EndpointStatus); the text is not published.
    throw validationError(`Cannot update endpoint "${endpoint.arn}" in status ${endpoint.status}.`);
  }
  return endpoint;
}

interface CreateInput {
  EndpointName: string;
  EndpointConfigName: string;
  Tags?: Tag[];
  DeploymentConfig?: Record<string, unknown>;
}

function createEndpoint(state: SageMakerState, input: CreateInput): object {
  const arn = endpointArn(state.kernel, input.EndpointName);
  // A name that is still being deleted is taken.
  if (state.endpoints.has(nameKey(input.EndpointName))) throw alreadyExists('endpoint', arn);
  const { config } = state.requireConfig(input.EndpointConfigName);
  const tags = readTags(input.Tags);
  const endpoint: Endpoint = {
    name: input.EndpointName,
    arn,
    createdAt: state.now,
    modifiedAt: state.now,
    config,
    status: 'Creating',
    ...buildVariants(state, config),
    failureReason: undefined,
    deploymentConfig: input.DeploymentConfig,
    pending: undefined,
  };
  beginCreate(state, endpoint);
  state.tags.create(arn, tags, state.now);
  return { EndpointArn: arn };
}

function deleteEndpoint(state: SageMakerState, name: string): object {
  const endpoint = requireIdle(state, name, true);
  for (const { definition } of [...endpoint.variants, ...endpoint.shadows]) {
    for (const target of state.targets.ofVariant(endpoint.name, definition.VariantName)) {
      state.kernel.call(SAGEMAKER_CALLER, 'ApplicationAutoScaling', 'DeregisterScalableTarget', {
        ServiceNamespace: 'sagemaker',
        ...target,
      });
    }
  }
  beginDelete(state, endpoint);
  return {};
}

interface UpdateInput {
  EndpointName: string;
  EndpointConfigName: string;
  RetainAllVariantProperties?: boolean;
  ExcludeRetainedVariantProperties?: { VariantPropertyType: string }[];
  DeploymentConfig?: Record<string, unknown>;
  RetainDeploymentConfig?: boolean;
}

/** Components stay where they are through an update: their variant must remain, on the same instance types. */
function checkHostingVariants(
  state: SageMakerState,
  endpoint: Endpoint,
  config: { ProductionVariants: readonly Variant['definition'][] },
): void {
  for (const { variant } of state.componentsOf(endpoint.name)) {
    const [before, after] = [endpoint.variants.map((one) => one.definition), config.ProductionVariants].map((all) =>
      all.find(({ VariantName }) => VariantName === variant),
    );
    const types = [before, after].map((one) => one && hostsComponents(one) && listInstanceTypes(one).join());
    if (types[0] === types[1]) continue;
    throw validationError(
      `The variant ${variant} of endpoint "${endpoint.arn}" hosts inference components: this simulator does not change ` +
        'its instance types or remove it.',
    );
  }
}

/** A scalable target pins its variant: neither its instance type nor its existence may change (SageMaker guide, endpoint-scaling-update). */
function checkScalableVariants(
  state: SageMakerState,
  endpoint: Endpoint,
  config: { ProductionVariants: readonly Variant['definition'][] },
): void {
  for (const { definition } of endpoint.variants) {
    if (state.targets.ofVariant(endpoint.name, definition.VariantName).length === 0) continue;
    const next = config.ProductionVariants.find((variant) => variant.VariantName === definition.VariantName);
    const types = listInstanceTypes(definition).join();
    if (next && listInstanceTypes(next).join() === types) continue;
    throw validationError(
      `The variant ${definition.VariantName} of endpoint "${endpoint.arn}" is registered as a scalable target with Application Auto Scaling: ` +
        `its instance type cannot be changed and it cannot be removed. Deregister the variant as a scalable target first.`,
    );
  }
}

/** Its reference says that UpdateRollbackFailed can be remedied; that a further update does it is assumed. */
function requireUpdatable(state: SageMakerState, name: string): Endpoint {
  const endpoint = state.require(name);
  return endpoint.status === 'UpdateRollbackFailed' ? endpoint : requireIdle(state, name, false);
}

/**
 * How an endpoint is invoked it keeps for life. That what is asynchronous stays so is AWS's own answer
 * (https://github.com/aws/sagemaker-python-sdk/pull/3124); the other way round is concluded from it.
 */
function checkInvocation(endpoint: Endpoint, config: EndpointConfig): void {
  const [before, after] = [endpoint.config, config].map((one) => one.AsyncInferenceConfig !== undefined);
  if (before === after) return;
  throw validationError(
    `The AsyncInferenceConfig parameter cannot be ${after ? 'added to' : 'removed from'} this endpoint ${endpoint.name}.`,
  );
}

function updateEndpoint(state: SageMakerState, input: UpdateInput): object {
  const endpoint = requireUpdatable(state, input.EndpointName);
  const { config } = state.requireConfig(input.EndpointConfigName);
  if (input.ExcludeRetainedVariantProperties && input.RetainAllVariantProperties !== true) {
    throw validationError(
      'ExcludeRetainedVariantProperties can only be specified when RetainAllVariantProperties is true.',
    );
  }
  checkConversion(endpoint, config);
  checkInvocation(endpoint, config);
  checkScalableVariants(state, endpoint, config);
  checkHostingVariants(state, endpoint, config);
  const excluded = new Set(input.ExcludeRetainedVariantProperties?.map((property) => property.VariantPropertyType));
  const retain = input.RetainAllVariantProperties === true;
  beginUpdate(state, endpoint, {
    config,
    retainCounts: retain && !excluded.has('DesiredInstanceCount'),
    retainWeights: retain && !excluded.has('DesiredWeight'),
  });
  if (input.DeploymentConfig) endpoint.deploymentConfig = input.DeploymentConfig;
  else if (input.RetainDeploymentConfig !== true) endpoint.deploymentConfig = undefined;
  return { EndpointArn: endpoint.arn };
}

interface CapacityInput {
  EndpointName: string;
  DesiredWeightsAndCapacities: {
    VariantName: string;
    DesiredWeight?: number;
    DesiredInstanceCount?: number;
    ServerlessUpdateConfig?: ServerlessUpdate;
  }[];
}

/** A serverless variant that keeps its provisioned concurrency is updated to the same. */
function sizeOf(variant: Variant, update: ServerlessUpdate | undefined): number | undefined {
  return update && (update.ProvisionedConcurrency ?? variant.desired);
}

function updateCapacities(state: SageMakerState, input: CapacityInput): object {
  const endpoint = requireIdle(state, input.EndpointName, false);
  const entries = input.DesiredWeightsAndCapacities.map((entry) => {
    const variant = findVariant(endpoint, entry.VariantName);
    if (!variant) throw validationError(`Could not find variant "${entry.VariantName}" of endpoint "${endpoint.arn}".`);
    checkServerlessUpdate(variant, entry.DesiredInstanceCount, entry.ServerlessUpdateConfig);
    if (entry.DesiredInstanceCount !== undefined && hostsComponents(variant.definition)) {
      throw validationError(
        `Variant ${entry.VariantName} hosts inference components: this simulator leaves the number of its instances to ManagedInstanceScaling.`,
      );
    }
    if (
      entry.DesiredInstanceCount === 0 &&
      state.kernel.readings.classicZero === 'refused' &&
      isClassicRealTime(endpoint, variant)
    ) {
      // Assumed text: that zero is refused for a classic real-time variant is documented, the wording is not.
      throw validationError(
        `Invalid DesiredInstanceCount 0 for variant ${entry.VariantName}. The minimum instance count of a real-time variant is 1.`,
      );
    }
    return { ...entry, variant, size: entry.DesiredInstanceCount ?? sizeOf(variant, entry.ServerlessUpdateConfig) };
  });
  const sized = entries.filter((entry) => entry.size !== undefined);
  if (sized.length > 1) {
    throw validationError('DesiredInstanceCount can be updated for only one variant in a single call.');
  }
  const weights = new Map(
    entries.flatMap((e) => (e.DesiredWeight === undefined ? [] : [[e.variant, e.DesiredWeight] as const])),
  );
  const [capacity] = sized;
  if (!capacity) beginWeightChange(state, endpoint, weights);
  else {
    takeMaximum(capacity.variant, capacity.ServerlessUpdateConfig ?? {});
    beginCapacityChange(state, endpoint, capacity.variant, capacity.size!);
    for (const [variant, weight] of weights) variant.weight = variant.desiredWeight = weight;
    state.report(endpoint);
  }
  return { EndpointArn: endpoint.arn };
}

export function createEndpointOperations(state: SageMakerState): Record<string, Operation> {
  return {
    CreateEndpoint: (input: CreateInput) => createEndpoint(state, input),
    DescribeEndpoint: (input: { EndpointName: string }) => describeEndpoint(state.require(input.EndpointName)),
    DeleteEndpoint: (input: { EndpointName: string }) => deleteEndpoint(state, input.EndpointName),
    UpdateEndpoint: (input: UpdateInput) => updateEndpoint(state, input),
    UpdateEndpointWeightsAndCapacities: (input: CapacityInput) => updateCapacities(state, input),
  };
}
