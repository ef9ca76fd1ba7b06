import type { ServiceName } from '../contract.ts';
import { findServiceOperation, type WireOperation, type WireResponse } from './protocol.ts';

/** A request of a REST service: what it asks for lies in method, path and headers, and its body is the payload. */
export interface RestRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

interface Route {
  readonly service: ServiceName;
  readonly operation: string;
  readonly method: string;
  readonly path: RegExp;
  /** Member by the header that carries it; those that nothing here reads are left out. */
  readonly headers: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<string, string>>;
}

const ROUTES: readonly Route[] = [
  {
    service: 'SageMakerRuntime',
    operation: 'InvokeEndpoint',
    method: 'POST',
    path: /^\/endpoints\/(?<EndpointName>[^/]+)\/invocations$/,
    headers: {
      'content-type': 'ContentType',
      accept: 'Accept',
      'x-amzn-sagemaker-target-variant': 'TargetVariant',
      'x-amzn-sagemaker-inference-component': 'InferenceComponentName',
    },
    answers: { ContentType: 'content-type', InvokedProductionVariant: 'x-amzn-invoked-production-variant' },
  },
];

export interface RestCall {
  readonly operation: WireOperation;
  /** In the form of the JSON protocols: a payload of bytes as base64. */
  readonly input: Readonly<Record<string, unknown>>;
  answer(output: unknown, requestId: string): WireResponse;
}

/** The REST call that a request is; undefined: it is none that is served here. */
export function findRestCall({ method, path, headers, body }: RestRequest): RestCall | undefined {
  for (const route of ROUTES) {
    const match = method === route.method ? route.path.exec(path.split('?')[0] ?? '') : null;
    if (match === null) continue;
    const input: Record<string, unknown> = { Body: Buffer.from(body, 'utf8').toString('base64') };
    for (const [name, value] of Object.entries(match.groups ?? {})) input[name] = decodeURIComponent(value);
    for (const [name, value] of Object.entries(headers)) {
      const member = route.headers[name.toLowerCase()];
      if (member !== undefined && typeof value === 'string') input[member] = value;
    }
    const operation = findServiceOperation(route.service, route.operation);
    return { operation, input, answer: (output, requestId) => encodeAnswer(route, output, requestId) };
  }
  return undefined;
}

function encodeAnswer(route: Route, output: unknown, requestId: string): WireResponse {
  const members = output as Readonly<Record<string, unknown>>;
  const headers: Record<string, string> = { 'x-amzn-requestid': requestId };
  for (const [member, header] of Object.entries(route.answers)) {
    const value = members[member];
    if (typeof value === 'string') headers[header] = value;
  }
  return { statusCode: 200, headers, body: new TextDecoder().decode(members['Body'] as Uint8Array) };
}
