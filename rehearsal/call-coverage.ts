import type { Fate } from './functions.ts';
import type { FunctionName } from './model.ts';

/** One place at which a function calls AWS: the n-th call of an operation in a run of it. */
export interface CallSite {
  readonly function: FunctionName;
  /** `Service.Operation` */
  readonly call: string;
  /** 1: the first call of this operation in its run. */
  readonly ordinal: number;
  readonly calls: number;
  /** How often the function died, or hung, right after it. */
  readonly crashes: number;
  readonly stalls: number;
}

/** Calls of one operation by one function, from wherever in a run. */
export type CallPair = Omit<CallSite, 'ordinal'>;

type Counted = { -readonly [Key in keyof CallSite]: CallSite[Key] };

/** Where in the functions a run came by, and where it broke them off: to see which places no fault was tried at. */
export class CallCoverage {
  readonly #sites = new Map<string, Counted>();

  note(fn: FunctionName, call: string, ordinal: number, fate: Fate): void {
    const key = `${fn} ${call} ${ordinal}`;
    let site = this.#sites.get(key);
    if (site === undefined) {
      site = { function: fn, call, ordinal, calls: 0, crashes: 0, stalls: 0 };
      this.#sites.set(key, site);
    }
    site.calls += 1;
    if (fate?.kind === 'dies') site.crashes += 1;
    if (fate?.kind === 'hangs') site.stalls += 1;
  }

  /** By function, call and ordinal. */
  sites(): readonly CallSite[] {
    return [...this.#sites.values()].sort(inOrder);
  }

  pairs(): readonly CallPair[] {
    return pairsOf(this.sites());
  }
}

function inOrder(a: CallSite, b: CallSite): number {
  const [left, right] = [`${a.function} ${a.call}`, `${b.function} ${b.call}`];
  return left === right ? a.ordinal - b.ordinal : left < right ? -1 : 1;
}

/** Sites of any number of runs as pairs of function and operation. */
export function pairsOf(sites: readonly CallSite[]): readonly CallPair[] {
  const pairs = new Map<string, { -readonly [Key in keyof CallPair]: CallPair[Key] }>();
  for (const { ordinal: _ordinal, ...site } of [...sites].sort(inOrder)) {
    const key = `${site.function} ${site.call}`;
    const pair = pairs.get(key);
    if (pair === undefined) {
      pairs.set(key, { ...site });
      continue;
    }
    pair.calls += site.calls;
    pair.crashes += site.crashes;
    pair.stalls += site.stalls;
  }
  return [...pairs.values()];
}
