import type { Decision, ReasonCode } from './decision.ts';
import type { Drift, Settled } from './drift.ts';
import type { Agenda, Bounds, CompiledPolicy, EndpointKind, Rung, TargetRules } from './policy.ts';
import type { DryPark } from './savings.ts';
import type { ScalableTarget } from './scalable-target.ts';
import type { ActivitiesTold, ActivityTrouble } from './scaling-activity.ts';
import type { DurationMs, Instant } from './time.ts';

export const SCHEMA_VERSION = 1;

/** Who asked for a give-back: `recover`, which wants the endpoint up and no more. Once it is, the mark is taken off. */
export const RECOVERY_MARK = 'recover: ';

export const PHASES = ['up', 'parking', 'parked', 'waking', 'restoring'] as const;
export type Phase = (typeof PHASES)[number];

/** DescribeEndpoint.EndpointStatus, and `Absent` when SageMaker does not find the endpoint. */
export const ENDPOINT_STATUSES = [
  'Absent',
  'OutOfService',
  'Creating',
  'Updating',
  'SystemUpdating',
  'RollingBack',
  'InService',
  'Deleting',
  'Failed',
  'UpdateRollbackFailed',
] as const;
export type EndpointStatus = (typeof ENDPOINT_STATUSES)[number];

/** A reason to be up that outranks the calendar; stored before anything else is done, read as a level. */
export interface Demand {
  /** The inference component that is asked for; absent: the whole endpoint. */
  readonly target?: string;
  readonly source: 'request' | 'backlog' | `alarm:${string}`;
  readonly since: Instant;
  /** Last time it was asked again (a repeated request, an alarm's newer transition). */
  readonly renewedAt: Instant;
  /** Instances asked for; absent: the recipe's desired count or the rung's min, at least 1. */
  readonly count?: number;
  readonly by?: string;
  readonly why?: string;
}

/** What a function last saw of the endpoint; reality is read again before anything is changed. */
export interface Observed {
  readonly at: Instant;
  readonly status: EndpointStatus;
  readonly configName: string;
  readonly creationTime: Instant;
  readonly lastModifiedTime: Instant;
  readonly desired: number;
  readonly serving: number;
  readonly instanceType?: string;
  /** Since when it is seen in service without a break (creation's end, as near as we know). */
  readonly inServiceSince?: Instant;
}

/** The first park of what no wake of ours ever brought into service, under `zero: { rehearse: true }`. */
export interface ParkRehearsal {
  /** Config and models as they were made. */
  readonly made: string;
  readonly since: Instant;
  /** A start of it failed: it is not parked again until it is made anew or a person holds it down. */
  readonly failed?: { readonly at: Instant; readonly why: string };
}

/** Where a wake stands: which config of the ladder, how often, when next. */
export interface WakeProgress {
  readonly startedAt: Instant;
  readonly reason: string;
  /** 0 is the preferred config, then the fallbacks in order. */
  readonly configIndex: number;
  readonly attempts: number;
  /** Attempts that AWS billed (image, model, role, health check): at most 3 of one `subject`. */
  readonly paidAttempts: number;
  /** What those attempts started: policy, config and models as they were made. Another one is tried afresh. */
  readonly subject?: string;
  readonly nextTryAt?: Instant;
  readonly lastFailure?: { readonly at: Instant; readonly class: string; readonly message: string };
  /** The create call of the attempt under way, noted before the call; absent: none is under way. */
  readonly createdAt?: Instant;
  /** When AWS took that call. */
  readonly takenAt?: Instant;
  /** What that call asked for: the config, its instance type and the count that the wake is to bring. */
  readonly configName?: string;
  readonly instanceType?: string;
  /** Config and models of that call as they were made. */
  readonly made?: string;
  /** When more instances than the config starts with were asked for: once an attempt. */
  readonly countAskedAt?: Instant;
  /** When the variant's weight was asked back: once an attempt. */
  readonly weightAskedAt?: Instant;
  /** Smoke requests that were not answered as expected, once it was in service. */
  readonly smokeTries?: number;
  /** Sizes of shadow variants, and of each of several, that were asked back: once an attempt. */
  readonly shadowsAsked?: readonly string[];
  /** Instance types that had no capacity or quota in this round over the ladder. */
  readonly failedTypes?: readonly string[];
  /** Fallbacks that are gone or whose start failed for what is started: not tried again for the same `subject`. */
  readonly brokenConfigs?: readonly string[];
  /** Set after the last paid attempt: nothing is tried until config, model or policy differ or a human asks. */
  readonly gaveUp?: { readonly at: Instant; readonly policyVersion: string };
  /** When config and models were last looked at after that. */
  readonly lookedAt?: Instant;
}

/** A change of bounds, scaling policies or instances that a run is about to make. */
export interface Intent {
  /** Who makes it: the run's own name. */
  readonly holder: string;
  readonly at: Instant;
  /** Its run is over by then, one way or another. */
  readonly until: Instant;
  readonly reason: ReasonCode;
  readonly bounds?: Bounds;
  readonly desired?: number;
  /** Instances from zero, how many is not known yet. */
  readonly fromZero?: true;
  /** Shares of the traffic, by variant. */
  readonly weights?: Readonly<Record<string, number>>;
  /** Names of the scaling policies that are to be put. */
  readonly policies?: readonly string[];
}

