import type { ReasonCode } from './decision.ts';
import type { Bounds, EndpointKind } from './policy.ts';
import type { Work } from './quiet.ts';
import type { EndpointStatus, FleetRecord } from './record.ts';
import type { Ruling } from './ruling.ts';
import { wakesByStep } from './step-wake.ts';
import { type DurationMs, HOUR, type Instant } from './time.ts';

/** Everything that the capacity of one endpoint that is up depends on. */
export interface CapacityInput {
  readonly now: Instant;
  readonly kind: EndpointKind;
  readonly ruling: Ruling;
  readonly status: EndpointStatus;
  readonly desired: number;
  /** Instances that a demand asked for and that it keeps while it lasts; 0: no demand. */
  readonly demanded: number;
  /** Bounds of the scalable target; absent: there is none. */
  readonly target?: (Bounds & { readonly suspended?: Suspended }) | undefined;
  /** What is to be suspended; absent: that is the owner's business. */
  readonly suspended?: Suspended | undefined;
  /** The policy names scaling policies of ours, so that there has to be a target. */
  readonly scales: boolean;
  /** A step policy lifts it from zero: there has to be a target, but capacity above zero is not its business. */
  readonly wakesByStep: boolean;
  /** It has not, and requests wait. */
  readonly stranded?: boolean | undefined;
  /** Some scaling policy steers the target: capacity inside the bounds is its business. */
  readonly steered: boolean;
  readonly highestMax?: number | undefined;
  readonly drain?: { readonly since: Instant; readonly max: number } | undefined;
  /** Absent: not read yet; a plan that depends on it says so. */
  readonly activity?: 'active' | 'idle' | 'unknown' | undefined;
  /** Of what is suspended, scale-in is held back or let go on by the policy's `scaleIn`, or scale-out by a hold. */
  readonly holdsScaleIn?: boolean;
  /** What is in flight; absent: not read yet. */
  readonly work?: Work | undefined;
  /** How long our own scale-in waits for it; absent: as long as any drain. */
  readonly waitsAtMost?: DurationMs | undefined;
}

export interface CapacityPlan {
  /** Bounds to register. AWS pulls capacity into them. */
  readonly register?: Bounds;
  /** Goes with `register`: what is suspended from then on; absent: as it is. */
  readonly suspended?: Suspended;
  /** Instances to ask for. */
  readonly desired?: number;
  readonly reason: ReasonCode;
  /** A drain that goes on, to be remembered. */
  readonly drain?: { readonly since: Instant; readonly max: number };
  /** Whether instances may go to zero depends on activity that was not given. */
  readonly needsActivity: boolean;
  /** Whether instances may be taken away depends on work that was not given. */
  readonly needsWork?: true;
}

export interface Suspended {
  readonly in: boolean;
  readonly out: boolean;
  readonly scheduled: boolean;
}

/** AWS's own step policy knows nothing of a hold. */
function keepsDown({ reason }: Ruling, record: FleetRecord): boolean {
  return reason === 'hold-down' && record.observed?.desired === 0 && wakesByStep(record);
}

/** Some rung says what is suspended, or did when we suspended it last. */
export function rungSuspends({ policy, suspends }: FleetRecord): boolean {
  return policy?.suspends === true || suspends === true;
}

/**
 * What the ruling's rung or a hold suspends; undefined: neither does, and we have suspended nothing before. Beside a hold
 * all but scale-out is as its owner has it.
 */
export function suspendedBy(ruling: Ruling, record: FleetRecord, now: Suspended | undefined): Suspended | undefined {
  const isKept = keepsDown(ruling, record);
  const { rung } = ruling;
  if (rungSuspends(record)) {
    const names = rung?.kind === 'bounds' ? (rung.suspend ?? []) : [];
    return {
      in: names.includes('in'),
      out: isKept || names.includes('out'),
      scheduled: names.includes('scheduled'),
    };
  }
  const { heldDown, scaleIn } = record;
  if (!isKept && heldDown === undefined) return undefined;
  return {
    // Where scale-in waits for quiet, its suspension is ours.
    in: scaleIn === undefined && now?.in === true,
    out: isKept || heldDown?.out === true,
    scheduled: now?.scheduled === true,
  };
}

/** What has to be remembered of a target before a hold suspends its scale-out, until it is as it was again. */
export function heldDownBy(ruling: Ruling, record: FleetRecord, now: Suspended | undefined): FleetRecord['heldDown'] {
  const { heldDown } = record;
  if (rungSuspends(record)) return undefined;
  if (keepsDown(ruling, record)) return heldDown ?? { out: now?.out === true };
  return heldDown === undefined || now === undefined || now.out === heldDown.out ? undefined : heldDown;
}

