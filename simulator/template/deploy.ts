import {
  ApiError,
  type Caller,
  type DeployedFunction,
  type Deployment,
  type FunctionImplementation,
  type ServiceName,
} from '../contract.ts';
import type { Authorization } from '../iam/authorization.ts';
import { readRoles } from '../iam/roles.ts';
import type { SimulatorKernel } from '../kernel.ts';
import type { InvocationEnd, LambdaService } from '../lambda.ts';
import type { Scheduler } from '../scheduler.ts';
import { decodeInput, findServiceOperation } from '../wire/protocol.ts';
import { coerceInput } from './coerce.ts';
import { planFunction } from './functions.ts';
import { isJsonObject, type Json, type JsonObject, TemplateError } from './read.ts';
import { Stack, type StackResource } from './stack.ts';
import { planTriggers } from './triggers.ts';

const CLOUDFORMATION: Caller = { kind: 'service', name: 'cloudformation.amazonaws.com' };

export interface DeployInput {
  readonly kernel: SimulatorKernel;
  readonly lambda: LambdaService;
  readonly scheduler: Scheduler;
  /** Makes the metric of a queue that takes what Lambda gives up. */
  readonly queueDepth: (queue: string) => { add(now: number): void };
  /** Where IAM is enforced: told of the functions' roles. */
  readonly authorization: Authorization | undefined;
  readonly stackName: string;
  readonly templateText: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly implement: (fn: DeployedFunction) => FunctionImplementation;
}

/** Calls a service with an input from the template, checked as if it had come over the wire. */
function callService(
  kernel: SimulatorKernel,
  path: string,
  service: ServiceName,
  operation: string,
  input: Json,
): void {
  try {
    const decoded = decodeInput(findServiceOperation(service, operation), coerceInput(service, operation, input));
    kernel.call(CLOUDFORMATION, service, operation, decoded);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new TemplateError(path, `${service}.${operation}: ${error.code}: ${error.message}`, { cause: error });
  }
}

const TABLE_INPUTS = [
  'AttributeDefinitions',
  'KeySchema',
  'BillingMode',
  'ProvisionedThroughput',
  'Tags',
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
];

function createTable(input: DeployInput, stack: Stack, resource: StackResource): void {
  const request: Record<string, Json> = { TableName: stack.physicalName(resource.id) };
  if (resource.type === 'AWS::Serverless::SimpleTable') {
    const key = stack.property(resource, 'PrimaryKey');
    const name = isJsonObject(key) ? String(key['Name']) : 'id';
    const type = isJsonObject(key) ? String(key['Type']) : 'String';
    request['AttributeDefinitions'] = [
      { AttributeName: name, AttributeType: { String: 'S', Number: 'N', Binary: 'B' }[type] ?? type },
    ];
    request['KeySchema'] = [{ AttributeName: name, KeyType: 'HASH' }];
  } else {
    for (const name of TABLE_INPUTS) {
      const value = stack.property(resource, name);
      if (value !== undefined) request[name] = value;
    }
  }
  callService(input.kernel, resource.path, 'DynamoDB', 'CreateTable', request);
}

function tagList(tags: Json | undefined): Json {
  if (!isJsonObject(tags)) return tags ?? [];
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

function createParameter(input: DeployInput, stack: Stack, resource: StackResource): void {
  const request: Record<string, Json> = { Name: stack.physicalName(resource.id) };
  for (const name of ['Type', 'Value', 'Description', 'Tier', 'AllowedPattern', 'DataType']) {
    const value = stack.property(resource, name);
    if (value !== undefined) request[name] = value;
  }
  const tags = stack.property(resource, 'Tags');
  if (tags !== undefined) request['Tags'] = tagList(tags);
  callService(input.kernel, resource.path, 'SSM', 'PutParameter', request);
}

function createAlarm(input: DeployInput, stack: Stack, resource: StackResource): void {
  const properties = stack.evaluator.value(resource.properties, resource.path) as JsonObject;
  const request = { ...properties, AlarmName: stack.physicalName(resource.id) };
  for (const name of ['AlarmActions', 'OKActions', 'InsufficientDataActions']) {
    const actions = properties[name];
    if (Array.isArray(actions) && actions.some((action) => String(action).startsWith('arn:aws:lambda:'))) {
      throw new TemplateError(
        `${resource.path}.${name}`,
        'alarms that run a function directly are not simulated; use a rule',
      );
    }
  }
  callService(input.kernel, resource.path, 'CloudWatch', 'PutMetricAlarm', request);
}

function createTriggers(input: DeployInput, stack: Stack): void {
  const { kernel } = input;
  const plan = planTriggers(stack, kernel.clock.now());
  for (const { path, rule, targets } of plan.rules) {
    callService(kernel, path, 'EventBridge', 'PutRule', rule);
    if (targets.length === 0) continue;
    callService(kernel, path, 'EventBridge', 'PutTargets', { Rule: rule['Name']!, Targets: targets });
  }
  for (const schedule of plan.schedules) input.scheduler.add(schedule);
}

/** Creates a stack's resources: data first, then functions, then what starts them. */
export function deployStack(input: DeployInput): Deployment {
  const stack = new Stack(input.kernel, input.stackName, input.templateText, input.parameters);
  input.authorization?.addRoles(readRoles(stack));
  for (const resource of stack.ofType('AWS::SSM::Parameter')) createParameter(input, stack, resource);
  for (const resource of stack.ofType('AWS::DynamoDB::Table', 'AWS::Serverless::SimpleTable'))
    createTable(input, stack, resource);
  for (const resource of stack.ofType('AWS::CloudWatch::Alarm')) createAlarm(input, stack, resource);
  const listeners: ((end: InvocationEnd) => void)[] = [];
  const depths = new Map<string, ReturnType<DeployInput['queueDepth']>>();
  const depthOf = (name: string): ReturnType<DeployInput['queueDepth']> => {
    const depth = depths.get(name) ?? input.queueDepth(name);
    depths.set(name, depth);
    return depth;
  };
  const functions = stack.ofType('AWS::Serverless::Function').map((resource) => {
    const planned = planFunction(stack, resource);
    const queue = planned.failureQueue === undefined ? undefined : depthOf(planned.failureQueue);
    input.lambda.add(planned.arn, {
      fn: planned.fn,
      implementation: input.implement(planned.fn),
      reservedConcurrency: planned.reservedConcurrency,
      name: planned.name,
      onGivenUp: () => queue?.add(input.kernel.clock.now()),
      onEnd: (end) => {
        for (const listener of listeners) listener(end);
      },
    });
    return planned.fn;
  });
  createTriggers(input, stack);
  const { kernel, lambda, scheduler } = input;
  return {
    functions,
    startAgain(functionId) {
      const arn = stack.arn(functionId);
      const payload = scheduler.eventFor(arn) ?? lambda.lastPayload(arn);
      if (payload !== undefined) lambda.invoke(arn, payload);
      return payload !== undefined;
    },
    outlive() {
      kernel.beginRun();
      return () => kernel.endRun();
    },
    crash: (requestId) => input.lambda.crash(requestId),
    onInvocationEnd: (listener) => {
      listeners.push(listener);
    },
  };
}
