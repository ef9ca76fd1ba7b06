import type { LogLine } from '../shared/ports/world.ts';
import type { Handler, World } from '../shared/runtime/contract.ts';
import type {
  CallRecord,
  DeployedFunction,
  FunctionImplementation,
  GateVerdict,
  InvocationContext,
  SimulatedAws,
} from '../simulator/contract.ts';
import type { FunctionName } from './model.ts';
import { createVirtualWorld } from './virtual-world.ts';

/** What a function of the template runs: a cold start makes a handler in its world. */
export interface FunctionCode {
  readonly name: FunctionName;
  start(world: World): Handler;
}

/** By logical id in template.yaml. */
export type Code = Readonly<Record<string, FunctionCode>>;

/** What becomes of a function after a call took effect and before it sees the answer. */
export type Fate = { readonly kind: 'dies' } | { readonly kind: 'hangs'; readonly ms: number } | undefined;

export interface FunctionHooks {
  onLog(fn: FunctionName, line: LogLine): void;
  /** A call of the function is about to reach its service. */
  onCallBegin(): void;
  /** `ordinal`: of the calls of this operation in this run, counted from 1. */
  afterCall(fn: FunctionName, call: string, ordinal: number): Fate;
  crash(requestId: string): void;
  /** The function's clock, which may be wrong. */
  now(): number;
  /** A run goes on though its invocation is over; answers how to say that it ended. */
  outlive(): () => void;
  /** Such a run threw: nobody but us hears of it. */
  onLateFailure(error: unknown): void;
}

/** One execution environment: a cold start, then any number of runs, one at a time, until something kills it. */
interface Environment {
  readonly handler: Handler;
  readonly version: number;
  requestId: string;
  alive: boolean;
  /** While Lambda has frozen it: settles when it thaws. */
  thaw: Promise<void> | undefined;
  /** Its invocation timed out while it was frozen, and it went on: how to say that it is over. */
  endLate: (() => void) | undefined;
  /** Calls of its run so far, by operation. */
  readonly calls: Map<string, number>;
}

/** A new one each time: a shared one would keep all that waits for it, whole runs, for good. */
const never = (): Promise<never> => new Promise<never>(() => {});

/** A deployed function with Lambda's environments: concurrent invocations have one each, a killed one is gone for good. */
export class RehearsedFunction implements FunctionImplementation {
  readonly name: FunctionName;
  readonly #aws: SimulatedAws;
  #deployed: DeployedFunction;
  readonly #hooks: FunctionHooks;
  #code: FunctionCode;
  readonly #nextCode: FunctionCode;
  /** Grows with every deployment: environments of an earlier one run on to their end and are gone then. */
  #version = 0;
  readonly #idle: Environment[] = [];
  readonly #busy = new Map<string, Environment>();
  #coldStarts = 0;

  /** `code`: what it runs, and what it runs once it was deployed again. */
  constructor(
    aws: SimulatedAws,
    deployed: DeployedFunction,
    code: { readonly now: FunctionCode; readonly next: FunctionCode },
    hooks: FunctionHooks,
  ) {
    this.name = code.now.name;
    this.#code = code.now;
    this.#nextCode = code.next;
    this.#aws = aws;
    this.#deployed = deployed;
    this.#hooks = hooks;
  }

  async invoke(event: unknown, context: InvocationContext): Promise<unknown> {
    const environment = this.#idle.pop() ?? this.#start();
    environment.requestId = context.requestId;
    environment.calls.clear();
    this.#busy.set(context.requestId, environment);
    try {
      const summary = await this.#run(environment, event, context);
      return environment.alive ? summary : never();
    } catch (error) {
      if (environment.alive) throw error;
      this.#hooks.onLateFailure(error);
      return never();
    }
  }

