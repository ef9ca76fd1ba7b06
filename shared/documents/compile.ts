import { hashText } from '../domain/hash.ts';
import { BACKLOG_METRIC } from '../domain/metric-names.ts';
import type { Agenda, CompiledPolicy, Rung, ScalingSpec } from '../domain/policy.ts';
import type { ScalableTarget } from '../domain/scalable-target.ts';
import type { Instant } from '../domain/time.ts';
import { DAY } from '../domain/time.ts';
import { type CompiledTarget, rulesTogether, shareAgenda, targetRules } from './compile-targets.ts';
import type { Policy, VariantPolicy } from './policy.ts';
import type { Parsed, Problem } from './problem.ts';
import { makeProblem, nearest } from './problem.ts';
import type { Schedule } from './schedule.ts';
import type { Window } from './windows.ts';
import { windowsBetween } from './windows.ts';
import { toInstant } from './zones.ts';

// Long enough to see when a window began that is a week old.
const LOOK_BACK = 8 * DAY;

/** Schedules by name; undefined: there is one of that name, but it is invalid. */
export type Schedules = ReadonlyMap<string, Schedule | undefined>;

export interface CompileOptions {
  readonly from: Instant;
  readonly until: Instant;
  /** The endpoint's only variant: its entry of `variants`, where there is one, replaces capacity and scaling. */
  readonly variant?: string;
  /** One inference component alone, as for a variant. */
  readonly component?: string | undefined;
  /** Several scalable targets, each with an entry of its own. */
  readonly targets?: readonly ScalableTarget[];
}

export interface Compiled {
  readonly policy: CompiledPolicy;
  readonly agenda: Agenda;
  /** Of several targets, each part; the agenda and the policy are then what they are together. */
  readonly targets?: readonly CompiledTarget[];
  /** When the first of the used schedules runs out of known holidays. */
  readonly holidaysEnd?: { readonly schedule: string; readonly at: Instant };
}

/** What one endpoint needs of its policy in [from, until); problems where the policy names schedules that are not there. */
export function compilePolicy(policy: Policy, schedules: Schedules, options: CompileOptions): Parsed<Compiled> {
  if (!(options.from < options.until)) throw new RangeError('compilePolicy: from must be before until');
  const problems = checkSchedules(policy, schedules);
  if (problems.length > 0) return { ok: false, problems };
  const { targets } = options;
  const unnamed = checkNamed(policy, options);
  if (unnamed.length > 0) return { ok: false, problems: unnamed };
  if (targets !== undefined && partsFor(policy, targets).size > 0)
    return compileTargets(policy, schedules, options, targets);
  const part = partOf(policy, options);
  const used = usedSchedules(policy, schedules);
  const holidaysEnd = firstHolidaysEnd(used);
  return {
    ok: true,
    value: {
      policy: compileRules(policy, part, used),
      agenda: compileAgenda(part.rungs, schedules, options),
      ...(holidaysEnd && { holidaysEnd }),
    },
  };
}

function partOf(policy: Policy, { variant, component }: CompileOptions): VariantPolicy {
  if (component !== undefined) return policy.components.get(component) ?? policy;
  return (variant === undefined ? undefined : policy.variants.get(variant)) ?? policy;
}

/** A policy that names parts says nothing of an endpoint with others alone. */
function checkNamed(policy: Policy, { variant, component, targets }: CompileOptions): Problem[] {
  if (variant === undefined && component === undefined && targets === undefined) return [];
  const isOfComponents = component !== undefined || targets?.[0]?.dimension === 'copies';
  const [own, other] = isOfComponents ? (['components', 'variants'] as const) : (['variants', 'components'] as const);
  const strangers = [...policy[other].keys()];
  if (strangers.length > 0) {
    const allowed = `absent for an endpoint ${isOfComponents ? 'with' : 'without'} inference components: its ${own} are what a policy may name`;
    return [makeProblem([other], strangers.join(', '), allowed)];
  }
  const only = component ?? variant;
  if (only === undefined || policy[own].size === 0 || policy[own].has(only)) return [];
  return checkTargets(policy[own], [{ name: only, dimension: isOfComponents ? 'copies' : 'instances' }]);
}

