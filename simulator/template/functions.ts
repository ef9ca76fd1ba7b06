import type { DeployedFunction } from '../contract.ts';
import { isJsonObject, type Json, TemplateError } from './read.ts';
import type { Stack, StackResource } from './stack.ts';

const DEFAULTS = { timeoutSeconds: 3, memoryMb: 128, retries: 2, ageSeconds: 21_600 };

export interface PlannedFunction {
  readonly fn: DeployedFunction;
  readonly arn: string;
  readonly reservedConcurrency: number | undefined;
  /** `FunctionName`. */
  readonly name: string;
  /** Name of the SQS queue that takes events given up; undefined: another kind of destination, or none. */
  readonly failureQueue: string | undefined;
}

function numberBetween(
  value: Json | undefined,
  range: readonly [number, number],
  fallback: number,
  path: string,
): number {
  if (value === undefined) return fallback;
  const number = Number(value);
  if (!Number.isInteger(number) || number < range[0] || number > range[1]) {
    throw new TemplateError(path, `${String(value)}: must be a whole number from ${range[0]} to ${range[1]}`);
  }
  return number;
}

function member(value: Json | undefined, name: string): Json | undefined {
  return isJsonObject(value) ? value[name] : undefined;
}

/** Retries and age may stand at the function or in an AWS::Lambda::EventInvokeConfig of its own. */
function invokeConfigOf(stack: Stack, resource: StackResource): Json | undefined {
  const own = stack.property(resource, 'EventInvokeConfig');
  if (own !== undefined) return own;
  const name = stack.physicalName(resource.id);
  for (const config of stack.ofType('AWS::Lambda::EventInvokeConfig')) {
    const target = String(stack.property(config, 'FunctionName'));
    if (target === name || target === stack.arn(resource.id)) {
      return stack.evaluator.value(config.properties, config.path);
    }
  }
  return undefined;
}

function failureQueueOf(invoke: Json | undefined): string | undefined {
  const destination = member(member(member(invoke, 'DestinationConfig'), 'OnFailure'), 'Destination');
  return /^arn:[^:]+:sqs:[^:]*:[^:]*:(.+)$/.exec(String(destination))?.[1];
}

function environmentOf(stack: Stack, resource: StackResource, memoryMb: number): Record<string, string> {
  const environment: Record<string, string> = {
    AWS_REGION: stack.region,
    AWS_DEFAULT_REGION: stack.region,
    AWS_LAMBDA_FUNCTION_NAME: stack.physicalName(resource.id),
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  };
  const variables = member(stack.property(resource, 'Environment'), 'Variables');
  if (variables === undefined) return environment;
  const path = `${resource.path}.Environment.Variables`;
  if (!isJsonObject(variables)) throw new TemplateError(path, 'must be a mapping');
  for (const [name, value] of Object.entries(variables)) {
    if (typeof value === 'object') throw new TemplateError(`${path}.${name}`, 'must be a text, number or boolean');
    environment[name] = String(value);
  }
  return environment;
}

/** A function as deployed, from an AWS::Serverless::Function with globals merged in. */
export function planFunction(stack: Stack, resource: StackResource): PlannedFunction {
  const { path } = resource;
  const invoke = invokeConfigOf(stack, resource);
  const at = (name: string): string => `${path}.${name}`;
  const timeout = numberBetween(stack.property(resource, 'Timeout'), [1, 900], DEFAULTS.timeoutSeconds, at('Timeout'));
  const memoryMb = numberBetween(
    stack.property(resource, 'MemorySize'),
    [128, 10_240],
    DEFAULTS.memoryMb,
    at('MemorySize'),
  );
  const invokePath = at('EventInvokeConfig');
  const retries = numberBetween(
    member(invoke, 'MaximumRetryAttempts'),
    [0, 2],
    DEFAULTS.retries,
    `${invokePath}.MaximumRetryAttempts`,
  );
  const age = numberBetween(
    member(invoke, 'MaximumEventAgeInSeconds'),
    [60, 21_600],
    DEFAULTS.ageSeconds,
    `${invokePath}.MaximumEventAgeInSeconds`,
  );
  const reserved = stack.property(resource, 'ReservedConcurrentExecutions');
  return {
    arn: stack.arn(resource.id),
    name: stack.physicalName(resource.id),
    failureQueue: failureQueueOf(invoke),
    reservedConcurrency:
      reserved === undefined ? undefined : numberBetween(reserved, [0, 1000], 0, at('ReservedConcurrentExecutions')),
    fn: {
      id: resource.id,
      environment: environmentOf(stack, resource, memoryMb),
      timeoutMs: timeout * 1000,
      memoryMb,
      maximumRetryAttempts: retries,
      maximumEventAgeMs: age * 1000,
    },
  };
}
