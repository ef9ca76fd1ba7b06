import type { FleetRecord, Hold, LeadSamples } from '../../domain/record.ts';
import type { Mode, Ruling } from '../../domain/ruling.ts';
import type { DurationMs, Instant } from '../../domain/time.ts';
import type { AlarmControl } from '../../ports/alarms.ts';
import type { Announcer, DecisionLog } from '../../ports/announcer.ts';
import type { BreakerStore } from '../../ports/breakers.ts';
import type { EndpointControl } from '../../ports/endpoints.ts';
import type { FleetStore } from '../../ports/fleet-store.ts';
import type { EndpointInvoker } from '../../ports/invocation.ts';
import type { MetricReader } from '../../ports/metrics.ts';
import type { Run } from '../../ports/run.ts';
import type { ScalingControl } from '../../ports/scaling.ts';
import type { Clock, Random } from '../../ports/world.ts';
import type { Session } from './session.ts';

export interface Settings {
  readonly mode: Mode;
  readonly tagPrefix: string;
  readonly tick: DurationMs;
  readonly functionTimeout: DurationMs;
  /** Longer than the function's timeout. */
  readonly lease: DurationMs;
  /** Parks per tick. */
  readonly parkBudget: number;
}

export interface IdleWindowsPorts {
  readonly fleet: FleetStore;
  readonly breakers: BreakerStore;
  readonly endpoints: Omit<EndpointControl, 'components' | 'describeComponent'>;
  readonly invoker: EndpointInvoker;
  readonly scaling: Pick<ScalingControl, 'snapshot' | 'restore' | 'compare'>;
  readonly metrics: Pick<MetricReader, 'realTimeUse'>;
  /** For what outlives an asynchronous endpoint that its owner deleted. */
  readonly alarms: Pick<AlarmControl, 'remove'>;
  readonly announcer: Announcer;
  readonly log: DecisionLog;
  /** Leases and aborts only: decisions use the run's `now`. */
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: Settings;
  /**
   * Whether rights were missing for what is put back in this run. A person gets them and repeats the command: until then
   * nothing is left out for good. Functions have none.
   */
  readonly lacksRights?: () => boolean;
}

/** What the endpoints of one run share. */
export interface RunShared {
  readonly holds: ReadonlyMap<string, Hold>;
  readonly samples: ReadonlyMap<string, LeadSamples>;
  /** Read once a run, and only when a park is near. */
  readonly breakers: () => Promise<ReadonlyMap<string, Instant>>;
  /** Whether any of this run's parks is left: what none is left for need not be read. */
  readonly hasParks: () => boolean;
  /** Takes one of this run's parks; false: none is left. */
  readonly takePark: () => boolean;
}

/** One endpoint's turn in one run. */
export interface Work {
  readonly ports: IdleWindowsPorts;
  readonly run: Run;
  readonly shared: RunShared;
  readonly session: Session;
  readonly leadMs: DurationMs;
  readonly ruling: Ruling;
  /** An event or the sweep says that reality differs from the record: look, even if nothing is due. */
  readonly forced: boolean;
}

export type RecordChange = (record: FleetRecord) => FleetRecord;
