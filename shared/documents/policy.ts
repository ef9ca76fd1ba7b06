import * as v from 'valibot';
import { hashValue } from '../domain/hash.ts';
import { REQUEST_TTL } from '../domain/kinds.ts';
import { METRIC_NAMES } from '../domain/metric-names.ts';
import type {
  Bounds,
  CompiledPolicy,
  Rung,
  ScaleInRule,
  ScalingSpec,
  Suspension,
  WakeTrigger,
  WeightRule,
} from '../domain/policy.ts';
import { STEP_WAKE_NAME } from '../domain/step-wake.ts';
import { DAY, MINUTE, SECOND } from '../domain/time.ts';
import { checkFrame, NAME_ALLOWED, NAME_PATTERN } from './limits.ts';
import { METRIC_ALLOWED } from './metric-source.ts';
import type { Parsed, Path } from './problem.ts';
import { convertScaling, type ScalingInput, scalingListSchema } from './scaling.ts';
import { at, choice, count, fields, flag, list, named, oneOf, text, toProblems, word } from './schema.ts';
import { DURATION_ALLOWED, DURATION_PATTERN, parseDuration } from './values.ts';

const MAX_RUNGS = 50;
const MAX_VARIANTS = 10;
const MAX_COMPONENTS = 10;
const VARIANT_NAME = /^[a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62}$/;
const MAX_TRIGGERS = 20;
const MAX_CONFIGS = 20;
const MAX_CAPACITY = 100_000;

const IDLE_AT_LEAST = 5 * MINUTE;
const IDLE_FOR_PARK = 30 * MINUTE;
const MIN_UP = 20 * MINUTE;
/** It lies in the endpoint's record, beside the agenda. */
const MAX_BODY = 500;
const BODY_ALLOWED = `a text of at most ${MAX_BODY} characters`;
const SMOKE_TIMEOUT = 10 * SECOND;
const SMOKE_TIMEOUT_AT_MOST = 30 * SECOND;
const SMOKE_TIMEOUT_ALLOWED = 'a duration from 1s to 30s';

const IDLE_ALLOWED = 'a duration of at least 5m';
const TTL_ALLOWED = 'a duration from 1m to 6h';
const LEAD_ALLOWED = 'learned, or a duration of at most 1d';
const TRIGGERS = ['request', 'backlog', 'schedule'] as const;
const TRIGGER_ALLOWED = 'request, backlog, schedule or alarm:<name of a CloudWatch alarm>';
const CONFIG_ALLOWED = 'the name of an endpoint config';
const SCALE_IN_ALLOWED = 'when-quiet, or { when: quiet, atMost }';
const BOUNDS_ALLOWED = '{ min, max }';
const RUNG_ALLOWED = '{ during, min, max } or { during, then: zero | leave }';
const OTHERWISE_ALLOWED = `zero, leave or ${BOUNDS_ALLOWED}`;

const duration = text(DURATION_PATTERN, DURATION_ALLOWED, parseDuration);

const during = word(NAME_PATTERN, `a schedule: ${NAME_ALLOWED}`);
// The grammar's own word; no schema is ever awaited.
// biome-ignore lint/suspicious/noThenProperty: see above
const then = { then: choice(['zero', 'leave']) }; // oxlint-disable-line unicorn/no-thenable
const SUSPEND_ALLOWED = 'a list of at least one of in, out and scheduled, each once';
const suspend = v.pipe(
  list(choice(['in', 'out', 'scheduled']), SUSPEND_ALLOWED, 3),
  v.minLength(1, SUSPEND_ALLOWED),
  v.check((names) => new Set(names).size === names.length, SUSPEND_ALLOWED),
);
const bounds = { min: count(0, MAX_CAPACITY), max: count(0, MAX_CAPACITY), suspend: v.optional(suspend) };

function notAboveMax<T extends Bounds>() {
  return v.rawCheck<T>(({ dataset, addIssue }) => {
    if (dataset.typed && dataset.value.min > dataset.value.max) {
      addIssue({ message: `at most max, which is ${dataset.value.max}`, path: at('min') });
    }
  });
}

const rungSchema = oneOf(
  (input) => (typeof input === 'object' && input !== null && 'then' in input ? 1 : 0),
  [v.pipe(fields({ during, ...bounds }, RUNG_ALLOWED), notAboveMax()), fields({ during, ...then })],
);

const otherwiseSchema = oneOf(
  (input) => {
    if (typeof input !== 'object' || input === null) return 0;
    return 'then' in input ? 2 : 1;
  },
  [v.picklist(['zero', 'leave'], OTHERWISE_ALLOWED), v.pipe(fields(bounds), notAboveMax()), fields(then)],
);

