import { decideRuling } from '../../domain/decide-ruling.ts';
import { demandThatCounts } from '../../domain/kinds.ts';
import { computeLead } from '../../domain/lead.ts';
import type { FleetRecord } from '../../domain/record.ts';
import type { Ruling } from '../../domain/ruling.ts';
import { rulingInputOf } from '../../domain/ruling-input.ts';
import type { DurationMs } from '../../domain/time.ts';
import type { RunShared } from './ports.ts';

/** Leads count scale-outs here: the endpoint is up. */
export function leadOf({ ports, samples }: RunShared, record: FleetRecord): DurationMs {
  const { endpoint, policy, observed } = record;
  const one = computeLead({
    lead: policy?.wake.lead ?? 'learned',
    own: samples.get(endpoint)?.scaleOuts ?? [],
    ofType: samples.get(observed?.instanceType ?? '')?.scaleOuts ?? [],
    tick: ports.settings.tick,
  }).ms;
  return one * raisesInTurn(record);
}

/** AWS changes the instances of one variant at a time: the last of them waits for all the others. */
function raisesInTurn({ part, targets }: FleetRecord): number {
  const dimension = part?.dimension ?? targets?.[0]?.dimension;
  return dimension === 'instances' ? (part?.of ?? targets?.length ?? 1) : 1;
}

/** What the endpoint should be now. */
export function rule(shared: RunShared, record: FleetRecord): Ruling {
  const { ports, run, holds } = shared;
  const hold = holds.get(record.endpoint.toLowerCase());
  const leadMs = leadOf(shared, record);
  const context = { now: run.now, mode: ports.settings.mode, hold, leadMs };
  return decideRuling(rulingInputOf(record, context));
}

/** What one of several targets should be now, where the endpoint as a whole should be `whole`. */
export function ruleTarget(shared: RunShared, whole: Ruling, view: FleetRecord): Ruling {
  return besideOthers(view, whole, rule(shared, view));
}

/** What a target's own ruling comes to beside the endpoint's other targets. */
export function besideOthers(view: FleetRecord, whole: Ruling, ruling: Ruling): Ruling {
  // The endpoint is not at zero as long as any of its variants is up, and a classic variant then has an instance at least.
  if (view.part?.dimension !== 'instances' || ruling.want !== 'zero' || whole.want === 'zero') return ruling;
  return { ...ruling, want: 'up', bounds: { min: 1, max: Math.max(1, view.policy?.highestMax ?? 1) } };
}

/** What a record, or the view of one of its targets, should be now. */
export function ruleView(shared: RunShared, whole: Ruling, record: FleetRecord): Ruling {
  return record.part === undefined ? rule(shared, record) : ruleTarget(shared, whole, record);
}

/** What stored demand asks for and keeps while it lasts. */
export function demandedBy(record: FleetRecord, ruling: Ruling): number {
  if (ruling.reason === 'hold-down') return 0;
  const counts = demandThatCounts(record.kind, record.policy, record.demand).map(({ count }) => count ?? 1);
  return Math.min(Math.max(0, ...counts), record.policy?.highestMax ?? Number.MAX_SAFE_INTEGER);
}
