import type { FleetRecord, Hold } from './record.ts';
import type { Mode, RulingInput } from './ruling.ts';
import type { DurationMs, Instant } from './time.ts';

export interface RulingContext {
  readonly now: Instant;
  readonly mode: Mode;
  readonly hold: Hold | undefined;
  readonly leadMs: DurationMs;
  readonly recipeDesired?: number | undefined;
}

/**
 * What the ladder looks at, from a record: the same for every function. A compiled policy of another name than the tag's
 * is an old one (the documents could not be read since the tag changed): it raises and wakes, and lowers nothing.
 */
export function rulingInputOf(record: FleetRecord, context: RulingContext): RulingInput {
  const { policy, agenda, lead } = record;
  const { now, mode, hold, leadMs, recipeDesired } = context;
  return {
    now,
    mode,
    kind: record.kind,
    phase: record.phase,
    protected: record.protected,
    demand: record.demand,
    invalid: record.invalid !== undefined || (policy !== undefined && policy.name !== record.policyName),
    giveBack: record.giveBack !== undefined,
    ...bringBackOf(record),
    leadMs,
    ...(hold === undefined ? {} : { hold }),
    ...(policy === undefined ? {} : { policy }),
    ...(agenda === undefined ? {} : { agenda }),
    ...(lead === undefined ? {} : { leadBegunFor: lead.window }),
    ...(recipeDesired === undefined ? {} : { recipeDesired }),
  };
}

function bringBackOf({ phase, rehearsal, returning }: FleetRecord): Pick<RulingInput, 'bringBack'> {
  if (phase === 'up' || phase === 'parking') return {};
  if (rehearsal !== undefined) return { bringBack: 'rehearsal' };
  return returning === undefined ? {} : { bringBack: 'return-to-preferred' };
}
