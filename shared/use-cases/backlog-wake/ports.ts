import type { Mode } from '../../domain/ruling.ts';
import type { DurationMs } from '../../domain/time.ts';
import type { Announcer, DecisionLog } from '../../ports/announcer.ts';
import type { EndpointControl } from '../../ports/endpoints.ts';
import type { FleetStore } from '../../ports/fleet-store.ts';
import type { MetricReader } from '../../ports/metrics.ts';

export interface BacklogWakePorts {
  readonly fleet: Pick<FleetStore, 'get' | 'list' | 'holds' | 'replace' | 'update' | 'create'>;
  readonly endpoints: Pick<EndpointControl, 'describe' | 'describeComponent' | 'setDesired'>;
  readonly metrics: Pick<MetricReader, 'backlog' | 'componentUse'>;
  readonly announcer: Announcer;
  readonly log: DecisionLog;
  readonly settings: { readonly mode: Mode; readonly tagPrefix: string; readonly tick: DurationMs };
}
