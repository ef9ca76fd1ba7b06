import { Agent, createServer, type IncomingMessage, type ServerResponse, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface GatewayCall {
  /** Access key of the caller: the function's logical id. */
  readonly caller: string;
  /** `SageMaker.DescribeEndpoint`, `DynamoDB_20120810.PutItem`: the wire's own target. */
  readonly target: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Milliseconds of `performance.now()`. */
  readonly begun: number;
  ended?: number;
  status?: number;
}

/** Answers instead of the service; `forward` asks it. A promise that never settles is a call that never answers. */
export type Interception = (forward: () => Promise<Answer>, call: GatewayCall) => Promise<Answer>;

export const never: Interception = () => new Promise<never>(() => {});

export function answerError(status: number, code: string, message = `${code}, scripted`): Interception {
  const body = JSON.stringify({ __type: code, message });
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': code };
  return () => Promise.resolve({ status, headers, body });
}

/** What a proxy between a function in a VPC and its endpoint may say. */
export const answerHtml: Interception = () =>
  Promise.resolve({
    status: 503,
    headers: { 'content-type': 'text/html' },
    body: '<html><body><h1>503 Service Unavailable</h1></body></html>',
  });

/** Stands between the functions and the simulated AWS: sees every call, and can answer in AWS's place. */
export class Gateway {
  readonly calls: GatewayCall[] = [];
  readonly #upstream: URL;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #interceptions: { readonly targets: RegExp; readonly interception: Interception; left: number }[] = [];
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });

  constructor(upstream: string) {
    this.#upstream = new URL(upstream);
  }

  listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => {
        resolve(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
      });
    });
  }

  close(): Promise<void> {
    this.#agent.destroy();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  /** The latest one that fits answers; it is used up after `times` calls. */
  intercept(targets: RegExp, interception: Interception, times = Number.POSITIVE_INFINITY): void {
    this.#interceptions.unshift({ targets, interception, left: times });
  }

  /** Services answer for themselves again, and nothing has been called yet. */
  reset(): void {
    this.#interceptions.length = 0;
    this.calls.length = 0;
  }

  targets(caller?: string): readonly string[] {
    return this.calls.filter((call) => caller === undefined || call.caller === caller).map(({ target }) => target);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const call: GatewayCall = {
      caller: /Credential=([^/,\s]+)/.exec(request.headers.authorization ?? '')?.[1] ?? 'anonymous',
      target: String(request.headers['x-amz-target']),
      input: JSON.parse(body.toString('utf8') || '{}') as Record<string, unknown>,
      begun: performance.now(),
    };
    this.calls.push(call);
    const forward = (): Promise<Answer> => this.#forward(request, body);
    const chosen = this.#interceptions.find(({ targets, left }) => left > 0 && targets.test(call.target));
    if (chosen !== undefined) chosen.left -= 1;
    const answer = await (chosen === undefined ? forward() : chosen.interception(forward, call));
    call.ended = performance.now();
    call.status = answer.status;
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
  }

  #forward(request: IncomingMessage, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.#upstream;
      const { host: _, ...headers } = request.headers;
      const { method = 'POST', url: path = '/' } = request;
      const upstream = sendRequest({ hostname, port, method, path, headers, agent: this.#agent }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk) => {
          text += chunk;
        });
        answer.on('error', reject);
        answer.on('end', () => {
          const {
            'content-length': _length,
            'transfer-encoding': _encoding,
            connection: _connection,
            ...rest
          } = answer.headers;
          resolve({ status: answer.statusCode ?? 500, headers: rest as Record<string, string>, body: text });
        });
      });
      upstream.on('error', reject);
      upstream.end(body);
    });
  }
}