const zeroSchema = fields({
  by: v.optional(choice(['park', 'instances', 'copies'])),
  idleFor: v.optional(
    text(DURATION_PATTERN, IDLE_ALLOWED, (input) => {
      const ms = parseDuration(input);
      return ms !== undefined && ms >= IDLE_AT_LEAST ? ms : undefined;
    }),
  ),
  minUp: v.optional(duration),
  stackOwned: v.optional(flag),
  rehearse: v.optional(flag),
  allowImageChange: v.optional(flag),
});

const trigger = text(
  /^(?:request|backlog|schedule|alarm:[^\s].{0,254})$/,
  TRIGGER_ALLOWED,
  (input) => input as WakeTrigger,
);

const smokeSchema = fields({
  body: v.pipe(v.string(BODY_ALLOWED), v.maxLength(MAX_BODY, BODY_ALLOWED), v.description(BODY_ALLOWED)),
  contentType: v.optional(word(/^[\w.+-]+\/[\w.+-]+(?:; ?[\w-]+=[\w.-]+)*$/, 'a media type such as application/json')),
  timeout: v.optional(
    text(DURATION_PATTERN, SMOKE_TIMEOUT_ALLOWED, (input) => {
      const ms = parseDuration(input);
      return ms !== undefined && ms >= SECOND && ms <= SMOKE_TIMEOUT_AT_MOST ? ms : undefined;
    }),
  ),
  expect: v.optional(count(200, 599)),
});

const wakeSchema = fields({
  by: v.optional(choice(['function', 'step-policy'])),
  requestTtl: v.optional(
    text(DURATION_PATTERN, TTL_ALLOWED, (input) => {
      const ms = parseDuration(input);
      return ms !== undefined && ms >= MINUTE && ms <= REQUEST_TTL ? ms : undefined;
    }),
  ),
  on: v.optional(list(trigger, `a list, each ${TRIGGER_ALLOWED}`, MAX_TRIGGERS)),
  lead: v.optional(
    text(new RegExp(`^learned$|${DURATION_PATTERN.source}`), LEAD_ALLOWED, (input) => {
      if (input === 'learned') return 'learned' as const;
      const ms = parseDuration(input);
      return ms !== undefined && ms <= DAY ? ms : undefined;
    }),
  ),
  backlogPerInstance: v.optional(
    v.pipe(v.number('a number above 0'), v.finite('a number above 0'), v.gtValue(0, 'a number above 0')),
  ),
  fallbackConfigs: v.optional(
    v.pipe(
      list(word(/^[a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62}$/, CONFIG_ALLOWED), 'a list of endpoint configs', MAX_CONFIGS),
      v.check((names) => new Set(names).size === names.length, 'each endpoint config once'),
    ),
  ),
  returnToPreferred: v.optional(flag),
  smoke: v.optional(smokeSchema),
});

const AT_MOST_ALLOWED = 'a duration from 10m to 1d';

const scaleInSchema = oneOf(
  (input) => (typeof input === 'object' && input !== null ? 1 : 0),
  [
    v.pipe(
      v.picklist(['when-quiet'], SCALE_IN_ALLOWED),
      v.transform((): ScaleInRule => ({ when: 'quiet' })),
    ),
    v.pipe(
      fields(
        {
          when: choice(['quiet']),
          atMost: v.optional(
            text(DURATION_PATTERN, AT_MOST_ALLOWED, (input) => {
              const ms = parseDuration(input);
              return ms !== undefined && ms >= 10 * MINUTE && ms <= DAY ? ms : undefined;
            }),
          ),
        },
        SCALE_IN_ALLOWED,
      ),
      v.transform(({ when, atMost }): ScaleInRule => ({ when, ...(atMost === undefined ? {} : { atMost }) })),
    ),
  ],
);

const capacity = v.optional(list(rungSchema, `a list, each ${RUNG_ALLOWED}`, MAX_RUNGS));
const scaling = v.optional(scalingListSchema);

const SHARE_ALLOWED = "a number, 0 or more: the variant's share of the traffic beside the others";
const share = v.pipe(
  named(
    word(VARIANT_NAME, 'the name of a variant'),
    v.pipe(v.number(SHARE_ALLOWED), v.finite(SHARE_ALLOWED), v.minValue(0, SHARE_ALLOWED)),
  ),
  v.check((shares) => Object.values(shares).some((one) => one > 0), 'at least one share above 0'),
);

