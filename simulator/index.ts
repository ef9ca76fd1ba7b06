import type { Caller, CallGate, Deployment, SdkRequestHandler, SimulatedAws, SimulatedAwsOptions } from './contract.ts';
import { createDynamoDb } from './dynamodb/service.ts';
import { TableStore } from './dynamodb/tables.ts';
import { createEventBridge, EventBus } from './eventbridge/service.ts';
import { Authorization } from './iam/authorization.ts';
import { SimulatorKernel } from './kernel.ts';
import { LambdaService } from './lambda.ts';
import { DEFAULT_READINGS } from './readings.ts';
import { Scheduler } from './scheduler.ts';
import { createSsm } from './ssm/service.ts';
import { createTagging } from './tagging/service.ts';
import { deployStack } from './template/deploy.ts';
import { InProcessHandler } from './wire/handler.ts';
import { createWorld } from './world.ts';

export * from './contract.ts';
export { DEFAULT_READINGS, READING_NAMES, READINGS } from './readings.ts';
export { TemplateError } from './template/read.ts';

const DEFAULT_ACCOUNT = '123456789012';
const DEFAULT_TAGGING_LAG_MS = 180_000;

/** A complete simulated AWS account in one region, at virtual time `start`. */
export function createSimulatedAws(options: SimulatedAwsOptions): SimulatedAws {
  return assemble(options).aws;
}

export interface Assembly {
  readonly aws: SimulatedAws;
  readonly kernel: SimulatorKernel;
  /** With `enforceIam` only. */
  readonly authorization: Authorization | undefined;
}

const assemblies = new WeakMap<SimulatedAws, Assembly>();

/** What is beneath an account that `createSimulatedAws` made. */
export function assemblyOf(aws: SimulatedAws): Assembly {
  const assembly = assemblies.get(aws);
  if (assembly === undefined) throw new TypeError('not an account of this simulator');
  return assembly;
}

function createKernel({
  start,
  seed,
  region,
  accountId = DEFAULT_ACCOUNT,
  readings,
}: SimulatedAwsOptions): SimulatorKernel {
  return new SimulatorKernel({ start, seed, region, accountId, readings: { ...DEFAULT_READINGS, ...readings } });
}

/** The account and the kernel beneath it, which the HTTP server serves too. */
export function assemble(options: SimulatedAwsOptions): Assembly {
  const { region } = options;
  const kernel = createKernel(options);
  const lambda = new LambdaService(kernel);
  const deliver = (arn: string, payload: string): boolean => {
    if (!lambda.has(arn)) return false;
    lambda.invoke(arn, payload);
    return true;
  };
  const bus = new EventBus(kernel, {
    deliver,
    planDelivery: (delivery, now) => kernel.faults.planDelivery(delivery, now),
  });
  kernel.setBus((event) => {
    bus.put(event);
  });
  const scheduler = new Scheduler(kernel, deliver);
  const world = createWorld(kernel);
  for (const service of world.services) kernel.register(service, () => world.settle());
  lambda.measure = (functionName, name, unit, value) => {
    world.publishMetric({ namespace: 'AWS/Lambda', name, dimensions: { FunctionName: functionName }, unit, value });
  };
  const tables = new TableStore();
  kernel.register(createDynamoDb(kernel, tables));
  kernel.register(createSsm(kernel));
  kernel.register(createEventBridge(kernel, bus));
  const taggedResources = () => [...world.taggedResources(), ...tables.taggedResources()];
  kernel.register(createTagging(options.taggingLagMs ?? DEFAULT_TAGGING_LAG_MS, taggedResources));
  const authorization = options.enforceIam
    ? new Authorization({
        ...world.facts,
        region,
        accountId: kernel.accountId,
        partitionKeyOf: (table) => (tables.has(table) ? tables.find(table).keys.hash : undefined),
      })
    : undefined;
  if (authorization !== undefined) kernel.setAuthorization(authorization.authorize);
  let stacks = 0;

  const aws: SimulatedAws = {
    clock: kernel.clock,
    region,
    accountId: kernel.accountId,
    readings: kernel.readings,
    world,
    random: (stream) => kernel.random(stream),
    uuid: (stream) => kernel.uuid(stream),
    call: (caller, service, operation, input) => kernel.call(caller, service, operation, input),
    emit: (event) => kernel.emit(event),
    deploy(templateText, parameters, implement): Deployment {
      stacks += 1;
      const stackName = stacks === 1 ? 'stack' : `stack-${stacks}`;
      const { queueDepth } = world;
      const stack = { stackName, templateText, parameters, implement };
      return deployStack({ kernel, lambda, scheduler, queueDepth, authorization, ...stack });
    },
    requestHandler: (caller: Caller, gate?: CallGate): SdkRequestHandler => new InProcessHandler(kernel, caller, gate),
    addCallFault: (fault) => kernel.faults.addCallFault(fault),
    addNetworkFault: (fault) => kernel.faults.addNetworkFault(fault),
    addStaleReads: (fault) => kernel.addStaleReads(fault),
    addDeliveryFault: (fault) => kernel.faults.addDeliveryFault(fault),
    onCall: (listener) => kernel.onCall(listener),
    onBusEvent: (listener) => bus.onEvent(listener),
    onStep: (listener) => kernel.onStep(listener),
    callCounts: () => kernel.callCounts(),
    run: (until) => kernel.run(until),
  };
  const assembly = { aws, kernel, authorization };
  assemblies.set(aws, assembly);
  return assembly;
}