export function differ(a: Suspended | undefined, b: Suspended): boolean {
  return a === undefined || a.in !== b.in || a.out !== b.out || a.scheduled !== b.scheduled;
}

/** How long a falling maximum waits for scaling to release instances before it is forced. */
const DRAIN_LIMIT = HOUR;

/** The next step for bounds and capacity; empty when nothing differs. Pure: the same input gives the same plan. */
export function planCapacity(input: CapacityInput): CapacityPlan {
  const { ruling } = input;
  const nothing: CapacityPlan = { reason: ruling.reason, needsActivity: false };
  if (ruling.want === 'hands-off') return nothing;
  // Every other status refuses changes; the bounds are asserted once it is in service again.
  const bounds = boundsNow(input);
  if (input.status !== 'InService')
    return { ...nothing, reason: 'in-progress', ...keepDrain(input), ...ahead(input, bounds) };
  if (bounds === undefined) return { ...nothing, ...suspendOnly(input), ...withoutBounds(input) };
  const first = copiesFirst(input, bounds);
  if (first !== undefined) return { ...nothing, ...first };
  if (input.scales || input.wakesByStep || input.target !== undefined) {
    const moved = moveBounds(input, bounds);
    if (moved.register !== undefined) return moved;
    if (input.scales || input.steered) return { ...moved, ...fromZero(input, bounds) };
    return { ...moved, ...setCapacity(input, bounds) };
  }
  return { ...nothing, ...setCapacity(input, bounds) };
}

/** Where the bounds are left as they are, so is the target, but for a scale-in that is held back or let go on. */
function suspendOnly({ target, suspended, ruling, holdsScaleIn }: CapacityInput): Partial<CapacityPlan> {
  if (holdsScaleIn !== true || ruling.want !== 'leave' || target === undefined || suspended === undefined) return {};
  const { min, max } = target;
  return differ(target.suspended, suspended) ? { register: { min, max }, suspended } : {};
}

/**
 * Copies on their way come into the bounds that hold by then: what scales them in must not find the old ones. Application
 * Auto Scaling takes bounds at any time and leaves a component that is not in service as it is.
 */
function ahead(input: CapacityInput, bounds: Bounds | undefined): Partial<CapacityPlan> {
  const { kind, status, target, ruling } = input;
  if (kind !== 'components' || status !== 'Updating' || bounds === undefined || target === undefined) return {};
  return bounds.min > target.min && bounds.min <= target.max
    ? { register: { min: bounds.min, max: target.max }, reason: ruling.reason }
    : {};
}

/**
 * Bounds with a minimum would pull copies from zero to that at once, and what is under way takes no other count. A serverless
 * variant without any provisioned concurrency is not taken as a scalable target.
 */
function copiesFirst(input: CapacityInput, bounds: Bounds): Partial<CapacityPlan> | undefined {
  if (input.desired > 0) return undefined;
  if (input.kind === 'serverless') return { desired: bounds.min, reason: input.ruling.reason };
  if (input.kind !== 'components') return undefined;
  const plan = fromZero(input, bounds);
  return (plan.desired ?? 0) > bounds.min ? plan : undefined;
}

function keepDrain({ drain }: CapacityInput): Pick<CapacityPlan, 'drain'> {
  return drain === undefined ? {} : { drain };
}

/** What its kind has at least; a classic real-time variant's zero is another function's business. */
export function leastOf(kind: EndpointKind): number {
  return kind === 'real-time' || kind === 'serverless' ? 1 : 0;
}

export function boundsNow({
  ruling,
  kind,
  target,
  highestMax,
}: Pick<CapacityInput, 'ruling' | 'kind' | 'target' | 'highestMax'>): Bounds | undefined {
  const least = leastOf(kind);
  if (ruling.bounds !== undefined) {
    return { min: Math.max(least, ruling.bounds.min), max: Math.max(least, ruling.bounds.max) };
  }
  if (ruling.want !== 'zero' || target === undefined) return undefined;
  return { min: least, max: Math.max(least, highestMax ?? target.max) };
}

function moveBounds(input: CapacityInput, bounds: Bounds): CapacityPlan {
  const { ruling, desired, target } = input;
  const allowed = ruling.mayLower ? bounds : notLowered(input, bounds);
  const { max, reason, drain } = drained(input, allowed);
  const wanted: Bounds = { min: allowed.min, max };
  const differs = target === undefined || target.min !== wanted.min || target.max !== wanted.max;
  const outside = desired < wanted.min || desired > wanted.max;
  const { suspended } = input;
  const suspends = suspended !== undefined && differ(target?.suspended, suspended);
  return {
    reason,
    needsActivity: false,
    ...(differs || outside || suspends ? { register: wanted } : {}),
    ...(suspends ? { suspended } : {}),
    ...(drain === undefined ? {} : { drain }),
  };
}

