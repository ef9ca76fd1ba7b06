import { decideRuling } from '../../domain/decide-ruling.ts';
import { demandThatCounts } from '../../domain/kinds.ts';
import { computeLead } from '../../domain/lead.ts';
import type { FleetRecord } from '../../domain/record.ts';
import type { Ruling } from '../../domain/ruling.ts';
import type { RunShared } from './ports.ts';

/** What the endpoint should be now. Leads count scale-outs here: the endpoint is up. */
export function rule({ ports, run, holds, samples }: RunShared, record: FleetRecord): Ruling {
  const hold = holds.get(record.endpoint.toLowerCase());
  const { policy, agenda, observed, lead } = record;
  const { ms: leadMs } = computeLead({
    lead: policy?.wake.lead ?? 'learned',
    own: samples.get(record.endpoint)?.scaleOuts ?? [],
    ofType: samples.get(observed?.instanceType ?? '')?.scaleOuts ?? [],
    tick: ports.settings.tick,
  });
  return decideRuling({
    now: run.now,
    mode: ports.settings.mode,
    kind: record.kind,
    phase: record.phase,
    protected: record.protected,
    demand: record.demand,
    invalid: record.invalid !== undefined,
    giveBack: record.giveBack !== undefined,
    leadMs,
    ...(hold === undefined ? {} : { hold }),
    ...(policy === undefined ? {} : { policy }),
    ...(agenda === undefined ? {} : { agenda }),
    ...(lead === undefined ? {} : { leadBegunFor: lead.window }),
  });
}

/** What stored demand asks for and keeps while it lasts. */
export function demandedBy(record: FleetRecord, ruling: Ruling): number {
  if (ruling.reason === 'hold-down') return 0;
  const counts = demandThatCounts(record.kind, record.policy, record.demand).map(({ count }) => count ?? 1);
  return Math.min(Math.max(0, ...counts), record.policy?.highestMax ?? Number.MAX_SAFE_INTEGER);
}
