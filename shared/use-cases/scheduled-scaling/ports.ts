import type { Difference } from '../../domain/drift.ts';
import type { QueueLook } from '../../domain/expiry.ts';
import type { FleetRecord, Hold, LeadSamples } from '../../domain/record.ts';
import type { Mode } from '../../domain/ruling.ts';
import type { ActivityTrouble } from '../../domain/scaling-activity.ts';
import type { DurationMs, Instant } from '../../domain/time.ts';
import type { AlarmControl } from '../../ports/alarms.ts';
import type { Announcer, DecisionLog } from '../../ports/announcer.ts';
import type { CandidateFinder, DocumentSource, TableFinder } from '../../ports/documents-source.ts';
import type { EndpointControl, EndpointSummary } from '../../ports/endpoints.ts';
import type { FleetStore } from '../../ports/fleet-store.ts';
import type { MetricReader } from '../../ports/metrics.ts';
import type { PolicyLibrary } from '../../ports/policy-library.ts';
import type { Run } from '../../ports/run.ts';
import type { ScalingControl, TargetView } from '../../ports/scaling.ts';
import type { Clock } from '../../ports/world.ts';

export interface ScheduledScalingPorts {
  readonly fleet: FleetStore;
  readonly endpoints: Pick<
    EndpointControl,
    'describe' | 'list' | 'describeConfig' | 'tags' | 'components' | 'describeComponent' | 'setDesired' | 'setWeights'
  >;
  readonly scaling: Omit<ScalingControl, 'snapshot' | 'restore' | 'compare'>;
  readonly alarms: AlarmControl;
  readonly metrics: Pick<MetricReader, 'backlog' | 'componentUse' | 'realTimeUse' | 'queues'>;
  readonly documents: DocumentSource;
  readonly candidates: CandidateFinder;
  readonly tables: TableFinder;
  readonly library: PolicyLibrary;
  readonly announcer: Announcer;
  readonly log: DecisionLog;
  /** Only for not starting work that the run could not finish; decisions use the run's `now`. */
  readonly clock: Clock;
  readonly settings: {
    readonly mode: Mode;
    readonly tagPrefix: string;
    readonly tick: DurationMs;
    readonly tableName: string;
  };
  readonly memory: Memory;
}

/** What a warm environment remembers to save calls; a cold one only makes more of them. */
export interface Memory {
  /** By ARN: what the tagging API claimed when ListTags last answered, so that its lag is not asked about each tick. */
  readonly confirmed: Map<string, { readonly claim: string; readonly at: Instant }>;
  /** Problems of documents that were logged already. */
  readonly loggedProblems: Set<string>;
  /** Lead samples by key as they were read; undefined: there were none. They grow by a few a day. */
  readonly samples: Map<string, { readonly samples: LeadSamples | undefined; readonly at: Instant }>;
  /** By table left behind: when it was announced. */
  readonly announcedTables: Map<string, Instant>;
}

export function createMemory(): Memory {
  return { confirmed: new Map(), loggedProblems: new Set(), samples: new Map(), announcedTables: new Map() };
}

/** Why AWS gave a raise up again. */
export interface RaiseTrouble {
  readonly trouble: ActivityTrouble;
  readonly message: string;
}

export type RecordChange = (record: FleetRecord) => FleetRecord;

/** One endpoint's turn in one run: its record as read, and what the run wants to change in it. */
export interface Turn {
  readonly record: FleetRecord;
  change(change: RecordChange): void;
  /** Something makes this endpoint due whatever its record says. */
  due: boolean;
  /** Its own alarm, or a stored demand, says that requests wait and nothing serves. */
  backlogSince?: Instant;
  /** What was seen of its queue in this run. */
  queue?: QueueLook;
  /** The step policy that should have lifted it by then has not. */
  stranded?: true;
  /** How policies and alarms of ours differ from what we put, by resource id; absent: not compared in this run. */
  differences?: ReadonlyMap<string, readonly Difference[]> | undefined;
  /** Inference components at zero whose own alarm says that requests to them fail. */
  turnedAway?: ReadonlySet<string>;
  /** Inference components whose last change AWS gave up, and why. */
  troubles?: ReadonlyMap<string, RaiseTrouble>;
  /** The endpoint's own last change that failed, by its FailureReason. */
  trouble?: RaiseTrouble | undefined;
  /** ListTags says that the tag is gone. */
  letGo: boolean;
  /**
   * Writes the changes made since the last time, if there are any. `lost`: somebody else has the endpoint; the next run
   * sees to it.
   */
  save(): Promise<'written' | 'unchanged' | 'lost'>;
}

/** What all endpoints of one run share. */
export interface RunShared {
  readonly ports: ScheduledScalingPorts;
  readonly run: Run;
  readonly holds: ReadonlyMap<string, Hold>;
  /** What the sweep over all endpoints told, by lower-cased ARN; absent where no sweep was made. */
  readonly sweep?: ReadonlyMap<string, EndpointSummary>;
  readonly targets: ReadonlyMap<string, TargetView>;
  readonly samples: ReadonlyMap<string, LeadSamples>;
}