/** What is remembered of a scale-in that is held back under `scaleIn: when-quiet`. */
export interface HeldScaleIn {
  /** Above its minimum and never quiet since. */
  readonly since?: Instant;
  /** Let go on because it had waited as long as the policy says, with so many instances. */
  readonly open?: { readonly since: Instant; readonly desired: number };
  /** Last announcement that it waits. */
  readonly toldAt?: Instant;
}

/** AWS took a raise of ours and gave it up again: for want of capacity or quota, of room, or of a sound copy. */
export interface CutRaise {
  readonly to: number;
  /** When it was last asked for. */
  readonly at: Instant;
  /** In a row. */
  readonly times: number;
  readonly trouble: ActivityTrouble;
}

/** One of several scalable targets: its part of the policy, what is seen of it, what is remembered about it. */
export interface TargetState extends ScalableTarget {
  readonly rules?: TargetRules;
  readonly rungs?: readonly Rung[];
  /** By index of the record's agenda's rungs: the index of this target's own. */
  readonly at?: readonly number[];
  /** When the rung of the first step came into force for this target. */
  readonly began?: Instant;
  readonly desired?: number;
  readonly serving?: number;
  /** Share of the traffic that a variant is to get beside the others. */
  readonly weight?: number;
  readonly instanceType?: string;
  /** Of an inference component, which changes by itself: its own status. */
  readonly status?: EndpointStatus;
  /** Types of its instance pools, best first; absent: it has none. */
  readonly pools?: readonly string[];
  readonly drain?: NonNullable<FleetRecord['drain']>;
  readonly raising?: NonNullable<FleetRecord['raising']>;
  readonly cut?: CutRaise;
  readonly steered?: boolean;
  readonly suspends?: true;
  readonly heldDown?: NonNullable<FleetRecord['heldDown']>;
  readonly settled?: Settled;
  readonly drift?: Drift;
  readonly asserted?: string;
  /** Of an inference component: when it was last found idle. */
  readonly lastIdleAt?: Instant;
  readonly lead?: NonNullable<FleetRecord['lead']>;
  readonly intent?: Intent;
  readonly lastScaling?: NonNullable<FleetRecord['lastScaling']>;
  readonly scaleIn?: HeldScaleIn;
}

