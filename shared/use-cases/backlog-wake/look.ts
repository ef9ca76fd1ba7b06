import type { EndpointStatus } from '../../domain/record.ts';
import type { ScalableTarget } from '../../domain/scalable-target.ts';
import { type Instant, MINUTE } from '../../domain/time.ts';
import type { Woken } from '../../ports/alarms.ts';
import type { Outcome } from '../../ports/outcome.ts';
import { busiestMinute, newestBacklog } from '../scheduled-scaling/demand.ts';
import type { BacklogWakePorts } from './ports.ts';

/** What would be woken now, and what waits for it. */
export interface Look {
  readonly asked: Woken;
  /** Absent: it is not there, or nobody could tell; then the next scheduled run does what is due. */
  readonly seen?: { readonly target: ScalableTarget; readonly status: EndpointStatus; readonly desired: number };
  /** Queued requests, or those a minute that found no copy. */
  readonly waiting?: number;
}

const LOOK_BACK = 5 * MINUTE;

/** Reality and what waits, read at once. */
export async function lookAt(ports: BacklogWakePorts, asked: Woken, now: Instant): Promise<Look> {
  return asked.component === undefined
    ? lookAtQueue(ports, asked, now)
    : lookAtComponent(ports, asked, asked.component, now);
}

async function lookAtQueue(ports: BacklogWakePorts, asked: Woken, now: Instant): Promise<Look> {
  const { endpoint } = asked;
  const [described, metrics] = await Promise.all([
    ports.endpoints.describe(endpoint),
    ports.metrics.backlog(endpoint, now - LOOK_BACK, now),
  ]);
  tellFailures(ports, endpoint, [described, metrics]);
  const view = described.ok ? described.value : undefined;
  const [variant] = view?.variants ?? [];
  const waiting = metrics.ok ? newestBacklog(metrics.value.size) : undefined;
  return {
    asked,
    ...(view &&
      variant && {
        seen: {
          target: { name: variant.name, dimension: 'instances' as const },
          status: view.status,
          desired: variant.desired,
        },
      }),
    ...(waiting === undefined ? {} : { waiting }),
  };
}

async function lookAtComponent(ports: BacklogWakePorts, asked: Woken, component: string, now: Instant): Promise<Look> {
  const [described, metrics] = await Promise.all([
    ports.endpoints.describeComponent(component),
    ports.metrics.componentUse(component, now - LOOK_BACK, now),
  ]);
  tellFailures(ports, asked.endpoint, [described, metrics]);
  const view = described.ok ? described.value : undefined;
  const isThere = view?.endpoint.toLowerCase() === asked.endpoint.toLowerCase();
  return {
    asked,
    ...(view &&
      isThere && {
        seen: {
          target: { name: view.name, dimension: 'copies' as const },
          status: view.status,
          desired: view.desired,
        },
      }),
    ...(metrics.ok && { waiting: busiestMinute(metrics.value.failures) }),
  };
}

function tellFailures({ log }: BacklogWakePorts, endpoint: string, answers: readonly Outcome<unknown>[]): void {
  for (const answer of answers) {
    if (answer.ok) continue;
    log.count('CallsRefused');
    log.warn('an endpoint could not be looked at before its wake', { endpoint, ...answer.failure });
  }
}
