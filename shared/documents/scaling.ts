import * as v from 'valibot';
import { isSummed } from '../domain/instance-units.ts';
import type { MetricUnit } from '../domain/metric-names.ts';
import { fullOf, metricFacts, readingOf } from '../domain/metric-names.ts';
import { type ScalingSpec, type StepChange, specName } from '../domain/policy.ts';
import type { DurationMs } from '../domain/time.ts';
import { DAY, MINUTE, SECOND } from '../domain/time.ts';
import { type MetricSourceInput, metricSource, nameOfSource, statistic } from './metric-source.ts';
import { instanceType, servesByType, weightIssues } from './mixed-types.ts';
import { at, choice, count, fields, flag, list, oneOf, someFields, text, word } from './schema.ts';
import { DURATION_ALLOWED, DURATION_PATTERN, parseDuration } from './values.ts';

const MAX_POLICIES = 10;
const MAX_STEPS = 20;
const AMOUNT_ALLOWED = `a number, or ${DURATION_ALLOWED} for a metric that measures time`;
const COOLDOWN_ALLOWED = 'a duration in whole seconds, like 300s, at most 1d';
const PERIOD_ALLOWED = 'a period of an alarm: 10s, 20s, 30s or a multiple of 1m';
const CHANGES = ['add', 'percent', 'set'] as const;

export const DEFAULT_COOLDOWN: DurationMs = 300 * SECOND;

/** A number in the metric's own unit, or a length of time that is converted to it. */
export type Amount = number | { readonly ms: DurationMs };

// No hyphen: names of policies and alarms are put together with hyphens and taken apart again.
const policyName = word(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'a name of letters, digits and _, at most 64');

const amount = v.pipe(
  oneOf(
    (input) => (typeof input === 'string' ? 1 : 0),
    [
      v.pipe(v.number(AMOUNT_ALLOWED), v.finite(AMOUNT_ALLOWED)),
      text(DURATION_PATTERN, AMOUNT_ALLOWED, (input) => {
        const ms = parseDuration(input);
        return ms === undefined ? undefined : { ms };
      }),
    ],
  ),
  v.description(AMOUNT_ALLOWED),
);

const cooldown = text(DURATION_PATTERN, COOLDOWN_ALLOWED, (input) => {
  const ms = parseDuration(input);
  return ms !== undefined && ms % SECOND === 0 && ms <= DAY ? ms : undefined;
});

const period = text(DURATION_PATTERN, PERIOD_ALLOWED, (input) => {
  const ms = parseDuration(input) ?? 0;
  return ms > 0 && ms <= DAY && (ms % MINUTE === 0 || [10, 20, 30].includes(ms / SECOND)) ? ms : undefined;
});

const targetTracking = v.pipe(
  fields({
    kind: choice(['target-tracking']),
    name: v.optional(policyName),
    metric: metricSource,
    target: v.pipe(
      amount,
      v.check((target) => sizeOf(target) > 0, 'more than 0'),
    ),
    reference: v.optional(instanceType),
    serves: v.optional(servesByType),
    scaleInCooldown: v.optional(cooldown),
    scaleOutCooldown: v.optional(cooldown),
    disableScaleIn: v.optional(flag),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { name, metric, target } = dataset.value;
    for (const message of [misfit(metric, target), overFull(metric, target)])
      if (message !== undefined) addIssue({ message, path: at('target') });
    for (const issue of weightIssues(dataset.value)) addIssue(issue);
    if (name === undefined && nameOfSource(metric) === undefined) addIssue({ message: NAME_NEEDED, path: at('name') });
  }),
);

