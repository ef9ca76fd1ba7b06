import {
  type DeployedFunction,
  type EpochMs,
  type FunctionImplementation,
  type InvocationOutcome,
  PRIORITY,
  type Timer,
} from './contract.ts';
import type { SimulatorKernel } from './kernel.ts';

/** Lambda's waits between attempts of an asynchronous invocation that failed. */
const RETRY_DELAYS_MS = [60_000, 120_000];
/** A throttled event goes back to the queue: 1 s, then doubling up to 5 minutes. */
const THROTTLE_FIRST_MS = 1000;
const THROTTLE_LONGEST_MS = 300_000;

export interface InvocationEnd {
  readonly at: EpochMs;
  readonly functionId: string;
  readonly requestId: string;
  readonly outcome: InvocationOutcome;
  readonly error?: unknown;
}

export interface FunctionSettings {
  readonly fn: DeployedFunction;
  readonly implementation: FunctionImplementation;
  /** ReservedConcurrentExecutions; undefined: no limit. */
  readonly reservedConcurrency: number | undefined;
  readonly onEnd: (end: InvocationEnd) => void;
  /** `FunctionName` of its metrics. */
  readonly name: string;
  /** An event that was given up goes to the destination for failures. */
  readonly onGivenUp: () => void;
}

/** Metrics of Lambda in CloudWatch that a function's alarms look at. */
export type MeasureLambda = (functionName: string, metric: string, unit: string, value: number) => void;

/** An event in the function's queue: one delivery, however many attempts it takes. */
interface QueuedEvent {
  readonly requestId: string;
  readonly payload: string;
  readonly queuedAt: EpochMs;
  attempt: number;
  throttles: number;
}

interface RunningInvocation {
  readonly event: QueuedEvent;
  readonly target: FunctionTarget;
  readonly timeout: Timer;
  readonly startedAt: EpochMs;
}

/** Asynchronous invocations of one deployed function. */
class FunctionTarget {
  settings: FunctionSettings;
  running = 0;
  /** The newest event it was given. */
  lastPayload: string | undefined;
  /** Events given up: out of attempts, or too old. */
  dropped = 0;

  constructor(settings: FunctionSettings) {
    this.settings = settings;
  }
}

/** Lambda's asynchronous side: queue, attempts, timeouts. The code itself is the provider's. */
export class LambdaService {
  readonly #kernel: SimulatorKernel;
  readonly #targets = new Map<string, FunctionTarget>();
  readonly #running = new Map<string, RunningInvocation>();
  /** Set once CloudWatch is there. */
  measure: MeasureLambda = () => {};

  constructor(kernel: SimulatorKernel) {
    this.#kernel = kernel;
  }

  arnOf(name: string): string {
    return `arn:aws:lambda:${this.#kernel.region}:${this.#kernel.accountId}:function:${name}`;
  }

  add(arn: string, settings: FunctionSettings): void {
    this.#targets.set(arn, new FunctionTarget(settings));
  }

  /** Deployed again: its queue and what runs stay; what starts from now on is the new one. */
  replace(arn: string, settings: Omit<FunctionSettings, 'implementation'>): void {
    const target = this.#targets.get(arn);
    if (target === undefined) throw new Error(`${arn}: no such function`);
    const { implementation } = target.settings;
    target.settings = { ...settings, implementation };
    implementation.replace?.(settings.fn);
  }

  has(arn: string): boolean {
    return this.#targets.has(arn);
  }

  droppedEvents(arn: string): number {
    return this.#targets.get(arn)?.dropped ?? 0;
  }

  /** Accepts an event for asynchronous invocation; it starts now. */
  invoke(arn: string, payload: string): void {
    const target = this.#targets.get(arn);
    if (target === undefined) throw new Error(`${arn}: no such function`);
    target.lastPayload = payload;
    const event = {
      requestId: this.#kernel.uuid('lambda'),
      payload,
      queuedAt: this.#kernel.clock.now(),
      attempt: 1,
      throttles: 0,
    };
    this.#start(target, event);
  }

