import {
  CreateEndpointCommand,
  DeleteEndpointCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  type DescribeEndpointConfigOutput,
  type DescribeEndpointOutput,
  DescribeInferenceComponentCommand,
  type DescribeInferenceComponentOutput,
  DescribeModelCommand,
  type DesiredWeightAndCapacity,
  type EndpointSummary as EndpointSummaryShape,
  ListEndpointsCommand,
  ListInferenceComponentsCommand,
  ListTagsCommand,
  type ProductionVariant,
  type ProductionVariantSummary,
  type SageMakerClient,
  UpdateEndpointWeightsAndCapacitiesCommand,
  UpdateInferenceComponentRuntimeConfigCommand,
} from '@aws-sdk/client-sagemaker';
import type { EndpointKind } from '../domain/policy.ts';
import type { JsonObject } from '../domain/recipe.ts';
import { ENDPOINT_STATUSES } from '../domain/record.ts';
import type { ScalableTarget } from '../domain/scalable-target.ts';
import type { Instant } from '../domain/time.ts';
import type {
  ComponentView,
  EndpointConfigView,
  EndpointControl,
  EndpointSummary,
  EndpointView,
  VariantView,
} from '../ports/endpoints.ts';
import type { Outcome } from '../ports/outcome.ts';
import type { Clock, Sleep } from '../ports/world.ts';
import { classifyActivity, classifyFailureReason, outcomeOf } from './classify.ts';

export interface SageMakerParts {
  readonly client: SageMakerClient;
  /** Never repeats a call: CreateEndpoint and DeleteEndpoint have no idempotency token. Only idle-windows has one. */
  readonly sentOnce?: SageMakerClient;
  readonly clock: Clock;
  readonly sleep: Sleep;
}

const PAGE = 100;
/** A page more than any account has endpoints; a bound on a loop, not on a fleet. */
const MAX_PAGES = 500;
const MAX_TAG_PAGES = 10;

type SendOnce = (client: SageMakerClient, signal: AbortSignal) => Promise<unknown>;

/** Aborts a call that would outlive the lease under which it was made, and does not begin one that already has. */
export async function sendOnceWithin(
  parts: SageMakerParts,
  call: string,
  abortAt: Instant,
  send: SendOnce,
): Promise<Outcome<void>> {
  const { sentOnce, clock, sleep } = parts;
  if (sentOnce === undefined) throw new Error(`${call}: this function has no client that creates and deletes`);
  // A run may have been frozen since it took the lease; an abort after no time would lose the race against the call.
  if (clock.now() >= abortAt) {
    const message = 'the lease ended before the call was sent';
    return { ok: false, failure: { class: 'transient', code: 'LeaseEnded', message, call, definite: true } };
  }
  const controller = new AbortController();
  let settled = false;
  void sleep(Math.max(0, abortAt - clock.now())).then(() => {
    if (!settled) controller.abort();
  });
  const outcome = await outcomeOf(call, async () => {
    await send(sentOnce, controller.signal);
  });
  settled = true;
  return outcome;
}

async function listEndpoints(client: SageMakerClient): Promise<Outcome<readonly EndpointSummary[]>> {
  return outcomeOf('SageMaker.ListEndpoints', async () => {
    const found: EndpointSummary[] = [];
    let token: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const answer = await client.send(new ListEndpointsCommand({ MaxResults: PAGE, NextToken: token }));
      found.push(...(answer.Endpoints ?? []).map(summaryOf));
      token = answer.NextToken;
      if (token === undefined) return found;
    }
    throw new Error(`more than ${MAX_PAGES} pages of endpoints`);
  });
}

async function listComponents(client: SageMakerClient, endpoint: string): Promise<Outcome<readonly string[]>> {
  return outcomeOf('SageMaker.ListInferenceComponents', async () => {
    const found: string[] = [];
    let token: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const asked = { EndpointNameEquals: endpoint, SortBy: 'Name', SortOrder: 'Ascending' } as const;
      const answer = await client.send(
        new ListInferenceComponentsCommand({ ...asked, MaxResults: PAGE, NextToken: token }),
      );
      found.push(...(answer.InferenceComponents ?? []).flatMap(({ InferenceComponentName: name }) => name ?? []));
      token = answer.NextToken;
      if (token === undefined) return found;
    }
    throw new Error(`more than ${MAX_PAGES} pages of inference components`);
  });
}

