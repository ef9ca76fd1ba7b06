const ACTION_LISTS = ['OKActions', 'AlarmActions', 'InsufficientDataActions'] as const;
/** What is no part of an alarm's definition: its state, when it was touched, and what only the first creation takes. */
const NOT_DEFINED: ReadonlySet<string> = new Set([
  'AlarmArn',
  'AlarmConfigurationUpdatedTimestamp',
  'StateValue',
  'StateReason',
  'StateReasonData',
  'StateUpdatedTimestamp',
  'StateTransitionedTimestamp',
  'EvaluationState',
  'Tags',
]);

/** An alarm as DescribeAlarms answers it or PutMetricAlarm takes it. */
export type Alarm = Readonly<Record<string, unknown>>;

export function isTracking(alarm: Alarm): boolean {
  return String(alarm['AlarmName']).startsWith('TargetTracking-');
}

/** Pairs of a list and the name of a policy that the alarm drives from it. */
export function drives(alarm: Alarm, policies: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  return ACTION_LISTS.flatMap((list) =>
    actionsOf(alarm, list).flatMap((action) => {
      const policy = policies.get(action);
      return policy === undefined ? [] : [[list, policy] as const];
    }),
  );
}

function actionsOf(alarm: Alarm, list: string): readonly string[] {
  const actions = alarm[list];
  return Array.isArray(actions) ? actions.map(String) : [];
}

/** All of an alarm that its owner wrote, without the actions that `isLeftOut`, as one text. */
export function definitionOf(alarm: Alarm, isLeftOut: (action: string) => boolean): string {
  const written = Object.entries(alarm)
    .map(([member, value]) =>
      ACTION_LISTS.some((list) => list === member)
        ? ([member, actionsOf(alarm, member).filter((action) => !isLeftOut(action))] as const)
        : ([member, value] as const),
    )
    .filter(([member, value]) => !NOT_DEFINED.has(member) && !isDefault(member, value));
  return JSON.stringify(Object.fromEntries(written.sort(([a], [b]) => (a < b ? -1 : 1))));
}

function isDefault(member: string, value: unknown): boolean {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return true;
  return member === 'ActionsEnabled' && value === true;
}
