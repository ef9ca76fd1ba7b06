import { VirtualClock } from './clock.ts';
import {
  ApiError,
  type BusEvent,
  type Caller,
  type CallRecord,
  type EpochMs,
  type FaultHandle,
  type Kernel,
  type NetworkFault,
  type Operation,
  type Permission,
  PRIORITY,
  type Readings,
  type ServiceName,
  type SimulatedService,
  type StaleReads,
} from './contract.ts';
import { Faults } from './faults.ts';
import { isMutating } from './mutating.ts';
import { createRandomStreams, type RandomStreams } from './random.ts';
import { DEFAULT_READINGS } from './readings.ts';
import { StaleReadHistory } from './stale-reads.ts';

/** A call as it ended: the record for observers, and the error as thrown (with its members). */
export interface PerformedCall {
  readonly record: CallRecord;
  readonly error?: ApiError;
  /** What the network does to the answer. */
  readonly network?: NetworkFault;
}

/** How a call that never reached its service is recorded; the wire shows its caller something else. */
const LOST = { reset: 'ConnectionReset', truncated: 'ServiceUnavailable', html: 'BadGateway' } as const;

const MAXIMUM_EXTRA_TURNS = 50;

/** What a call needs by IAM, and AWS's refusal where the caller does not have it. */
export type Authorize = (
  caller: Caller,
  service: ServiceName,
  operation: string,
  input: unknown,
) => {
  readonly needed: readonly Permission[];
  readonly refusal: { readonly error: ApiError; readonly missing: Permission } | undefined;
};

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Calls, clock and the run loop. Services are registered into it; it knows none of them. */
export class SimulatorKernel implements Kernel {
  readonly clock: VirtualClock;
  readonly region: string;
  readonly accountId: string;
  readonly readings: Readings;
  readonly faults: Faults;
  readonly #stale = new StaleReadHistory();
  readonly #streams: RandomStreams;
  readonly #operations = new Map<string, Operation>();
  readonly #counts = new Map<string, number>();
  readonly #callListeners: ((record: CallRecord) => void)[] = [];
  readonly #stepListeners: ((at: EpochMs) => void)[] = [];
  /** Brings the world up to now before one of its services is asked. */
  readonly #settled = new Map<ServiceName, () => void>();
  #emit: (event: BusEvent) => void = () => {};
  #authorize: Authorize | undefined;
  #seq = 0;
  /** Grows with everything that may make product code run on; the run loop waits until it stands still. */
  #activity = 0;
  #quietAt = 0;
  #liveRuns = 0;
  #heldCalls = 0;
  #bug: unknown;
  #running = false;

  constructor(options: { start: EpochMs; seed: number; region: string; accountId: string; readings?: Readings }) {
    this.clock = new VirtualClock(options.start);
    this.clock.onWake(() => this.noteActivity());
    this.region = options.region;
    this.accountId = options.accountId;
    this.readings = options.readings ?? DEFAULT_READINGS;
    this.#streams = createRandomStreams(options.seed);
    this.faults = new Faults((stream) => this.random(stream));
  }

  random(stream: string): () => number {
    return this.#streams.random(stream);
  }

  uuid(stream: string): string {
    return this.#streams.uuid(stream);
  }

  register(service: SimulatedService, settle?: () => void): void {
    for (const [name, operation] of Object.entries(service.operations)) {
      this.#operations.set(`${service.name}.${name}`, operation);
    }
    if (settle !== undefined) this.#settled.set(service.name, settle);
  }

  setBus(emit: (event: BusEvent) => void): void {
    this.#emit = emit;
  }

  /** From now on every call of the product is weighed. */
  setAuthorization(authorize: Authorize): void {
    this.#authorize = authorize;
  }

  emit(event: BusEvent): void {
    this.#emit(event);
  }

  onCall(listener: (record: CallRecord) => void): void {
    this.#callListeners.push(listener);
  }

  onStep(listener: (at: EpochMs) => void): void {
    this.#stepListeners.push(listener);
  }