/** Item `fleet/<endpoint>` of the state table: everything the functions need each run, at most 4 KB as JSON. */
export interface FleetRecord {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  /** Optimistic lock: every write names the version it read. */
  readonly version: number;
  /** Name with its case, as SageMaker tells it; the key is the lower-cased name. */
  readonly endpoint: string;
  /** Opaque: AWS lower-cases it. */
  readonly arn: string;
  readonly kind: EndpointKind;
  /** The only variant's name; absent where there are several. */
  readonly variant?: string;
  /** Where there are several scalable targets, each with what is its own; absent: there is one, and all of it lies in the record. */
  readonly targets?: readonly TargetState[];
  /** Weights of the variants before a rule of ours shifted them: they come back when none applies. */
  readonly ownWeights?: Readonly<Record<string, number>>;
  /** Set in the view of one of several targets alone (target-view.ts), never stored. */
  readonly part?: ScalableTarget & { /** How many the endpoint has. */ readonly of: number };
  readonly phase: Phase;
  readonly phaseSince: Instant;
  /** Fences runs: grows with every park and every create. */
  readonly generation: number;
  readonly lease?: { readonly holder: string; readonly until: Instant };
  readonly policyName: string;
  readonly protected: boolean;
  /** Last valid compiled policy; absent: there never was one, nothing is done. */
  readonly policy?: CompiledPolicy;
  readonly agenda?: Agenda;
  /** The documents of this endpoint are invalid now: never parked, nothing lowered; raises of `policy` go on. */
  readonly invalid?: { readonly since: Instant; readonly problem: string };
  readonly demand: readonly Demand[];
  readonly observed?: Observed;
  readonly wake?: WakeProgress;
  /** Set before our DeleteEndpoint call for this incarnation, cleared by a definite refusal. */
  readonly deleteNoted?: { readonly creationTime: Instant; readonly at: Instant };
  /** The lead of this window has begun: it stays begun. */
  readonly lead?: { readonly window: Instant; readonly begunAt: Instant };
  /** Announced as late for the window that began then. */
  readonly late?: { readonly window: Instant; readonly since: Instant };
  /** To be given back. `doneAt`: what we made is gone and that was announced; nothing is done with it any more. */
  readonly giveBack?: { readonly at: Instant; readonly by: string; readonly doneAt?: Instant };
  /** Noted before the calls of a change, taken away with its decision's line: found later, its run died in between. */
  readonly intent?: Intent;
  /** Newest recipe that was written and read back. */
  readonly recipeVersion?: number;
  /** Parked since (for hours at zero and money). */
  readonly parkedAt?: Instant;
  /** Desired count at the time of the park: what a demand brings back. */
  readonly parkedDesired?: number;
  /** What a wake of ours brought into service last: config and models as they were made. */
  readonly proven?: { readonly made: string; readonly at: Instant };
  readonly rehearsal?: ParkRehearsal;
  /** Its last wake brought another image than was parked: a tag was moved. Not parked again unless somebody allows it. */
  readonly imageMoved?: { readonly at: Instant; readonly made: string; readonly images: string };
  /** In service since the last wake, and its smoke request was never answered as expected. */
  readonly smokeFailed?: { readonly at: Instant; readonly why: string };
  /** Parked in order to come back on its preferred config: it is woken at once. */
  readonly returning?: { readonly since: Instant };
  /** When that was tried last. */
  readonly returnedAt?: Instant;
  /** Mode `dry-run`: the park that would have been made. */
  readonly dryPark?: DryPark;
  /** What our wake of this incarnation came up with: a config of the ladder is not what the owner deployed. */
  readonly running?: {
    readonly creationTime: Instant;
    readonly configName: string;
    /** Of the preferred config, where another one runs: the next wake begins with it. */
    readonly preferredType?: string;
  };
  /** The endpoint config that kind and variants of this record were read from. */
  readonly configRead?: string;
  /** When the demand was last judged idle; alarm transitions older than this do not count. */
  readonly lastIdleAt?: Instant;
  readonly refusedAt?: Instant;
  /** What a restore was definitely refused: announced, and kept in the next recipe. */
  readonly outstanding?: readonly { readonly item: string; readonly why: string }[];
  /** The config or a model of the parked endpoint is gone: it is not recreated. */
  readonly orphaned?: { readonly since: Instant; readonly what: string };
  /** Last daily look at what the parked endpoint depends on. */
  readonly checkedAt?: Instant;
  /** Last announced decision (canonical line only on change, and daily). */
  readonly lastDecision?: Pick<Decision, 'decision' | 'reason'> & { readonly at: Instant };
  /** What scheduled-scaling last asserted: a fingerprint; nothing is called while it is unchanged. */
  readonly asserted?: string;
  /** Last decision that scheduled-scaling announced: its own, so that two functions do not take turns at news. */
  readonly lastScaling?: Pick<Decision, 'decision' | 'reason'> & { readonly at: Instant };
  /** Some scaling policy steers the target, as last read (ours or the owner's): capacity is left to it. */
  readonly steered?: boolean;
  /** We have suspended some scaling of the target, and have not let it go on yet. */
  readonly suspends?: true;
  /** A hold down suspends scale-out, which no rung of the policy does: whether its owner had suspended it before. */
  readonly heldDown?: { readonly out: boolean };
  /** Scale-in of the target is held back while it has work, and let go on in between. Absent: that is not ours. */
  readonly scaleIn?: HeldScaleIn;
  /** A maximum that fell to `max` waits since then for scaling to release instances. */
  readonly drain?: { readonly since: Instant; readonly max: number };
  /** What scheduled-scaling left behind on the scalable target, to tell somebody's hand from its own. */
  readonly settled?: Settled;
  /** Differences from it that were told of and are still there. */
  readonly drift?: Drift;
  /** What was told of its scaling activities. */
  readonly activities?: ActivitiesTold;
  /** A raise of ours under way: a lead sample once `to` instances serve. By the bounds of a target it is AWS's to make. */
  readonly raising?: { readonly at: Instant; readonly to: number; readonly byTarget?: true };
  readonly cut?: CutRaise;
  /** Last announcement of a named alarm that stays in ALARM. */
  readonly stuckAt?: Instant;
  /** Since when this version of the policy rules it: a window that began before is not late because of us. */
  readonly ruledSince?: Instant;
  /** Names of several variants, as versions wrote it that knew one target only: their config is read once more. */
  readonly variants?: readonly string[];
  /** Inference components: the least number of instances that SageMaker keeps for them; absent: it adds and removes none. */
  readonly managedMin?: number;
  /** Serverless: its MaxConcurrency. */
  readonly maxConcurrency?: number;
  /** Types of the only variant's instance pools, best first; empty: it has none; absent: nobody has looked yet. */
  readonly pools?: readonly string[];
  /** Asynchronous: its requests were announced as about to expire. */
  readonly expiring?: { readonly since: Instant };
  /** Since when its queue is not empty, where AWS does not tell the age of the oldest request. */
  readonly queuedSince?: Instant;
  /** Next instant at which the answer of each function can change; a full re-check comes at least every 15 minutes. */
  readonly nextAt: { readonly scaling: Instant; readonly windows: Instant };
}

/** Item `hold/<endpoint>`. */
export interface Hold {
  readonly endpoint: string;
  readonly mode: 'up' | 'down' | 'hands-off';
  readonly from: Instant;
  readonly until: Instant;
  readonly by: string;
  readonly why: string;
}

/** Item `samples/<endpoint>` and `samples/<instance type>`: last 20 lead times, newest last. */
export interface LeadSamples {
  readonly wakes: readonly DurationMs[];
  readonly scaleOuts: readonly DurationMs[];
}
