import type { FleetRecord, TargetState } from '../../domain/record.ts';
import { withoutOwn } from '../../domain/target-view.ts';
import type { ComponentView } from '../../ports/endpoints.ts';
import type { Failure } from '../../ports/outcome.ts';
import { inParallel } from './in-parallel.ts';
import type { ScheduledScalingPorts, Turn } from './ports.ts';

/**
 * The inference components of an endpoint as they are now, as the record's targets. They come, go and change without a
 * trace in their endpoint, so that each look asks for all of them. False: nobody could tell (said why in the log).
 */
export async function takeOverComponents(ports: ScheduledScalingPorts, turn: Turn): Promise<boolean> {
  const { record } = turn;
  const names = await ports.endpoints.components(record.endpoint);
  if (!names.ok) return unreadable(ports, record, names.failure);
  const found: ComponentView[] = [];
  const failures: Failure[] = [];
  await inParallel(names.value, async (name) => {
    const answer = await ports.endpoints.describeComponent(name);
    if (!answer.ok) failures.push(answer.failure);
    // One that is going is nobody's to scale any more.
    else if (answer.value !== undefined && answer.value.status !== 'Deleting') found.push(answer.value);
  });
  const [failure] = failures;
  if (failure !== undefined) return unreadable(ports, record, failure);
  const views = found.sort((a, b) => (a.name < b.name ? -1 : 1));
  turn.troubles = new Map(
    views.flatMap(({ name, trouble, failureReason: message }) =>
      trouble === undefined || message === undefined ? [] : [[name, { trouble, message }] as const],
    ),
  );
  if (isAsKnown(record, views)) return true;
  turn.change((fresh) => withComponents(fresh, views));
  return true;
}

function isAsKnown({ targets = [] }: FleetRecord, views: readonly ComponentView[]): boolean {
  return (
    targets.length === views.length &&
    views.every(({ name, status, desired, serving }, index) => {
      const known = targets[index];
      return known?.name === name && known.status === status && known.desired === desired && known.serving === serving;
    })
  );
}

function withComponents(record: FleetRecord, views: readonly ComponentView[]): FleetRecord {
  const known = record.targets ?? [];
  const isSameSet = known.length === views.length && views.every(({ name }) => known.some((one) => one.name === name));
  const targets = views.map(({ name, status, desired, serving }): TargetState => {
    const before = known.find((one) => one.name === name);
    const instanceType = record.observed?.instanceType;
    return {
      ...before,
      name,
      dimension: 'copies',
      status,
      desired,
      serving,
      ...(instanceType === undefined ? {} : { instanceType }),
    };
  });
  if (isSameSet) return { ...record, targets };
  // What was compiled and asserted spoke of another set.
  const { policy: _, agenda: __, ...rest } = withoutOwn({ ...record, targets });
  return rest;
}

function unreadable({ log }: ScheduledScalingPorts, { endpoint }: FleetRecord, failure: Failure): boolean {
  log.count('CallsRefused');
  log.warn('the inference components could not be looked at; the next run looks again', { endpoint, ...failure });
  return false;
}
