import type { Operation } from '../../contract.ts';
import { type Endpoint, hostsComponents, type Variant } from '../endpoint.ts';
import { alreadyExists, buildArn, nameKey, notFound, validationError } from '../naming.ts';
import type { SageMakerState } from '../state.ts';
import { readTags, type Tag } from '../tags.ts';
import { BUSY_COMPONENT, type Component, type ComponentSpecification } from './component.ts';
import { beginDeleteComponent, type CopyChange, changeCopies } from './lifecycle.ts';

interface RuntimeConfig {
  readonly CopyCount: number;
}

interface CreateInput {
  readonly InferenceComponentName: string;
  readonly EndpointName: string;
  readonly VariantName?: string;
  readonly Specification?: ComponentSpecification;
  readonly Specifications?: readonly ComponentSpecification[];
  readonly RuntimeConfig?: RuntimeConfig;
  readonly Tags?: Tag[];
}

interface UpdateInput {
  readonly InferenceComponentName: string;
  readonly Specification?: ComponentSpecification;
  readonly Specifications?: readonly ComponentSpecification[];
  readonly RuntimeConfig?: RuntimeConfig;
  readonly DeploymentConfig?: Readonly<Record<string, unknown>>;
}

/** What this account does not have is refused by name rather than taken and forgotten. */
function checkSpecification(
  state: SageMakerState,
  { Specification, Specifications }: Pick<UpdateInput, 'Specification' | 'Specifications'>,
): ComponentSpecification | undefined {
  if (Specifications !== undefined)
    throw validationError('Specifications is not supported by this simulator. Supported: Specification.');
  if (Specification?.BaseInferenceComponentName !== undefined)
    throw validationError(
      'BaseInferenceComponentName is not supported by this simulator: it has no adapter components.',
    );
  const model = Specification?.ModelName;
  if (model !== undefined && !state.models.has(nameKey(model)))
    throw notFound('model', buildArn(state.kernel, 'model', model));
  return Specification;
}

/** Components live on a variant without a model of its own; texts of the refusals are not published. */
function requireVariant(state: SageMakerState, input: CreateInput): { endpoint: Endpoint; variant: Variant } {
  const endpoint = state.require(input.EndpointName);
  if (endpoint.status !== 'InService')
    throw validationError(
      `Cannot create inference component on endpoint "${endpoint.arn}" in status ${endpoint.status}.`,
    );
  const name = input.VariantName ?? endpoint.variants[0]?.definition.VariantName;
  const variant = endpoint.variants.find(({ definition }) => definition.VariantName === name);
  if (variant === undefined) throw validationError(`Could not find variant "${name}" of endpoint "${endpoint.arn}".`);
  if (!hostsComponents(variant.definition))
    throw validationError(
      `Variant ${name} of endpoint "${endpoint.arn}" has a model of its own and cannot host inference components.`,
    );
  return { endpoint, variant };
}

function createComponent(state: SageMakerState, input: CreateInput): object {
  const name = input.InferenceComponentName;
  const arn = buildArn(state.kernel, 'inference-component', name);
  if (state.components.has(nameKey(name))) throw alreadyExists('inference-component', arn);
  const { endpoint, variant } = requireVariant(state, input);
  const specification = checkSpecification(state, input);
  if (specification?.ComputeResourceRequirements === undefined)
    throw validationError('Specification with ComputeResourceRequirements is required.');
  const copies = input.RuntimeConfig?.CopyCount ?? 1;
  // Observed in an account: zero is reached by scaling, never at creation.
  if (copies === 0) throw validationError('Inference components copy count an integer larger than 0');
  const tags = readTags(input.Tags);
  const component: Component = {
    name,
    arn,
    endpoint: endpoint.name,
    endpointArn: endpoint.arn,
    variant: variant.definition.VariantName,
    createdAt: state.now,
    modifiedAt: state.now,
    specification,
    status: 'Creating',
    desired: copies,
    current: 0,
    failureReason: undefined,
    deploymentConfig: undefined,
  };
  changeCopies(state, endpoint, variant, component, { specification, copies }, 'Creating');
  state.components.set(nameKey(name), component);
  state.tags.create(arn, tags, state.now);
  return { InferenceComponentArn: arn };
}

