import { ALLOWED_ZERO, isBurstable, minOf, REQUEST_TTL, resolveRung, wakeTriggersOf } from './kinds.ts';
import { checkMetrics } from './metric-fit.ts';
import type { Agenda, CompiledPolicy, EndpointKind } from './policy.ts';
import { HOUR, MINUTE } from './time.ts';

/** A rule of the endpoint's kind that its policy breaks; it concerns this endpoint only. */
export interface KindProblem {
  readonly code: 'policy-invalid' | 'several-variants' | 'burstable-type';
  readonly field: string;
  readonly value: string;
  readonly allowed: string;
}

export interface KindCheck {
  readonly kind: EndpointKind;
  readonly policy: CompiledPolicy;
  readonly agenda?: Agenda;
  readonly variants: readonly { readonly name: string; readonly instanceType?: string | undefined }[];
  /** Inference components: the least number of instances that SageMaker keeps; absent: it adds and removes none. */
  readonly managedMin?: number | undefined;
  /** Serverless: the variant's MaxConcurrency; absent: not seen yet. */
  readonly maxConcurrency?: number | undefined;
}

/** Every kind rule that this endpoint's policy breaks; empty: the policy fits. */
export function checkKind(check: KindCheck): readonly KindProblem[] {
  const { kind, policy } = check;
  return [
    ...(kind === 'components' ? checkComponents(check) : checkVariants(check)),
    ...checkZeroBy(kind, policy),
    ...checkZeroRungs(check),
    ...checkMaximum(check),
    ...checkSmoke(kind, policy),
    ...checkScaleIn(kind, policy),
    ...checkMetrics(kind, policy.scaling),
    ...checkWakeBy(kind, policy),
    ...checkQueue(check),
  ];
}

function checkVariants({ policy, variants }: KindCheck): readonly KindProblem[] {
  if (variants.length > 1) {
    return [
      {
        code: 'several-variants',
        field: 'capacity',
        value: variants.map(({ name }) => name).join(', '),
        allowed: 'endpoints with one variant; bounds do not say which variant they speak of',
      },
    ];
  }
  const burstable = variants.find(({ instanceType }) => isBurstable(instanceType));
  const scales = policy.scaling.length > 0 || policy.wake.by === 'step-policy';
  if (burstable === undefined || !scales) return [];
  return [
    {
      code: 'burstable-type',
      field: 'scaling',
      value: burstable.instanceType ?? '',
      allowed: 'no scaling policies: Application Auto Scaling refuses burstable ml.t instance types',
    },
  ];
}

function checkComponents({ policy, variants, managedMin }: KindCheck): readonly KindProblem[] {
  const names = variants.map(({ name }) => name).join(', ');
  if (variants.length > 1) {
    const allowed = 'an entry for each inference component, components: { <name>: { capacity, scaling } }';
    return [{ code: 'policy-invalid', field: 'components', value: `nothing for ${names}`, allowed }];
  }
  if (variants.length === 0) {
    const allowed = 'at least one inference component on the endpoint: bounds speak of its copies';
    return [{ code: 'policy-invalid', field: 'endpoint', value: 'no inference component', allowed }];
  }
  return checkManagedScaling(policy, managedMin);
}

/** Copies at zero free no instance that SageMaker keeps anyway. */
export function checkManagedScaling(
  { mayBeZero }: Pick<CompiledPolicy, 'mayBeZero'>,
  managedMin: number | undefined,
): readonly KindProblem[] {
  if (!mayBeZero || managedMin === 0) return [];
  const value =
    managedMin === undefined
      ? 'ManagedInstanceScaling is not enabled'
      : `ManagedInstanceScaling.MinInstanceCount ${managedMin}`;
  const allowed =
    'MinInstanceCount 0 in the endpoint config, or min ≥ 1 in every rung of a component: with zero copies the instances would stay';
  return [{ code: 'policy-invalid', field: 'endpoint', value, allowed }];
}

/** Its shape has no provisioned concurrency of 0, and without requests nothing else of it is paid for. */
const NEVER_AWAY =
  'nothing: a serverless endpoint is never parked, without requests it costs nothing but its provisioned concurrency; remove it';

function checkZeroBy(kind: EndpointKind, policy: CompiledPolicy): readonly KindProblem[] {
  const by = policy.zero?.by;
  if (by === undefined || ALLOWED_ZERO[kind].includes(by)) return [];
  const why =
    kind === 'serverless'
      ? NEVER_AWAY
      : kind === 'async' && by === 'park'
        ? 'instances (what becomes of queued requests when it is deleted is unknown)'
        : '';
  return [
    {
      code: 'policy-invalid',
      field: 'zero.by',
      value: by,
      allowed: why || `${ALLOWED_ZERO[kind].join(' | ')} for a ${kind} endpoint`,
    },
  ];
}

function checkSmoke(kind: EndpointKind, policy: CompiledPolicy): readonly KindProblem[] {
  if (kind === 'real-time' || policy.wake.smoke === undefined) return [];
  const allowed = 'real-time endpoints only; remove it';
  return [{ code: 'policy-invalid', field: 'wake.smoke', value: policy.wake.smoke.contentType, allowed }];
}

