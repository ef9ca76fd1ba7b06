import {
  ApiError,
  type BusEvent,
  type Caller,
  type EpochMs,
  type Kernel,
  type Operation,
  type Readings,
  type ServiceName,
  type SimClock,
} from '../../simulator/contract.ts';
import { DEFAULT_READINGS } from '../../simulator/readings.ts';
import { type AdjustableWorld, createWorld } from '../../simulator/world.ts';

/** A kernel made by hand, without wire format and model validation: what the world alone needs, stepped by the test. */
export interface WorldUnderTest {
  readonly world: AdjustableWorld;
  readonly kernel: Kernel;
  readonly events: (BusEvent & { readonly at: EpochMs })[];
  readonly calls: {
    readonly at: EpochMs;
    readonly caller: Caller;
    readonly operation: string;
    readonly input: unknown;
  }[];
  now(): EpochMs;
  /** Runs everything due up to `ms` from now. */
  advance(ms: number): void;
  // biome-ignore lint/suspicious/noExplicitAny: any operation's shape
  call(service: ServiceName, operation: string, input?: unknown): any;
  /** The refusal of a call as `code: message`. */
  refusal(service: ServiceName, operation: string, input?: unknown): string;
}

export const START = Date.UTC(2026, 2, 23);
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
const PERSON: Caller = { kind: 'person', name: 'test' };

interface Entry {
  readonly time: EpochMs;
  readonly priority: number;
  readonly order: number;
  readonly fn: () => void;
  cancelled: boolean;
}

class SteppedClock implements SimClock {
  #now: EpochMs;
  #order = 0;
  readonly #entries: Entry[] = [];

  constructor(start: EpochMs) {
    this.#now = start;
  }

  now(): EpochMs {
    return this.#now;
  }

  at(time: EpochMs, priority: number, fn: () => void) {
    const entry: Entry = { time: Math.max(time, this.#now), priority, order: this.#order++, fn, cancelled: false };
    let index = this.#entries.length;
    while (index > 0 && isBefore(entry, this.#entries[index - 1]!)) index--;
    this.#entries.splice(index, 0, entry);
    return {
      cancel: () => {
        entry.cancelled = true;
      },
    };
  }

  sleep(): Promise<void> {
    throw new Error('nothing in the world sleeps');
  }

  runUntil(time: EpochMs): void {
    for (let next = this.#entries[0]; next && next.time <= time; next = this.#entries[0]) {
      this.#entries.shift();
      if (next.cancelled) continue;
      this.#now = next.time;
      next.fn();
    }
    this.#now = time;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  if (a.time !== b.time) return a.time < b.time;
  return a.priority !== b.priority ? a.priority < b.priority : a.order < b.order;
}

export function createWorldUnderTest(start: EpochMs = START, readings: Partial<Readings> = {}): WorldUnderTest {
  const clock = new SteppedClock(start);
  const events: WorldUnderTest['events'] = [];
  const calls: WorldUnderTest['calls'] = [];
  const operations = new Map<string, Operation>();
  let ids = 0;
  const call = (caller: Caller, service: ServiceName, operation: string, input: unknown): unknown => {
    const run = operations.get(`${service}.${operation}`);
    if (!run) throw new Error(`${service}.${operation}: no such operation`);
    calls.push({ at: clock.now(), caller, operation: `${service}.${operation}`, input });
    return run(input, { caller, now: clock.now() });
  };
  const kernel: Kernel = {
    clock,
    region: 'eu-central-1',
    accountId: '123456789012',
    readings: { ...DEFAULT_READINGS, ...readings },
    random: () => () => 0.5,
    uuid: () => `00000000-0000-4000-8000-${String(ids++).padStart(12, '0')}`,
    call,
    emit: (event) => events.push({ ...event, at: clock.now() }),
  };
  const world = createWorld(kernel);
  for (const service of world.services) {
    for (const [name, operation] of Object.entries(service.operations))
      operations.set(`${service.name}.${name}`, operation);
  }
  return {
    world,
    kernel,
    events,
    calls,
    now: () => clock.now(),
    advance: (ms) => clock.runUntil(clock.now() + ms),
    call: (service, operation, input = {}) => call(PERSON, service, operation, input),
    refusal(service, operation, input = {}) {
      try {
        call(PERSON, service, operation, input);
      } catch (error) {
        if (error instanceof ApiError) return `${error.code}: ${error.message}`;
        throw error;
      }
      throw new Error(`${service}.${operation} was not refused`);
    },
  };
}
