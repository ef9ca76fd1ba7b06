import type { Agenda, CompiledPolicy } from './policy.ts';
import type { FleetRecord, Observed, TargetState } from './record.ts';
import { type ScalableTarget, type TargetKey, targetKey } from './scalable-target.ts';

/** What every target has of its own; all else of a record is the endpoint's. */
const OWN = [
  'drain',
  'raising',
  'cut',
  'steered',
  'suspends',
  'heldDown',
  'scaleIn',
  'settled',
  'drift',
  'asserted',
  'lead',
  'intent',
  'lastScaling',
] as const satisfies readonly (keyof TargetState & keyof FleetRecord)[];
type Own = Pick<FleetRecord, (typeof OWN)[number]>;

/** The scalable target that a record, or the view of one of its targets, speaks of; undefined: there are several, or it is not known yet. */
export function targetOf({ part, variant, kind }: FleetRecord): ScalableTarget | undefined {
  if (part !== undefined) return part;
  if (variant === undefined) return undefined;
  return { name: variant, dimension: kind === 'serverless' ? 'provisioned-concurrency' : 'instances' };
}

export function targetKeyOf(record: FleetRecord): TargetKey | undefined {
  const target = targetOf(record);
  return target && targetKey(record.endpoint, target);
}

/** One view for each scalable target; of an endpoint with one, the record itself. */
export function targetViews(record: FleetRecord): readonly FleetRecord[] {
  const { targets } = record;
  return targets === undefined ? [record] : targets.map((state) => viewOf(record, state));
}

/**
 * The record as it were if the endpoint had this target alone: its bounds, scaling policies and agenda, what is seen of
 * it and what is remembered about it. Rules for one target work on it; `mergeView` takes their changes back.
 */
export function viewOf(record: FleetRecord, state: TargetState): FleetRecord {
  const {
    policy: _,
    agenda: __,
    observed: ___,
    variant: ____,
    targets: _____,
    lastIdleAt: ______,
    pools: _______,
    ...rest
  } = without(record, OWN);
  const { name, dimension, lastIdleAt } = state;
  const policy = policyOf(record.policy, state);
  const agenda = agendaOf(record.agenda, state);
  const observed = observedOf(record.observed, state);
  return {
    ...rest,
    ...own(state),
    demand: record.demand.filter(({ target }) => target === undefined || target === name),
    part: { name, dimension, of: record.targets?.length ?? 1 },
    ...(lastIdleAt === undefined ? {} : { lastIdleAt }),
    ...(dimension === 'copies' ? {} : { variant: name }),
    ...(state.pools && { pools: state.pools }),
    ...(policy && { policy }),
    ...(agenda && { agenda }),
    ...(observed && { observed }),
  };
}

/** What a rule changed in the view of a target, in the record: what is the target's own there, the rest for all. */
export function mergeView(record: FleetRecord, view: FleetRecord): FleetRecord {
  const {
    part,
    policy: _,
    agenda: __,
    observed: ___,
    variant: ____,
    lastIdleAt,
    pools: _____,
    ...rest
  } = without(view, OWN);
  if (part === undefined || record.targets === undefined) return view;
  const { policy, agenda, observed, variant, pools } = record;
  return {
    ...rest,
    ...own(record),
    demand: [...record.demand.filter(({ target }) => target !== undefined && target !== part.name), ...view.demand],
    ...(policy && { policy }),
    ...(agenda && { agenda }),
    ...(observed && { observed }),
    ...(variant === undefined ? {} : { variant }),
    ...(pools && { pools }),
    ...latestIdle(record.lastIdleAt, lastIdleAt),
    targets: record.targets.map((state) =>
      isSame(state, part) ? { ...without(state, OWN), ...own(view), ...latestIdle(lastIdleAt) } : state,
    ),
  };
}

function latestIdle(...times: readonly (number | undefined)[]): { readonly lastIdleAt?: number } {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? {} : { lastIdleAt: Math.max(...known) };
}

/** Changes one target's view; a target that is gone meanwhile changes nothing. */
export function changeTarget(
  record: FleetRecord,
  target: ScalableTarget,
  change: (view: FleetRecord) => FleetRecord,
): FleetRecord {
  const state = record.targets?.find((candidate) => isSame(candidate, target));
  return state === undefined ? record : mergeView(record, change(viewOf(record, state)));
}

/** What a variant has now; a component is no variant, and is looked at by itself. */
export function sizedAs(
  state: TargetState,
  variants: readonly {
    readonly name: string;
    readonly desired: number;
    readonly serving: number;
    readonly weight: number;
  }[],
): TargetState {
  const variant = state.dimension === 'copies' ? undefined : variants.find(({ name }) => name === state.name);
  if (variant === undefined) return state;
  const { desired, serving, weight } = variant;
  return { ...state, desired, serving, weight };
}

function isSame(a: ScalableTarget, b: ScalableTarget): boolean {
  return a.name === b.name && a.dimension === b.dimension;
}

function own(source: Pick<TargetState, (typeof OWN)[number]>): Own {
  return Object.fromEntries(
    OWN.filter((key) => source[key] !== undefined).map((key) => [key, source[key]]),
  ) as unknown as Own;
}

/** Without what is remembered of a scalable target: of the next one it is not true. */
export function withoutOwn(record: FleetRecord): FleetRecord {
  const targets = record.targets?.map((state) => without(state, OWN));
  return { ...without(record, OWN), ...(targets && { targets }) };
}

function without<T extends object>(source: T, keys: readonly (keyof T)[]): T {
  return Object.fromEntries(Object.entries(source).filter(([key]) => !keys.includes(key as keyof T))) as T;
}

/** What a policy means for one of several targets. */
export function policyOf(
  policy: CompiledPolicy | undefined,
  { rules }: Pick<TargetState, 'rules'>,
): CompiledPolicy | undefined {
  if (policy === undefined || rules === undefined) return undefined;
  const { highestMax: _, upBounds: __, suspends: ___, mayLeave: ____, ...shared } = policy;
  return { ...shared, ...rules };
}

/** All targets share the instants of the endpoint's agenda; where only another one's rung changes there is no step. */
export function agendaOf(
  agenda: Agenda | undefined,
  { rungs, at, began }: Pick<TargetState, 'rungs' | 'at' | 'began'>,
): Agenda | undefined {
  if (agenda === undefined || rungs === undefined || at === undefined) return undefined;
  const steps: [number, number][] = [];
  for (const [instant, index] of agenda.steps) {
    const rung = at[index] ?? 0;
    if (steps.at(-1)?.[1] !== rung) steps.push([instant, rung]);
  }
  const { from, until } = agenda;
  return { from, until, ...(began === undefined ? {} : { began }), rungs, steps };
}

function observedOf(observed: Observed | undefined, state: TargetState): Observed | undefined {
  if (observed === undefined) return undefined;
  const { instanceType: _, ...rest } = observed;
  const { desired = 0, serving = 0, instanceType } = state;
  // A component changes while its endpoint is in service all the time, and never without it.
  const status = rest.status === 'InService' ? (state.status ?? rest.status) : rest.status;
  return { ...rest, status, desired, serving, ...(instanceType === undefined ? {} : { instanceType }) };
}
