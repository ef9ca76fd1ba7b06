import type { DurationMs, Instant } from './time.ts';

/** Capacity limits, in instances (classic variants) or copies (inference components). Integers, 0 ≤ min ≤ max. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** What Application Auto Scaling may be told to leave alone: scaling in, scaling out, scheduled actions. */
export type Suspension = 'in' | 'out' | 'scheduled';

/** What one line of a policy's capacity asks for. `during` is the schedule's name; absent for `otherwise`. */
export type Rung = (
  | ({ readonly kind: 'bounds'; readonly suspend?: readonly Suspension[] } & Bounds)
  | { readonly kind: 'zero' }
  | { readonly kind: 'leave' }
) & {
  readonly during?: string;
};

/**
 * The rungs of one endpoint resolved to instants. Piecewise constant: step i holds from its instant until the next
 * step's (half-open); before the first step nothing is known. Steps are strictly increasing in time and neighbours
 * differ in their rung or mark an edge of the same rung's next window (the begin of a window is always a step).
 */
export interface Agenda {
  readonly from: Instant;
  /** Past it the agenda says nothing: an endpoint that is up stays, a parked one is woken and stays up. */
  readonly until: Instant;
  /** When the first step's rung came into force, at or before `from`; absent: longer ago than the look-back, or never. */
  readonly began?: Instant;
  readonly rungs: readonly Rung[];
  /** [instant, index into rungs]; the first step's instant equals `from`. */
  readonly steps: readonly (readonly [Instant, number])[];
  /** Likewise for the policy's weights; an index beyond its rules: none of them is in force. */
  readonly weights?: readonly (readonly [Instant, number])[];
}

/** Shares of the traffic by variant while the schedule is open. */
export interface WeightRule {
  readonly during: string;
  readonly share: Readonly<Record<string, number>>;
}

export type EndpointKind = 'real-time' | 'async' | 'components' | 'serverless';

export type ZeroBy = 'park' | 'instances' | 'copies';

/** What may wake an endpoint besides its calendar; `alarm:<name>` is a CloudWatch alarm the team names. */
export type WakeTrigger = 'request' | 'backlog' | 'schedule' | `alarm:${string}`;

/** A metric that the printed table does not know. `{endpoint}` and `{variant}` in a dimension stand for the endpoint's own. */
export interface CustomMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** As CloudWatch names statistics: Average, Maximum, Sum, p90 … */
  readonly statistic: string;
  readonly unit?: string;
}

/** An expression over metrics by id; short names of the table stand for the endpoint's own metric. */
export interface MetricMath {
  readonly math: string;
  readonly metrics: Readonly<Record<string, string | CustomMetric>>;
}

interface Measured {
  /** Short name of the printed table; for any other source the policy's own name. */
  readonly metric: string;
  /** Absent: the metric is one of the table. */
  readonly source?: CustomMetric | MetricMath;
}

/** How much an instance of each type serves at once; the target counts instances of the `reference` type. */
export interface TypeWeights {
  readonly reference: string;
  readonly serves: Readonly<Record<string, number>>;
}

export interface TargetTracking extends Measured {
  readonly kind: 'target-tracking';
  /** Tells two policies on one metric apart; absent: the metric's name. */
  readonly name?: string;
  readonly target: number;
  readonly weights?: TypeWeights;
  readonly scaleInCooldown: DurationMs;
  readonly scaleOutCooldown: DurationMs;
  readonly disableScaleIn?: true;
}

export type StepChange = { readonly add: number } | { readonly percent: number } | { readonly set: number };

