import { decideRuling } from '../../domain/decide-ruling.ts';
import { computeLead } from '../../domain/lead.ts';
import type { FleetRecord, Hold, LeadSamples } from '../../domain/record.ts';
import { mayReturn } from '../../domain/returning.ts';
import type { Mode, Ruling, RulingInput } from '../../domain/ruling.ts';
import { rulingInputOf } from '../../domain/ruling-input.ts';
import type { DurationMs, Instant } from '../../domain/time.ts';

/** Where the lead times of an endpoint are kept: its own and those of its instance type. */
export function sampleKeys({ endpoint, observed }: FleetRecord): readonly string[] {
  const own = endpoint.toLowerCase();
  return observed?.instanceType === undefined ? [own] : [own, observed.instanceType];
}

export function leadOf(record: FleetRecord, samples: ReadonlyMap<string, LeadSamples>, tick: DurationMs): DurationMs {
  const [own, type] = sampleKeys(record).map((key) => samples.get(key)?.wakes ?? []);
  return computeLead({ lead: record.policy?.wake.lead ?? 'learned', own: own ?? [], ofType: type ?? [], tick }).ms;
}

export interface Judged {
  readonly record: FleetRecord;
  readonly hold: Hold | undefined;
  readonly now: Instant;
  readonly mode: Mode;
  readonly leadMs: DurationMs;
}

/** The ladder of precedence for one record; `changes` answers a what-if. */
export function judge({ record, hold, now, mode, leadMs }: Judged, changes: Partial<RulingInput> = {}): Ruling {
  const recipeDesired = record.parkedDesired ?? record.observed?.desired;
  const ruling = decideRuling({ ...rulingInputOf(record, { now, mode, hold, leadMs, recipeDesired }), ...changes });
  if (!mayReturn(record, ruling, now, changes.leadMs ?? leadMs)) return ruling;
  return { ...ruling, want: 'zero', reason: 'return-to-preferred' };
}
