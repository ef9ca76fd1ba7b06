import type { Evidence, ReasonCode } from './decision.ts';
import type { Agenda, Bounds, CompiledPolicy, EndpointKind, Rung } from './policy.ts';
import type { Demand, Hold, Phase } from './record.ts';
import type { DurationMs, Instant } from './time.ts';

export type Mode = 'on' | 'wake-only' | 'dry-run' | 'off';

/** Everything the precedence ladder looks at. Pure data: no clock, no I/O. */
export interface RulingInput {
  readonly now: Instant;
  readonly mode: Mode;
  readonly kind: EndpointKind;
  readonly phase: Phase;
  readonly protected: boolean;
  readonly hold?: Hold;
  readonly demand: readonly Demand[];
  readonly policy?: CompiledPolicy;
  readonly agenda?: Agenda;
  readonly invalid: boolean;
  readonly giveBack: boolean;
  /** Why we took it away in order to bring it back: it is away until it is back. */
  readonly bringBack?: 'rehearsal' | 'return-to-preferred';
  /** How long before a raise it must begin (computed from samples, see lead.ts). */
  readonly leadMs: DurationMs;
  /** Window begin whose lead has begun before: it stays begun. */
  readonly leadBegunFor?: Instant;
  /** Recipe's desired count, for demand in a zero rung and an `up` hold without such a rung. */
  readonly recipeDesired?: number;
}

/**
 * What the endpoint should be now.
 * - `up`: in service within `bounds` (bounds.min ≥ 1, or for kinds with native zero possibly 0)
 * - `zero`: may and should be zero while nobody uses it
 * - `leave`: no change of bounds or phase (a parked one stays parked and wakes on demand only)
 * - `hands-off`: no call at all
 */
export interface Ruling {
  readonly want: 'up' | 'zero' | 'leave' | 'hands-off';
  readonly bounds?: Bounds;
  /**
   * Count that a demand or an `up` hold brings from zero (within the highest max); absent: the bounds' min, or what
   * the endpoint has.
   */
  readonly desired?: number;
  /** Which rule of the ladder won, as a reason code. */
  readonly reason: ReasonCode;
  /** Lowering (park, scale-in, lower bounds) is allowed; false under wake-only, protect, invalid documents. */
  readonly mayLower: boolean;
  /** Changes are reported, not made (dry-run), except waking what we parked. */
  readonly reportOnly: boolean;
  readonly rung?: Rung;
  /** Begin of the window that is in force or whose lead has begun. */
  readonly window?: Instant;
  /** Since when the `up` hold that won asks for it. */
  readonly heldFrom?: Instant;
  /** The next instant at which this answer can change by itself (edge, lead, end of hold). */
  readonly until: Instant;
  /** The whole ladder for `explain`: which rule applied, which not and why. */
  readonly ladder: readonly { readonly rule: string; readonly applies: boolean; readonly why: string }[];
  readonly evidence: Evidence;
}

/** Implemented in decide-ruling.ts. */
export type DecideRuling = (input: RulingInput) => Ruling;