  callCounts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /**
   * Runs one operation now. `check` decodes the input, so that a scripted fault (throttling happens before anything is
   * read) comes first and a refused input is recorded like any other failed call, as it was sent.
   */
  perform(
    caller: Caller,
    service: ServiceName,
    operation: string,
    sent: unknown,
    check: (sent: unknown) => unknown,
  ): PerformedCall {
    const name = `${service}.${operation}`;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    let base: Omit<CallRecord, 'input'> = {
      seq: this.#seq++,
      at: this.clock.now(),
      caller,
      service,
      operation,
      mutating: isMutating(service, operation),
    };
    let input = sent;
    const network = this.faults.networkFor(caller, service, operation, base.at);
    const onWire = network === undefined ? {} : { network };
    try {
      if (network?.effect === 'before') throw new ApiError(LOST[network.kind], 'lost on the network (scripted)', 503);
      const fault = this.faults.answerFor(caller, service, operation, base.at);
      if (fault !== undefined) throw fault;
      const run = this.#operations.get(name);
      if (run === undefined) throw new ApiError('UnknownOperationException', `${name} is not simulated.`);
      input = check(sent);
      if (this.#authorize !== undefined && caller.kind === 'product') {
        const { needed, refusal } = this.#authorize(caller, service, operation, input);
        base = { ...base, needed, ...(refusal === undefined ? {} : { missing: refusal.missing }) };
        if (refusal !== undefined) throw refusal.error;
      }
      this.#settled.get(service)?.();
      const output = this.#pastAnswer(caller, service, operation, input, run) ?? run(input, { caller, now: base.at });
      return { record: this.#record({ ...base, input, output }), ...onWire };
    } catch (error) {
      if (!(error instanceof ApiError)) {
        this.reportBug(error);
        throw error;
      }
      const record = this.#record({ ...base, input, error: { code: error.code, message: error.message } });
      return { record, error, ...onWire };
    }
  }

  addStaleReads(fault: StaleReads): FaultHandle {
    // A step of its own, at whose end the past begins that the first reads look back at.
    this.clock.at(fault.from - fault.byMs, PRIORITY.world, () => {});
    return this.#stale.add(fault);
  }

  /** The old answer of a read that a stale fault hits; undefined: it is answered as of now. Throws an old refusal. */
  #pastAnswer(caller: Caller, service: ServiceName, operation: string, input: unknown, run: Operation): unknown {
    if (this.#stale.isEmpty || caller.kind !== 'product') return undefined;
    const settle = this.#settled.get(service);
    const past = this.#stale.answer(service, operation, input, this.clock.now(), () => {
      settle?.();
      return run(input, { caller, now: this.clock.now() });
    });
    if (past?.error !== undefined) throw past.error;
    return past?.output;
  }

  // biome-ignore lint/suspicious/noExplicitAny: any operation's shape
  call(caller: Caller, service: ServiceName, operation: string, input: any): any {
    const { record, error } = this.perform(caller, service, operation, input, (checked) => checked);
    if (error !== undefined) throw error;
    return record.output;
  }

  #record(record: CallRecord): CallRecord {
    for (const listener of this.#callListeners) listener(record);
    return record;
  }

  /** A failure inside the simulator must end the run: product code would take it for an answer of AWS. */
  reportBug(error: unknown): void {
    this.#bug ??= error;
  }

  noteActivity(): void {
    this.#activity += 1;
  }

  beginRun(): void {
    this.#liveRuns += 1;
    this.noteActivity();
  }

  endRun(): void {
    this.#liveRuns -= 1;
    this.noteActivity();
  }

  /** A call that its gate holds: its caller cannot go on, so time need not wait for it. */
  async hold(gate: void | Promise<void>): Promise<void> {
    if (gate === undefined) return;
    this.#heldCalls += 1;
    try {
      await gate;
    } finally {
      this.#heldCalls -= 1;
      this.noteActivity();
    }
  }

  /**
   * Lets product code run until nothing of it can go on. One turn of the event loop empties the promise queue; further
   * ones are needed when a run does something that takes turns (a stream, a lazy import).
   */
  async #becomeQuiet(): Promise<void> {
    let extra = 0;
    for (;;) {
      const before = this.#activity;
      await nextTurn();
      if (this.#activity !== before) continue;
      const waiting = this.clock.sleepers() + this.#heldCalls;
      if (this.#liveRuns <= waiting || extra >= MAXIMUM_EXTRA_TURNS) break;
      extra += 1;
    }
    this.#quietAt = this.#activity;
  }

  #throwBug(): void {
    if (this.#bug === undefined) return;
    const bug = this.#bug;
    this.#bug = undefined;
    throw bug;
  }

  async run(until: EpochMs): Promise<void> {
    if (this.#running) throw new Error('run: the clock is already running');
    this.#running = true;
    try {
      // Calls made from outside since the last run may have just begun.
      await this.#becomeQuiet();
      for (;;) {
        const event = this.clock.takeDue(until);
        if (event === undefined) break;
        event();
        if (this.#activity !== this.#quietAt) await this.#becomeQuiet();
        this.#throwBug();
        if (!this.#stale.isEmpty) this.#stale.remember(this.clock.now());
        for (const listener of this.#stepListeners) listener(this.clock.now());
      }
      this.#throwBug();
      this.clock.moveTo(until);
    } finally {
      this.#running = false;
    }
  }
}
