import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { RUNTIME_CLIENT } from '../../../scripts/native-tools.ts';
import { type FunctionError, type Posted, RuntimeApi } from './runtime-api.ts';

const CLIENT = join(RUNTIME_CLIENT.folder, 'node_modules/aws-lambda-ric/index.mjs');
const CLOCK = new URL('simulated-clock.ts', import.meta.url).href;
const ACCOUNT = '123456789012';
/** Far above what an init takes on a busy machine; Lambda allows 10 s. */
const INIT_LIMIT_MS = 30_000;

export interface EnvironmentOptions {
  /** Logical id of the function; also its access key, by which the simulator names its caller. */
  readonly id: string;
  /** Absolute path of the built folder. */
  readonly folder: string;
  /** What the template and Lambda put into the environment. */
  readonly variables: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Every AWS client of the function talks to this address. */
  readonly endpointUrl?: string;
  /** Epoch milliseconds at which the function's clock starts; absent: the machine's clock. */
  readonly now?: number;
}

export type Init =
  | { readonly kind: 'ready'; readonly ms: number; readonly cpuMs: number | undefined }
  | { readonly kind: 'error'; readonly error: FunctionError };

export type Outcome = { readonly requestId: string; readonly ms: number } & (
  | { readonly kind: 'response'; readonly body: unknown }
  | { readonly kind: 'error'; readonly error: FunctionError }
  /** Killed at its deadline, as Lambda does. */
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null }
);

export interface InvokeOptions {
  /** Shorter than the function's own timeout, to see a kill without waiting for it. */
  readonly killAfterMs?: number;
}

export type Line = Readonly<Record<string, unknown>>;

/** Environments that have not been stopped: a test ends none of them by name, only by the pid that was kept. */
const running = new Set<ExecutionEnvironment>();

export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((environment) => environment.stop()));
}

/** One execution environment: Lambda's own runtime client with the built function, one invocation at a time. */
export class ExecutionEnvironment {
  readonly id: string;
  readonly init: Promise<Init>;
  readonly #options: EnvironmentOptions;
  readonly #api: RuntimeApi;
  readonly #child: ChildProcess;
  readonly #exited: Promise<{ code: number | null; signal: string | null }>;
  #settle: ((posted: Posted) => void) | undefined;
  /** Complete lines of both streams as they came; Lambda puts both into one log. */
  readonly #log: string[] = [];
  #clock: { readonly at: number; readonly set: number } | undefined;
  #invocations = 0;

  static async start(options: EnvironmentOptions): Promise<ExecutionEnvironment> {
    const parts: { onReady?: () => void; onInitError?: (error: FunctionError) => void } = {};
    let environment: ExecutionEnvironment | undefined;
    const api = new RuntimeApi({
      onNext: () => parts.onReady?.(),
      onInitError: (error) => parts.onInitError?.(error),
      onPosted: (requestId, posted) => environment?.receive(requestId, posted),
    });
    const address = await api.listen();
    environment = new ExecutionEnvironment(options, api, address, parts);
    running.add(environment);
    return environment;
  }

