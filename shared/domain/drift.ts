import { hashText } from './hash.ts';
import type { CapacityInput } from './plan-capacity.ts';
import type { Bounds } from './policy.ts';
import type { FleetRecord } from './record.ts';
import type { Ruling } from './ruling.ts';
import type { Instant } from './time.ts';

/** What somebody may have changed beside us. */
export const DRIFT_FIELDS = [
  'endpoint',
  'config',
  'instanceType',
  'target',
  'bounds',
  'suspended',
  'policy',
  'alarm',
] as const;
export type DriftField = (typeof DRIFT_FIELDS)[number];

/**
 * What becomes of a difference: `mended`, `respected` and `announced` as the policy's `onDrift` says; `left`: it is not
 * ours to change, or not now; `taken-over`: what was deployed is what is scaled from now on.
 */
export const DRIFT_ANSWERS = ['mended', 'respected', 'announced', 'left', 'taken-over'] as const;
export type DriftAnswer = (typeof DRIFT_ANSWERS)[number];

/** One thing in AWS that is not as we left it. Who changed it no API tells. */
export interface Difference {
  readonly field: DriftField;
  /** Name of the policy or alarm. */
  readonly subject?: string;
  readonly expected: string;
  readonly actual: string;
}

/** A scalable target as far as it may drift; null: there is none. */
export type TargetSetting = (Bounds & { readonly suspended: string }) | null;

/** What we left behind: a difference from it is somebody's doing. Counts for one phase and incarnation. */
export interface Settled {
  /** Of the last change of ours, or of the first look. */
  readonly at: Instant;
  readonly creationTime: Instant;
  /** What the endpoint runs; absent for the second of its targets and those after it. */
  readonly config?: string;
  readonly instanceType?: string;
  readonly target: TargetSetting;
}

/** Differences that were told of and are still there, each as `<field>[ <subject>]#<hash of what is there>`. */
export interface Drift {
  readonly since: Instant;
  /** To be mended, or not ours to act on now. */
  readonly told: readonly string[];
  /** Left as somebody set it; absent: nothing is. */
  readonly left?: readonly string[];
  /** As somebody set them, where bounds are left. */
  readonly bounds?: Bounds;
  /** Version of the policy, and the incarnation, under which it is left. */
  readonly under: string;
  /** The rung that was in force. */
  readonly rung: string;
}

/** More policies and alarms than these are remembered as one: the record is small. */
const REMEMBERED = 4;
const ALL_POLICIES = 'policies';
const HASH_LENGTH = 6;

export const TARGET_FIELDS = ['target', 'bounds', 'suspended'] as const;

/** Compared apart from the rest, every quarter of an hour. */
export function isOfPolicies(name: string): boolean {
  return /^(?:policy|alarm|policies)\b/.test(name);
}

function nameOf(field: DriftField, subject: string | undefined): string {
  return subject === undefined ? field : `${field} ${subject}`;
}

export function keyOf({ field, subject, actual }: Difference): string {
  return `${nameOf(field, subject)}#${hashText(actual).slice(0, HASH_LENGTH)}`;
}

/** What the record remembers each difference by. */
export function keysOf(differences: readonly Difference[]): ReadonlyMap<Difference, string> {
  const ofPolicies = differences.filter(({ field }) => isOfPolicies(field));
  const keys = new Map(differences.map((difference) => [difference, keyOf(difference)]));
  if (ofPolicies.length <= REMEMBERED) return keys;
  const all = hashText(ofPolicies.map(keyOf).join(' ')).slice(0, HASH_LENGTH);
  for (const difference of ofPolicies) keys.set(difference, `${ALL_POLICIES}#${all}`);
  return keys;
}

export function isKnown({ drift }: Pick<FleetRecord, 'drift'>, key: string): boolean {
  return drift !== undefined && [...drift.told, ...(drift.left ?? [])].includes(key);
}

/** The rung in force, or the hold in its place: another one ends `respect`. Demand comes and goes within a rung. */
export function rungKey({ reason, rung }: Ruling): string {
  return `${reason.startsWith('hold-') ? reason : ''}/${rung === undefined ? '' : (rung.during ?? 'otherwise')}`;
}

