import { createAutoScaling, type SimulatedAutoScaling } from './application-auto-scaling/index.ts';
import type { ScalableTarget } from './application-auto-scaling/model.ts';
import type { Resource, ResourceLookup } from './application-auto-scaling/resources.ts';
import { createCloudWatch } from './cloudwatch/index.ts';
import type { ComponentChange, Kernel, PaidTime, ServerlessUse, World } from './contract.ts';
import type { AccountView, TargetFacts } from './iam/account.ts';
import { EndpointLoads } from './load/index.ts';
import { QueueDepth } from './queue-depth.ts';
import { countCurrent, describeInstanceType, describeVariantType, SERVING_STATUSES } from './sagemaker/endpoint.ts';
import { createSageMaker } from './sagemaker/index.ts';
import { createRuntimeService } from './sagemaker/invocation.ts';
import { buildArn, endpointArn, nameKey, notFound } from './sagemaker/naming.ts';
import type { SageMakerState } from './sagemaker/state.ts';
import { findVariant } from './sagemaker/variants.ts';

/** The world with what only tests of the simulator itself turn: not every account limit has a verb in a scenario. */
export interface AdjustableWorld extends World {
  /** `ml.x for endpoint usage`: starts and scale-outs beyond it answer ResourceLimitExceeded. No limit unless set. */
  setQuota(instanceType: string, instances: number): void;
  /** The metric of a queue that takes what Lambda gives up. */
  queueDepth(queue: string): QueueDepth;
  /** What IAM asks of SageMaker and Application Auto Scaling. */
  readonly facts: WorldFacts;
}

export type WorldFacts = Omit<AccountView, 'region' | 'accountId' | 'partitionKeyOf'>;

/** Application Auto Scaling looks at endpoints without making calls of its own that a customer would see. */
function createResourceLookup(state: SageMakerState): ResourceLookup {
  return {
    find(resource) {
      if ('component' in resource) return viewComponent(state, resource.component);
      const endpoint = state.endpoints.get(nameKey(resource.endpoint));
      if (!endpoint) return { missing: `Could not find endpoint "${endpointArn(state.kernel, resource.endpoint)}".` };
      const variant = findVariant(endpoint, resource.variant);
      if (!variant) {
        return { missing: `Could not find variant ${resource.variant} of endpoint ${resource.endpoint}.` };
      }
      return {
        status: endpoint.status,
        desired: variant.desired,
        current: countCurrent(variant),
        instanceType: describeVariantType(variant),
        failureReason: endpoint.failureReason,
      };
    },
  };
}

function viewComponent(state: SageMakerState, name: string): ReturnType<ResourceLookup['find']> {
  const component = state.components.get(nameKey(name));
  if (!component) return { missing: notFound('inference-component', componentArn(state, name)).message };
  const { status, desired, current, failureReason } = component;
  return { status, desired, current, instanceType: '', failureReason };
}

function componentArn(state: SageMakerState, name: string): string {
  return buildArn(state.kernel, 'inference-component', name);
}

/** Copies that can answer, and the instances beneath them; undefined when the component is gone or its endpoint is not up. */
function copiesOf(state: SageMakerState, { component: name, serving, status }: ComponentChange) {
  const component = state.components.get(nameKey(name));
  const home = component === undefined || status === 'Absent' ? undefined : state.homeOf(component);
  if (home === undefined || !SERVING_STATUSES.has(home.status)) return undefined;
  return { copies: serving, instanceType: describeInstanceType(home) };
}

/** The variant of that name, whatever the case in which the caller spelled the endpoint's. */
function isVariantOf(resource: Resource, endpoint: string, variant?: string): boolean {
  return (
    'variant' in resource &&
    nameKey(resource.endpoint) === nameKey(endpoint) &&
    (variant ?? resource.variant) === resource.variant
  );
}

function factsOf(target: ScalableTarget): TargetFacts {
  const alarms = [...target.policies.values()].map((policy): readonly [string, string[]] => [
    policy.name,
    policy.type === 'TargetTrackingScaling'
      ? [policy.highAlarm, policy.lowAlarm].filter((name) => name !== undefined)
      : [],
  ]);
  const { arn, resourceId, resource, tags } = target;
  return {
    arn,
    resourceId,
    dimension: resource.dimension,
    tags: Object.fromEntries(tags),
    trackingAlarms: new Map(alarms),
  };
}