/** Where a policy names scalable targets of that dimension. */
function fieldOf([first]: readonly ScalableTarget[]): 'variants' | 'components' {
  return first?.dimension === 'copies' ? 'components' : 'variants';
}

/** What is said of each target; of an only component nothing has to be said by name. */
function partsFor(policy: Policy, targets: readonly ScalableTarget[]): ReadonlyMap<string, VariantPolicy> {
  const named = policy[fieldOf(targets)];
  const [only, ...more] = targets;
  const isAlone = only?.dimension === 'copies' && more.length === 0;
  return isAlone && named.size === 0 ? new Map([[only.name, policy]]) : named;
}

function compileTargets(
  policy: Policy,
  schedules: Schedules,
  options: CompileOptions,
  targets: readonly ScalableTarget[],
): Parsed<Compiled> {
  const named = partsFor(policy, targets);
  const mismatches = checkTargets(named, targets);
  if (mismatches.length > 0) return { ok: false, problems: mismatches };
  const used = usedSchedules(policy, schedules);
  const holidaysEnd = firstHolidaysEnd(used);
  const parts = targets.map(({ name, dimension }) => {
    const part = named.get(name)!;
    const rules = targetRules(compileRules(policy, part, used));
    return { name, dimension, rules, agenda: compileAgenda(part.rungs, schedules, options) };
  });
  const shared = shareAgenda(parts);
  const whole = compileRules(policy, { rungs: [], scaling: [] }, used);
  return {
    ok: true,
    value: {
      policy: { ...whole, ...rulesTogether(parts.map(({ rules }) => rules)) },
      targets: shared.targets,
      agenda: { ...shared.agenda, ...weightSteps(policy, schedules, options) },
      ...(holidaysEnd && { holidaysEnd }),
    },
  };
}

const WORDS = { variants: 'variant', components: 'inference component' } as const;

/** Both sides by name: what the endpoint lacks, and what nothing is said about. */
function checkTargets(parts: ReadonlyMap<string, unknown>, targets: readonly ScalableTarget[]): Problem[] {
  const field = fieldOf(targets);
  const [names, named] = [targets.map(({ name }) => name), [...parts.keys()]];
  const has = `the endpoint has the ${WORDS[field]}s ${names.join(', ')}`;
  const says = `this policy names ${named.join(', ')}`;
  return [
    ...named
      .filter((name) => !names.includes(name))
      .map((name) => {
        const didYouMean = nearest(name, names);
        return makeProblem(
          [field, name],
          name,
          `${field === 'variants' ? 'a' : 'an'} ${WORDS[field]} of the endpoint: ${has}`,
          { didYouMean },
        );
      }),
    ...names
      .filter((name) => !named.includes(name))
      .map((name) => makeProblem([field], name, `an entry for each ${WORDS[field]}: ${has}, ${says}`)),
  ];
}

/** Every place where the policy names a schedule that is not there or is invalid. */
export function checkSchedules(policy: Policy, schedules: Schedules): Problem[] {
  const names = [...schedules.keys()].sort();
  return policy.uses
    .filter(({ schedule }) => schedules.get(schedule) === undefined)
    .map(({ schedule, path }) => {
      if (schedules.has(schedule))
        return makeProblem(path, schedule, 'a valid schedule; this one has problems of its own');
      const allowed =
        names.length === 0 ? 'a schedule, but there are none' : `one of the schedules ${names.join(', ')}`;
      return makeProblem(path, schedule, allowed, { didYouMean: nearest(schedule, names) });
    });
}

function usedSchedules(policy: Policy, schedules: Schedules): Schedule[] {
  const names = [...new Set(policy.uses.map(({ schedule }) => schedule))].sort();
  return names.map((name) => schedules.get(name)).filter((schedule) => schedule !== undefined);
}

