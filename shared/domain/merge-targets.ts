import { addActions, namesAny, renameActions } from './alarm-actions.ts';
import {
  alarmItem,
  policyItem,
  type Recipe,
  scheduledActionItem,
  type TargetSnapshot,
  targetItem,
  targetTagsItem,
} from './recipe.ts';
import { HOUR, type Instant } from './time.ts';

/** Local times are at most so far from UTC. */
const FARTHEST_ZONE = 14 * HOUR;

export interface OlderTargets {
  readonly recipe: Recipe | undefined;
  /** The endpoint's name as it is spelled now. */
  readonly endpoint: string;
  /** Nobody but a person can have made this endpoint: all that he did not put back is still the owner's. */
  readonly recreatedByHand: boolean;
  /** What the last restore was refused. */
  readonly outstanding: Recipe['outstanding'];
  readonly now: Instant;
}

/**
 * What is there now, and of an older recipe what a restore was refused or a person who recreated the endpoint did not put
 * back. What came back and went again went by its owner's hand.
 */
export function mergeTargets(now: readonly TargetSnapshot[], older: OlderTargets): readonly TargetSnapshot[] {
  const before = targetsOf(older);
  const merged = now.map((target) => {
    const had = before.find(({ resourceId }) => resourceId === target.resourceId);
    return had === undefined ? target : mergeTarget(target, had, older);
  });
  const lost = before.filter(
    (had) =>
      !now.some(({ resourceId }) => resourceId === had.resourceId) &&
      (isMissed(older, targetItem(had.resourceId)) || isMissed(older, had.resourceId)),
  );
  return [...merged, ...lost.map((target) => ({ ...target, scheduledActions: notOver(target, older.now) }))];
}

/** An earlier recipe's targets, under the name as it is spelled now. */
function targetsOf({ recipe, endpoint }: OlderTargets): readonly TargetSnapshot[] {
  return (recipe?.targets ?? []).map((target) => ({
    ...target,
    resourceId: target.resourceId.replace(/^endpoint\/[^/]+/, `endpoint/${endpoint}`),
  }));
}

function isMissed({ recreatedByHand, outstanding }: OlderTargets, wanted: string): boolean {
  return recreatedByHand || outstanding.some(({ item }) => item === wanted);
}

function mergeTarget(target: TargetSnapshot, had: TargetSnapshot, older: OlderTargets): TargetSnapshot {
  // A target that could not be put took all of its own with it.
  const whole = isMissed(older, targetItem(had.resourceId)) || isMissed(older, had.resourceId);
  const missing = <T extends { readonly name: string }>(
    has: readonly T[],
    all: readonly T[],
    item: (name: string) => string,
  ): readonly T[] =>
    all.filter(({ name }) => (whole || isMissed(older, item(name))) && !has.some((there) => there.name === name));
  const policies = missing(target.policies, had.policies, policyItem);
  return {
    ...target,
    ...(isMissed(older, targetTagsItem(had.resourceId)) && { tags: { ...had.tags, ...target.tags } }),
    policies: [...target.policies, ...policies],
    scheduledActions: [
      ...target.scheduledActions,
      ...missing(target.scheduledActions, notOver(had, older.now), scheduledActionItem),
    ],
    alarms: mergeAlarms(target, had, { policies, isMissed: (name) => whole || isMissed(older, alarmItem(name)) }),
  };
}

/**
 * Policies that are there have new ARNs since the older snapshot; its alarms are wired to those. What names a policy that
 * did not come back is wired to it again when it does.
 */
function mergeAlarms(
  target: TargetSnapshot,
  had: TargetSnapshot,
  lost: { readonly policies: TargetSnapshot['policies']; readonly isMissed: (name: string) => boolean },
): TargetSnapshot['alarms'] {
  const arns = new Map(
    had.policies.flatMap(({ name, arn }) => {
      const there = target.policies.find((policy) => policy.name === name);
      return there === undefined ? [] : [[arn, there.arn] as const];
    }),
  );
  const policies = new Set(lost.policies.map(({ arn }) => arn));
  const older = had.alarms.map(({ name, definition }) => ({ name, definition: renameActions(definition, arns) }));
  const missed = older.filter(
    ({ name, definition }) =>
      !target.alarms.some((alarm) => alarm.name === name) && (lost.isMissed(name) || namesAny(definition, policies)),
  );
  const there = target.alarms.map(({ name, definition }) => {
    const before = older.find((alarm) => alarm.name === name);
    return {
      name,
      definition: before === undefined ? definition : addActions(definition, before.definition, policies),
    };
  });
  return [...there, ...missed];
}

/** A scheduled action that can never run again is no loss, and AWS may refuse it. */
function notOver({ scheduledActions }: TargetSnapshot, now: Instant): TargetSnapshot['scheduledActions'] {
  return scheduledActions.filter(({ definition: { EndTime, Schedule } }) => {
    if (typeof EndTime === 'string' && Date.parse(EndTime) < now) return false;
    const [, once] = (typeof Schedule === 'string' && /^at\((\d[^)]*)\)$/.exec(Schedule)) || [];
    return once === undefined || !(Date.parse(`${once}Z`) + FARTHEST_ZONE < now);
  });
}
