import { type DryPark, hoursSaved } from '../../domain/savings.ts';
import { type Instant, iso } from '../../domain/time.ts';
import type { EndpointView } from '../../ports/endpoints.ts';
import type { Obstacle } from './before-park.ts';
import type { RecordChange, Work } from './ports.ts';
import { recordDecision, together } from './report.ts';

/** The park that this run would have made; remembered, so that its end can tell what it had saved. */
export function tellDryPark(
  work: Work,
  view: EndpointView,
  instanceType: string | undefined,
  idleness: Obstacle['evidence'],
): RecordChange {
  const instances = view.variants.reduce((sum, { desired }) => sum + desired, 0);
  const evidence = { ...idleness, instances, instanceType: instanceType ?? null };
  const told = recordDecision(work, { decision: 'park', reason: 'mode-dry-run', evidence });
  const dryPark: DryPark = { at: work.run.now, instances, ...(instanceType !== undefined && { instanceType }) };
  return together(told, (record) => ({ ...record, dryPark: record.dryPark ?? dryPark }));
}

/** The wake that would have followed, with what the park before it had saved until then. */
export function tellDryWake(work: Work, until: Instant): RecordChange | undefined {
  const { dryPark } = work.session.record;
  if (dryPark === undefined) return undefined;
  const evidence = {
    parkedAt: iso(dryPark.at),
    until: iso(until),
    instances: dryPark.instances,
    instanceType: dryPark.instanceType ?? null,
    instanceHoursSaved: hoursSaved(dryPark, until),
  };
  const told = recordDecision(work, { decision: 'wake', reason: 'mode-dry-run', evidence });
  return together(told, ({ dryPark: _, ...record }) => record);
}

/** Whether a park that was only reported is over by the ruling alone: it asks for the endpoint, or the mode is another. */
export function isDryParkOver({ session, ruling }: Work): boolean {
  return session.record.dryPark !== undefined && (!ruling.reportOnly || ruling.want !== 'zero');
}
