import * as v from 'valibot';
import type { MetricUnit } from '../domain/metric-names.ts';
import { METRIC_NAMES, metricFacts } from '../domain/metric-names.ts';
import type { ScalingSpec } from '../domain/policy.ts';
import type { DurationMs } from '../domain/time.ts';
import { DAY, MINUTE, SECOND } from '../domain/time.ts';
import { at, choice, count, fields, list, oneOf, someFields, text } from './schema.ts';
import { DURATION_ALLOWED, DURATION_PATTERN, parseDuration } from './values.ts';

const MAX_POLICIES = 10;
const MAX_STEPS = 20;
export const METRIC_ALLOWED = `one of the metrics ${METRIC_NAMES.join(', ')}`;
const AMOUNT_ALLOWED = `a number, or ${DURATION_ALLOWED} for a metric that measures time`;
const COOLDOWN_ALLOWED = 'a duration in whole seconds, like 300s';
const PERIOD_ALLOWED = 'a period of an alarm: 10s, 20s, 30s or a multiple of 1m';
const CHANGES = ['add', 'percent', 'set'] as const;

export const DEFAULT_COOLDOWN: DurationMs = 300 * SECOND;

/** A number in the metric's own unit, or a length of time that is converted to it. */
export type Amount = number | { readonly ms: DurationMs };

const metric = v.pipe(v.picklist(METRIC_NAMES, METRIC_ALLOWED), v.description(METRIC_ALLOWED));

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
    metric,
    target: v.pipe(
      amount,
      v.check((target) => sizeOf(target) > 0, 'more than 0'),
    ),
    scaleInCooldown: v.optional(cooldown),
    scaleOutCooldown: v.optional(cooldown),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { metric: name, target } = dataset.value;
    if (!fits(name, target)) addIssue({ message: notTime(name), path: at('target') });
  }),
);

const alarm = v.pipe(
  fields({
    metric,
    threshold: amount,
    periods: count(1, 100),
    period: v.optional(period),
    statistic: v.optional(choice(['Average', 'Minimum', 'Maximum', 'Sum', 'SampleCount'])),
    comparison: v.optional(choice(['>=', '>', '<', '<='])),
    missing: v.optional(choice(['notBreaching', 'breaching', 'ignore', 'missing'])),
  }),
  v.description('an alarm, { metric, threshold, periods }'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { metric: name, threshold, periods, period: length = MINUTE } = dataset.value;
    if (!fits(name, threshold)) addIssue({ message: notTime(name), path: at('threshold') });
    // A quota of CloudWatch.
    if (periods * length > DAY) addIssue({ message: 'periods × period of at most 1d', path: at('periods') });
  }),
);

const step = v.pipe(
  fields({
    from: amount,
    to: v.optional(amount),
    add: v.optional(v.pipe(v.number('a whole number'), v.integer('a whole number'))),
    percent: v.optional(v.pipe(v.number('a number of percent'), v.finite('a number of percent'))),
    set: v.optional(count(0, 100_000)),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const given = CHANGES.filter((change) => dataset.value[change] !== undefined);
    if (given.length !== 1) addIssue({ message: 'exactly one of add, percent, set' });
  }),
);

const stepScaling = v.pipe(
  fields({
    kind: choice(['step']),
    alarm,
    steps: v.pipe(
      list(step, 'a list of steps, { from, to, add | percent | set }', MAX_STEPS),
      v.minLength(1, 'at least one step'),
    ),
    cooldown: v.optional(cooldown),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const issue of stepIssues(dataset.value.steps, dataset.value.alarm.metric)) addIssue(issue);
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
    dataset.value.forEach((entry, index) => {
      if (entry.kind !== 'target-tracking') return;
      // Application Auto Scaling refuses a second target-tracking policy on the same metric.
      if (tracked.has(entry.metric))
        addIssue({ message: 'another metric than the target-tracking policies above', path: at(index, 'metric') });
      tracked.add(entry.metric);
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

function fits(name: string, value: Amount): boolean {
  return typeof value === 'number' || unitFactor(name) !== undefined;
}

function notTime(name: string): string {
  return `a number: ${name} does not measure time`;
}

function sizeOf(value: Amount): number {
  return typeof value === 'number' ? value : value.ms;
}

/** Steps are intervals above the threshold; Application Auto Scaling refuses gaps, overlaps and disorder. */
function stepIssues(steps: StepInput['steps'], name: string) {
  const issues: { message: string; path: ReturnType<typeof at> }[] = [];
  steps.forEach(({ from, to }, index) => {
    const where = (key: string) => at('steps', index, key);
    if (!fits(name, from)) issues.push({ message: notTime(name), path: where('from') });
    if (to !== undefined && !fits(name, to)) issues.push({ message: notTime(name), path: where('to') });
    if (to !== undefined && sizeOf(to) <= sizeOf(from)) issues.push({ message: 'more than `from`', path: where('to') });
    const next = steps[index + 1];
    if (next === undefined) return;
    if (sizeOf(next.from) <= sizeOf(from)) {
      issues.push({ message: 'steps in rising order of `from`', path: at('steps', index + 1, 'from') });
    } else if (to !== undefined && sizeOf(to) !== sizeOf(next.from)) {
      issues.push({ message: 'the `from` of the next step, or absent', path: where('to') });
    }
  });
  return issues;
}

/** A scaling policy with its defaults, every amount in the unit of its metric. */
export function convertScaling(input: ScalingInput): ScalingSpec {
  if (input.kind === 'step') return convertStep(input);
  return {
    kind: 'target-tracking',
    metric: input.metric,
    target: inUnitOf(input.metric, input.target),
    scaleInCooldown: input.scaleInCooldown ?? DEFAULT_COOLDOWN,
    scaleOutCooldown: input.scaleOutCooldown ?? DEFAULT_COOLDOWN,
  };
}

function convertStep({ alarm: source, steps, cooldown: pause }: StepInput): ScalingSpec {
  const { metric: name } = source;
  return {
    kind: 'step',
    alarm: {
      metric: name,
      threshold: inUnitOf(name, source.threshold),
      periods: source.periods,
      period: source.period ?? MINUTE,
      statistic: source.statistic ?? 'Average',
      comparison: source.comparison ?? '>=',
      missing: source.missing ?? 'notBreaching',
    },
    steps: steps.map((item) => ({
      from: inUnitOf(name, item.from),
      ...(item.to === undefined ? {} : { to: inUnitOf(name, item.to) }),
      change: changeOf(item),
    })),
    cooldown: pause ?? DEFAULT_COOLDOWN,
  };
}

function inUnitOf(name: string, value: Amount): number {
  // The schema lets times through for metrics that measure time only.
  return typeof value === 'number' ? value : value.ms * (unitFactor(name) ?? 1);
}

function changeOf(item: StepInput['steps'][number]) {
  if (item.add !== undefined) return { add: item.add };
  return item.percent === undefined ? { set: item.set ?? 0 } : { percent: item.percent };
}
