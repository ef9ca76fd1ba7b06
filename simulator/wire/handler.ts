import type { Caller, CallGate, CallRecord, SdkRequestHandler } from '../contract.ts';
import { ApiError } from '../contract.ts';
import type { PerformedCall, SimulatorKernel } from '../kernel.ts';
import { connectionReset, spoil } from './network.ts';
import {
  decodeInput,
  encodeError,
  encodeOutput,
  findOperation,
  parseBody,
  type WireOperation,
  type WireResponse,
} from './protocol.ts';
import { findRestCall, type RestCall } from './rest.ts';

const encoder = new TextEncoder();

interface SdkRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
}

interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener?(type: 'abort', listener: () => void, options?: { once: boolean }): void;
  onabort?: unknown;
}

function bodyText(body: string | Uint8Array | undefined): string {
  if (body === undefined) return '';
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  throw new TypeError(`request body of type ${Object.prototype.toString.call(body)}: must be a string or bytes`);
}

function headerOf(headers: Record<string, string>, name: string): string {
  const direct = headers[name];
  if (direct !== undefined) return direct;
  const key = Object.keys(headers).find((header) => header.toLowerCase() === name);
  return key === undefined ? '' : headers[key]!;
}

function restCallOf({ method = '', path = '', headers, body }: SdkRequest): RestCall | undefined {
  return findRestCall({ method, path, headers, body: bodyText(body) });
}

/** Runs a REST call. */
export function performRest(kernel: SimulatorKernel, caller: Caller, { operation, input }: RestCall): PerformedCall {
  return kernel.perform(caller, operation.service, operation.name, input, () => decodeInput(operation, input));
}

export function answerRest(kernel: SimulatorKernel, call: RestCall, performed: PerformedCall): WireResponse {
  const requestId = kernel.uuid('request-id');
  if (performed.error !== undefined) return encodeError(call.operation.model, performed.error, requestId);
  return call.answer(performed.record.output, requestId);
}

/** Runs a call that was found on the wire. */
export function performWire(
  kernel: SimulatorKernel,
  caller: Caller,
  operation: WireOperation,
  body: string,
): PerformedCall {
  let sent: unknown;
  let refusal: unknown;
  try {
    sent = parseBody(body);
  } catch (error) {
    refusal = error;
  }
  return kernel.perform(caller, operation.service, operation.name, sent, () => {
    if (refusal !== undefined) throw refusal;
    return decodeInput(operation, sent);
  });
}

export function answerWire(kernel: SimulatorKernel, operation: WireOperation, performed: PerformedCall): WireResponse {
  const requestId = kernel.uuid('request-id');
  if (performed.error !== undefined) return encodeError(operation.model, performed.error, requestId);
  try {
    return encodeOutput(operation, performed.record.output, requestId);
  } catch (error) {
    kernel.reportBug(error);
    throw error;
  }
}

function abortError(): Error {
  const error = new Error('Request aborted');
  error.name = 'AbortError';
  return error;
}

/** A new one each time: a shared one would keep all that waits for it, whole runs, for good. */
const never = (): Promise<never> => new Promise<never>(() => {});

/** Settles as `work` does, or fails as Node's request handler does when the caller gives up first. */
function orAborted<T>(work: Promise<T>, signal: AbortSignalLike | undefined): Promise<T> {
  if (signal?.addEventListener === undefined) return work;
  return new Promise((resolve, reject) => {
    signal.addEventListener!('abort', () => reject(abortError()), { once: true });
    work.then(resolve, reject);
  });
}

function toSdkResponse(response: WireResponse): { response: unknown } {
  const { statusCode, headers, body } = response;
  // Bytes, not a stream: reading a stream takes turns of the event loop.
  return { response: { statusCode, headers, body: encoder.encode(body) } };
}

export class InProcessHandler implements SdkRequestHandler {
  readonly metadata = { handlerProtocol: 'h1' };
  readonly #kernel: SimulatorKernel;
  readonly #caller: Caller;
  readonly #gate: CallGate;

  constructor(kernel: SimulatorKernel, caller: Caller, gate: CallGate = {}) {
    this.#kernel = kernel;
    this.#caller = caller;
    this.#gate = gate;
  }

  async handle(request: SdkRequest, options: { abortSignal?: AbortSignalLike } = {}): Promise<{ response: unknown }> {
    const signal = options.abortSignal;
    if (signal?.aborted) throw abortError();
    this.#kernel.noteActivity();
    const target = headerOf(request.headers, 'x-amz-target');
    const rest = target === '' ? restCallOf(request) : undefined;
    let operation: WireOperation;
    try {
      operation = rest?.operation ?? findOperation(target);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return toSdkResponse(encodeError(undefined, error, this.#kernel.uuid('request-id')));
    }
    const { service, name } = operation;
    const held = this.#gate.before?.({ service, operation: name, caller: this.#caller });
    if (held === 'dead') return never();
    if (held !== undefined) await orAborted(this.#kernel.hold(held), signal);
    const [performed, response] = this.#answer(rest, operation, request);
    const heldAfter = this.#gate.after?.(performed.record as CallRecord);
    if (heldAfter === 'dead') return never();
    if (heldAfter !== undefined) await orAborted(this.#kernel.hold(heldAfter), signal);
    const arrives = performed.network === undefined ? response : spoil(response, performed.network.kind);
    if (arrives === undefined) throw connectionReset();
    return toSdkResponse(arrives);
  }

  #answer(rest: RestCall | undefined, operation: WireOperation, request: SdkRequest): [PerformedCall, WireResponse] {
    if (rest !== undefined) {
      const performed = performRest(this.#kernel, this.#caller, rest);
      return [performed, answerRest(this.#kernel, rest, performed)];
    }
    const performed = performWire(this.#kernel, this.#caller, operation, bodyText(request.body));
    return [performed, answerWire(this.#kernel, operation, performed)];
  }

  destroy(): void {}

  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }
}
