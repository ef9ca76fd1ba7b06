import type { Json, JsonObject } from './recipe.ts';

/** The lists of an alarm's definition that name what happens on a change of its state. */
const ACTION_LISTS = ['OKActions', 'AlarmActions', 'InsufficientDataActions'] as const;

function actionsOf(definition: JsonObject, list: (typeof ACTION_LISTS)[number]): readonly string[] {
  const actions = definition[list];
  return Array.isArray(actions) ? (actions as readonly Json[]).filter((action) => typeof action === 'string') : [];
}

function withActions(
  definition: JsonObject,
  change: (actions: readonly string[], list: (typeof ACTION_LISTS)[number]) => readonly string[],
): JsonObject {
  const changed = ACTION_LISTS.map((list) => [list, change(actionsOf(definition, list), list)] as const);
  return {
    ...definition,
    ...Object.fromEntries(changed.filter(([list, { length }]) => length > 0 || list in definition)),
  };
}

/** The definition with each action under the ARN that it has now; others stay. */
export function renameActions(definition: JsonObject, arns: ReadonlyMap<string, string>): JsonObject {
  return withActions(definition, (actions) => actions.map((action) => arns.get(action) ?? action));
}

/** Whether one of the actions is one of these ARNs. */
export function namesAny(definition: JsonObject, arns: ReadonlySet<string>): boolean {
  return ACTION_LISTS.some((list) => actionsOf(definition, list).some((action) => arns.has(action)));
}

/** The definition with those of the other's actions that are among the ARNs and that it lacks. */
export function addActions(definition: JsonObject, other: JsonObject, arns: ReadonlySet<string>): JsonObject {
  return withActions(definition, (actions, list) => [
    ...actions,
    ...actionsOf(other, list).filter((action) => arns.has(action) && !actions.includes(action)),
  ]);
}

/**
 * An alarm as it has to be after its policies were made anew (`arns`: the ARN of the snapshot → the one of now). Of an
 * alarm that is there only the actions on these policies are touched: what its owner changed meanwhile, and what names
 * another endpoint's policies, is as it should be. Undefined `actual`: the alarm is gone, and comes back whole.
 */
export function rewireAlarm(
  saved: JsonObject,
  actual: JsonObject | undefined,
  arns: ReadonlyMap<string, string>,
): JsonObject {
  const wanted = renameActions(saved, arns);
  if (actual === undefined) return wanted;
  const ours = new Set(arns.values());
  const stale = new Set([...arns.keys()].filter((arn) => !ours.has(arn)));
  return withActions(actual, (actions, list) => {
    const kept = actions.filter((action) => !stale.has(action));
    const wantedHere = actionsOf(wanted, list);
    const missing = wantedHere.filter((action) => ours.has(action) && !kept.includes(action));
    if (missing.length === 0) return kept;
    // The old order, where nobody else changed the list.
    const others = (all: readonly string[]) => all.filter((action) => !ours.has(action)).join('\n');
    return others(kept) === others(wantedHere) ? wantedHere : [...kept, ...missing];
  });
}
