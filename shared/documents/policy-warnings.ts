import { isSummed } from '../domain/instance-units.ts';
import { fullOf, type MetricFacts, readingOf } from '../domain/metric-names.ts';
import { type StepScaling, specName, type TargetTracking } from '../domain/policy.ts';
import { type DurationMs, MINUTE } from '../domain/time.ts';
import type { Policy, VariantPolicy } from './policy.ts';
import { makeProblem, type Path, type Problem } from './problem.ts';
import { formatDuration } from './values.ts';

/** They rise with load, but twice the instances do not halve them: a target is never met, and scaling runs away. */
const NOT_PROPORTIONAL: readonly string[] = ['ModelLatency', 'OverheadLatency', 'FirstChunkLatency'];
const UNWISE_PERCENT = 80;

/**
 * What AWS accepts and yet is unwise, as problems whose `allowed` says what would be better. Told by `validate`, and
 * never a reason to refuse a document.
 */
export function policyWarnings(policy: Policy): readonly Problem[] {
  const { wake } = policy;
  const lead = wake.lead === 'learned' ? undefined : wake.lead;
  const named = (['variants', 'components'] as const).flatMap((field) =>
    [...policy[field]].map(([name, part]): [Path, VariantPolicy] => [[field, name, 'scaling'], part]),
  );
  const parts: [Path, VariantPolicy][] = [[['scaling'], policy], ...named];
  return parts.flatMap(([path, part]) => [
    ...boundlessWarnings(part, path),
    ...stillWarnings(part, path),
    ...part.scaling.flatMap((spec, index) =>
      spec.kind === 'step' ? stepWarnings(spec, [...path, index]) : trackingWarnings(spec, [...path, index], lead),
    ),
  ]);
}

/** Zero says when the endpoint is away, and nothing of how far it scales while it is there. */
function boundlessWarnings({ rungs, scaling }: VariantPolicy, path: Path): Problem[] {
  const [first] = scaling;
  const isBoundless = rungs.every(({ kind }) => kind !== 'bounds') && rungs.some(({ kind }) => kind === 'zero');
  if (first === undefined || !isBoundless) return [];
  const allowed =
    'better with a rung that has min and max: without bounds no scalable target is registered, and scaling policies are put only on one that is there already';
  return [makeProblem(path, specName(first), allowed)];
}

/** Bounds of others, which `leave` stands for, may be wider, and so are those of a zero rung. */
function stillWarnings({ rungs, scaling }: VariantPolicy, path: Path): Problem[] {
  const [first] = scaling;
  const isStill = rungs.every((rung) => rung.kind === 'bounds' && rung.max > 0 && rung.min === rung.max);
  if (first === undefined || !isStill) return [];
  const allowed =
    'better with a rung whose max is above its min: between bounds that are the same a scaling policy never acts';
  return [makeProblem(path, specName(first), allowed)];
}

function trackingWarnings(spec: TargetTracking, path: Path, lead: DurationMs | undefined): Problem[] {
  const found: Problem[] = [];
  const { metric, source, target, scaleInCooldown } = spec;
  const facts = readingOf(source ?? metric);
  if (facts !== undefined && NOT_PROPORTIONAL.includes(facts.metric)) {
    const allowed =
      'better a step policy: this metric does not fall in proportion to capacity, so that no number of instances meets a target';
    found.push(makeProblem([...path, 'metric'], source === undefined ? metric : facts.metric, allowed));
  }
  found.push(...unitWarnings(facts, target, [...path, 'target']));
  // Written out, a sum over cores is as AWS counts it.
  const full = source !== undefined && isSummed(facts?.metric ?? '') ? undefined : fullOf(facts);
  const most = ((full ?? Infinity) * UNWISE_PERCENT) / 100;
  if (target > most) {
    const allowed = `better at most ${most}: above it nothing is left for the time in which an instance starts`;
    found.push(makeProblem([...path, 'target'], target, allowed));
  }
  found.push(...weightWarnings(spec, path));
  const start = lead ?? MINUTE;
  if (scaleInCooldown < start && spec.disableScaleIn !== true) {
    const takes = lead === undefined ? 'any instance takes to start' : 'a start takes (wake.lead)';
    const allowed = `better at least ${formatDuration(start)}: what is taken away faster than ${takes} is missed before it is back`;
    found.push(makeProblem([...path, 'scaleInCooldown'], formatDuration(scaleInCooldown), allowed));
  }
  return [...found, ...mathWarnings(source, path)];
}

/** A plain number for a time is mostly meant in a larger unit. */
function unitWarnings(facts: MetricFacts | undefined, value: number, path: Path): Problem[] {
  if (facts?.unit !== 'microseconds' || value === 0 || Math.abs(value) >= 1_000) return [];
  const allowed =
    'better at least 1000: this metric is in microseconds, and that is less than one millisecond; by its short name it takes times like 500ms, too';
  return [makeProblem(path, value, allowed)];
}

function weightWarnings({ weights, target }: TargetTracking, path: Path): Problem[] {
  const most = ((weights?.serves[weights.reference] ?? 0) * UNWISE_PERCENT) / 100;
  if (weights === undefined || target <= most) return [];
  const allowed = `better at most ${most}, ${UNWISE_PERCENT} % of what one ${weights.reference} serves: above it nothing is left for the time in which an instance starts`;
  return [makeProblem([...path, 'target'], target, allowed)];
}

function stepWarnings(spec: StepScaling, path: Path): Problem[] {
  const found: Problem[] = [];
  const { alarm, steps } = spec;
  const lowers = steps.some(({ change }) => Object.values(change).some((by) => by < 0));
  if (alarm.missing === 'breaching') {
    const allowed = lowers
      ? 'better notBreaching: without data nobody knows that it is idle, and instances are taken away'
      : 'better notBreaching: an endpoint that is starting publishes nothing, and gets more instances for it';
    found.push(makeProblem([...path, 'alarm', 'missing'], alarm.missing, allowed));
  }
  const facts = readingOf(alarm.source ?? alarm.metric, alarm.statistic);
  return [
    ...found,
    ...unitWarnings(facts, alarm.threshold, [...path, 'alarm', 'threshold']),
    ...steps.flatMap(({ from = 0 }, index) => unitWarnings(facts, from, [...path, 'steps', index, 'from'])),
    ...mathWarnings(alarm.source, [...path, 'alarm']),
  ];
}

/** One metric without data, an instance pool without instances, say, leaves the whole expression without a value. */
function mathWarnings(source: TargetTracking['source'], path: Path): Problem[] {
  if (source === undefined || !('math' in source)) return [];
  if (Object.keys(source.metrics).length < 2 || /\bFILL\s*\(/.test(source.math)) return [];
  const allowed =
    'better with FILL(metric, 0) around each: one metric without data leaves no value, and Application Auto Scaling then scales neither way';
  return [makeProblem([...path, 'metric', 'math'], source.math, allowed)];
}
