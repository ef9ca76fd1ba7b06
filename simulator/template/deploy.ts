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
import type { ScheduleDefinition, Scheduler } from '../scheduler.ts';
import { decodeInput, findServiceOperation } from '../wire/protocol.ts';
import { coerceInput } from './coerce.ts';
import { type PlannedFunction, planFunction } from './functions.ts';
import { isJsonObject, type Json, type JsonObject, TemplateError } from './read.ts';
import { Stack, type StackResource } from './stack.ts';
import { type PlannedRule, planTriggers } from './triggers.ts';

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

function parameterRequest(stack: Stack, resource: StackResource): Record<string, Json> {
  const request: Record<string, Json> = { Name: stack.physicalName(resource.id) };
  for (const name of ['Type', 'Value', 'Description', 'Tier', 'AllowedPattern', 'DataType']) {
    const value = stack.property(resource, name);
    if (value !== undefined) request[name] = value;
  }
  const tags = stack.property(resource, 'Tags');
  if (tags !== undefined) request['Tags'] = tagList(tags);
  return request;
}

function alarmRequest(stack: Stack, resource: StackResource): Record<string, Json> {
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
  return request;
}

/** What a stack's resources ask of their services, by kind and name: an update compares it with what was asked before. */
interface Asked {
  readonly parameters: ReadonlyMap<string, Requested>;
  readonly alarms: ReadonlyMap<string, Requested>;
  readonly rules: ReadonlyMap<string, PlannedRule>;
  readonly schedules: ReadonlyMap<string, ScheduleDefinition>;
}

interface Requested {
  readonly path: string;
  readonly request: Readonly<Record<string, Json>>;
}

function askedBy(stack: Stack, now: number): Asked {
  const requests = (type: string, request: (stack: Stack, resource: StackResource) => Record<string, Json>) =>
    new Map(
      stack
        .ofType(type)
        .map((resource) => [
          stack.physicalName(resource.id),
          { path: resource.path, request: request(stack, resource) },
        ]),
    );
  const triggers = planTriggers(stack, now);
  return {
    parameters: requests('AWS::SSM::Parameter', parameterRequest),
    alarms: requests('AWS::CloudWatch::Alarm', alarmRequest),
    rules: new Map(triggers.rules.map((rule) => [String(rule.rule['Name']), rule])),
    schedules: new Map(triggers.schedules.map((schedule) => [schedule.arn, schedule])),
  };
}

const NOTHING: Asked = { parameters: new Map(), alarms: new Map(), rules: new Map(), schedules: new Map() };

/** A recurrence that is parsed again bears another anchor; its text says what it is. */
function textOf(entry: unknown): string | undefined {
  return JSON.stringify(entry, (key, value: unknown) => (key === 'recurrence' ? undefined : value));
}

/** Entries that are new or not as they were, and names that are gone. */
function compare<T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>) {
  return {
    changed: [...after].filter(([name, entry]) => textOf(before.get(name)) !== textOf(entry)),
    gone: [...before.keys()].filter((name) => !after.has(name)),
  };
}

/** Data first; what starts functions comes after them. */
function putData({ kernel }: DeployInput, before: Asked, after: Asked): void {
  const parameters = compare(before.parameters, after.parameters);
  for (const [name, { path, request }] of parameters.changed) {
    const { Tags: _, ...untagged } = request;
    const isNew = !before.parameters.has(name);
    callService(kernel, path, 'SSM', 'PutParameter', isNew ? request : { ...untagged, Overwrite: true });
  }
  for (const name of parameters.gone) callService(kernel, name, 'SSM', 'DeleteParameter', { Name: name });
  const alarms = compare(before.alarms, after.alarms);
  for (const [, { path, request }] of alarms.changed) {
    callService(kernel, path, 'CloudWatch', 'PutMetricAlarm', request);
  }
  for (const name of alarms.gone) callService(kernel, name, 'CloudWatch', 'DeleteAlarms', { AlarmNames: [name] });
}