function createFacts(state: SageMakerState, autoScaling: SimulatedAutoScaling): WorldFacts {
  const where = (test: (target: ScalableTarget) => boolean): TargetFacts[] =>
    [...autoScaling.targets()].filter(test).map(factsOf);
  return {
    sageMakerTags: (arn) => state.tags.current(arn) ?? {},
    configOf: (endpoint) => state.endpoints.get(nameKey(endpoint))?.config.EndpointConfigName,
    scalableTarget(key) {
      const target = autoScaling.findTarget(key);
      return target === undefined ? undefined : factsOf(target);
    },
    scalableTargetByArn: (arn) => where((target) => target.arn === arn)[0],
    targetsOf: (endpoint) => where((target) => isVariantOf(target.resource, endpoint)),
    hasScalingRole: () => autoScaling.hasServiceLinkedRole(),
  };
}

/** Requests of a serverless endpoint are paid for by the GB-second, in one way or the other. */
function paidUse(use: ServerlessUse | undefined): readonly PaidTime[] {
  if (use === undefined) return [];
  return [
    { instanceType: 'serverless-provisioned-use', instanceSeconds: use.provisionedGigabyteSeconds },
    { instanceType: 'serverless', instanceSeconds: use.onDemandGigabyteSeconds },
  ];
}

/** SageMaker, Application Auto Scaling and CloudWatch with the load on the endpoints, on the kernel's clock. */
export function createWorld(kernel: Kernel): AdjustableWorld {
  const sagemaker = createSageMaker(kernel);
  const cloudwatch = createCloudWatch(kernel);
  const loads = new EndpointLoads(kernel, cloudwatch.store);
  const { state } = sagemaker;
  const autoScaling = createAutoScaling(kernel, cloudwatch, createResourceLookup(state));
  state.targets = {
    ofVariant: (endpoint, variant) =>
      [...autoScaling.targets()]
        .filter(({ resource }) => isVariantOf(resource, endpoint, variant))
        .map(({ resourceId, resource }) => ({ ResourceId: resourceId, ScalableDimension: resource.dimension })),
  };
  state.onChange(({ endpoint }) => loads.update(endpoint, state.endpoints.get(nameKey(endpoint))));

  state.onChange(({ endpoint }) => autoScaling.follow((resource) => isVariantOf(resource, endpoint)));

  state.onComponentChange((change) => {
    loads.updateComponent(change.endpoint, change.component, copiesOf(state, change));
    autoScaling.follow(
      (resource) => 'component' in resource && nameKey(resource.component) === nameKey(change.component),
    );
  });

  return {
    services: [
      sagemaker.service,
      createRuntimeService(state, (name, component) => loads.invoke(name, component)),
      autoScaling.service,
      cloudwatch.service,
    ],
    seed(endpoint) {
      if (endpoint.load) loads.attach(endpoint.name, endpoint.load);
      for (const { name, load } of endpoint.components ?? []) loads.attachComponent(endpoint.name, name, load);
      loads.recallIdlePast(sagemaker.seed(endpoint));
      for (const { name, copies } of endpoint.components ?? [])
        loads.recallComponentPast(name, copies, endpoint.instanceType);
    },
    setTiming: (endpoint, timing) => state.setTiming(endpoint, timing),
    inject: (endpoint, count, component) => loads.inject(endpoint, count, component),
    pushImage: (image) => state.pushedImages.set(image, (state.pushedImages.get(image) ?? 0) + 1),
    addShortage: (shortage) => state.pool.addShortage(shortage),
    addQuotaOutage: (outage) => state.pool.addQuotaOutage(outage),
    addSickness: (sickness) => state.pool.addSickness(sickness),
    addStuckStatus: (stuck) => state.addStuckStatus(stuck),
    setQuota: (instanceType, instances) => state.pool.setQuota(instanceType, instances),
    facts: createFacts(state, autoScaling),
    troubleMetrics: (endpoint, from, until, mode) => loads.trouble(endpoint, from, until, mode),
    requests: (endpoint, component) => loads.totals(endpoint, component),
    requestsOf: (endpoint, index) => loads.totalsOf(endpoint, index),
    serverlessUse: (endpoint) => loads.serverlessUse(endpoint),
    latency: (endpoint, component) => loads.latency(endpoint, component),
    arrivalsByHour: (endpoint) => loads.arrivalsByHour(endpoint),
    paid: (endpoint) => [
      ...state.ledger(endpoint).total(kernel.clock.now()),
      ...paidUse(loads.serverlessUse(endpoint)),
    ],
    taggedResources: () => state.tags.resources(),
    onEndpointChange: (listener) => state.onChange(listener),
    onComponentChange: (listener) => state.onComponentChange(listener),
    publishMetric({ namespace, name, dimensions, unit, value }) {
      const id = { namespace, name, dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })) };
      cloudwatch.store.open(id, unit, undefined, undefined).add(kernel.clock.now(), value, 1, value, value);
    },
    queueDepth: (queue) => new QueueDepth(cloudwatch.store, queue),
    settle: () => loads.settle(),
  };
}