  private constructor(
    options: EnvironmentOptions,
    api: RuntimeApi,
    address: string,
    parts: { onReady?: () => void; onInitError?: (error: FunctionError) => void },
  ) {
    this.id = options.id;
    this.#options = options;
    this.#api = api;
    const begun = performance.now();
    this.#child = spawn(process.execPath, [CLIENT], {
      cwd: options.folder,
      env: environmentOf(options, address),
      stdio: options.now === undefined ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    if (options.now !== undefined) this.#clock = { at: begun, set: options.now };
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => this.#log.push(line));
    }
    this.#exited = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => resolve({ code, signal }));
    });
    this.init = new Promise((resolve, reject) => {
      const limit = setTimeout(
        () => reject(new Error(`${this.id}: not initialised after ${INIT_LIMIT_MS} ms: ${this.log}`)),
        INIT_LIMIT_MS,
      );
      const end = (init: Init): void => {
        clearTimeout(limit);
        resolve(init);
      };
      parts.onReady = () => end({ kind: 'ready', ms: performance.now() - begun, cpuMs: cpuTimeOf(this.#child.pid!) });
      parts.onInitError = (error) => end({ kind: 'error', error });
      this.#child.once('error', reject);
      this.#child.once('close', (code) => {
        clearTimeout(limit);
        reject(new Error(`${this.id}: ended with ${code} before its init was done: ${this.log}`));
      });
    });
    // Not every test waits for it; those that do see the rejection all the same.
    this.init.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Everything it wrote. */
  get log(): string {
    return this.#log.join('\n');
  }

  /** Epoch milliseconds on the function's clock. */
  now(): number {
    return this.#clock === undefined ? Date.now() : this.#clock.set + performance.now() - this.#clock.at;
  }

  /** Sets the function's clock, between invocations. */
  async setClock(now: number): Promise<void> {
    const acknowledged = once(this.#child, 'message', { signal: AbortSignal.timeout(10_000) });
    this.#child.send({ now });
    this.#clock = { at: performance.now(), set: now };
    await acknowledged;
  }

  async invoke(event: unknown, { killAfterMs = this.#options.timeoutMs }: InvokeOptions = {}): Promise<Outcome> {
    const init = await this.init;
    if (init.kind === 'error') throw new Error(`${this.id}: cannot be invoked: ${init.error.errorMessage}`);
    this.#invocations += 1;
    const requestId = `${this.id}-${this.pid}-${this.#invocations}`;
    const posted = new Promise<Posted>((resolve) => {
      this.#settle = resolve;
    });
    const begun = performance.now();
    const stopwatch = new AbortController();
    this.#api.offer({
      requestId,
      event,
      deadline: Math.round(this.now() + this.#options.timeoutMs),
      functionArn: `arn:aws:lambda:${this.#options.variables['AWS_REGION']}:${ACCOUNT}:function:${this.id}`,
    });
    const outcome = await Promise.race([
      posted,
      this.#exited.then((exit) => ({ kind: 'exited' as const, ...exit })),
      wait(killAfterMs, { kind: 'timed-out' as const }, { signal: stopwatch.signal }),
    ]);
    stopwatch.abort();
    const ms = performance.now() - begun;
    if (outcome.kind === 'timed-out') await this.stop();
    // What was written before the answer is in the pipe already.
    await wait(10);
    return { ...outcome, requestId, ms };
  }

  /** The log, one JSON object a line; anything else is an error. */
  lines(): readonly Line[] {
    return this.#log.map((line) => {
      try {
        return JSON.parse(line) as Line;
      } catch (error) {
        throw new Error(`${this.id}: a log line is no JSON: ${line}`, { cause: error });
      }
    });
  }

  /** Ends the process by its pid, at once by default, and waits until it is gone. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<{ code: number | null; signal: string | null }> {
    running.delete(this);
    if (this.isAlive) this.#child.kill(signal);
    const exit = await this.#exited;
    await this.#api.close();
    return exit;
  }

  /** Called by the Runtime API. */
  receive(requestId: string, posted: Posted): void {
    if (requestId !== `${this.id}-${this.pid}-${this.#invocations}`) {
      throw new Error(`${this.id}: an answer for ${requestId}, which is not the running invocation`);
    }
    this.#settle?.(posted);
  }
}

/** Processor time of all threads so far in milliseconds, where the kernel tells it (Linux). */
function cpuTimeOf(pid: number): number | undefined {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(`${tasks}/${pid}/schedstat`)) return undefined;
  const nanoseconds = readdirSync(tasks).map((task) => Number(readSchedstat(`${tasks}/${task}`).split(' ')[0]));
  return nanoseconds.reduce((sum, own) => sum + own, 0) / 1e6;
}

function readSchedstat(task: string): string {
  try {
    return readFileSync(`${task}/schedstat`, 'utf8');
  } catch (error) {
    // A thread may end between the listing and the reading.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '0';
    throw error;
  }
}

function environmentOf(options: EnvironmentOptions, address: string): Record<string, string> {
  const { id, folder, variables, endpointUrl, now } = options;
  const nodeOptions = [variables['NODE_OPTIONS'] ?? '', now === undefined ? '' : `--import=${CLOCK}`].join(' ').trim();
  return {
    PATH: process.env['PATH'] ?? '',
    AWS_LAMBDA_FUNCTION_NAME: id,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
    _HANDLER: 'app.handler',
    ...variables,
    LAMBDA_TASK_ROOT: folder,
    AWS_LAMBDA_RUNTIME_API: address,
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${id}`,
    AWS_LAMBDA_LOG_STREAM_NAME: '2026/03/23/[$LATEST]0123456789abcdef',
    AWS_LAMBDA_LOG_FORMAT: 'JSON',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_ACCESS_KEY_ID: id,
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    ...(nodeOptions === '' ? {} : { NODE_OPTIONS: nodeOptions }),
    ...(endpointUrl === undefined ? {} : { AWS_ENDPOINT_URL: endpointUrl }),
    ...(now === undefined ? {} : { SIMULATED_CLOCK: String(now) }),
  };
}