function putTriggers({ kernel, scheduler }: DeployInput, before: Asked, after: Asked): void {
  const rules = compare(before.rules, after.rules);
  for (const [name, { path, rule, targets }] of rules.changed) {
    callService(kernel, path, 'EventBridge', 'PutRule', rule);
    if (targets.length > 0) callService(kernel, path, 'EventBridge', 'PutTargets', { Rule: name, Targets: targets });
  }
  for (const name of rules.gone) {
    const Ids = before.rules.get(name)!.targets.map((target) => target['Id']!);
    if (Ids.length > 0) callService(kernel, name, 'EventBridge', 'RemoveTargets', { Rule: name, Ids });
    callService(kernel, name, 'EventBridge', 'DeleteRule', { Name: name });
  }
  const schedules = compare(before.schedules, after.schedules);
  for (const arn of schedules.gone) scheduler.remove(arn);
  for (const [arn, schedule] of schedules.changed) {
    scheduler.remove(arn);
    scheduler.add(schedule);
  }
}

/** Creates a stack's resources: data first, then functions, then what starts them. */
export function deployStack(input: DeployInput): Deployment {
  const { kernel, lambda, scheduler } = input;
  let stack = new Stack(kernel, input.stackName, input.templateText, input.parameters);
  input.authorization?.addRoles(readRoles(stack));
  let asked = askedBy(stack, kernel.clock.now());
  putData(input, NOTHING, asked);
  for (const resource of stack.ofType(...TABLES)) createTable(input, stack, resource);
  const listeners: ((end: InvocationEnd) => void)[] = [];
  const depths = new Map<string, ReturnType<DeployInput['queueDepth']>>();
  const depthOf = (name: string): ReturnType<DeployInput['queueDepth']> => {
    const depth = depths.get(name) ?? input.queueDepth(name);
    depths.set(name, depth);
    return depth;
  };
  const settingsOf = ({ fn, name, reservedConcurrency, failureQueue }: PlannedFunction) => {
    const queue = failureQueue === undefined ? undefined : depthOf(failureQueue);
    return {
      fn,
      name,
      reservedConcurrency,
      onGivenUp: () => queue?.add(kernel.clock.now()),
      onEnd: (end: InvocationEnd) => {
        for (const listener of listeners) listener(end);
      },
    };
  };
  let planned = functionsOf(stack);
  for (const one of planned) {
    lambda.add(one.arn, { ...settingsOf(one), implementation: input.implement(one.fn) });
  }
  putTriggers(input, NOTHING, asked);
  return {
    get functions() {
      return planned.map(({ fn }) => fn);
    },
    update(parameters) {
      const next = stack.updatedBy(parameters);
      refuseOtherResources(stack, next);
      input.authorization?.replaceRoles(readRoles(next));
      const nextAsked = askedBy(next, kernel.clock.now());
      putData(input, asked, nextAsked);
      planned = functionsOf(next);
      for (const one of planned) lambda.replace(one.arn, settingsOf(one));
      putTriggers(input, asked, nextAsked);
      stack = next;
      asked = nextAsked;
    },
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
    crash: (requestId) => lambda.crash(requestId),
    onInvocationEnd: (listener) => {
      listeners.push(listener);
    },
  };
}

const TABLES = ['AWS::DynamoDB::Table', 'AWS::Serverless::SimpleTable'];

function functionsOf(stack: Stack): readonly PlannedFunction[] {
  return stack.ofType('AWS::Serverless::Function').map((resource) => planFunction(stack, resource));
}

/** An update that makes or removes tables or functions would be another simulation. */
function refuseOtherResources(before: Stack, after: Stack): void {
  const namesOf = (stack: Stack) =>
    stack
      .ofType('AWS::Serverless::Function', ...TABLES)
      .map(({ id }) => `${id} ${stack.physicalName(id)}`)
      .join(', ');
  if (namesOf(before) === namesOf(after)) return;
  throw new TemplateError('Resources', 'an update that adds, removes or renames functions or tables is not simulated');
}
