import type { ReasonCode } from './decision.ts';
import { type DurationMs, type Instant, MINUTE } from './time.ts';

/** Why a scaling activity came to nothing. */
export type ActivityTrouble = 'capacity' | 'quota' | 'permission' | 'not-scalable' | 'at-max' | 'unknown';

/** A scaling activity of Application Auto Scaling that failed or was not carried out. */
export interface TroubledActivity {
  readonly id: string;
  readonly resourceId: string;
  /** When it ended; of one that never ended, when it began. */
  readonly at: Instant;
  readonly trouble: ActivityTrouble;
  /** False: an alarm asked, and nothing was tried. */
  readonly tried: boolean;
  readonly what: string;
  readonly cause: string;
  readonly message: string;
}

/** What was told of an endpoint's activities. */
export interface ActivitiesTold {
  /** The newest one's end: nothing up to it is told again. */
  readonly to: Instant;
  /** When each trouble was last seen, by its class and the target's name: what lasts repeats itself. */
  readonly lasting?: Readonly<Record<string, Instant>>;
}

export const TROUBLE_REASONS: Readonly<Record<ActivityTrouble, ReasonCode>> = {
  capacity: 'scaling-failed-capacity',
  quota: 'scaling-failed-quota',
  permission: 'scaling-failed-permission',
  'not-scalable': 'scaling-not-scalable',
  'at-max': 'scaling-at-max',
  unknown: 'scaling-failed-unknown',
};

/** What a person can do about it, for a variant of an endpoint; docs/operations.md says more. */
const VARIANT_ADVICE: Readonly<Record<ActivityTrouble, string>> = {
  capacity: 'AWS has no instance of this type now: add instance pools to the config, or fallbackConfigs for wakes',
  quota: 'ask for a higher quota of this instance type in Service Quotas, or lower max',
  permission: 'Application Auto Scaling was denied: look at its service-linked role and at the key policies',
  'not-scalable': 'the endpoint was being changed at that moment; the next look asserts again',
  'at-max': 'raise max in the policy if more load is to be borne',
  unknown: 'read the message; `explain` says what the scaler makes of the endpoint',
};

/** The same for an inference component, whose copies may lack room or instances, and which takes no fallback config. */
const COMPONENT_ADVICE: Readonly<Record<ActivityTrouble, string>> = {
  capacity:
    'there is no room on the instances and their maximum is reached, or AWS has no more of the type: raise MaxInstanceCount ' +
    'in the endpoint config, or lower the copies in the policy',
  quota: 'ask for a higher quota of the instance type in Service Quotas, or lower the copies in the policy',
  permission:
    'AWS was denied: look at the role of the endpoint config, at the service-linked role of Application Auto Scaling and at the key policies',
  'not-scalable': 'the component was being changed at that moment; the next look asserts again',
  'at-max': VARIANT_ADVICE['at-max'],
  unknown: 'read the message and FailureReason of the inference component; its container may fail its health check',
};

export function adviceOn(trouble: ActivityTrouble, resourceId: string): string {
  return (resourceId.startsWith('inference-component/') ? COMPONENT_ADVICE : VARIANT_ADVICE)[trouble];
}

/** What stands in the way does so for a while, and is asked for again and again: that is told anew after so long without it. */
const OVER_AFTER: DurationMs = 30 * MINUTE;

/** Which activities of one endpoint are news, oldest first, and what is remembered of them; each is told once. */
export function newsOf(
  activities: readonly TroubledActivity[],
  told: ActivitiesTold | undefined,
  since: Instant,
): { readonly news: readonly TroubledActivity[]; readonly told: ActivitiesTold | undefined } {
  const from = Math.max(since, told?.to ?? 0);
  const fresh = activities.filter(({ at }) => at > from).sort((a, b) => a.at - b.at);
  const last = fresh.at(-1);
  if (last === undefined) return { news: [], told };
  // What is over is forgotten: a record has no room for it.
  const before = Object.entries(told?.lasting ?? {}).filter(([, at]) => fresh[0]!.at - at < OVER_AFTER);
  const lasting: Record<string, Instant> = Object.fromEntries(before);
  const news = fresh.filter(({ trouble, resourceId, at }) => {
    const key = `${trouble} ${resourceId.slice(resourceId.lastIndexOf('/') + 1)}`;
    const goesOn = at - (lasting[key] ?? Number.NEGATIVE_INFINITY) < OVER_AFTER;
    lasting[key] = at;
    return !goesOn;
  });
  return { news, told: { to: last.at, lasting } };
}
