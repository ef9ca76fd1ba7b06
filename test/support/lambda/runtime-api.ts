import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

export type Posted =
  | { readonly kind: 'response'; readonly body: unknown }
  | { readonly kind: 'error'; readonly error: FunctionError };

/** An invocation as Lambda hands it over. Instants are epoch milliseconds on the function's clock. */
export interface Invocation {
  readonly requestId: string;
  readonly event: unknown;
  readonly deadline: number;
  readonly functionArn: string;
}

export interface RuntimeApiEvents {
  /** The runtime asks for work: the first time, its init is done. */
  onNext(): void;
  onPosted(requestId: string, posted: Posted): void;
  onInitError(error: FunctionError): void;
}

/** The four routes of Lambda's Runtime API for one execution environment, on loopback. */
export class RuntimeApi {
  readonly #events: RuntimeApiEvents;
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  #waiting: ServerResponse | undefined;
  #pending: Invocation | undefined;

  constructor(events: RuntimeApiEvents) {
    this.#events = events;
  }

  /** Answers `host:port`. */
  listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => {
        resolve(`127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  /** Hands the event to the runtime as soon as it asks. */
  offer(invocation: Invocation): void {
    if (this.#pending !== undefined) throw new Error('one invocation at a time: the last one has not been taken');
    this.#pending = invocation;
    this.#deliver();
  }

  #deliver(): void {
    const response = this.#waiting;
    const invocation = this.#pending;
    if (response === undefined || invocation === undefined) return;
    this.#waiting = undefined;
    this.#pending = undefined;
    response.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': invocation.requestId,
      'lambda-runtime-deadline-ms': String(invocation.deadline),
      'lambda-runtime-invoked-function-arn': invocation.functionArn,
      'lambda-runtime-trace-id': 'Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=0',
    });
    response.end(JSON.stringify(invocation.event));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    if (request.method === 'GET' && path === '/2018-06-01/runtime/invocation/next') {
      this.#waiting = response;
      this.#events.onNext();
      this.#deliver();
      return;
    }
    const body: unknown = JSON.parse(await readText(request));
    const [, requestId, what] = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    if (request.method !== 'POST' || (requestId === undefined && path !== '/2018-06-01/runtime/init/error')) {
      response.writeHead(404).end(`${request.method} ${path}: no route of the Runtime API`);
      return;
    }
    response.writeHead(202, { 'content-type': 'application/json' }).end('{}');
    if (requestId === undefined) this.#events.onInitError(body as FunctionError);
    else if (what === 'response') this.#events.onPosted(requestId, { kind: 'response', body });
    else this.#events.onPosted(requestId, { kind: 'error', error: body as FunctionError });
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) text += chunk;
  return text;
}