function checkScaleIn(kind: EndpointKind, policy: CompiledPolicy): readonly KindProblem[] {
  if (kind === 'real-time' || policy.scaleIn === undefined) return [];
  const allowed = 'real-time endpoints only: the others publish no concurrency; remove it';
  return [{ code: 'policy-invalid', field: 'scaleIn', value: 'when-quiet', allowed }];
}

/** Only a queue has requests that expire, and the metric that the step policy reads; it needs a target with a maximum. */
function checkWakeBy(kind: EndpointKind, policy: CompiledPolicy): readonly KindProblem[] {
  if (kind !== 'async' && policy.wake.requestTtl !== undefined) {
    const allowed = 'asynchronous endpoints only: the others have no queue; remove it';
    return [
      { code: 'policy-invalid', field: 'wake.requestTtl', value: `${policy.wake.requestTtl / MINUTE}m`, allowed },
    ];
  }
  if (kind === 'serverless' && (policy.wake.on ?? []).length > 0) {
    const allowed = 'nothing for a serverless endpoint: it is never away';
    return [{ code: 'policy-invalid', field: 'wake.on', value: policy.wake.on?.join(', ') ?? '', allowed }];
  }
  if (policy.wake.by === undefined) return [];
  const refused = (allowed: string): readonly KindProblem[] => [
    { code: 'policy-invalid', field: 'wake.by', value: policy.wake.by ?? '', allowed },
  ];
  if (kind !== 'async') return refused(`function for a ${kind} endpoint: only an asynchronous one has a queue`);
  if (!wakeTriggersOf(kind, policy).includes('backlog')) return refused('function, or backlog in wake.on');
  if (policy.highestMax !== undefined) return [];
  return refused('function, or a rung with max ≥ 1: Application Auto Scaling adds instances up to a maximum');
}

/** AWS takes bounds above it and refuses the change; nothing would come of it but failures. */
function checkMaximum({ agenda, maxConcurrency }: KindCheck): readonly KindProblem[] {
  const rung = agenda?.rungs.find((one) => one.kind === 'bounds' && one.max > (maxConcurrency ?? Infinity));
  if (rung?.kind !== 'bounds') return [];
  const field = rung.during === undefined ? 'otherwise' : `capacity (during ${rung.during})`;
  const allowed = `max at most ${maxConcurrency}, the MaxConcurrency of the endpoint`;
  return [{ code: 'policy-invalid', field, value: `max ${rung.max}`, allowed }];
}

/** What zero takes, of a kind that has none by itself. */
const NO_ZERO: Partial<Readonly<Record<EndpointKind, string>>> = {
  'real-time':
    'min ≥ 1, or zero together with `zero: { by: park }`: a real-time endpoint reaches zero only by deletion',
  serverless:
    'min ≥ 1, or leave: provisioned concurrency is at least 1; an endpoint config without any is what removes it',
};

function checkZeroRungs({ kind, policy, agenda }: KindCheck): readonly KindProblem[] {
  const allowed = NO_ZERO[kind];
  if (allowed === undefined || policy.zero?.by !== undefined) return [];
  const zeroRung = agenda?.rungs.find((rung) => {
    const resolved = resolveRung(rung, kind, policy);
    return resolved.kind !== 'leave' && minOf(resolved) === 0;
  });
  if (zeroRung === undefined && !policy.mayBeZero) return [];
  const place =
    zeroRung === undefined || zeroRung.during === undefined ? 'otherwise' : `capacity (during ${zeroRung.during})`;
  return [
    {
      code: 'policy-invalid',
      field: place,
      value: zeroRung?.kind === 'bounds' ? `min ${zeroRung.min}, max ${zeroRung.max}` : 'zero',
      allowed,
    },
  ];
}

/** A backlog that nothing may lift must not wait longer than its requests live. */
function checkQueue({ kind, policy, agenda }: KindCheck): readonly KindProblem[] {
  if (kind !== 'async' || agenda === undefined) return [];
  const requestTtl = policy.wake.requestTtl ?? REQUEST_TTL;
  const listens = wakeTriggersOf(kind, policy).includes('backlog');
  let waitingSince: number | undefined;
  for (const [index, [from, rungIndex]] of agenda.steps.entries()) {
    const rung = agenda.rungs[rungIndex];
    const resolved = rung && resolveRung(rung, kind, policy);
    const stuck =
      resolved !== undefined &&
      resolved.kind !== 'leave' &&
      minOf(resolved) === 0 &&
      (!listens || (resolved.kind === 'bounds' && resolved.max === 0));
    if (!stuck) {
      waitingSince = undefined;
      continue;
    }
    waitingSince ??= from;
    const until = agenda.steps[index + 1]?.[0] ?? agenda.until;
    if (until - waitingSince > requestTtl) {
      return [
        {
          code: 'policy-invalid',
          field: listens ? 'capacity' : 'wake.on',
          value: listens ? 'max 0' : wakeTriggersOf(kind, policy).join(', ') || 'nothing',
          allowed: `a backlog may wait at most ${requestTtl / HOUR} hours (its requests expire then): add backlog to wake.on, or max ≥ 1`,
        },
      ];
    }
  }
  return [];
}