const alarm = v.pipe(
  fields({
    metric: metricSource,
    threshold: amount,
    periods: count(1, 100),
    period: v.optional(period),
    statistic: v.optional(statistic),
    comparison: v.optional(choice(['>=', '>', '<', '<='])),
    missing: v.optional(choice(['notBreaching', 'breaching', 'ignore', 'missing'])),
  }),
  v.description('an alarm, { metric, threshold, periods }'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { metric, threshold, periods, period: length = MINUTE } = dataset.value;
    for (const message of [misfit(metric, threshold), overFull(metric, threshold, dataset.value.statistic)])
      if (message !== undefined) addIssue({ message, path: at('threshold') });
    // A quota of CloudWatch.
    if (periods * length > DAY) addIssue({ message: 'periods × period of at most 1d', path: at('periods') });
    if (typeof metric !== 'string' && dataset.value.statistic !== undefined) {
      addIssue({ message: 'absent: a metric that is written out has its own statistic', path: at('statistic') });
    }
    if (length < MINUTE && !isHighResolution(metric)) {
      addIssue({ message: 'at least 1m: AWS publishes this metric once a minute', path: at('period') });
    }
  }),
);

const step = v.pipe(
  fields({
    from: v.optional(amount),
    to: v.optional(amount),
    add: v.optional(v.pipe(v.number('a whole number'), v.integer('a whole number'))),
    percent: v.optional(v.pipe(v.number('a whole number of percent'), v.integer('a whole number of percent'))),
    set: v.optional(count(0, 100_000)),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const given = CHANGES.filter((change) => dataset.value[change] !== undefined);
    if (given.length !== 1) addIssue({ message: 'exactly one of add, percent, set' });
    if (dataset.value.from === undefined && dataset.value.to === undefined)
      addIssue({ message: 'at least one of from and to' });
  }),
);

const stepScaling = v.pipe(
  fields({
    kind: choice(['step']),
    name: v.optional(policyName),
    alarm,
    steps: v.pipe(
      list(step, 'a list of steps, { from, to, add | percent | set }', MAX_STEPS),
      v.minLength(1, 'at least one step'),
    ),
    minMagnitude: v.optional(count(1, 100_000)),
    aggregation: v.optional(choice(['Average', 'Minimum', 'Maximum'])),
    cooldown: v.optional(cooldown),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { name, alarm: source, steps, minMagnitude } = dataset.value;
    for (const issue of stepIssues(steps, source)) addIssue(issue);
    if (name === undefined && nameOfSource(source.metric) === undefined)
      addIssue({ message: NAME_NEEDED, path: at('name') });
    if (minMagnitude !== undefined && steps.every(({ percent }) => percent === undefined)) {
      addIssue({ message: 'absent: only steps in percent have a least magnitude', path: at('minMagnitude') });
    }
  }),
);

// Names the kinds for an entry whose kind is neither.
const unknownKind = someFields({ kind: choice(['target-tracking', 'step']) }, 'a scaling policy, { kind, … }');
const KINDS: readonly unknown[] = ['target-tracking', 'step'];

const scalingSchema = oneOf(
  (input) => (typeof input === 'object' && input !== null ? KINDS.indexOf((input as { kind?: unknown }).kind) : -1),
  [targetTracking, stepScaling],
  unknownKind,
);

/** All scaling policies of one target. */
export const scalingListSchema = v.pipe(
  list(scalingSchema, 'a list of scaling policies, { kind, … }', MAX_POLICIES),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const tracked = new Set<string>();
    const names = new Set<string>();
    dataset.value.forEach((entry, index) => {
      const name = specName(convertScaling(entry));
      const metric = entry.kind === 'target-tracking' ? JSON.stringify([entry.metric, entry.serves]) : undefined;
      if (metric !== undefined && tracked.has(metric)) {
        // Application Auto Scaling refuses a second target-tracking policy on the same metric.
        addIssue({ message: 'another metric than the target-tracking policies above', path: at(index, 'metric') });
      } else if (names.has(name)) {
        const message = `a name of its own: a scaling policy above is called ${name}, too`;
        addIssue({ message, path: at(index, 'name') });
      }
      names.add(name);
      if (metric !== undefined) tracked.add(metric);
    });
  }),
);

export type TargetTrackingInput = v.InferOutput<typeof targetTracking>;
export type StepInput = v.InferOutput<typeof stepScaling>;
export type ScalingInput = TargetTrackingInput | StepInput;

