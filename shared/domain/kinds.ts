import type { CompiledPolicy, EndpointKind, Rung, WakeTrigger, ZeroBy } from './policy.ts';
import type { Demand } from './record.ts';
import { type DurationMs, HOUR, MINUTE } from './time.ts';

/** A rung as one kind of endpoint understands it. `max` is absent where the rung sets no maximum. */
export type ResolvedRung =
  | { readonly kind: 'bounds'; readonly min: number; readonly max: number }
  | { readonly kind: 'zero'; readonly max?: number }
  | { readonly kind: 'leave' };

/** AWS's default and maximum for RequestTTLSeconds. */
export const REQUEST_TTL: DurationMs = 6 * HOUR;

/** Kinds that need not be told how. */
const NATIVE_ZERO: Readonly<Partial<Record<EndpointKind, ZeroBy>>> = { async: 'instances', components: 'copies' };

export const ALLOWED_ZERO: Readonly<Record<EndpointKind, readonly ZeroBy[]>> = {
  'real-time': ['park'],
  async: ['instances'],
  components: ['copies'],
  serverless: [],
};

const DEFAULT_WAKE: Readonly<Record<EndpointKind, readonly WakeTrigger[]>> = {
  'real-time': ['request'],
  async: ['backlog'],
  components: ['request'],
  serverless: [],
};

/** Application Auto Scaling does not scale burstable instances. */
export function isBurstable(instanceType: string | undefined): boolean {
  return instanceType?.startsWith('ml.t') ?? false;
}

/** How this endpoint gets to zero; undefined: it never does (`park` is never implied). */
export function zeroBy(kind: EndpointKind, policy: CompiledPolicy): ZeroBy | undefined {
  const by = policy.zero?.by ?? NATIVE_ZERO[kind];
  return by !== undefined && ALLOWED_ZERO[kind].includes(by) ? by : undefined;
}

/** Whether the endpoint's zero is to be deleted. */
export function parks(kind: EndpointKind, policy: CompiledPolicy | undefined): boolean {
  return policy !== undefined && zeroBy(kind, policy) === 'park';
}

export function idleForOf(kind: EndpointKind, policy: CompiledPolicy): DurationMs {
  return policy.zero?.idleFor ?? (kind === 'real-time' ? 30 * MINUTE : 5 * MINUTE);
}

export function minUpOf(policy: CompiledPolicy): DurationMs {
  return policy.zero?.minUp ?? 20 * MINUTE;
}

export function wakeTriggersOf(kind: EndpointKind, policy: CompiledPolicy): readonly WakeTrigger[] {
  return policy.wake.on ?? DEFAULT_WAKE[kind];
}

/** Stored demand that the policy in force still listens to. */
export function demandThatCounts(
  kind: EndpointKind,
  policy: CompiledPolicy | undefined,
  demand: readonly Demand[],
): readonly Demand[] {
  if (policy === undefined) return [];
  const triggers = wakeTriggersOf(kind, policy);
  return demand.filter(({ source }) => triggers.includes(source));
}

/** What a rung means for this kind: where zero is a deletion, `min: 0` and `max: 0` say zero too. */
export function resolveRung(rung: Rung, kind: EndpointKind, policy: CompiledPolicy): ResolvedRung {
  switch (rung.kind) {
    case 'leave':
      return { kind: 'leave' };
    case 'zero':
      return policy.highestMax === undefined ? { kind: 'zero' } : { kind: 'zero', max: policy.highestMax };
    case 'bounds': {
      if (kind !== 'real-time' || rung.min > 0) return { kind: 'bounds', min: rung.min, max: rung.max };
      return policy.highestMax === undefined ? { kind: 'zero' } : { kind: 'zero', max: policy.highestMax };
    }
    default:
      return rung satisfies never;
  }
}

/** The least that a resolved rung keeps in service. */
export function minOf(rung: ResolvedRung): number {
  return rung.kind === 'bounds' ? rung.min : 0;
}
