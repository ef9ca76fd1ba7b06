import type { FleetRecord } from '../../shared/domain/record.ts';
import { targetKeyOf } from '../../shared/domain/target-view.ts';
import type { Instant } from '../../shared/domain/time.ts';
import type { Outcome } from '../../shared/ports/outcome.ts';
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

/** What a load reaches: scalable targets as their records are seen, all of one endpoint. */
export type Aims = readonly FleetRecord[];

/** One look; what changed since the last one goes to stderr. A look that fails is told, and the load goes on. */
export async function look(
  account: Account,
  io: Io,
  aims: Aims,
  { watched, since, told }: { readonly watched: Watched; readonly since: Instant; readonly told: Map<string, string> },
): Promise<void> {
  const keys = aims.map(targetKeyOf).filter((key) => key !== undefined);
  const [size, alarms, activities] = await Promise.all([
    readSize(account, aims),
    Promise.all(keys.map((key) => readPolicyAlarms(account, key))),
    Promise.all(keys.map((key) => readActivities(account, key))),
  ]);
  const tell = (what: string, state: string) => {
    if (told.get(what) === state) return;
    told.set(what, state);
    io.note(`${formatAge(account.now() - since)}: ${what === '' ? '' : `${printable(what)}: `}${printable(state)}`);
  };
  for (const answer of [size, ...alarms, ...activities]) {
    if (!answer.ok) tell('a look failed', account.explainFailure(answer.failure));
  }
  if (size.ok && size.value !== undefined) {
    const { desired, serving, status } = size.value;
    watched.desired.first ??= desired;
    watched.desired.last = desired;
    watched.desired.highest = Math.max(watched.desired.highest, desired);
    watched.serving.highest = Math.max(watched.serving.highest, serving);
    tell('', `${desired} desired, ${serving} serving, SageMaker says ${status}`);
  }
  const ringing = alarms.flatMap((answer) => (answer.ok ? [...answer.value.values()].flat() : []));
  for (const { AlarmName: name = '', StateValue: state = '' } of ringing) {
    if (state === 'ALARM' && !name.includes('-AlarmLow-')) watched.rang.add(name);
    tell(name, state);
  }
  for (const {
    ActivityId: id = '',
    StartTime,
    StatusCode = '',
    Description = '',
    NotScaledReasons = [],
  } of activities.flatMap((answer) => (answer.ok ? answer.value : []))) {
    if ((StartTime?.getTime() ?? 0) < since) continue;
    const reasons = NotScaledReasons.map(({ Code = '' }) => Code).join(', ');
    const state = `${StatusCode}: ${Description}${reasons === '' ? '' : ` (${reasons})`}`;
    watched.activities.set(id, state);
    tell(`activity ${id.slice(0, 8)}`, state);
  }
}

interface Size {
  readonly desired: number;
  readonly serving: number;
  readonly status: string;
}

/** Copies of the component that is asked, else the instances of all variants. */
async function readSize({ endpoints }: Account, aims: Aims): Promise<Outcome<Size | undefined>> {
  const [{ endpoint, part } = { endpoint: '', part: undefined }] = aims;
  if (part?.dimension === 'copies') return endpoints.describeComponent(part.name);
  const view = await endpoints.describe(endpoint);
  if (!view.ok || view.value === undefined) return view.ok ? { ok: true, value: undefined } : view;
  const { variants, status } = view.value;
  const desired = variants.reduce((sum, variant) => sum + variant.desired, 0);
  const serving = variants.reduce((sum, variant) => sum + variant.serving, 0);
  return { ok: true, value: { desired, serving, status } };
}