const PER_MILLISECOND: Readonly<Partial<Record<MetricUnit, number>>> = {
  microseconds: 1_000,
  milliseconds: 1,
  seconds: 0.001,
};

function unitFactor(name: string): number | undefined {
  const facts = metricFacts(name);
  return facts === undefined ? undefined : PER_MILLISECOND[facts.unit];
}

const NAME_NEEDED = 'required: an expression has no name of its own';

function tableName(metric: MetricSourceInput): string {
  return typeof metric === 'string' ? metric : '';
}

/** What is allowed instead of a length of time; undefined: it fits. */
function misfit(metric: MetricSourceInput, value: Amount | undefined): string | undefined {
  if (typeof value !== 'object' || unitFactor(tableName(metric)) !== undefined) return undefined;
  return `a number: ${typeof metric === 'string' ? metric : 'a metric that is written out'} does not measure time`;
}

/** What the metric can never reach. AWS sums some over cores and devices; ours multiply, so that 70 means 70 % on any type. */
function overFull(metric: MetricSourceInput, value: Amount, statistic?: string): string | undefined {
  const isOfInstance = isSummed(tableName(metric));
  const facts = readingOf(metric, isOfInstance ? undefined : statistic);
  const full = fullOf(facts);
  // Written out, a sum over cores is as AWS counts it.
  if (facts === undefined || full === undefined || sizeOf(value) <= full) return undefined;
  if (isOfInstance) return 'at most 100: percent of the whole instance, multiplied by its cores or GPUs for AWS';
  if (isSummed(facts.metric)) return undefined;
  return full === 1 ? 'at most 1: a fraction, of which 1 is all' : 'at most 100: percent of the whole instance';
}

/** The concurrency metrics are published every 10 seconds; of a team's own metric nobody here knows. */
function isHighResolution(metric: MetricSourceInput): boolean {
  return typeof metric === 'string' ? metric.startsWith('ConcurrentRequests') : !('math' in metric);
}

function sizeOf(value: Amount): number {
  return typeof value === 'number' ? value : value.ms;
}

interface StepIssue {
  readonly message: string;
  readonly path: ReturnType<typeof at>;
}

/**
 * Steps are intervals of one kind of change: Application Auto Scaling refuses gaps, overlaps and disorder, and on the
 * side where the alarm rings the outermost one has no end.
 */
function stepIssues(steps: StepInput['steps'], { metric, comparison = '>=' }: StepInput['alarm']): StepIssue[] {
  const issues: StepIssue[] = [];
  const upwards = comparison.startsWith('>');
  const kind = CHANGES.find((change) => steps[0]?.[change] !== undefined);
  steps.forEach((item, index) => {
    const complain = (key: string, message: string) => issues.push({ message, path: at('steps', index, key) });
    for (const key of ['from', 'to'] as const) {
      const message = misfit(metric, item[key]);
      if (message !== undefined) complain(key, message);
      const side = item[key] === undefined ? 0 : sizeOf(item[key]);
      if (upwards ? side < 0 : side > 0)
        complain(key, upwards ? '0 or more: above the threshold' : '0 or less: below the threshold');
    }
    const given = CHANGES.filter((change) => item[change] !== undefined);
    for (const change of given) {
      if (change !== kind && given.length === 1) {
        complain(
          change,
          `${kind ?? 'the same change'}, as in the first step: AWS takes one kind for all steps of a policy`,
        );
      }
    }
    issues.push(...intervalIssues(steps, index, upwards));
  });
  return issues;
}