function requireComponent(state: SageMakerState, name: string): Component {
  const component = state.components.get(nameKey(name));
  if (component === undefined)
    throw notFound('inference-component', buildArn(state.kernel, 'inference-component', name));
  return component;
}

/** Field reports: nothing about a component can be changed, nor can it be deleted, while a change is under way. */
function requireSettled(state: SageMakerState, name: string): Component {
  const component = requireComponent(state, name);
  if (BUSY_COMPONENT.has(component.status))
    throw validationError(`Cannot update in-progress inference component "${component.arn}".`);
  return component;
}

function updateComponent(
  state: SageMakerState,
  name: string,
  change: Partial<CopyChange>,
  deploymentConfig?: Readonly<Record<string, unknown>>,
): object {
  const component = requireSettled(state, name);
  if (component.status === 'Failed')
    throw validationError(`Cannot update inference component "${component.arn}" in status Failed.`);
  const endpoint = state.homeOf(component);
  const variant = endpoint?.variants.find(({ definition }) => definition.VariantName === component.variant);
  if (endpoint?.status !== 'InService' || variant === undefined) {
    const status = endpoint === undefined ? 'is gone' : `is in status ${endpoint.status}`;
    throw validationError(`Cannot update inference component "${component.arn}": its endpoint ${status}.`);
  }
  const { specification = component.specification, copies = component.desired } = change;
  changeCopies(state, endpoint, variant, component, { specification, copies }, 'Updating');
  if (deploymentConfig !== undefined) component.deploymentConfig = deploymentConfig;
  return { InferenceComponentArn: component.arn };
}

function describeSpecification({ Container, ...rest }: ComponentSpecification): object {
  const { Image, ...container } = Container ?? {};
  const deployed = Image === undefined ? {} : { DeployedImage: { SpecifiedImage: Image, ResolvedImage: Image } };
  return { ...rest, ...(Container === undefined ? {} : { Container: { ...container, ...deployed } }) };
}

function describeComponent({ kernel }: SageMakerState, component: Component): object {
  const { failureReason, status } = component;
  const isTold = status === 'Failed' || kernel.readings.componentFailureReason === 'told';
  return {
    InferenceComponentName: component.name,
    InferenceComponentArn: component.arn,
    EndpointName: component.endpoint,
    EndpointArn: component.endpointArn,
    VariantName: component.variant,
    ...(failureReason === undefined || !isTold ? {} : { FailureReason: failureReason }),
    Specification: describeSpecification(component.specification),
    RuntimeConfig: { DesiredCopyCount: component.desired, CurrentCopyCount: component.current },
    CreationTime: new Date(component.createdAt),
    LastModifiedTime: new Date(component.modifiedAt),
    InferenceComponentStatus: status,
    ...(component.deploymentConfig === undefined ? {} : { LastDeploymentConfig: component.deploymentConfig }),
  };
}

export function createComponentOperations(state: SageMakerState): Record<string, Operation> {
  return {
    CreateInferenceComponent: (input: CreateInput) => createComponent(state, input),
    DescribeInferenceComponent: (input: { InferenceComponentName: string }) =>
      describeComponent(state, requireComponent(state, input.InferenceComponentName)),
    UpdateInferenceComponent(input: UpdateInput) {
      const specification = checkSpecification(state, input);
      const change = {
        ...(specification === undefined ? {} : { specification }),
        ...(input.RuntimeConfig === undefined ? {} : { copies: input.RuntimeConfig.CopyCount }),
      };
      return updateComponent(state, input.InferenceComponentName, change, input.DeploymentConfig);
    },
    UpdateInferenceComponentRuntimeConfig: (input: {
      InferenceComponentName: string;
      DesiredRuntimeConfig: RuntimeConfig;
    }) => updateComponent(state, input.InferenceComponentName, { copies: input.DesiredRuntimeConfig.CopyCount }),
    DeleteInferenceComponent(input: { InferenceComponentName: string }) {
      beginDeleteComponent(state, requireSettled(state, input.InferenceComponentName));
      return {};
    },
  };
}
