import type { Operation } from '../contract.ts';
import { type EndpointConfig, hostsComponents } from './endpoint.ts';
import { alreadyExists, buildArn, nameKey, notFound, validationError } from './naming.ts';
import { checkServerlessVariant } from './serverless.ts';
import type { SageMakerState } from './state.ts';
import { readTags, type Tag } from './tags.ts';

type ModelInput = Record<string, unknown> & { ModelName: string; Tags?: Tag[] };
type ConfigInput = EndpointConfig & { readonly Tags?: Tag[] };

function createModel(state: SageMakerState, { Tags, ...model }: ModelInput): object {
  const arn = buildArn(state.kernel, 'model', model.ModelName);
  if (state.models.has(nameKey(model.ModelName))) throw alreadyExists('model', arn);
  const tags = readTags(Tags);
  state.models.set(nameKey(model.ModelName), { arn, createdAt: state.now, model: structuredClone(model) });
  state.tags.create(arn, tags, state.now);
  return { ModelArn: arn };
}

function requireModel(state: SageMakerState, name: string) {
  const model = state.models.get(nameKey(name));
  if (!model) throw notFound('model', buildArn(state.kernel, 'model', name));
  return model;
}

/** API reference, CreateEndpointConfig.ShadowProductionVariants; the text is not published. */
function checkShadows({ ProductionVariants, ShadowProductionVariants = [] }: ConfigInput): void {
  if (ShadowProductionVariants.length === 0) return;
  if (ProductionVariants.length === 1 && ShadowProductionVariants.length === 1) return;
  throw validationError(
    'With ShadowProductionVariants, only one variant for ProductionVariants and one variant for ShadowProductionVariants can be specified.',
  );
}

function checkVariants(state: SageMakerState, config: ConfigInput): void {
  checkShadows(config);
  const names = new Set<string>();
  for (const variant of config.ProductionVariants) {
    if (names.has(variant.VariantName)) throw validationError(`Duplicate variant name "${variant.VariantName}".`);
    names.add(variant.VariantName);
    if (variant.ModelName !== undefined) requireModel(state, variant.ModelName);
    const kinds = [variant.InstanceType, variant.InstancePools, variant.ServerlessConfig].filter(
      (kind) => kind !== undefined,
    );
    if (kinds.length !== 1) {
      throw validationError(
        `Variant "${variant.VariantName}" must specify exactly one of InstanceType, InstancePools and ServerlessConfig.`,
      );
    }
    checkServerlessVariant(config, variant);
    if (hostsComponents(variant) && config['ExecutionRoleArn'] === undefined) {
      // Observed in an account: the role that a model brings otherwise is the config's own.
      throw validationError(`ExecutionRoleArn is required: variant "${variant.VariantName}" has no model.`);
    }
    if (variant.ManagedInstanceScaling && variant.ModelName !== undefined) {
      throw validationError('ManagedInstanceScaling is only supported for inference component endpoints.');
    }
  }
}

function createConfig(state: SageMakerState, { Tags, ...config }: ConfigInput): object {
  const name = config.EndpointConfigName;
  const arn = buildArn(state.kernel, 'endpoint-config', name);
  if (state.configs.has(nameKey(name))) throw alreadyExists('endpoint-config', arn);
  checkVariants(state, config);
  const tags = readTags(Tags);
  state.configs.set(nameKey(name), { arn, createdAt: state.now, config: structuredClone(config) });
  state.tags.create(arn, tags, state.now);
  return { EndpointConfigArn: arn };
}

export function createConfigOperations(state: SageMakerState): Record<string, Operation> {
  return {
    CreateModel: (input: ModelInput) => createModel(state, input),
    DescribeModel(input: { ModelName: string }) {
      const { arn, createdAt, model } = requireModel(state, input.ModelName);
      return { ...model, ModelArn: arn, CreationTime: new Date(createdAt) };
    },
    DeleteModel(input: { ModelName: string }) {
      const { arn } = requireModel(state, input.ModelName);
      state.models.delete(nameKey(input.ModelName));
      state.tags.drop(arn, state.now);
      return {};
    },
    CreateEndpointConfig: (input: ConfigInput) => createConfig(state, input),
    DescribeEndpointConfig(input: { EndpointConfigName: string }) {
      const { arn, createdAt, config } = state.requireConfig(input.EndpointConfigName);
      return { ...config, EndpointConfigArn: arn, CreationTime: new Date(createdAt) };
    },
    // AWS lets the config of a live endpoint go; the endpoint keeps what it was built from and can never be rebuilt.
    DeleteEndpointConfig(input: { EndpointConfigName: string }) {
      const { arn } = state.requireConfig(input.EndpointConfigName);
      state.configs.delete(nameKey(input.EndpointConfigName));
      state.tags.drop(arn, state.now);
      return {};
    },
  };
}
