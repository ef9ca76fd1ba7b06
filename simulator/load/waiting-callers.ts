import { type EpochMs, SLOT_MS } from '../contract.ts';

/** Callers of an absent endpoint try again every 30 s … */
const RETRY_SLOTS = 3;
/** … and give up after 15 minutes. */
const PATIENCE_SLOTS = 90;

/** `count` callers whose tries fall evenly into the part [from, to) of a slot; from = to means all at that instant. */
interface Cohort {
  readonly slot: number;
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Evenly spread requests sit in the middle of their share of the span, so a lone one comes half-way. */
export function countUpTo(count: number, share: number): number {
  if (share <= 0) return 0;
  if (share >= 1) return count;
  // The tiny term absorbs rounding of the share: a request due at this very instant has come.
  return Math.min(count, Math.floor(count * share + 0.5 + 1e-9));
}

/** Instant of request `index` (from 0) of `count` in a slot. */
export function arrivalInstant(slotStart: EpochMs, count: number, index: number): EpochMs {
  return Math.ceil(slotStart + (SLOT_MS * (index + 0.5)) / count);
}

function split(cohort: Cohort, from: number, to: number): { inside: Cohort | undefined; outside: Cohort[] } {
  const { slot } = cohort;
  if (cohort.from === cohort.to) {
    const hit = cohort.from >= from && cohort.from < to;
    return hit ? { inside: cohort, outside: [] } : { inside: undefined, outside: [cohort] };
  }
  const width = cohort.to - cohort.from;
  const [a, b] = [Math.max(cohort.from, from), Math.min(cohort.to, to)];
  if (a >= b) return { inside: undefined, outside: [cohort] };
  const before = countUpTo(cohort.count, (a - cohort.from) / width);
  const upTo = countUpTo(cohort.count, (b - cohort.from) / width);
  const piece = (x: number, y: number, count: number): Cohort[] => (count > 0 ? [{ slot, from: x, to: y, count }] : []);
  return {
    inside: piece(a, b, upTo - before)[0],
    outside: [...piece(cohort.from, a, before), ...piece(b, cohort.to, cohort.count - upTo)],
  };
}

/** Requests that found no endpoint and wait at their callers. */
export class WaitingCallers {
  #cohorts: Cohort[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(slot: number, from: number, to: number, count: number): void {
    if (count === 0) return;
    this.#cohorts.push({ slot, from, to, count });
    this.#count += count;
  }

  /** Callers whose next try falls into the part [from, to) of `slot`: they get through. */
  admit(slot: number, from: number, to: number): number {
    return this.#take(from, to, (cohort) => slot > cohort.slot && (slot - cohort.slot) % RETRY_SLOTS === 0);
  }

  /** Callers whose last try falls there, in vain. */
  giveUp(slot: number, from: number, to: number): number {
    return this.#take(from, to, (cohort) => slot - cohort.slot >= PATIENCE_SLOTS);
  }

  /** Callers whose next try falls there, and who are turned away again. */
  tries(slot: number, from: number, to: number): number {
    let tries = 0;
    for (const cohort of this.#cohorts) {
      if (slot > cohort.slot && (slot - cohort.slot) % RETRY_SLOTS === 0)
        tries += split(cohort, from, to).inside?.count ?? 0;
    }
    return tries;
  }

  #take(from: number, to: number, applies: (cohort: Cohort) => boolean): number {
    if (this.#count === 0 || !this.#cohorts.some(applies)) return 0;
    let taken = 0;
    this.#cohorts = this.#cohorts.flatMap((cohort) => {
      if (!applies(cohort)) return [cohort];
      const { inside, outside } = split(cohort, from, to);
      taken += inside?.count ?? 0;
      return outside;
    });
    this.#count -= taken;
    return taken;
  }
}