function intervalIssues(steps: StepInput['steps'], index: number, upwards: boolean): StepIssue[] {
  const issues: StepIssue[] = [];
  const complain = (where: number, key: string, message: string) =>
    issues.push({ message, path: at('steps', where, key) });
  const { from, to } = steps[index] ?? {};
  const next = steps[index + 1];
  if (from !== undefined && to !== undefined && sizeOf(to) <= sizeOf(from)) {
    complain(index, 'to', 'more than `from`');
    return issues;
  }
  // A step with neither has been complained about already.
  if (from === undefined && to !== undefined && (upwards || index > 0))
    complain(index, 'from', 'required: where the step begins');
  if (!upwards && index === 0 && from !== undefined)
    complain(index, 'from', 'absent in the lowest step: the metric may fall further');
  if (next === undefined) {
    if (upwards && to !== undefined) complain(index, 'to', 'absent in the highest step: the metric may rise further');
    if (!upwards && from !== undefined && to === undefined)
      complain(index, 'to', 'required: where the step ends, 0 for the threshold');
    return issues;
  }
  if (next.from === undefined) return issues;
  if (from !== undefined && sizeOf(next.from) <= sizeOf(from)) {
    complain(index + 1, 'from', 'steps in rising order of `from`');
  } else if (to !== undefined && sizeOf(to) !== sizeOf(next.from)) {
    complain(index, 'to', 'the `from` of the next step, or absent');
  }
  return issues;
}

/** A scaling policy with its defaults, every amount in the unit of its metric. */
export function convertScaling(input: ScalingInput): ScalingSpec {
  if (input.kind === 'step') return convertStep(input);
  return {
    kind: 'target-tracking',
    ...(input.name === undefined ? {} : { name: input.name }),
    ...measured(input.metric, input.name),
    target: inUnitOf(tableName(input.metric), input.target),
    ...(input.reference !== undefined &&
      input.serves !== undefined && { weights: { reference: input.reference, serves: input.serves } }),
    scaleInCooldown: input.scaleInCooldown ?? DEFAULT_COOLDOWN,
    scaleOutCooldown: input.scaleOutCooldown ?? DEFAULT_COOLDOWN,
    ...(input.disableScaleIn && { disableScaleIn: true }),
  };
}

function measured(metric: MetricSourceInput, name: string | undefined): Pick<ScalingSpecOf, 'metric' | 'source'> {
  if (typeof metric === 'string') return { metric };
  return { metric: name ?? nameOfSource(metric) ?? '', source: metric };
}

type ScalingSpecOf = Extract<ScalingSpec, { kind: 'target-tracking' }>;

function convertStep(input: StepInput): ScalingSpec {
  const { alarm: source, steps } = input;
  const unit = tableName(source.metric);
  return {
    kind: 'step',
    ...(input.name === undefined ? {} : { name: input.name }),
    alarm: {
      ...measured(source.metric, input.name),
      threshold: inUnitOf(unit, source.threshold),
      periods: source.periods,
      period: source.period ?? MINUTE,
      statistic: source.statistic ?? ownStatistic(source.metric) ?? 'Average',
      comparison: source.comparison ?? '>=',
      missing: source.missing ?? 'notBreaching',
    },
    steps: steps.map((item, index) => {
      const to = item.to ?? steps[index + 1]?.from;
      return {
        ...(item.from === undefined ? {} : { from: inUnitOf(unit, item.from) }),
        ...(to === undefined ? {} : { to: inUnitOf(unit, to) }),
        change: changeOf(item),
      };
    }),
    ...(input.minMagnitude === undefined ? {} : { minMagnitude: input.minMagnitude }),
    ...(input.aggregation === undefined ? {} : { aggregation: input.aggregation }),
    cooldown: input.cooldown ?? DEFAULT_COOLDOWN,
  };
}

function ownStatistic(metric: MetricSourceInput): string | undefined {
  return typeof metric === 'string' || 'math' in metric ? undefined : metric.statistic;
}

function inUnitOf(name: string, value: Amount): number {
  // The schema lets times through for metrics that measure time only.
  return typeof value === 'number' ? value : value.ms * (unitFactor(name) ?? 1);
}

function changeOf(item: StepInput['steps'][number]): StepChange {
  if (item.add !== undefined) return { add: item.add };
  return item.percent === undefined ? { set: item.set ?? 0 } : { percent: item.percent };
}