function firstHolidaysEnd(used: readonly Schedule[]): Compiled['holidaysEnd'] {
  let first: Compiled['holidaysEnd'];
  for (const { name, zone, holidaysUntil } of used) {
    if (holidaysUntil === undefined) continue;
    const at = toInstant(zone, (holidaysUntil + 1) * DAY, 'begin');
    if (first === undefined || at < first.at) first = { schedule: name, at };
  }
  return first;
}

function compileRules(policy: Policy, { rungs, scaling }: VariantPolicy, used: readonly Schedule[]): CompiledPolicy {
  const bounds = rungs.filter((rung) => rung.kind === 'bounds');
  const maxima = bounds.map(({ max }) => max).filter((max) => max >= 1);
  const up = bounds.find(({ min }) => min >= 1);
  const backlogPerInstance = policy.wake.backlogPerInstance ?? backlogTarget(scaling);
  return {
    name: policy.name,
    version: hashText([policy.hash, ...used.map(({ name, hash }) => `${name}=${hash}`)].join(' ')),
    zero: policy.zero,
    wake: { ...policy.wake, ...(backlogPerInstance && { backlogPerInstance }) },
    scaling,
    ...(policy.scaleIn && { scaleIn: policy.scaleIn }),
    ...(policy.weights.length > 0 && { weights: policy.weights }),
    ...(maxima.length > 0 && { highestMax: Math.max(...maxima) }),
    ...(up && { upBounds: { min: up.min, max: up.max } }),
    mayBeZero: rungs.some((rung) => rung.kind === 'zero' || (rung.kind === 'bounds' && rung.min === 0)),
    ...(bounds.some(({ suspend }) => suspend !== undefined) && { suspends: true as const }),
    ...(rungs.some(({ kind }) => kind === 'leave') && { mayLeave: true as const }),
    ...(policy.onDrift && { onDrift: policy.onDrift }),
  };
}

function backlogTarget(scaling: readonly ScalingSpec[]): number | undefined {
  const backlog = scaling.find((spec) => spec.kind === 'target-tracking' && spec.metric === BACKLOG_METRIC);
  return backlog?.kind === 'target-tracking' ? backlog.target : undefined;
}

function compileAgenda(rungs: readonly Rung[], schedules: Schedules, { from, until }: CompileOptions): Agenda {
  const since = from - LOOK_BACK;
  const windows = rungs.map(({ during }) =>
    during === undefined ? [{ begin: since, end: until }] : windowsBetween(schedules.get(during)!, since, until),
  );
  const steps: [Instant, number][] = [];
  let began: Instant | undefined;
  for (const [at, rung] of sweep(windows, since, until)) {
    if (at > from) steps.push([at, rung]);
    else {
      steps[0] = [from, rung];
      // The first stretch is cut off at the look-back: nobody knows when it began.
      began = at === since ? undefined : at;
    }
  }
  return { from, until, ...(began !== undefined && { began }), rungs, steps };
}

/** Like rungs: the first rule whose schedule is open; beyond the last, none. */
function weightSteps({ weights }: Policy, schedules: Schedules, options: CompileOptions): Pick<Agenda, 'weights'> {
  if (weights.length === 0) return {};
  const rungs: Rung[] = [...weights.map(({ during }): Rung => ({ kind: 'leave', during })), { kind: 'leave' }];
  return { weights: compileAgenda(rungs, schedules, options).steps };
}

/** Instants at which the first rung whose window is open changes, with that rung, beginning with `since`. */
function sweep(windows: readonly (readonly Window[])[], since: Instant, until: Instant): [Instant, number][] {
  const edges = new Set([since]);
  for (const list of windows) {
    for (const { begin, end } of list) {
      if (begin > since) edges.add(begin);
      if (end < until) edges.add(end);
    }
  }
  const next = windows.map(() => 0);
  const steps: [Instant, number][] = [];
  for (const at of [...edges].sort((a, b) => a - b)) {
    const rung = windows.findIndex((list, index) => {
      let position = next[index]!;
      while (position < list.length && list[position]!.end <= at) position += 1;
      next[index] = position;
      return position < list.length && list[position]!.begin <= at;
    });
    if (steps.at(-1)?.[1] !== rung) steps.push([at, rung]);
  }
  return steps;
}