  async #run(environment: Environment, event: unknown, context: InvocationContext): Promise<unknown> {
    try {
      return await environment.handler(event, {
        awsRequestId: context.requestId,
        getRemainingTimeInMillis: () => context.deadline - this.#aws.clock.now(),
      });
    } finally {
      // A retry of the same request runs in another environment.
      if (this.#busy.get(context.requestId) === environment) {
        this.#busy.delete(context.requestId);
        if (environment.version === this.#version) this.#idle.push(environment);
      } else this.#end(environment);
    }
  }

  /** The invocation crashed or timed out. Whatever of it still waits never goes on, unless it is frozen: that thaws. */
  kill(requestId: string): void {
    const environment = this.#busy.get(requestId);
    if (environment === undefined) return;
    this.#busy.delete(requestId);
    if (environment.thaw === undefined) this.#end(environment);
    else environment.endLate = this.#hooks.outlive();
  }

  /** Killed environments are dropped by `kill`, which knows the one; the others stay warm, as Lambda keeps them. */
  drop(): void {}

  replace(deployed: DeployedFunction): void {
    this.#deployed = deployed;
    this.#code = this.#nextCode;
    this.#version += 1;
    this.#idle.length = 0;
  }

  #end(environment: Environment): void {
    environment.alive = false;
    environment.endLate?.();
    environment.endLate = undefined;
  }

  #die(environment: Environment): void {
    const { requestId } = environment;
    const isInvoked = this.#busy.get(requestId) === environment;
    if (isInvoked) this.#busy.delete(requestId);
    this.#end(environment);
    if (isInvoked) this.#hooks.crash(requestId);
  }

  #freeze(environment: Environment, ms: number): void {
    environment.thaw = this.#aws.clock.sleep(ms).then(() => {
      environment.thaw = undefined;
    });
  }

  /** Holds a call until its environment thaws. Timers that came due meanwhile go first, as in Node's event loop. */
  async #held(environment: Environment): Promise<void> {
    while (environment.thaw !== undefined) {
      await environment.thaw;
      await this.#aws.clock.sleep(0);
    }
    if (!environment.alive) await never();
  }

  #before(environment: Environment): GateVerdict {
    if (!environment.alive) return 'dead';
    if (environment.thaw !== undefined) return this.#held(environment).then(() => this.#hooks.onCallBegin());
    this.#hooks.onCallBegin();
    return undefined;
  }

  #after(environment: Environment, { service, operation }: CallRecord): GateVerdict {
    if (!environment.alive) return 'dead';
    const call = `${service}.${operation}`;
    const ordinal = (environment.calls.get(call) ?? 0) + 1;
    environment.calls.set(call, ordinal);
    const fate = this.#hooks.afterCall(this.name, call, ordinal);
    if (fate?.kind === 'dies') {
      this.#die(environment);
      return 'dead';
    }
    if (fate?.kind === 'hangs') this.#freeze(environment, fate.ms);
    return environment.thaw === undefined ? undefined : this.#held(environment);
  }

  #start(): Environment {
    const environment: Environment = {
      handler: this.#createCold(() => environment),
      version: this.#version,
      requestId: '',
      alive: true,
      thaw: undefined,
      endLate: undefined,
      calls: new Map(),
    };
    return environment;
  }

  #createCold(environment: () => Environment): Handler {
    this.#coldStarts += 1;
    let live = false;
    const world = createVirtualWorld({
      aws: this.#aws,
      caller: { kind: 'product', name: this.#deployed.id },
      env: { AWS_REGION: this.#aws.region, ...this.#deployed.environment },
      gate: { before: () => this.#before(environment()), after: (record) => this.#after(environment(), record) },
      now: () => this.#hooks.now(),
      isAlive: () => !live || environment().alive,
      thawed: () => (live ? environment().thaw : undefined),
      logSink: (line) => this.#hooks.onLog(this.name, line),
      stream: `environment:${this.name}:${this.#coldStarts}`,
    });
    const handler = this.#code.start(world);
    live = true;
    return handler;
  }
}
