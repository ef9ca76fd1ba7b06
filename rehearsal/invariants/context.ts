import type { Caller, CallRecord, ComponentChange, EndpointChange } from '../../simulator/contract.ts';
import type { LoggedDecision } from '../observe.ts';
import type { Violation } from '../result.ts';
import type { Rulebook } from '../rulebook.ts';
import type { Run } from '../run.ts';
import type { EndpointState, WorldState } from './world-state.ts';

/** What somebody else changed of an endpoint is found by the full re-check, a quarter of an hour later at the latest. */
export const FOUND_MS = 17 * 60_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

/** Whose calls are nobody's in the run: looking must not show. */
export const CHECKER: Caller = { kind: 'person', name: 'invariant checker' };

export function isChecker(caller: Caller): boolean {
  return caller.name === CHECKER.name;
}

type InvariantNumber = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

/** What a check of an invariant may look at and say. */
export interface CheckContext {
  readonly run: Run;
  readonly rulebook: Rulebook;
  readonly state: WorldState;
  /** Two ticks: documents, tags, holds, demand and calendar have so long before 3 and 4 judge what came of them. */
  readonly graceMs: number;
  /** Counts one judgement; false: the invariant is broken now. */
  judge(holds: boolean, invariant: InvariantNumber, endpoint: string | null, what: string | (() => string)): void;
  /** The check wants its `step` to be called at this instant even if nothing changes. */
  wakeAt(instant: number): void;
}

/** One invariant, told of everything that happens in simulated AWS. */
export interface Check {
  /** After a call took effect or failed. */
  call?(record: CallRecord): void;
  /** An endpoint is not as it was; the state is already the new one, `before` the old. */
  change?(change: EndpointChange, before: EndpointState): void;
  /** A component is not as it was. */
  changeComponent?(change: ComponentChange, before: EndpointState): void;
  decision?(decision: LoggedDecision): void;
  /** All runs are quiet and something changed, or a wanted instant was reached. */
  step?(at: number): void;
  finish?(at: number): void;
}

export interface InvariantChecker {
  finish(): { readonly checked: number; readonly violations: readonly Violation[] };
}