export interface StepScaling {
  readonly kind: 'step';
  readonly name?: string;
  readonly alarm: Measured & {
    /** In the metric's own unit (ModelLatency: µs). */
    readonly threshold: number;
    readonly periods: number;
    readonly period: DurationMs;
    /** As CloudWatch names statistics; of the alarm's metric, where it is no expression. */
    readonly statistic: string;
    readonly comparison: '>=' | '>' | '<' | '<=';
    readonly missing: 'notBreaching' | 'breaching' | 'ignore' | 'missing';
  };
  /** Offsets from the threshold, in the metric's unit; absent: without end. All of one kind of change, in rising order. */
  readonly steps: readonly { readonly from?: number; readonly to?: number; readonly change: StepChange }[];
  /** `percent` changes by at least so many. */
  readonly minMagnitude?: number;
  /** How Application Auto Scaling joins the datapoints of the breach; absent: Average. */
  readonly aggregation?: 'Average' | 'Minimum' | 'Maximum';
  readonly cooldown: DurationMs;
}

export type ScalingSpec = TargetTracking | StepScaling;

/** What tells the scaling policies of one target apart; ours are named after it. */
export function specName(spec: ScalingSpec): string {
  return spec.kind === 'step' ? `step-${spec.name ?? spec.alarm.metric}` : (spec.name ?? spec.metric);
}

export interface Smoke {
  readonly body: string;
  readonly contentType: string;
  readonly timeout: DurationMs;
  /** Status of the model's own answer. */
  readonly expect: number;
}

export interface ScaleInRule {
  readonly when: 'quiet';
  /** It waits no longer than so; absent: as long as it takes. */
  readonly atMost?: DurationMs;
}

/** A policy as the other functions need it, with every default that does not depend on the endpoint's kind applied. */
export interface CompiledPolicy {
  readonly name: string;
  /** Changes whenever the policy or a schedule it uses changes. */
  readonly version: string;
  readonly zero?: {
    readonly by?: ZeroBy;
    readonly idleFor?: DurationMs;
    readonly minUp: DurationMs;
    /** Park what a CloudFormation stack owns, too. */
    readonly stackOwned?: true;
    /** A first park of what we never created is woken at once. */
    readonly rehearse?: true;
    /** A wake may bring another image than was parked. */
    readonly allowImageChange?: true;
  };
  readonly wake: {
    /** Absent: the kind's default (real-time and components: request, async: backlog). */
    readonly on?: readonly WakeTrigger[];
    readonly lead: 'learned' | DurationMs;
    /** What lifts an asynchronous endpoint from zero; absent: a function of ours. */
    readonly by?: 'step-policy';
    /** How long callers let a queued request live; absent: as long as AWS does. */
    readonly requestTtl?: DurationMs;
    readonly backlogPerInstance?: number;
    readonly fallbackConfigs: readonly string[];
    /** From a fallback config back to the owner's, at a quiet moment. */
    readonly returnToPreferred?: true;
    /** One request that the model must answer before the endpoint is ready. */
    readonly smoke?: Smoke;
  };
  readonly scaling: readonly ScalingSpec[];
  /** Scale-in waits until nothing is in flight. */
  readonly scaleIn?: ScaleInRule;
  /** Highest max of the rungs with max ≥ 1; absent: no limit. */
  readonly highestMax?: number;
  /** Bounds of the first rung with min ≥ 1 (what an `up` hold means); absent: none such. */
  readonly upBounds?: Bounds;
  /** Shares of the traffic between variants, from the top; absent: they are the owner's. */
  readonly weights?: readonly WeightRule[];
  /** Some rung means zero on a kind that parks (for giving back when a change forbids it). */
  readonly mayBeZero: boolean;
  /** Some rung suspends scaling: what is suspended is the policy's business, else it is the owner's. */
  readonly suspends?: true;
  /** Some rung leaves the endpoint as it is: a parked one may stay parked. */
  readonly mayLeave?: true;
  /** What becomes of somebody's change of what we keep; absent: it is mended. */
  readonly onDrift?: 'respect' | 'announce';
}

/** What a policy says about one scalable target and not about the endpoint. */
export type TargetRules = Pick<
  CompiledPolicy,
  'scaling' | 'highestMax' | 'upBounds' | 'mayBeZero' | 'suspends' | 'mayLeave'
>;
