import type { CallGate, CallRecord } from '../../../simulator/contract.ts';

/** A call that a run has begun and that has not reached AWS: nothing of its run goes on before it does. */
interface Pending {
  readonly lane: number;
  /** How many calls of the whole schedule had been made when it was begun. */
  readonly begunAt: number;
  release(): void;
}

/** One run among those that interleave: a handler's invocation, a command, or a person's own API calls. */
export interface Lane {
  readonly name: string;
  start(gate: CallGate): Promise<unknown>;
}

export interface MadeCall {
  readonly key: string;
  readonly lane: number;
  readonly begunAt: number;
  readonly record: CallRecord;
}

const QUIET_TURNS = 2;
const MOST_TURNS = 2_000;

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Holds every call of every lane until it is told to make it: one call at a time, in whatever order is asked for. */
export class Lanes {
  readonly pending = new Map<string, Pending>();
  readonly made: MadeCall[] = [];
  readonly failures: unknown[] = [];
  readonly #ended: boolean[] = [];
  readonly #counts = new Map<string, number>();
  #made: CallRecord | undefined;
  #changes = 0;

  constructor(lanes: readonly Lane[]) {
    lanes.forEach((lane, index) => {
      this.#ended[index] = false;
      const end = (error?: unknown) => {
        if (error !== undefined) this.failures.push(new Error(`${lane.name}: ${String(error)}`, { cause: error }));
        this.#ended[index] = true;
        this.#changes += 1;
      };
      lane.start(this.#gateOf(index)).then(() => end(), end);
    });
  }

  #gateOf(lane: number): CallGate {
    return {
      before: ({ service, operation }) => {
        const name = `${lane}:${service}.${operation}`;
        const ordinal = (this.#counts.get(name) ?? 0) + 1;
        this.#counts.set(name, ordinal);
        this.#changes += 1;
        return new Promise((release) => {
          this.pending.set(`${name}#${ordinal}`, { lane, begunAt: this.made.length, release });
        });
      },
      after: (record) => {
        this.#made = record;
        this.#changes += 1;
      },
    };
  }

  /** Until every lane waits for a call or has ended. */
  async settle(): Promise<void> {
    let quiet = 0;
    for (let turns = 0; quiet < QUIET_TURNS; turns += 1) {
      const before = this.#changes;
      await turn();
      const waits = (lane: number) => [...this.pending.values()].some((call) => call.lane === lane);
      const isIdle = this.#ended.every((ended, lane) => ended || waits(lane));
      quiet = before === this.#changes && isIdle ? quiet + 1 : 0;
      if (turns > MOST_TURNS)
        throw new Error('a run neither calls nor ends: it waits for something that is not a call');
    }
  }

  async make(key: string): Promise<MadeCall> {
    const call = this.pending.get(key);
    if (call === undefined) throw new Error(`${key}: not begun; begun are ${[...this.pending.keys()].join(', ')}`);
    this.pending.delete(key);
    this.#made = undefined;
    call.release();
    await this.settle();
    if (this.#made === undefined) throw new Error(`${key}: was released and never made`);
    const made = { key, lane: call.lane, begunAt: call.begunAt, record: this.#made as CallRecord };
    this.made.push(made);
    return made;
  }
}
