/**
 * How a call ended that AWS may refuse. Expected failures are values; exceptions are bugs (and crash the run).
 * The class says what to do, by consequence:
 * - transient: throttling, 5xx, network: the next run tries again
 * - capacity / quota: next config of the ladder
 * - rejected: permission, validation: permanent until something changes
 * - in-progress: the endpoint is in the middle of something else; look again
 * - exists / missing: the thing is already there, or gone
 * - unknown: treated as the careful case
 */
export type FailureClass =
  | 'transient'
  | 'capacity'
  | 'quota'
  | 'permission'
  | 'in-progress'
  | 'exists'
  | 'missing'
  | 'rejected'
  | 'unknown';

export interface Failure {
  readonly class: FailureClass;
  /** AWS's error code, as answered. */
  readonly code: string;
  readonly message: string;
  /** `SageMaker.DeleteEndpoint` */
  readonly call: string;
  /** Only when AWS surely did not carry the call out (an answer with a 4xx code); a timeout is not definite. */
  readonly definite: boolean;
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };
