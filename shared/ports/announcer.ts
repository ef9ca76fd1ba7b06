import type { Decision, EVENT_SOURCE, EventType, REQUEST_SOURCE } from '../domain/decision.ts';
import type { RunMetric } from '../domain/run-metrics.ts';
import type { Instant } from '../domain/time.ts';

export interface Announcement {
  readonly at: Instant;
  readonly type: EventType;
  readonly endpoint?: string;
  /** Default: our own source; a wake that one function asks of another bears the requests' source. */
  readonly source?: typeof EVENT_SOURCE | typeof REQUEST_SOURCE;
  /** Reason code, evidence, before, after …: flat and small. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Puts events on the default bus (batched by 10), never throws: a lost event is logged and counted, nothing else stops. */
export interface Announcer {
  announce(announcement: Announcement): void;
  /** Sends what is queued; at the end of each run, and before a long wait. */
  flush(): Promise<void>;
}

/** Canonical lines, run summary, metrics. */
export interface DecisionLog {
  /** `repeated`: the same decision and reason as before for this endpoint (logged at DEBUG). */
  record(decision: Decision, repeated: boolean): void;
  /** An unexpected failure: logged as an error and counted; the use case adds it to its `failures`. */
  problem(message: string, fields: Readonly<Record<string, unknown>>): void;
  /** Something with a consequence that somebody may want to mend (a refused call, an invalid document). */
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
  /** A milestone. */
  info(message: string, fields: Readonly<Record<string, unknown>>): void;
  /** Adds to a metric of this run (default 1). */
  count(metric: RunMetric, value?: number): void;
}