function notLowered({ target, desired }: CapacityInput, bounds: Bounds): Bounds {
  const min = Math.max(bounds.min, target?.min ?? 0);
  return { min, max: Math.max(bounds.max, target?.max ?? 0, desired) };
}

/** A falling maximum follows what scaling releases; nobody's instances are taken away in the middle of their work. */
function drained(
  { now, kind, ruling, desired, steered, scales, drain, waitsAtMost = DRAIN_LIMIT }: CapacityInput,
  { max }: Bounds,
): { readonly max: number; readonly reason: ReasonCode; readonly drain?: { since: Instant; max: number } } {
  // What provisioned concurrency no longer bears is served all the same.
  if (desired <= max || kind === 'serverless') return { max, reason: ruling.reason };
  // Nothing releases instances here but `setCapacity`, which looks at activity first: bounds come after it.
  if (!steered && !scales) return { max: desired, reason: ruling.reason };
  const since = drain !== undefined && drain.max === max ? drain.since : now;
  if (now - since >= waitsAtMost) return { max, reason: 'drain-forced', drain: { since, max } };
  return { max: desired, reason: 'drain', drain: { since, max } };
}

/**
 * A policy that says nothing but zero names no maximum, and without one there is nothing to register: where zero needs no
 * deletion it is asked for all the same.
 */
function withoutBounds(input: CapacityInput): Partial<CapacityPlan> {
  const isZero = input.ruling.want === 'zero' && input.target === undefined && leastOf(input.kind) === 0;
  return isZero ? setCapacity(input, { min: 0, max: Number.MAX_SAFE_INTEGER }) : fromZero(input, undefined);
}

/** Target tracking cannot leave zero: there are no instances to measure. */
function fromZero(input: CapacityInput, bounds: Bounds | undefined): Partial<CapacityPlan> {
  const { ruling, desired, demanded } = input;
  if (desired > 0 || ruling.want !== 'up') return {};
  const asked = Math.max(demanded, ruling.desired ?? 0);
  const count = bounds === undefined ? asked : Math.min(asked, bounds.max);
  return count > 0 ? { desired: count, reason: leftZeroBy(input) } : {};
}

/** Without any scaling policy the count is the rung's minimum, or what a demand brought while it lasts. */
function setCapacity(input: CapacityInput, bounds: Bounds): Partial<CapacityPlan> {
  const { ruling, kind, desired, demanded, activity } = input;
  if (ruling.want === 'zero' && kind === 'real-time') return {};
  const wanted = Math.min(bounds.max, Math.max(bounds.min, demanded));
  if (wanted > desired)
    return { desired: wanted, reason: desired === 0 ? fromZeroReason(input, bounds) : ruling.reason };
  if (wanted === desired || !ruling.mayLower) return {};
  if (wanted > 0) return lower(input, wanted);
  switch (activity) {
    case undefined:
      return { needsActivity: true };
    case 'idle':
      return { desired: 0, reason: 'idle' };
    case 'active':
      return desired > bounds.max && bounds.max > 0 ? drainTo(input, bounds.max, 'drain') : { reason: 'active' };
    case 'unknown':
      return { reason: 'activity-unknown' };
    default:
      return activity satisfies never;
  }
}

/** So many once a drain may wait no longer. */
function drainTo(
  { now, drain, waitsAtMost = DRAIN_LIMIT }: CapacityInput,
  wanted: number,
  reason: ReasonCode,
): Partial<CapacityPlan> {
  const since = drain !== undefined && drain.max === wanted ? drain.since : now;
  const waits = { drain: { since, max: wanted } };
  if (now - since >= waitsAtMost) return { ...waits, desired: wanted, reason: 'drain-forced' };
  return { ...waits, reason };
}

/** Nothing that is in flight is cut, for as long as a drain may take. */
function lower(input: CapacityInput, wanted: number): Partial<CapacityPlan> {
  const { kind, work } = input;
  if (kind !== 'real-time') return { desired: wanted };
  if (work === undefined) return { needsWork: true };
  if (work === 'none') return { desired: wanted };
  return drainTo(input, wanted, work === 'some' ? 'in-flight' : 'activity-unknown');
}

function fromZeroReason(input: CapacityInput, { min }: Bounds): ReasonCode {
  const { ruling, demanded } = input;
  return demanded > min ? leftZeroBy(input) : ruling.reason;
}

function leftZeroBy({ stranded }: CapacityInput): ReasonCode {
  return stranded === true ? 'step-policy-stranded' : 'from-zero';
}

/** Instances that a backlog asks for, in one step. */
export function sizeForBacklog(backlog: number, perInstance: number | undefined, min: number, max: number): number {
  const needed = perInstance === undefined ? 1 : Math.ceil(backlog / perInstance);
  return Math.max(0, Math.min(max, Math.max(1, min, needed)));
}
