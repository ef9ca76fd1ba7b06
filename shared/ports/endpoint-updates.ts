import type { Instant } from '../domain/time.ts';
import type { Outcome } from './outcome.ts';

export interface EndpointUpdateRequest {
  readonly name: string;
  readonly configName: string;
  /** Whether the deployment guardrails of the last deployment hold for this one; false: there were none. */
  readonly retainDeploymentConfig: boolean;
}

/** For a person's command alone: no function deploys. */
export interface EndpointUpdater {
  /** Desired counts and weights stay. Sent once, no retry; aborted before the lease ends. */
  update(request: EndpointUpdateRequest, abortAt: Instant): Promise<Outcome<void>>;
}