/** Shares of the traffic by time; without a schedule that is open they are the owner's. */
const weights = v.optional(
  list(fields({ during, share }), 'a list, each { during, share: { <variant>: 90 } }', MAX_RUNGS),
);

type PartField = 'variants' | 'components';

/** What the parts of an endpoint say for themselves, so that at the top nobody would hear it. */
function unheard(
  document: Partial<Record<'capacity' | 'scaling', readonly unknown[] | undefined>> &
    Partial<Record<PartField, Readonly<Record<string, unknown>> | undefined>>,
): { readonly field: string; readonly message: string }[] {
  const [first, second] = (['variants', 'components'] as const).filter(
    (field) => Object.keys(document[field] ?? {}).length > 0,
  );
  if (first === undefined) return [];
  const [name = ''] = Object.keys(document[first] ?? {});
  const misplaced = (['capacity', 'scaling'] as const)
    .filter((field) => (document[field] ?? []).length > 0)
    .map((field) => ({ field, message: `inside each entry of ${first} that it is for, as ${first}.${name}.${field}` }));
  const message =
    'absent beside variants: limits of an endpoint are of its variants or of its inference components; write a policy for each';
  return second === undefined ? misplaced : [...misplaced, { field: second, message }];
}

const WAKE_NAME_TAKEN = `another name: the step policy of \`wake.by: step-policy\` is called ${STEP_WAKE_NAME}`;

interface Part {
  readonly scaling?: readonly ScalingInput[] | undefined;
}

/** Where a step policy bears the name of the one that wakes. */
function wakeNames(
  document: Part & Partial<Record<PartField, Readonly<Record<string, Part>> | undefined>>,
): (string | number)[][] {
  const parts: [(string | number)[], Part][] = [[[], document]];
  for (const field of ['variants', 'components'] as const)
    for (const [name, part] of Object.entries(document[field] ?? {})) parts.push([[field, name], part]);
  return parts.flatMap(([path, { scaling: policies = [] }]) =>
    policies.flatMap(({ kind, name }, index) =>
      kind === 'step' && name === STEP_WAKE_NAME ? [[...path, 'scaling', index, 'name']] : [],
    ),
  );
}

/** The grammar of a policy; JSON Schema and types come from here. */
export const policySchema = v.pipe(
  fields({
    capacity,
    otherwise: v.optional(otherwiseSchema),
    zero: v.optional(zeroSchema),
    wake: v.optional(wakeSchema),
    scaling,
    scaleIn: v.optional(scaleInSchema),
    variants: v.optional(
      v.pipe(
        named(word(VARIANT_NAME, 'the name of a variant'), fields({ capacity, scaling })),
        v.maxEntries(MAX_VARIANTS, `at most ${MAX_VARIANTS} variants`),
      ),
    ),
    components: v.optional(
      v.pipe(
        named(
          word(/^[a-zA-Z0-9](?:[-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$/, 'the name of an inference component'),
          fields({ capacity, scaling }),
        ),
        v.maxEntries(MAX_COMPONENTS, `at most ${MAX_COMPONENTS} components`),
      ),
    ),
    onDrift: v.optional(choice(['mend', 'respect', 'announce'])),
    weights,
    tier: v.optional(choice(['standard', 'advanced'])),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const names = Object.keys(dataset.value.variants ?? {});
    dataset.value.weights?.forEach((rule, index) => {
      const given = Object.keys(rule.share);
      const wrong = names.length < 2 || given.length !== names.length || given.some((name) => !names.includes(name));
      const allowed =
        names.length < 2
          ? 'absent: `variants` has to name several, between which traffic is shared'
          : `a share for each of ${names.join(', ')}`;
      if (wrong) addIssue({ message: allowed, path: at('weights', index, 'share') });
    });
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const { field, message } of unheard(dataset.value)) addIssue({ message, path: at(field) });
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.value.wake?.by !== 'step-policy') return;
    for (const place of wakeNames(dataset.value)) addIssue({ message: WAKE_NAME_TAKEN, path: at(...place) });
  }),
  v.title('Policy'),
  v.description(
    'What one tag value means: capacity by time, how and when it may be zero, how it wakes, how it scales.',
  ),
);

/** Rungs and scaling of one variant. */
export interface VariantPolicy {
  /** From the top; the last one is `otherwise` and has no `during`. */
  readonly rungs: readonly Rung[];
  readonly scaling: readonly ScalingSpec[];
}

/** A valid policy, before schedules are known. */
export interface Policy extends VariantPolicy {
  readonly name: string;
  readonly zero: NonNullable<CompiledPolicy['zero']>;
  readonly wake: CompiledPolicy['wake'];
  readonly scaleIn?: ScaleInRule;
  readonly variants: ReadonlyMap<string, VariantPolicy>;
  readonly components: ReadonlyMap<string, VariantPolicy>;
  readonly onDrift?: CompiledPolicy['onDrift'];
  readonly weights: readonly WeightRule[];
  /** Changes with the content. */
  readonly hash: string;
  /** Where each schedule is named, for problems of a policy against the schedules. */
  readonly uses: readonly { readonly schedule: string; readonly path: Path }[];
}

type Document = v.InferOutput<typeof policySchema>;

/** A policy from its plain value (what SSM holds as JSON), or everything that is wrong with it. */
export function parsePolicy(name: string, value: unknown): Parsed<Policy> {
  const result = v.safeParse(policySchema, value);
  const hints = {
    [METRIC_ALLOWED]: () => METRIC_NAMES,
    [OTHERWISE_ALLOWED]: () => ['zero', 'leave'],
    [TRIGGER_ALLOWED]: () => TRIGGERS,
    [SCALE_IN_ALLOWED]: () => ['when-quiet'],
  };
  const problems = [...checkFrame(name, value), ...toProblems(value, result.issues ?? [], hints)];
  if (!result.success || problems.length > 0) return { ok: false, problems };
  return { ok: true, value: buildPolicy(name, value, result.output) };
}

function buildPolicy(name: string, value: unknown, document: Document): Policy {
  const { zero = {}, wake = {} } = document;
  const otherwise = toRung(document.otherwise ?? 'leave');
  const uses: Policy['uses'][number][] = [];
  const variantOf = (part: Pick<Document, 'capacity' | 'scaling'>, path: Path): VariantPolicy => {
    part.capacity?.forEach((rung, index) => {
      uses.push({ schedule: rung.during, path: [...path, 'capacity', index, 'during'] });
    });
    return {
      rungs: [...(part.capacity ?? []).map(toRung), otherwise],
      scaling: (part.scaling ?? []).map(convertScaling),
    };
  };
  const main = variantOf(document, []);
  const partsOf = (field: 'variants' | 'components'): ReadonlyMap<string, VariantPolicy> =>
    new Map(
      Object.entries(document[field] ?? {}).map(([part, value]) => [part, variantOf(value, [field, part])] as const),
    );
  const weights = document.weights ?? [];
  weights.forEach((rule, index) => {
    uses.push({ schedule: rule.during, path: ['weights', index, 'during'] });
  });
  const [variants, components] = [partsOf('variants'), partsOf('components')];
  return {
    name,
    ...main,
    variants,
    components,
    ...(document.onDrift && document.onDrift !== 'mend' && { onDrift: document.onDrift }),
    weights,
    zero: {
      ...(zero.by && { by: zero.by }),
      idleFor: zero.idleFor ?? (zero.by === 'park' ? IDLE_FOR_PARK : IDLE_AT_LEAST),
      minUp: zero.minUp ?? MIN_UP,
      ...(zero.stackOwned && { stackOwned: true }),
      ...(zero.rehearse && { rehearse: true }),
      ...(zero.allowImageChange && { allowImageChange: true }),
    },
    wake: {
      ...(wake.on && { on: wake.on }),
      lead: wake.lead ?? 'learned',
      ...(wake.by === 'step-policy' && { by: wake.by }),
      ...(wake.requestTtl && { requestTtl: wake.requestTtl }),
      ...(wake.backlogPerInstance && { backlogPerInstance: wake.backlogPerInstance }),
      fallbackConfigs: wake.fallbackConfigs ?? [],
      ...(wake.returnToPreferred && { returnToPreferred: true }),
      ...(wake.smoke && {
        smoke: {
          body: wake.smoke.body,
          contentType: wake.smoke.contentType ?? 'application/json',
          timeout: wake.smoke.timeout ?? SMOKE_TIMEOUT,
          expect: wake.smoke.expect ?? 200,
        },
      }),
    },
    ...(document.scaleIn && { scaleIn: document.scaleIn }),
    uses,
    hash: hashValue(value),
  };
}

function toRung(
  input:
    | 'zero'
    | 'leave'
    | (Bounds & { during?: string; suspend?: readonly Suspension[] | undefined })
    | { then: 'zero' | 'leave'; during?: string },
): Rung {
  if (typeof input === 'string') return { kind: input };
  const named = input.during === undefined ? {} : { during: input.during };
  return 'then' in input
    ? { kind: input.then, ...named }
    : { kind: 'bounds', min: input.min, max: input.max, ...(input.suspend && { suspend: input.suspend }), ...named };
}
