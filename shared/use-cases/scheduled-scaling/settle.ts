import { isLeft, isSameState, keyOf, nameBounds, type Settled, stateOf, TARGET_FIELDS } from '../../domain/drift.ts';
import type { Bounds } from '../../domain/policy.ts';
import type { FleetRecord, Observed } from '../../domain/record.ts';
import { type Instant, MINUTE } from '../../domain/time.ts';
import type { TargetView } from '../../ports/scaling.ts';
import type { RecordChange, RunShared, Turn } from './ports.ts';

/** AWS shows what a call replaced for a moment longer: that long after one of ours, nobody's doing is told from it. */
export const SETTLING = 2 * MINUTE;

export interface Seen {
  readonly observed: Observed;
  readonly target: TargetView | undefined;
  /** Of several targets one speaks of what the endpoint runs. */
  readonly isFirst: boolean;
}

export function settledAs(at: Instant, { observed, isFirst }: Seen, target: Settled['target']): Settled {
  const { creationTime, configName: config, instanceType } = observed;
  const runs = isFirst ? { config, ...(instanceType !== undefined && { instanceType }) } : {};
  return { at, creationTime, ...runs, target };
}

/**
 * After a look: where nothing is left to do and nobody's hand is left standing, what is there is what we left. A phase
 * begins with it, once AWS has surely forgotten the one before; an endpoint that was never looked at has none before.
 */
export function settle({ run }: RunShared, turn: Turn, seen: Seen): void {
  const { observed, target, isFirst: isOfEndpoint } = seen;
  const { settled, phaseSince, intent } = turn.record;
  if (observed.status !== 'InService' || intent !== undefined) return;
  const isNew = settled === undefined && target === undefined;
  if (run.now - phaseSince < SETTLING && !isNew) return;
  const isValid = settled !== undefined && settled.at >= phaseSince && settled.creationTime === observed.creationTime;
  const isTheirs = TARGET_FIELDS.some((field) => isLeft(turn.record, field));
  if (isValid && (isTheirs || run.now - settled.at < SETTLING)) return;
  const shown = stateOf(target);
  const isSameConfig = !isOfEndpoint || settled?.config === observed.configName;
  if (isValid && isSameConfig && isSameState(settled.target, shown)) return;
  turn.change((record) => ({ ...record, settled: settledAs(run.now, seen, shown) }));
}

/** After a registration of ours: what AWS holds from then on. */
export function noteRegistered(
  { run }: RunShared,
  turn: Turn,
  seen: Seen,
  put: { readonly min: number; readonly max: number; readonly suspended: string | undefined },
): void {
  const { min, max } = put;
  const suspended = put.suspended ?? stateOf(seen.target)?.suspended ?? 'nothing';
  const settled = settledAs(run.now, seen, { min, max, suspended });
  turn.change((record) => ({ ...withTheirsMoved(record, { min, max }), settled }));
}

/** Another rung's minimum moved what is left as somebody set it: that is no news. */
function withTheirsMoved(record: FleetRecord, bounds: Bounds): FleetRecord {
  const { drift } = record;
  if (drift?.left === undefined || !isLeft(record, 'bounds')) return record;
  const key = keyOf({ field: 'bounds', expected: '', actual: nameBounds(bounds) });
  return { ...record, drift: { ...drift, left: [...drift.left.filter((name) => !name.startsWith('bounds#')), key] } };
}

/** Nobody knows what AWS holds now (a call whose end is unknown, a give-back): the next look begins anew. */
export const withoutSettled: RecordChange = ({ settled: _, ...record }) => record;

/** Policies or alarms were put: AWS may show the old ones for a moment longer. What an earlier phase left stays over. */
export function noteAsserted({ run }: RunShared, turn: Turn): void {
  turn.change((record) => {
    const { settled, phaseSince } = record;
    if (settled === undefined || settled.at < phaseSince) return record;
    return { ...record, settled: { ...settled, at: run.now } };
  });
}
