import type { Instant } from './time.ts';

export const DECISIONS = ['park', 'wake', 'scale', 'keep', 'refuse', 'give-back'] as const;
export type DecisionKind = (typeof DECISIONS)[number];

/** Closed list: docs and the JSON Schema of events are checked against it. Add codes here, never free text. */
export const REASON_CODES = [
  // what won
  'mode-off',
  'mode-dry-run',
  'mode-wake-only',
  'protected',
  'hold-up',
  'hold-down',
  'hold-hands-off',
  'demand-request',
  'demand-alarm',
  'demand-backlog',
  'window',
  'lead',
  'otherwise',
  'leave',
  'agenda-ended',
  'give-back',
  'rehearsal',
  'return-to-preferred',
  // why not, or not yet
  'active',
  'activity-unknown',
  'minimum-uptime',
  'not-in-service',
  'in-progress',
  'not-enrolled',
  'policy-invalid',
  'recipe-unproven',
  'recipe-too-large',
  'dependency-missing',
  'too-many-tags',
  'stack-owned',
  'reserved-capacity',
  'park-budget',
  'breaker-open',
  'rehearsal-failed',
  'image-moved',
  'lead-begun',
  'changed-meanwhile',
  'several-variants',
  'burstable-type',
  'kind-unsupported',
  'hands-off',
  'lease-held',
  'not-applied-yet',
  // what happened
  'idle',
  'drain',
  'in-flight',
  'drain-forced',
  'from-zero',
  'backlog-wake',
  'step-policy-stranded',
  'request-wake',
  'restore',
  'restored',
  'adopted',
  'adopted-foreign',
  'let-go',
  'deleted-by-owner',
  'delete-refused',
  'wake-failed-capacity',
  'wake-failed-quota',
  'wake-failed-config',
  'wake-failed-permission',
  'wake-failed-throttled',
  'wake-failed-unknown',
  'wake-gave-up',
  'smoke-failed',
  'return-failed',
  'drift-found',
  'scaling-failed-capacity',
  'scaling-failed-quota',
  'scaling-failed-permission',
  'scaling-failed-unknown',
  'scaling-not-scalable',
  'scaling-at-max',
  'endpoint-failed',
  'orphaned',
  'call-refused',
  'call-failed',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

/** Facts that the decision rests on, flat, small, printable: metric sums, instants (ISO UTC), names, counts. */
export type Evidence = Readonly<Record<string, string | number | boolean | null>>;

export type FunctionName = 'scheduled-scaling' | 'backlog-wake' | 'idle-windows';

/** What was decided for one endpoint in one run. */
export interface Decision {
  readonly at: Instant;
  readonly function: FunctionName;
  readonly endpoint: string;
  readonly decision: DecisionKind;
  readonly reason: ReasonCode;
  readonly evidence: Evidence;
  /** A change of the world was asked for (or, in dry-run, would have been). */
  readonly acted: boolean;
  /** Why it did not succeed, when it did not. */
  readonly error?: { readonly code: string; readonly message: string };
}

export const EVENT_TYPES = [
  'Endpoint Parked',
  'Wake Started',
  'Endpoint Ready',
  'Wake Failed',
  'Endpoint Late',
  'Requests Expiring',
  'Endpoint Orphaned',
  'Model Changed',
  'Capacity Changed',
  'Scale In Waiting',
  'Decision Refused',
  'Policy Invalid',
  'Policy Not Applied',
  'Drift Found',
  'Scaling Failed',
  'Hold Set',
  'Hold Ended',
  'Endpoint Enrolled',
  'Endpoint Let Go',
  'Holidays Expiring',
  'Alarm Stuck',
  'Scaler Off',
  'Table Left Behind',
  'Wake Requested',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];
export const EVENT_SOURCE = 'endpoint-scaler';
export const REQUEST_SOURCE = 'endpoint-scaler.request';
