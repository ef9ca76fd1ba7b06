import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import {
  ApiError,
  type Caller,
  type EpochMs,
  type NetworkFault,
  type SimulatedAws,
  type SimulatedAwsOptions,
} from './contract.ts';
import { parseDuration } from './duration.ts';
import { readRoles } from './iam/roles.ts';
import { assemble, assemblyOf } from './index.ts';
import type { SimulatorKernel } from './kernel.ts';
import { Stack } from './template/stack.ts';
import { answerRest, answerWire, performRest, performWire } from './wire/handler.ts';
import { spoil } from './wire/network.ts';
import { encodeError, findOperation, type WireResponse } from './wire/protocol.ts';
import { findRestCall } from './wire/rest.ts';

/** DynamoDB's largest request is 16 MB; nothing we serve takes more. */
const MAXIMUM_BODY_BYTES = 16 * 1024 * 1024;
/** How often a clock that follows the wall clock is brought up to it. */
const CLOCK_STEP_MS = 100;

/** `virtual`: time moves by request only. A number: so many simulated seconds pass in a real one. */
export type ServerClock = 'virtual' | number;

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly clock: ServerClock;
  /** Who calls with this access key; default: a person of that name. */
  readonly callerOf?: (accessKeyId: string) => Caller;
}

export interface ServerOptions extends Omit<SimulatedAwsOptions, 'enforceIam'>, ListenOptions {
  /**
   * Enforces IAM with the roles of this template: who calls with the logical id of one of its functions as access key may
   * do what that function's role allows, everybody else may do everything.
   */
  readonly rolesFrom?: { readonly templateText: string; readonly parameters: Readonly<Record<string, string>> };
}

export interface SimulatorServer {
  readonly url: string;
  readonly aws: SimulatedAws;
  close(): Promise<void>;
}

class RequestError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'RequestError';
    this.status = status;
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAXIMUM_BODY_BYTES) throw new RequestError(413, `request body: more than ${MAXIMUM_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  const raw = Buffer.concat(chunks);
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return raw.toString('utf8');
  if (encoding !== 'gzip') throw new RequestError(415, `content-encoding: ${encoding}: must be gzip or absent`);
  try {
    return gunzipSync(raw, { maxOutputLength: MAXIMUM_BODY_BYTES }).toString('utf8');
  } catch (error) {
    throw new RequestError(400, `request body: cannot be unpacked as gzip: ${(error as Error).message}`);
  }
}

/** The access key is all that tells callers apart here; signatures are not checked. */
function accessKeyOf(request: IncomingMessage): string {
  return /Credential=([^/,\s]+)/.exec(request.headers.authorization ?? '')?.[1] ?? 'anonymous';
}

/** Moves simulated time, one request or step after the other. */
class ClockDriver {
  readonly #aws: SimulatedAws;
  readonly #speed: number | undefined;
  readonly #wallStart = Date.now();
  readonly #start: EpochMs;
  #tail: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(aws: SimulatedAws, clock: ServerClock) {
    this.#aws = aws;
    this.#start = aws.clock.now();
    this.#speed = clock === 'virtual' ? undefined : clock;
  }

  get isVirtual(): boolean {
    return this.#speed === undefined;
  }

  follow(onError: (error: unknown) => void): void {
    if (this.#speed === undefined) return;
    this.#timer = setInterval(() => {
      this.exclusively(async () => {}).catch(onError);
    }, CLOCK_STEP_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #due(): EpochMs {
    if (this.#speed === undefined) return this.#aws.clock.now();
    return this.#start + (Date.now() - this.#wallStart) * this.#speed;
  }

  /** Runs `work` with time brought up to date, after everything that was asked before. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(async () => {
      const due = this.#due();
      if (this.#speed !== undefined && due > this.#aws.clock.now()) await this.#aws.run(due);
      return await work();
    });
    this.#tail = result.then(
      () => {},
      () => {},
    );
    return result;
  }
}

interface Session {
  readonly aws: SimulatedAws;
  readonly kernel: SimulatorKernel;
  readonly driver: ClockDriver;
  readonly clock: ServerClock;
  readonly callerOf: (accessKeyId: string) => Caller;
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}

function send(response: ServerResponse, answer: WireResponse): void {
  response.writeHead(answer.statusCode, answer.headers);
  response.end(answer.body);
}

interface Delivered {
  readonly answer: WireResponse;
  readonly network: NetworkFault | undefined;
}

/** Over a network that fails, if one is scripted for this call. */
function deliver(response: ServerResponse, { answer, network }: Delivered): void {
  const arrives = network === undefined ? answer : spoil(answer, network.kind);
  if (arrives === undefined) response.socket?.resetAndDestroy();
  else send(response, arrives);
}

function readAdvance(body: string, now: EpochMs): EpochMs {
  let input: unknown;
  try {
    input = JSON.parse(body);
  } catch {
    throw new RequestError(400, 'request body: must be JSON like {"by":"10m"} or {"to":"2026-03-23T08:00:00Z"}');
  }
  const { by, to } = (typeof input === 'object' && input !== null ? input : {}) as { by?: unknown; to?: unknown };
  if (typeof by === 'string' && to === undefined) {
    const ms = parseDuration(by);
    if (ms === undefined) throw new RequestError(400, `by: ${by}: must be a duration like 10m or 1d2h3m4s5ms`);
    return now + ms;
  }
  const at = typeof to === 'string' && by === undefined ? Date.parse(to) : Number.NaN;
  if (Number.isNaN(at))
    throw new RequestError(400, 'request body: must hold either by (a duration) or to (an instant)');
  if (at < now) throw new RequestError(400, `to: ${String(to)}: is before now, ${new Date(now).toISOString()}`);
  return at;
}

async function serveControl(session: Session, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { aws, driver } = session;
  const path = request.url!.split('?')[0];
  if (path === '/_simulator/health' && request.method === 'GET') {
    sendJson(response, 200, {
      status: 'ok',
      now: new Date(aws.clock.now()).toISOString(),
      clock: showClock(session.clock),
    });
    return;
  }
  if (path !== '/_simulator/advance' || request.method !== 'POST') {
    throw new RequestError(
      404,
      `${request.method} ${path}: known are GET /_simulator/health and POST /_simulator/advance`,
    );
  }
  if (!driver.isVirtual)
    throw new RequestError(
      409,
      `clock ${showClock(session.clock)} moves by itself; only a virtual clock can be advanced`,
    );
  const body = await readBody(request);
  await driver.exclusively(() => aws.run(readAdvance(body, aws.clock.now())));
  sendJson(response, 200, { now: new Date(aws.clock.now()).toISOString() });
}

export function showClock(clock: ServerClock): string {
  if (clock === 'virtual') return clock;
  return clock === 1 ? 'real' : `${clock}x`;
}

const QUERY_PROTOCOL =
  'This simulator speaks the JSON protocols of AWS (X-Amz-Target). The query protocol with XML answers, which clients released before 2025 use for CloudWatch, is not simulated: use a newer AWS CLI or SDK.';

function refuseQuery(kernel: SimulatorKernel): WireResponse {
  const requestId = kernel.uuid('request-id');
  return {
    statusCode: 400,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body: `<ErrorResponse><Error><Type>Sender</Type><Code>UnsupportedProtocol</Code><Message>${QUERY_PROTOCOL}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
  };
}