/** Another version of the policy, or another incarnation, ends what is left. */
export function versionKey({ policy, observed }: FleetRecord): string {
  return hashText(`${policy?.version ?? ''}/${observed?.creationTime ?? 0}`).slice(0, 8);
}

/** Whether what is left is still to be left. */
export function isStillLeft(record: FleetRecord, drift: Drift, ruling: Ruling): boolean {
  const { onDrift } = record.policy ?? {};
  if (onDrift === undefined || drift.under !== versionKey(record)) return false;
  return onDrift === 'announce' || drift.rung === rungKey(ruling);
}

export function isLeft({ drift }: Pick<FleetRecord, 'drift'>, field: DriftField, subject?: string): boolean {
  const name = nameOf(field, subject);
  const names = isOfPolicies(field) ? [name, ALL_POLICIES] : [name];
  return drift?.left?.some((key) => names.includes(key.slice(0, key.lastIndexOf('#')))) ?? false;
}

/** What is left, for people. */
export function namesLeft({ left = [] }: Drift): readonly string[] {
  return left.map((key) => key.slice(0, key.lastIndexOf('#')));
}

/** The input of a plan, with what is left as somebody set it in place of what the policy says. */
export function leaveTo(input: CapacityInput, record: FleetRecord): CapacityInput {
  const { drift } = record;
  if (drift?.left === undefined) return input;
  const { ruling, target } = input;
  const left = isLeft(record, 'suspended') ? { ...input, suspended: undefined } : input;
  if (isLeft(record, 'target')) {
    // Nobody scales it: instances rise to the rung's minimum or a demand, and are never taken.
    const raises = { ...ruling, mayLower: false };
    return { ...left, target: undefined, scales: false, wakesByStep: false, steered: false, ruling: raises };
  }
  if (target === undefined || !isLeft(record, 'bounds')) return left;
  const bounds = boundsLeft(drift.bounds ?? target, ruling.bounds, drift.rung === rungKey(ruling));
  return { ...left, ruling: { ...ruling, bounds } };
}

/**
 * Bounds that are left: as somebody set them. Under `announce` they outlive the rung in which they were set, and another
 * rung's minimum is a promise: while it is in force they allow no less.
 */
function boundsLeft(theirs: Bounds, wanted: Bounds | undefined, sameRung: boolean): Bounds {
  if (sameRung || wanted === undefined) return { min: theirs.min, max: theirs.max };
  const min = Math.max(theirs.min, wanted.min);
  return { min, max: Math.max(theirs.max, min) };
}

export function stateOf(
  target: (Bounds & { readonly suspended: Readonly<Record<'in' | 'out' | 'scheduled', boolean>> }) | undefined,
): TargetSetting {
  if (target === undefined) return null;
  const { min, max, suspended } = target;
  return { min, max, suspended: nameSuspended(suspended) };
}

export function nameSuspended(suspended: Readonly<Record<'in' | 'out' | 'scheduled', boolean>>): string {
  return (['in', 'out', 'scheduled'] as const).filter((name) => suspended[name]).join(',') || 'nothing';
}

export function isSameState(a: TargetSetting | undefined, b: TargetSetting): boolean {
  if (a === undefined || a === null || b === null) return a === b;
  return a.min === b.min && a.max === b.max && a.suspended === b.suspended;
}

export function nameBounds({ min, max }: Bounds): string {
  return `${min}..${max}`;
}

/** How a target differs from what we left. */
export function targetDifferences(expected: TargetSetting, actual: TargetSetting): readonly Difference[] {
  if (expected === null) return [];
  if (actual === null) return [{ field: 'target', expected: nameBounds(expected), actual: 'none' }];
  const differences: Difference[] = [];
  if (expected.min !== actual.min || expected.max !== actual.max) {
    differences.push({ field: 'bounds', expected: nameBounds(expected), actual: nameBounds(actual) });
  }
  if (expected.suspended !== actual.suspended) {
    differences.push({ field: 'suspended', expected: expected.suspended, actual: actual.suspended });
  }
  return differences;
}

/** Whether bounds allow at least what is wanted: a raise changes nothing of them. */
export function boundsCovered(wanted: Bounds, target: Bounds | undefined): boolean {
  return target !== undefined && target.min >= wanted.min && target.max >= wanted.max;
}
