/**
 * What a rehearsal yields: the document written by `simulate --json`, and all that pictures and tables are made from.
 * Instants are ISO 8601 in UTC; keys are written sorted; numbers to 6 decimals; same document and seed give the same bytes.
 */
export interface RehearsalResult {
  /** Name of the scenario document (file name without folder). */
  readonly scenario: string;
  readonly seed: number;
  readonly from: string;
  readonly to: string;
  /** IANA zone in which the people of this fleet read a clock: its schedules' most frequent one; absent: UTC. */
  readonly timezone?: string;
  readonly endpoints: Readonly<Record<string, EndpointResult>>;
  readonly happens: readonly HappensResult[];
  readonly events: readonly EventResult[];
  /** `SageMaker.DescribeEndpoint` → count; everybody's calls, failed ones too. */
  readonly calls: Readonly<Record<string, number>>;
  readonly invariants: { readonly checked: number; readonly violations: readonly Violation[] };
  readonly bill: Bill;
}

export interface EndpointResult {
  readonly kind: 'real-time' | 'async' | 'components' | 'serverless';
  /** The enrolling tag's value; null: nobody enrolled it. */
  readonly policy: string | null;
  readonly spans: readonly Span[];
  readonly decisions: readonly DecisionResult[];
  /** Instance hours, of kind serverless hours of provisioned concurrency; paid: from the call of a start that works to the delete; alwaysOn = max(1, instances) × hours. */
  readonly instanceHours: {
    readonly paid: number;
    readonly alwaysOn: number;
    /** Paid hours of each type, of an endpoint with instance pools. */
    readonly byType?: Readonly<Record<string, number>>;
  };
  /**
   * total = served + failed + expired + pending. Counted beside: cold, nothing was in service when the request came, or on
   * a serverless endpoint it waited for compute to start; cut,
   * of the failed ones the streams whose instance or endpoint was taken away under them.
   */
  readonly requests: {
    readonly total: number;
    readonly served: number;
    readonly cold: number;
    readonly failed: number;
    readonly cut: number;
    readonly expired: number;
    readonly pending: number;
  };
  /**
   * Seconds from a request's arrival to its answer, over those that were answered: the wait for a free place on an
   * instance and the service time. Null: none was.
   */
  readonly latency: {
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    /** The p95 of the hour in which it was highest. */
    readonly worstHourP95: number;
  } | null;
  /** Requests that arrived in each hour from the start: the traffic of the pictures. */
  readonly requestsByHour: readonly number[];
  /** Deletions of an endpoint that had been in service. */
  readonly parks: number;
  /** Its returns to service. */
  readonly wakes: number;
  readonly wakeSeconds: readonly number[];
  /** Of instances; of copies where the endpoint has one component. With several variants or components: see there. */
  readonly windows: readonly WindowResult[];
  /** Kind components: each of them; absent for other kinds. */
  readonly components?: Readonly<Record<string, ComponentResult>>;
  /** Kind serverless: what its requests made of its concurrency; absent for other kinds. */
  readonly serverless?: {
    /** Requests that waited for compute to start. */
    readonly coldStarts: number;
    /** Of the failed ones those that found the maximum concurrency in use. */
    readonly throttled: number;
    /** Requests in service by the memory: on provisioned concurrency, and beyond it. */
    readonly gigabyteSeconds: { readonly provisioned: number; readonly onDemand: number };
  };
  /** Several variants: what each had, and the part of the requests that came to it; absent: there is one. */
  readonly variants?: Readonly<Record<string, VariantResult>>;
  readonly final: {
    readonly phase: string | null;
    readonly config: string | null;
    readonly tags: Readonly<Record<string, string>>;
    readonly scalableTargets: readonly unknown[];
    readonly scalingPolicies: readonly unknown[];
    readonly scheduledActions: readonly unknown[];
    readonly alarms: readonly unknown[];
  };
}

/** One of several variants; bounds and windows speak of each. */
export interface VariantResult {
  readonly spans: readonly VariantSpan[];
  readonly requests: { readonly total: number; readonly served: number; readonly failed: number };
  readonly windows: readonly WindowResult[];
}

/** A stretch of time in which nothing of one variant changed; all 0 while the endpoint is away. */
export interface VariantSpan {
  readonly from: string;
  readonly to: string;
  readonly desired: number;
  readonly serving: number;
  /** Share of the traffic beside the other variants'. */
  readonly weight: number;
}

/** One inference component: what is counted here are copies. */
export interface ComponentResult {
  readonly spans: readonly ComponentSpan[];
  readonly requests: EndpointResult['requests'];
  readonly latency: EndpointResult['latency'];
  readonly windows: readonly WindowResult[];
}

/** A stretch of time in which nothing of this changed; `serving`: copies in service. */
export interface ComponentSpan {
  readonly from: string;
  readonly to: string;
  readonly status: string;
  readonly desired: number;
  readonly serving: number;
}

/** A stretch of time in which nothing of this changed. */
export interface Span {
  readonly from: string;
  readonly to: string;
  /** API spelling; `Absent` when deleted. */
  readonly status: string;
  readonly desired: number;
  /** Instances in service. */
  readonly serving: number;
  readonly config: string;
  readonly instanceType: string;
}

/** Changes, refusals, every creation; equal consecutive ones are one entry (`at` = first, `until` = last, `times`). */
export interface DecisionResult {
  readonly at: string;
  readonly function: 'scheduled-scaling' | 'backlog-wake' | 'idle-windows';
  readonly decision: 'park' | 'wake' | 'scale' | 'keep' | 'refuse' | 'give-back';
  readonly reason: string;
  readonly evidence: Readonly<Record<string, string | number | boolean | null>>;
  readonly times: number;
  readonly until: string;
}

/** Each window of a rung with min ≥ 1. */
export interface WindowResult {
  readonly begins: string;
  /** End of the window (or of the run). */
  readonly ends: string;
  /** serving ≥ the rung's min; equal to begins when it was up already; null: never. */
  readonly readyAt: string | null;
  /** Never ready: the window's length. */
  readonly lateSeconds: number;
  /** Name of the schedule, or `otherwise`. */
  readonly during: string;
}

export interface HappensResult {
  readonly at: string;
  /** One line: the verb and its object, as in the document. */
  readonly what: string;
  /** How often it took effect; 0 comes with a warning. */
  readonly times: number;
  /** Answer of a scripted call, or null; `{ error }` where it was refused. */
  readonly answer: unknown;
}

export interface EventResult {
  readonly at: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface Violation {
  readonly at: string;
  /** Number in the list of invariants, 1 … 10. */
  readonly invariant: number;
  readonly endpoint: string | null;
  readonly what: string;
}

export interface Bill {
  /** Money for each endpoint; null where a price is unknown. */
  readonly endpoints: Readonly<Record<string, { readonly paid: number | null; readonly alwaysOn: number | null }>>;
  /** alwaysOn − paid − scaler; null where any price is unknown. */
  readonly saved: number | null;
  /** The scaler's own bill for the run, from counted calls and invocations. */
  readonly scaler: number;
  readonly currency: 'USD';
  /** Date of the price table. */
  readonly pricesAsOf: string;
}
