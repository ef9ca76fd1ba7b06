import type { DurationMs } from '../domain/time.ts';
import type { Outcome } from './outcome.ts';

export interface SmokeRequest {
  readonly endpoint: string;
  readonly body: string;
  readonly contentType: string;
  readonly timeout: DurationMs;
}

/** SageMaker Runtime, for one request that shows whether a model answers. */
export interface EndpointInvoker {
  /** The status that the model's own container answered with, whatever it is. Sent once, aborted after its timeout. */
  invoke(request: SmokeRequest): Promise<Outcome<number>>;
}