async function readTags(client: SageMakerClient, arn: string): Promise<Outcome<Readonly<Record<string, string>>>> {
  return outcomeOf('SageMaker.ListTags', async () => {
    const tags: Record<string, string> = {};
    let token: string | undefined;
    for (let page = 0; page < MAX_TAG_PAGES; page += 1) {
      const answer = await client.send(new ListTagsCommand({ ResourceArn: arn, NextToken: token }));
      for (const { Key, Value } of answer.Tags ?? []) if (Key !== undefined) tags[Key] = Value ?? '';
      token = answer.NextToken;
      if (token === undefined) return tags;
    }
    throw new Error(`more than ${MAX_TAG_PAGES} pages of tags`);
  });
}

type CapacityControl = Pick<
  EndpointControl,
  'list' | 'describe' | 'describeConfig' | 'tags' | 'components' | 'describeComponent' | 'setDesired' | 'setWeights'
>;

type ComponentReader = Pick<EndpointControl, 'components' | 'describeComponent'>;

/** What every function may do with variants, apart from the rest: a bundle carries only the calls of its function. */
function createVariantControl(client: SageMakerClient): Omit<CapacityControl, keyof ComponentReader> {
  return {
    list: () => listEndpoints(client),
    async describe(name) {
      const outcome = await outcomeOf('SageMaker.DescribeEndpoint', () =>
        client.send(new DescribeEndpointCommand({ EndpointName: name })),
      );
      return absentAsUndefined(outcome, viewOf);
    },
    async describeConfig(name) {
      const outcome = await outcomeOf('SageMaker.DescribeEndpointConfig', () =>
        client.send(new DescribeEndpointConfigCommand({ EndpointConfigName: name })),
      );
      return absentAsUndefined(outcome, configViewOf);
    },
    tags: (arn) => readTags(client, arn),
    setDesired: (name, target, count) => setDesired(client, name, target, count),
    setWeights: (name, weights) =>
      change(
        client,
        name,
        ...Object.entries(weights).map(([VariantName, DesiredWeight]) => ({ VariantName, DesiredWeight })),
      ),
  };
}

export function createCapacityControl(client: SageMakerClient): CapacityControl {
  return {
    ...createVariantControl(client),
    components: (endpoint) => listComponents(client, endpoint),
    async describeComponent(name) {
      const outcome = await outcomeOf('SageMaker.DescribeInferenceComponent', () =>
        client.send(new DescribeInferenceComponentCommand({ InferenceComponentName: name })),
      );
      return absentAsUndefined(outcome, componentViewOf);
    },
  };
}

function setDesired(
  client: SageMakerClient,
  endpoint: string,
  { name, dimension }: ScalableTarget,
  count: number,
): Promise<Outcome<void>> {
  switch (dimension) {
    case 'instances':
      return change(client, endpoint, { VariantName: name, DesiredInstanceCount: count });
    case 'provisioned-concurrency':
      return change(client, endpoint, {
        VariantName: name,
        ServerlessUpdateConfig: { ProvisionedConcurrency: count },
      });
    case 'copies':
      return outcomeOf('SageMaker.UpdateInferenceComponentRuntimeConfig', async () => {
        await client.send(
          new UpdateInferenceComponentRuntimeConfigCommand({
            InferenceComponentName: name,
            DesiredRuntimeConfig: { CopyCount: count },
          }),
        );
      });
    default:
      return dimension satisfies never;
  }
}

function change(
  client: SageMakerClient,
  name: string,
  ...wanted: readonly DesiredWeightAndCapacity[]
): Promise<Outcome<void>> {
  return outcomeOf('SageMaker.UpdateEndpointWeightsAndCapacities', async () => {
    await client.send(
      new UpdateEndpointWeightsAndCapacitiesCommand({ EndpointName: name, DesiredWeightsAndCapacities: [...wanted] }),
    );
  });
}

export function createEndpointControl(parts: SageMakerParts): EndpointControl {
  return { ...createCapacityControl(parts.client), ...createParkingControl(parts) };
}

/** Inference components are never parked. */
export function createParkingControl(parts: SageMakerParts): Omit<EndpointControl, keyof ComponentReader> {
  const { client } = parts;
  const once = (call: string, abortAt: Instant, send: SendOnce) => sendOnceWithin(parts, call, abortAt, send);
  return {
    ...createVariantControl(client),
    async modelCreatedAt(name) {
      const outcome = await outcomeOf('SageMaker.DescribeModel', () =>
        client.send(new DescribeModelCommand({ ModelName: name })),
      );
      return absentAsUndefined(outcome, ({ CreationTime }) => CreationTime?.getTime() ?? 0);
    },
    create: ({ name, configName, tags, deploymentConfig }, abortAt) =>
      once('SageMaker.CreateEndpoint', abortAt, (sender, abortSignal) =>
        sender.send(
          new CreateEndpointCommand({
            EndpointName: name,
            EndpointConfigName: configName,
            Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
            // Opaque to us: it came from DescribeEndpoint in this very shape.
            ...(deploymentConfig && { DeploymentConfig: deploymentConfig as never }),
          }),
          { abortSignal },
        ),
      ),
    delete: (name, abortAt) =>
      once('SageMaker.DeleteEndpoint', abortAt, (sender, abortSignal) =>
        sender.send(new DeleteEndpointCommand({ EndpointName: name }), { abortSignal }),
      ),
  };
}

/** `missing` is an answer here, not a failure: surely not there. */
function absentAsUndefined<Shape, View>(
  outcome: Outcome<Shape>,
  view: (shape: Shape) => View,
): Outcome<View | undefined> {
  if (outcome.ok) return { ok: true, value: view(outcome.value) };
  return outcome.failure.class === 'missing' ? { ok: true, value: undefined } : outcome;
}

function statusOf(value: string | undefined): EndpointView['status'] {
  const known = ENDPOINT_STATUSES.find((status) => status === value);
  // A status that AWS adds one day is neither in service nor gone: nothing is done in the middle of it.
  return known === undefined || known === 'Absent' ? 'Updating' : known;
}

function summaryOf(shape: EndpointSummaryShape): EndpointSummary {
  return {
    name: shape.EndpointName ?? '',
    arn: shape.EndpointArn ?? '',
    status: statusOf(shape.EndpointStatus),
    creationTime: shape.CreationTime?.getTime() ?? 0,
    lastModifiedTime: shape.LastModifiedTime?.getTime() ?? 0,
  };
}

function componentViewOf(shape: DescribeInferenceComponentOutput): ComponentView {
  const { DesiredCopyCount: desired = 0, CurrentCopyCount: serving = 0 } = shape.RuntimeConfig ?? {};
  const { FailureReason: failureReason } = shape;
  const trouble = failureReason && classifyActivity('Failed', failureReason, []);
  return {
    name: shape.InferenceComponentName ?? '',
    endpoint: shape.EndpointName ?? '',
    status: statusOf(shape.InferenceComponentStatus),
    desired,
    serving,
    ...(failureReason && { failureReason }),
    ...(trouble && { trouble }),
  };
}

function variantOf(variant: ProductionVariantSummary): VariantView {
  const { CurrentServerlessConfig: current, DesiredServerlessConfig: desired } = variant;
  // Of a serverless variant its provisioned concurrency, 0 where it has none.
  const serving = variant.CurrentInstanceCount ?? current?.ProvisionedConcurrency ?? 0;
  return {
    name: variant.VariantName ?? '',
    desired: variant.DesiredInstanceCount ?? desired?.ProvisionedConcurrency ?? serving,
    serving,
    maxConcurrency: current?.MaxConcurrency,
    weight: variant.DesiredWeight ?? variant.CurrentWeight ?? 1,
  };
}

