import type { LogLine } from '../shared/ports/world.ts';
import type { Handler, World } from '../shared/runtime/contract.ts';
import type {
  CallRecord,
  DeployedFunction,
  FunctionImplementation,
  InvocationContext,
  ServiceName,
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

export interface FunctionHooks {
  onLog(fn: FunctionName, line: LogLine): void;
  /** A call of the function is about to reach its service. */
  onCallBegin(): void;
  /** True: the function dies now, after this call took effect and before it sees the answer. */
  crashesAfter(fn: FunctionName, call: { readonly service: ServiceName; readonly operation: string }): boolean;
  crash(requestId: string): void;
}

/** One execution environment: a cold start, then any number of runs, one at a time, until something kills it. */
interface Environment {
  readonly handler: Handler;
  requestId: string;
  alive: boolean;
}

const NEVER = new Promise<never>(() => {});

/** A deployed function with Lambda's environments: concurrent invocations have one each, a killed one is gone for good. */
export class RehearsedFunction implements FunctionImplementation {
  readonly name: FunctionName;
  readonly #aws: SimulatedAws;
  readonly #deployed: DeployedFunction;
  readonly #hooks: FunctionHooks;
  readonly #code: FunctionCode;
  readonly #idle: Environment[] = [];
  readonly #busy = new Map<string, Environment>();
  #coldStarts = 0;

  constructor(aws: SimulatedAws, deployed: DeployedFunction, code: FunctionCode, hooks: FunctionHooks) {
    this.name = code.name;
    this.#code = code;
    this.#aws = aws;
    this.#deployed = deployed;
    this.#hooks = hooks;
  }

  async invoke(event: unknown, context: InvocationContext): Promise<unknown> {
    const environment = this.#idle.pop() ?? this.#start();
    environment.requestId = context.requestId;
    this.#busy.set(context.requestId, environment);
    const summary = await this.#run(environment, event, context);
    if (!environment.alive) return NEVER;
    return summary;
  }

  async #run(environment: Environment, event: unknown, context: InvocationContext): Promise<unknown> {
    try {
      return await environment.handler(event, {
        awsRequestId: context.requestId,
        getRemainingTimeInMillis: () => context.deadline - this.#aws.clock.now(),
      });
    } finally {
      if (environment.alive && this.#busy.delete(context.requestId)) this.#idle.push(environment);
    }
  }

  /** The invocation crashed or timed out: whatever of it still waits never goes on. */
  kill(requestId: string): void {
    const environment = this.#busy.get(requestId);
    if (environment === undefined) return;
    environment.alive = false;
    this.#busy.delete(requestId);
  }

  /** Killed environments are dropped by `kill`, which knows the one; the others stay warm, as Lambda keeps them. */
  drop(): void {}

  #start(): Environment {
    const environment: Environment = { handler: this.#createCold(() => environment), requestId: '', alive: true };
    return environment;
  }

  #createCold(environment: () => Environment): Handler {
    this.#coldStarts += 1;
    const gate = {
      before: () => {
        if (!environment().alive) return NEVER;
        this.#hooks.onCallBegin();
        return undefined;
      },
      after: (record: CallRecord) => {
        if (!environment().alive) return NEVER;
        if (!this.#hooks.crashesAfter(this.name, record)) return undefined;
        const { requestId } = environment();
        this.kill(requestId);
        this.#hooks.crash(requestId);
        return NEVER;
      },
    };
    let live = false;
    const world = createVirtualWorld({
      aws: this.#aws,
      caller: { kind: 'product', name: this.#deployed.id },
      env: { AWS_REGION: this.#aws.region, ...this.#deployed.environment },
      gate,
      isAlive: () => !live || environment().alive,
      logSink: (line) => this.#hooks.onLog(this.name, line),
      stream: `environment:${this.name}:${this.#coldStarts}`,
    });
    const handler = this.#code.start(world);
    live = true;
    return handler;
  }
}
