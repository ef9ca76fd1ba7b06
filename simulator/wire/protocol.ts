import { ApiError, type ServiceName } from '../contract.ts';
import { type Decoder, DecoderCompiler, Problems } from './decode.ts';
import { type Encoder, EncoderCompiler } from './encode.ts';
import { loadServiceModel, SERVICE_NAMES, type ServiceModel } from './model.ts';

export interface WireResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** An operation as the wire sees it: found by `X-Amz-Target`, with what its model says compiled. */
export interface WireOperation {
  readonly model: ServiceModel;
  readonly service: ServiceName;
  readonly name: string;
  readonly decode: Decoder;
  readonly encode: Encoder;
}

interface WireService {
  readonly model: ServiceModel;
  readonly operations: Map<string, WireOperation>;
}

const services = new Map<string, WireService>();

function compileService(model: ServiceModel): WireService {
  const decoders = new DecoderCompiler(model);
  const encoders = new EncoderCompiler(model);
  const operations = new Map<string, WireOperation>();
  for (const [name, operation] of Object.entries(model.operations)) {
    operations.set(name, {
      model,
      service: model.service,
      name,
      decode: operation.input === undefined ? () => ({}) : decoders.get(operation.input),
      encode: operation.output === undefined ? () => ({}) : encoders.get(operation.output),
    });
  }
  return { model, operations };
}

function serviceByPrefix(prefix: string): WireService | undefined {
  if (services.size === 0) {
    for (const name of SERVICE_NAMES) {
      const model = loadServiceModel(name);
      services.set(model.targetPrefix, compileService(model));
    }
  }
  return services.get(prefix);
}

/** `SageMaker.DescribeEndpoint` → the operation, or what an AWS front end answers to an unknown one. */
export function findOperation(target: string): WireOperation {
  const dot = target.lastIndexOf('.');
  const service = serviceByPrefix(target.slice(0, dot));
  const operation = service?.operations.get(target.slice(dot + 1));
  if (operation === undefined) {
    throw new ApiError(
      'UnknownOperationException',
      `The requested operation ${target} is not recognized by the service.`,
    );
  }
  return operation;
}

export function findServiceOperation(service: ServiceName, name: string): WireOperation {
  return findOperation(`${loadServiceModel(service).targetPrefix}.${name}`);
}

/** Checks and decodes an input (JSON value) of an operation; throws ApiError as the service would answer. */
export function decodeInput(operation: WireOperation, value: unknown): Record<string, unknown> {
  const problems = new Problems();
  const decoded = operation.decode(value, '', problems) as Record<string, unknown>;
  const count = problems.list.length;
  if (count > 0) {
    const message = `${count} validation error${count === 1 ? '' : 's'} detected: ${problems.list.join('; ')}`;
    throw new ApiError('ValidationException', message);
  }
  return decoded;
}

export function parseBody(body: string): unknown {
  if (body === '') return {};
  try {
    return JSON.parse(body);
  } catch {
    throw new ApiError('SerializationException', 'Unable to parse the request body: it is not valid JSON.');
  }
}

/** Names with which services prefix `__type`; clients strip everything up to `#`. */
const TYPE_PREFIX: Partial<Record<ServiceName, string>> = {
  CloudWatch: 'com.amazonaws.cloudwatch.v2010_08_01#',
  DynamoDB: 'com.amazonaws.dynamodb.v20120810#',
};

const FRONT_END_TYPES: Readonly<Record<string, string>> = {
  ValidationException: 'com.amazon.coral.validate#ValidationException',
  SerializationException: 'com.amazon.coral.service#SerializationException',
  UnknownOperationException: 'com.amazon.coral.service#UnknownOperationException',
};

/** Codes of the query protocol for errors that no model lists. */
const QUERY_CODES: Readonly<Record<string, string>> = { ValidationException: 'ValidationError' };

interface ErrorShape {
  readonly name: string;
  readonly queryCode: string | undefined;
  readonly status: number | undefined;
  readonly messageMember: string | undefined;
}

/** A service may throw an error by its shape's name or by its query code (`ResourceNotFound`). */
function findErrorShape(model: ServiceModel, code: string): ErrorShape | undefined {
  const direct = model.shapes[code];
  const entry: [string, typeof direct] | undefined = direct?.exception
    ? [code, direct]
    : Object.entries(model.shapes).find(([, shape]) => shape.exception === true && shape.error?.code === code);
  if (entry?.[1] === undefined) return undefined;
  const [name, shape] = entry;
  return {
    name,
    queryCode: shape.error?.code,
    status: shape.error?.httpStatusCode,
    messageMember: Object.keys(shape.members ?? {}).find((member) => member.toLowerCase() === 'message'),
  };
}

export function encodeError(model: ServiceModel | undefined, error: ApiError, requestId: string): WireResponse {
  const shape = model === undefined ? undefined : findErrorShape(model, error.code);
  const name = shape?.name ?? error.code;
  const status = error.httpStatus === 400 ? (shape?.status ?? 400) : error.httpStatus;
  const service = model?.service;
  const frontEnd =
    service === 'CloudWatch' || service === 'DynamoDB' || service === undefined ? FRONT_END_TYPES[name] : undefined;
  const type = frontEnd ?? `${(service && TYPE_PREFIX[service]) ?? ''}${name}`;
  const body: Record<string, unknown> = { __type: type };
  if (error.message !== '') body[shape?.messageMember ?? 'message'] = error.message;
  if (Object.keys(error.fields).length > 0 && model !== undefined) {
    Object.assign(body, encodeErrorFields(model, name, error.fields));
  }
  const headers = responseHeaders(model, requestId);
  headers['x-amzn-errortype'] = name;
  if (model?.queryCompatible) {
    const code = shape?.queryCode ?? QUERY_CODES[name] ?? name;
    headers['x-amzn-query-error'] = `${code};${status >= 500 ? 'Receiver' : 'Sender'}`;
  }
  return { statusCode: status, headers, body: JSON.stringify(body) };
}

function encodeErrorFields(model: ServiceModel, name: string, fields: Readonly<Record<string, unknown>>): unknown {
  if (model.shapes[name] === undefined) return fields;
  return new EncoderCompiler(model).get(name)(fields, `${model.service} ${name}`);
}

function responseHeaders(model: ServiceModel | undefined, requestId: string): Record<string, string> {
  return {
    'content-type': `application/x-amz-json-${model?.jsonVersion ?? '1.1'}`,
    'x-amzn-requestid': requestId,
  };
}

export function encodeOutput(operation: WireOperation, output: unknown, requestId: string): WireResponse {
  const encoded = operation.encode(output ?? {}, `${operation.service}.${operation.name}`);
  const body = operation.model.operations[operation.name]?.output === undefined ? '' : JSON.stringify(encoded);
  return { statusCode: 200, headers: responseHeaders(operation.model, requestId), body };
}
