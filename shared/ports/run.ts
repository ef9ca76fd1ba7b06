import type { Instant } from '../domain/time.ts';

/**
 * What started a run, parsed at the edge. Events only make an answer come sooner: a run that ignores the details and
 * looks at everything that is due would come to the same decisions.
 */
export type Trigger =
  | { readonly kind: 'tick'; readonly scheduledAt: Instant }
  /** SageMaker's own event; `status` is the event's spelling (`IN_SERVICE`, `DELETED` …). */
  | { readonly kind: 'endpoint-state'; readonly endpoint: string; readonly status: string; readonly at: Instant }
  /** Ours: an endpoint came back, its targets and policies are restored. */
  | { readonly kind: 'endpoint-ready'; readonly endpoint: string; readonly at: Instant }
  | {
      readonly kind: 'alarm';
      readonly alarm: string;
      readonly state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
      /** When the alarm went into this state. */
      readonly at: Instant;
      /** `EndpointName` dimensions of the alarm's metrics, as far as its configuration tells. */
      readonly endpoints: readonly string[];
    }
  | {
      readonly kind: 'wake-requested';
      readonly endpoint: string;
      readonly at: Instant;
      readonly by?: string;
      readonly why?: string;
      /** A person's word that it be tried again although it gave up; callers that only want it up never say so. */
      readonly retry?: boolean;
      /** Set by backlog-wake for a parked endpoint whose demand is stored already. */
      readonly demand?: string;
    };

/** What does not reach a use case: acknowledged and counted, never retried. */
export type Ignored =
  | { readonly kind: 'unknown'; readonly what: string }
  | { readonly kind: 'malformed'; readonly problem: string };

/** One run, as the use cases see it. `now` is read once; nothing else reads a clock for deciding. */
export interface Run {
  /** Lambda's request id; a retry of an asynchronous invocation has that of the run before it. */
  readonly id: string;
  /** The lease holder's name: no two runs share one. */
  readonly holder: string;
  readonly now: Instant;
  /** Lambda ends the run then: no call may start so late that its answer could not be recorded. */
  readonly deadline: Instant;
}

/** The run's time is over: whatever it saw is the past, and others have taken its place. Nothing of it is to be done any more. */
export class RunOverError extends Error {
  constructor(call: string) {
    super(`${call} was not sent: the run's time is over`);
    this.name = 'RunOverError';
  }
}

/** What a use case reports; decisions are counted where they are recorded. */
export interface RunCounts {
  /** Endpoints looked at. */
  readonly considered: number;
  /** Endpoints left alone because nothing was due. */
  readonly skipped: number;
  /** Unexpected failures, each logged as a problem; any makes the run fail in the end, so that Lambda's Errors show it. */
  readonly failures: number;
}
