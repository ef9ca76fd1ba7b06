import type { Instant } from './time.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** One scalable target as it was: registration, tags, its policies and scheduled actions, the step policies' alarms. */
export interface TargetSnapshot {
  readonly resourceId: string;
  readonly dimension: string;
  readonly min: number;
  readonly max: number;
  readonly suspended: { readonly in: boolean; readonly out: boolean; readonly scheduled: boolean };
  readonly tags: Readonly<Record<string, string>>;
  /** AWS's request shapes without ARNs: opaque to the domain, compared on read-back. */
  readonly policies: readonly {
    readonly name: string;
    readonly type: string;
    readonly definition: JsonObject;
    readonly arn: string;
  }[];
  readonly scheduledActions: readonly { readonly name: string; readonly definition: JsonObject }[];
  /** Alarms whose actions name a policy of this target, but target tracking's own: re-wired to the new policy ARNs. */
  readonly alarms: readonly { readonly name: string; readonly definition: JsonObject }[];
}

/** The versioned snapshot that a parked endpoint is recreated from. Written, read back, never overwritten. */
export interface Recipe {
  readonly schemaVersion: 1;
  readonly version: number;
  readonly endpoint: string;
  readonly takenAt: Instant;
  /** The incarnation this describes. */
  readonly creationTime: Instant;
  /** What the owner deployed: the truth that every wake aims for. */
  readonly preferred: {
    readonly configName: string;
    readonly config: JsonObject;
    /** Tags of the endpoint config, for a config that is made anew; absent: not known. */
    readonly configTags?: Readonly<Record<string, string>>;
  };
  /** What ran when the snapshot was taken (a fallback is not the new truth). */
  readonly running: { readonly configName: string };
  /** All tags; `aws:` ones are kept for the record and never sent. */
  readonly tags: Readonly<Record<string, string>>;
  readonly variants: readonly {
    readonly name: string;
    readonly desired: number;
    readonly weight: number;
    readonly instanceType?: string;
  }[];
  /** Shadow variants, which get a copy of the traffic; absent: there are none. */
  readonly shadows?: readonly { readonly name: string; readonly desired: number; readonly weight: number }[];
  readonly deploymentConfig?: JsonObject;
  readonly targets: readonly TargetSnapshot[];
  readonly imageDigests: Readonly<Record<string, string>>;
  /** Items that a restore was definitely refused; merged into the next snapshot. */
  readonly outstanding: readonly { readonly item: string; readonly why: string }[];
}

/** Instances of all variants, which is what a demand brings back. */
export function desiredOf({ variants }: Pick<Recipe, 'variants'>): number {
  return Math.max(
    1,
    variants.reduce((sum, { desired }) => sum + desired, 0),
  );
}

/** Names of a recipe's items, as a restore tells them and the next snapshot finds them again. */
export const targetItem = (resourceId: string): string => `scalable target ${resourceId}`;
export const targetTagsItem = (resourceId: string): string => `tags of scalable target ${resourceId}`;
export const policyItem = (name: string): string => `scaling policy ${name}`;
export const scheduledActionItem = (name: string): string => `scheduled action ${name}`;
export const alarmItem = (name: string): string => `alarm ${name}`;
export const countItem = (variant: string, count: number): string => `${variant}: ${count} instances`;
export const weightItem = (variant: string, weight: number): string => `${variant}: weight ${weight}`;

/** Whether an item is a count of this variant's instances, whatever the number. */
export const isCountOf = (item: string, variant: string): boolean =>
  item.startsWith(`${variant}: `) && item.endsWith(' instances');
