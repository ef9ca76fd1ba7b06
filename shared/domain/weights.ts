import type { Agenda, CompiledPolicy } from './policy.ts';
import type { FleetRecord } from './record.ts';
import type { Instant } from './time.ts';

/** Shares of the traffic by variant, as AWS takes them: relative to each other. */
export type Weights = Readonly<Record<string, number>>;

/** Who says what the weights are to be. */
export interface WantedWeights {
  readonly weights: Weights;
  /** The rule's schedule; absent: no rule is in force, and they go back to what they were before. */
  readonly during?: string;
}

/** The rule in force; undefined: none is, or nobody knows. */
export function weightRuleAt({ weights: rules = [] }: CompiledPolicy, agenda: Agenda, now: Instant) {
  if (now < agenda.from || now >= agenda.until) return undefined;
  const index = (agenda.weights ?? []).findLast(([at]) => at <= now)?.[1];
  return index === undefined ? undefined : rules[index];
}

/** The next instant at which another rule, or none, is in force. */
export function nextWeightChange({ weights = [] }: Agenda, now: Instant): Instant | undefined {
  return weights.find(([at]) => at > now)?.[0];
}

/** What the weights are to be; undefined: they are the owner's business. */
export function wantedWeights({ policy, agenda, ownWeights }: FleetRecord, now: Instant): WantedWeights | undefined {
  // An agenda that has ended says nothing: what it asked for last stays.
  if (policy === undefined || agenda === undefined || now < agenda.from || now >= agenda.until) return undefined;
  const rule = weightRuleAt(policy, agenda, now);
  if (rule !== undefined) return { weights: rule.share, during: rule.during };
  return ownWeights === undefined ? undefined : { weights: ownWeights };
}

export function currentWeights({ targets = [] }: FleetRecord): Weights {
  return Object.fromEntries(targets.flatMap(({ name, weight }) => (weight === undefined ? [] : [[name, weight]])));
}

/** AWS keeps weights in single precision; of variants that are not named nothing is said. */
export function hasWeights(current: Weights, wanted: Weights): boolean {
  return Object.entries(wanted).every(
    ([name, weight]) => Math.fround(current[name] ?? Number.NaN) === Math.fround(weight),
  );
}

export function sayWeights(weights: Weights): string {
  return Object.entries(weights)
    .map(([name, weight]) => `${name} ${weight}`)
    .join(', ');
}