function viewOf(shape: DescribeEndpointOutput): EndpointView {
  const shadows = shape.ShadowProductionVariants ?? [];
  const images = (shape.ProductionVariants ?? []).flatMap(({ DeployedImages }) => DeployedImages ?? []);
  const digests = images.flatMap(({ SpecifiedImage, ResolvedImage }) =>
    SpecifiedImage !== undefined && ResolvedImage !== undefined ? [[SpecifiedImage, ResolvedImage] as const] : [],
  );
  return {
    ...summaryOf(shape),
    configName: shape.EndpointConfigName ?? '',
    variants: (shape.ProductionVariants ?? []).map(variantOf),
    ...(shadows.length > 0 && { shadows: shadows.map(variantOf) }),
    ...(shape.FailureReason && {
      failureReason: shape.FailureReason,
      failureClass: classifyFailureReason(shape.FailureReason),
    }),
    ...(shape.LastDeploymentConfig && { deploymentConfig: jsonOf(shape.LastDeploymentConfig) }),
    ...(digests.length > 0 && { imageDigests: Object.fromEntries(digests) }),
  };
}

/** Members of the answer that a CreateEndpointConfig request does not have. */
const NOT_IN_REQUEST = new Set(['$metadata', 'EndpointConfigArn', 'CreationTime']);

function configViewOf(shape: DescribeEndpointConfigOutput): EndpointConfigView {
  const variants = shape.ProductionVariants ?? [];
  const all = [...variants, ...(shape.ShadowProductionVariants ?? [])];
  const models = all.flatMap(({ ModelName, InstancePools }) => [
    ModelName,
    ...(InstancePools ?? []).map(({ ModelNameOverride }) => ModelNameOverride),
  ]);
  return {
    name: shape.EndpointConfigName ?? '',
    arn: shape.EndpointConfigArn ?? '',
    createdAt: shape.CreationTime?.getTime() ?? 0,
    config: jsonOf(Object.fromEntries(Object.entries(shape).filter(([key]) => !NOT_IN_REQUEST.has(key)))),
    kind: kindOf(shape, variants),
    models: [...new Set(models.filter((name) => name !== undefined))],
    variants: variants.map((variant) => {
      const pools = poolsOf(variant);
      const instanceType = variant.InstanceType ?? pools?.[0];
      return {
        name: variant.VariantName ?? '',
        ...(instanceType !== undefined && { instanceType }),
        ...(pools !== undefined && { pools }),
        initialCount: variant.InitialInstanceCount ?? 0,
        ...managedMinOf(variant),
        reserved: all.some(({ CapacityReservationConfig }) => CapacityReservationConfig !== undefined),
      };
    }),
  };
}

/** SageMaker keeps one instance where nothing is said. */
function managedMinOf({ ManagedInstanceScaling: scaling }: ProductionVariant): { readonly managedMin?: number } {
  return scaling?.Status === 'ENABLED' ? { managedMin: scaling.MinInstanceCount ?? 1 } : {};
}

/** Types of a variant's instance pools, best first. */
function poolsOf({ InstancePools = [] }: ProductionVariant): readonly string[] | undefined {
  const sorted = [...InstancePools].sort((a, b) => (a.Priority ?? 0) - (b.Priority ?? 0));
  const types = sorted.flatMap(({ InstanceType }) => InstanceType ?? []);
  return types.length === 0 ? undefined : types;
}

function kindOf(shape: DescribeEndpointConfigOutput, variants: readonly ProductionVariant[]): EndpointKind {
  if (shape.AsyncInferenceConfig !== undefined) return 'async';
  if (variants.some(({ ServerlessConfig }) => ServerlessConfig !== undefined)) return 'serverless';
  return variants.some(({ ModelName }) => ModelName === undefined) ? 'components' : 'real-time';
}

/** Plain JSON, so that a recipe compares equal to its copy in the table. */
function jsonOf(shape: object): JsonObject {
  return JSON.parse(JSON.stringify(shape)) as JsonObject;
}
