import { type EpochMs, PRIORITY, type Priority, type SimClock, type Timer } from './contract.ts';

interface Entry {
  readonly time: EpochMs;
  readonly priority: Priority;
  readonly order: number;
  fn: (() => void) | undefined;
}

function isBefore(a: Entry, b: Entry): boolean {
  if (a.time !== b.time) return a.time < b.time;
  if (a.priority !== b.priority) return a.priority < b.priority;
  return a.order < b.order;
}

/** Binary heap: two weeks of ticks, timers and load events are millions of pushes, which a sorted list would not stand. */
class EventHeap {
  readonly #entries: Entry[] = [];

  peek(): Entry | undefined {
    return this.#entries[0];
  }

  push(entry: Entry): void {
    const entries = this.#entries;
    let index = entries.length;
    entries.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(entry, entries[parent]!)) break;
      entries[index] = entries[parent]!;
      index = parent;
    }
    entries[index] = entry;
  }

  pop(): Entry | undefined {
    const entries = this.#entries;
    const top = entries[0];
    const last = entries.pop();
    if (last === undefined || entries.length === 0) return top;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= entries.length) break;
      if (child + 1 < entries.length && isBefore(entries[child + 1]!, entries[child]!)) child += 1;
      if (!isBefore(entries[child]!, last)) break;
      entries[index] = entries[child]!;
      index = child;
    }
    entries[index] = last;
    return top;
  }
}

/** Virtual time. It only moves when `takeDue` or `moveTo` is called; nothing here reads the machine's clock. */
export class VirtualClock implements SimClock {
  readonly #heap = new EventHeap();
  #now: EpochMs;
  #order = 0;
  #sleepers = 0;
  #onWake: () => void = () => {};

  constructor(start: EpochMs) {
    if (!Number.isFinite(start)) throw new RangeError(`start: ${start}: must be a finite number of epoch milliseconds`);
    this.#now = start;
  }

  now(): EpochMs {
    return this.#now;
  }

  /** How many `sleep`s are pending: runs that wait for time to move. */
  sleepers(): number {
    return this.#sleepers;
  }

  /** Called whenever a sleeper is woken, so that the run loop lets its run go on before the next event. */
  onWake(listener: () => void): void {
    this.#onWake = listener;
  }

  at(time: EpochMs, priority: Priority, fn: () => void): Timer {
    if (Number.isNaN(time)) throw new RangeError('time: NaN: must be epoch milliseconds');
    const entry: Entry = { time: Math.max(time, this.#now), priority, order: this.#order++, fn };
    this.#heap.push(entry);
    return {
      cancel() {
        entry.fn = undefined;
      },
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#sleepers += 1;
      this.at(this.#now + Math.max(0, ms), PRIORITY.delivery, () => {
        this.#sleepers -= 1;
        this.#onWake();
        resolve();
      });
    });
  }

  /** Time of the next event that is not cancelled. */
  nextAt(): EpochMs | undefined {
    for (;;) {
      const entry = this.#heap.peek();
      if (entry === undefined) return undefined;
      if (entry.fn !== undefined) return entry.time;
      this.#heap.pop();
    }
  }

  /** Moves to the next event that is due by `until` and returns it; undefined when there is none. */
  takeDue(until: EpochMs): (() => void) | undefined {
    const next = this.nextAt();
    if (next === undefined || next > until) return undefined;
    const entry = this.#heap.pop()!;
    this.#now = entry.time;
    return entry.fn;
  }

  /** Moves to `time` when nothing is due before it. */
  moveTo(time: EpochMs): void {
    if (time > this.#now) this.#now = time;
  }
}
