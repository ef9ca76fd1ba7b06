import { type Instant, MINUTE } from '../../domain/time.ts';
import type { EndpointView } from '../../ports/endpoints.ts';
import { newestBacklog } from '../scheduled-scaling/demand.ts';
import type { BacklogWakePorts } from './ports.ts';

/** Reality and queue of one endpoint, read at once. */
export interface Look {
  /** Absent: it is not there, or nobody could tell; then the next scheduled run does what is due. */
  readonly view?: EndpointView;
  readonly backlog?: number;
}

const LOOK_BACK = 5 * MINUTE;

export async function lookAt(ports: BacklogWakePorts, endpoint: string, now: Instant): Promise<Look> {
  const [described, metrics] = await Promise.all([
    ports.endpoints.describe(endpoint),
    ports.metrics.backlog(endpoint, now - LOOK_BACK, now),
  ]);
  for (const answer of [described, metrics]) {
    if (answer.ok) continue;
    ports.log.count('CallsRefused');
    ports.log.warn('an endpoint could not be looked at before its wake', { endpoint, ...answer.failure });
  }
  const view = described.ok ? described.value : undefined;
  const backlog = metrics.ok ? newestBacklog(metrics.value.size) : undefined;
  return { ...(view === undefined ? {} : { view }), ...(backlog === undefined ? {} : { backlog }) };
}
