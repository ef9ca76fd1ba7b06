import { decideRuling } from '../../domain/decide-ruling.ts';
import { demandThatCounts } from '../../domain/kinds.ts';
import { computeLead } from '../../domain/lead.ts';
import type { FleetRecord } from '../../domain/record.ts';
import type { Ruling } from '../../domain/ruling.ts';
import { rulingInputOf } from '../../domain/ruling-input.ts';
import type { DurationMs } from '../../domain/time.ts';
import type { RunShared } from './ports.ts';

/** Leads count scale-outs here: the endpoint is up. */
export function leadOf({ ports, samples }: RunShared, { endpoint, policy, observed }: FleetRecord): DurationMs {
  return computeLead({
    lead: policy?.wake.lead ?? 'learned',
    own: samples.get(endpoint)?.scaleOuts ?? [],
    ofType: samples.get(observed?.instanceType ?? '')?.scaleOuts ?? [],
    tick: ports.settings.tick,
  }).ms;
}

/** What the endpoint should be now. */
export function rule(shared: RunShared, record: FleetRecord): Ruling {
  const { ports, run, holds } = shared;
  const hold = holds.get(record.endpoint.toLowerCase());
  const leadMs = leadOf(shared, record);
  return decideRuling(rulingInputOf(record, { now: run.now, mode: ports.settings.mode, hold, leadMs }));
}

/** What stored demand asks for and keeps while it lasts. */
export function demandedBy(record: FleetRecord, ruling: Ruling): number {
  if (ruling.reason === 'hold-down') return 0;
  const counts = demandThatCounts(record.kind, record.policy, record.demand).map(({ count }) => count ?? 1);
  return Math.min(Math.max(0, ...counts), record.policy?.highestMax ?? Number.MAX_SAFE_INTEGER);
}
