import type { FleetRecord } from '../../shared/domain/record.ts';
import { targetKeyOf } from '../../shared/domain/target-view.ts';
import type { Instant } from '../../shared/domain/time.ts';
import type { Account } from '../account/connect.ts';
import { readActivities, readPolicyAlarms } from '../account/scaling-state.ts';
import type { Io } from '../output.ts';
import { printable } from '../printable.ts';
import { formatAge } from '../times.ts';

/** What scaling did while the endpoint was loaded. */
export interface Watched {
  desired: { first?: number; highest: number; last: number };
  serving: { highest: number };
  /** Names of alarms that ask for more and were seen in ALARM. */
  readonly rang: Set<string>;
  /** What Application Auto Scaling tried since, and why it did not. */
  readonly activities: Map<string, string>;
}

export function startOfWatch(): Watched {
  return { desired: { highest: 0, last: 0 }, serving: { highest: 0 }, rang: new Set(), activities: new Map() };
}

/** One look; what changed since the last one goes to stderr. A look that fails is told, and the load goes on. */
export async function look(
  account: Account,
  io: Io,
  record: FleetRecord,
  { watched, since, told }: { readonly watched: Watched; readonly since: Instant; readonly told: Map<string, string> },
): Promise<void> {
  const key = targetKeyOf(record);
  const [view, alarms, activities] = await Promise.all([
    account.endpoints.describe(record.endpoint),
    key === undefined ? undefined : readPolicyAlarms(account, key),
    key === undefined ? undefined : readActivities(account, key),
  ]);
  const tell = (what: string, state: string) => {
    if (told.get(what) === state) return;
    told.set(what, state);
    io.note(`${formatAge(account.now() - since)}: ${what === '' ? '' : `${printable(what)}: `}${printable(state)}`);
  };
  for (const answer of [view, alarms, activities]) {
    if (answer?.ok === false) tell('a look failed', account.explainFailure(answer.failure));
  }
  if (view.ok && view.value !== undefined) {
    const desired = view.value.variants.reduce((sum, variant) => sum + variant.desired, 0);
    const serving = view.value.variants.reduce((sum, variant) => sum + variant.serving, 0);
    watched.desired.first ??= desired;
    watched.desired.last = desired;
    watched.desired.highest = Math.max(watched.desired.highest, desired);
    watched.serving.highest = Math.max(watched.serving.highest, serving);
    tell('', `${desired} desired, ${serving} serving, SageMaker says ${view.value.status}`);
  }
  if (alarms?.ok === true) {
    for (const { AlarmName: name = '', StateValue: state = '' } of [...alarms.value.values()].flat()) {
      if (state === 'ALARM' && !name.includes('-AlarmLow-')) watched.rang.add(name);
      tell(name, state);
    }
  }
  if (activities?.ok !== true) return;
  for (const {
    ActivityId: id = '',
    StartTime,
    StatusCode = '',
    Description = '',
    NotScaledReasons = [],
  } of activities.value) {
    if ((StartTime?.getTime() ?? 0) < since) continue;
    const reasons = NotScaledReasons.map(({ Code = '' }) => Code).join(', ');
    const state = `${StatusCode}: ${Description}${reasons === '' ? '' : ` (${reasons})`}`;
    watched.activities.set(id, state);
    tell(`activity ${id.slice(0, 8)}`, state);
  }
}
