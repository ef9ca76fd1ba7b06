import type { Difference } from '../domain/drift.ts';
import type { ScalingSpec } from '../domain/policy.ts';
import type { JsonObject, TargetSnapshot } from '../domain/recipe.ts';
import type { Dimension, TargetKey } from '../domain/scalable-target.ts';
import type { TroubledActivity } from '../domain/scaling-activity.ts';
import type { Instant } from '../domain/time.ts';
import type { Failure, Outcome } from './outcome.ts';

export interface TargetView {
  readonly resourceId: string;
  readonly dimension: Dimension;
  readonly min: number;
  readonly max: number;
  readonly suspended: { readonly in: boolean; readonly out: boolean; readonly scheduled: boolean };
  readonly arn?: string;
}

export interface ScalingPolicyView {
  readonly name: string;
  readonly arn: string;
  readonly type: string;
  /** Request shape without name and resource, for comparison. */
  readonly definition: JsonObject;
}

/** A scaling policy of ours on one endpoint: `<TagPrefix>-<name of the spec>`. */
export interface OwnPolicy {
  readonly name: string;
  readonly spec: ScalingSpec;
  readonly endpoint: { readonly name: string; readonly variant: string; readonly component?: string };
  /** Of the alarm that drives a step policy. */
  readonly alarmName?: string;
}

export interface RestoredScaling {
  /** Items that AWS definitely refused. */
  readonly refused: readonly { readonly item: string; readonly why: string }[];
  /** The calls among those refusals that the caller has no permission for. */
  readonly denied: readonly Failure[];
}

/** Application Auto Scaling, for every dimension that SageMaker has. */
export interface ScalingControl {
  /** In pages of 50 of each dimension; missing ones are absent from the answer. */
  targets(keys: readonly TargetKey[]): Promise<Outcome<readonly TargetView[]>>;
  policies(key: TargetKey): Promise<Outcome<readonly ScalingPolicyView[]>>;
  /** Those of all SageMaker targets of the account and region by resource id, 50 a call. */
  allPolicies(): Promise<Outcome<ReadonlyMap<string, readonly ScalingPolicyView[]>>>;
  /** Creates or changes; on an active resource AWS pulls capacity into the bounds on every call. */
  register(
    key: TargetKey,
    bounds: { readonly min: number; readonly max: number },
    more?: { readonly tags?: Readonly<Record<string, string>>; readonly suspended?: TargetView['suspended'] },
  ): Promise<Outcome<void>>;
  deregister(key: TargetKey): Promise<Outcome<void>>;
  /** Tags of a target, by its ARN: a target that we made carries ours. */
  targetTags(arn: string): Promise<Outcome<Readonly<Record<string, string>>>>;
  /** Puts a policy of ours and, of a step policy, the alarm that drives it. */
  putPolicy(key: TargetKey, policy: OwnPolicy): Promise<Outcome<void>>;
  /** How a policy that AWS shows, and the alarm of a step policy, differ from what `putPolicy` would put. */
  differences(
    shown: ScalingPolicyView | undefined,
    alarm: JsonObject | undefined,
    policy: OwnPolicy,
  ): readonly Difference[];
  /** Alarms by name as PutMetricAlarm takes them; missing ones are absent. */
  alarmDefinitions(names: readonly string[]): Promise<Outcome<ReadonlyMap<string, JsonObject>>>;
  /**
   * Activities of the account and region since then that failed or were not carried out, the newest few hundred at most,
   * by 50 a call.
   */
  troubledActivities(since: Instant): Promise<Outcome<readonly TroubledActivity[]>>;
  deletePolicy(key: TargetKey, name: string): Promise<Outcome<void>>;
  /** Everything a recipe holds of this target, alarms included; undefined: no target. */
  snapshot(key: TargetKey): Promise<Outcome<TargetSnapshot | undefined>>;
  /** Puts a snapshot back with the bounds given, re-wires alarms. */
  restore(
    snapshot: TargetSnapshot,
    bounds: { readonly min: number; readonly max: number },
  ): Promise<Outcome<RestoredScaling>>;
  /**
   * Reads back and names the items that differ from the snapshot (empty: all there). With `restored`, the bounds that a
   * restore has just put, those and the target's tags count too; else they are whoever's they are now.
   */
  compare(
    snapshot: TargetSnapshot,
    restored?: { readonly min: number; readonly max: number },
  ): Promise<Outcome<readonly string[]>>;
}
