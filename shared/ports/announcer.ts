import type { Decision, EventType } from '../domain/decision.ts';
import type { Instant } from '../domain/time.ts';

export interface Announcement {
  readonly at: Instant;
  readonly type: EventType;
  readonly endpoint?: string;
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
  problem(message: string, fields: Readonly<Record<string, unknown>>): void;
  count(metric: string, value?: number): void;
}