  lastPayload(arn: string): string | undefined {
    return this.#targets.get(arn)?.lastPayload;
  }

  crash(requestId: string): void {
    this.#end(requestId, 'crashed');
  }

  #start(target: FunctionTarget, event: QueuedEvent): void {
    const { fn, reservedConcurrency, implementation } = target.settings;
    if (reservedConcurrency !== undefined && target.running >= reservedConcurrency) {
      const delay = Math.min(THROTTLE_FIRST_MS * 2 ** event.throttles, THROTTLE_LONGEST_MS);
      event.throttles += 1;
      this.measure(target.settings.name, 'Throttles', 'Count', 1);
      this.#queueAgain(target, event, delay);
      return;
    }
    const now = this.#kernel.clock.now();
    const deadline = now + fn.timeoutMs;
    const timeout = this.#kernel.clock.at(deadline, PRIORITY.delivery, () => this.#end(event.requestId, 'timed-out'));
    target.running += 1;
    this.#running.set(event.requestId, { event, target, timeout, startedAt: now });
    this.measure(target.settings.name, 'Invocations', 'Count', 1);
    this.measure(target.settings.name, 'AsyncEventAge', 'Milliseconds', now - event.queuedAt);
    this.#kernel.beginRun();
    const { attempt, requestId } = event;
    const isThisAttempt = (): boolean => this.#running.get(requestId)?.event === event && event.attempt === attempt;
    const context = { functionId: fn.id, requestId, attempt, deadline };
    let run: Promise<unknown>;
    try {
      run = implementation.invoke(JSON.parse(event.payload), context);
    } catch (error) {
      // A provider that throws instead of rejecting is broken; that is no outcome of the function's code.
      this.#kernel.reportBug(error);
      this.#end(requestId, 'error', error);
      return;
    }
    run.then(
      () => {
        if (isThisAttempt()) this.#end(requestId, 'ok');
      },
      (error: unknown) => {
        if (isThisAttempt()) this.#end(requestId, 'error', error);
      },
    );
  }

  #end(requestId: string, outcome: InvocationOutcome, error?: unknown): void {
    const invocation = this.#running.get(requestId);
    if (invocation === undefined) return;
    const { event, target, timeout, startedAt } = invocation;
    this.#running.delete(requestId);
    timeout.cancel();
    target.running -= 1;
    this.#kernel.endRun();
    const { name } = target.settings;
    this.measure(name, 'Duration', 'Milliseconds', this.#kernel.clock.now() - startedAt);
    this.measure(name, 'Errors', 'Count', outcome === 'ok' ? 0 : 1);
    if (outcome === 'crashed' || outcome === 'timed-out') target.settings.implementation.drop();
    const failure = error === undefined ? {} : { error };
    target.settings.onEnd({
      at: this.#kernel.clock.now(),
      functionId: target.settings.fn.id,
      requestId,
      outcome,
      ...failure,
    });
    if (outcome !== 'ok') this.#retry(target, event);
  }

  #retry(target: FunctionTarget, event: QueuedEvent): void {
    const delay = RETRY_DELAYS_MS[event.attempt - 1];
    if (delay === undefined || event.attempt > target.settings.fn.maximumRetryAttempts) {
      this.#giveUp(target);
      return;
    }
    event.attempt += 1;
    this.#queueAgain(target, event, delay);
  }

  #giveUp(target: FunctionTarget): void {
    target.dropped += 1;
    this.measure(target.settings.name, 'AsyncEventsDropped', 'Count', 1);
    target.settings.onGivenUp();
  }

  #queueAgain(target: FunctionTarget, event: QueuedEvent, delayMs: number): void {
    const at = this.#kernel.clock.now() + delayMs;
    if (at - event.queuedAt > target.settings.fn.maximumEventAgeMs) {
      this.#giveUp(target);
      return;
    }
    this.#kernel.clock.at(at, PRIORITY.delivery, () => this.#start(target, event));
  }
}