async function serveAws(session: Session, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { kernel, driver } = session;
  const body = await readBody(request);
  const target = request.headers['x-amz-target'];
  const { method = '', url = '', headers } = request;
  const rest = typeof target === 'string' ? undefined : findRestCall({ method, path: url, headers, body });
  if (rest !== undefined) {
    const caller = session.callerOf(accessKeyOf(request));
    const performed = await driver.exclusively(async () => {
      const done = performRest(kernel, caller, rest);
      return { network: done.network, answer: answerRest(kernel, rest, done) };
    });
    return deliver(response, performed);
  }
  if (typeof target !== 'string') {
    const isQuery = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
    // Not 404: whoever asks S3 for an object would take that for "it is not there".
    const error = new ApiError(
      'UnknownOperationException',
      `${request.method} ${request.url}: no X-Amz-Target: this service is not simulated.`,
      501,
    );
    send(response, isQuery ? refuseQuery(kernel) : encodeError(undefined, error, kernel.uuid('request-id')));
    return;
  }
  const performed = await driver.exclusively(async () => {
    const operation = findOperation(target);
    const done = performWire(kernel, session.callerOf(accessKeyOf(request)), operation, body);
    return { network: done.network, answer: answerWire(kernel, operation, done) };
  });
  deliver(response, performed);
}

function fail(session: Session, response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
  } else if (error instanceof RequestError) {
    // The rest of a refused body is not read, so the connection cannot be used again.
    response.setHeader('connection', 'close');
    sendJson(response, error.status, { message: error.message });
  } else if (error instanceof ApiError) {
    send(response, encodeError(undefined, error, session.kernel.uuid('request-id')));
  } else {
    process.stderr.write(`simulator: ${(error as Error).stack ?? String(error)}\n`);
    send(
      response,
      encodeError(undefined, new ApiError('InternalFailure', String(error), 500), session.kernel.uuid('request-id')),
    );
  }
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

/** Serves a simulated account to any AWS client over HTTP. */
export async function startServer(options: ServerOptions): Promise<SimulatorServer> {
  const { rolesFrom } = options;
  if (rolesFrom === undefined) return serveAccount(assemble(options).aws, options);
  const { aws, kernel, authorization } = assemble({ ...options, enforceIam: true });
  const roles = readRoles(new Stack(kernel, 'stack', rolesFrom.templateText, rolesFrom.parameters));
  authorization?.addRoles(roles);
  const callerOf = (name: string): Caller => ({ kind: roles.has(name) ? 'product' : 'person', name });
  return serveAccount(aws, { callerOf, ...options });
}

/** Serves an account that stands already, with everything deployed in it. */
export async function serveAccount(aws: SimulatedAws, options: ListenOptions): Promise<SimulatorServer> {
  const { kernel } = assemblyOf(aws);
  const driver = new ClockDriver(aws, options.clock);
  const callerOf = options.callerOf ?? ((name: string): Caller => ({ kind: 'person', name }));
  const session: Session = { aws, kernel, driver, clock: options.clock, callerOf };
  const server = createServer((request, response) => {
    // Clients set their clocks by this header; it has to tell the simulated time.
    response.sendDate = false;
    response.setHeader('date', new Date(aws.clock.now()).toUTCString());
    const serve = request.url?.startsWith('/_simulator/') === true ? serveControl : serveAws;
    serve(session, request, response).catch((error: unknown) => fail(session, response, error));
  });
  const address = await listen(server, options.host, options.port);
  driver.follow((error) => {
    process.stderr.write(`simulator: ${(error as Error).stack ?? String(error)}\n`);
  });
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${host}:${address.port}`,
    aws,
    close() {
      driver.stop();
      server.closeIdleConnections();
      return new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      });
    },
  };
}
