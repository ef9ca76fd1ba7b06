import type { FleetRecord, Observed } from '../../domain/record.ts';
import type { Ruling } from '../../domain/ruling.ts';
import { HOUR, type Instant, iso, SECOND } from '../../domain/time.ts';
import { isGivenUp } from './cut-raises.ts';
import type { RunShared, Turn } from './ports.ts';
import { announce } from './report.ts';
import { leadOf } from './rule.ts';
import { addScaleOut } from './samples.ts';

/** A raise that has not come by then teaches nothing about leads any more. */
const SAMPLE_LIMIT = 6 * HOUR;

/** What the endpoint was promised to serve by now; `due` is when. */
interface Promised {
  readonly min: number;
  readonly window: Instant;
  readonly due: Instant;
}

/** A scalable target, what it should be now, and what it is. */
export interface JudgedTarget {
  readonly record: FleetRecord;
  readonly ruling: Ruling;
  readonly observed: Observed;
}

/**
 * A window or an `up` hold whose minimum does not serve is late: announced once, with its age told when it is over. Of
 * several targets each has windows of its own, and the surplus of one does not make up for what another lacks.
 */
export function judgeLateness(shared: RunShared, turn: Turn, targets: readonly JudgedTarget[]): void {
  const { ports, run } = shared;
  const { late } = turn.record;
  const promised = targets.flatMap(({ record, ruling, observed }) => {
    const one = promisedBy(shared, record, ruling);
    return one === undefined ? [] : [{ ...one, serving: Math.min(observed.serving, one.min), reason: ruling.reason }];
  });
  const short = promised.filter(({ serving, min }) => serving < min);
  if (short.length === 0) {
    if (late === undefined) return;
    ports.log.count('ReadyLateness', Math.round((run.now - late.since) / SECOND));
    turn.change(({ late: _, ...record }) => record);
    return;
  }
  const [newest] = short.filter(({ due }) => due <= run.now).sort((a, b) => b.window - a.window);
  if (newest === undefined) return;
  ports.log.count('LateEndpoints');
  const { window, due, reason } = newest;
  // An older window of another target is late already, or was told of as late while it was the newest.
  if (late !== undefined && window <= late.window) return;
  turn.change((record) => ({ ...record, late: { window, since: due } }));
  announce(ports, run, turn, 'Endpoint Late', {
    reason,
    window: iso(window),
    lateSeconds: Math.round((run.now - due) / SECOND),
    serving: sum(promised.map(({ serving }) => serving)),
    wanted: sum(promised.map(({ min }) => min)),
  });
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** Undefined: nothing is. A window that began under another version of the policy promised nothing of this one. */
function promisedBy(shared: RunShared, record: FleetRecord, ruling: Ruling): Promised | undefined {
  const { window, heldFrom } = ruling;
  const { late, ruledSince } = record;
  // Where changes are only reported, nobody was to raise it.
  if (ruling.want !== 'up' || ruling.reportOnly) return undefined;
  if (ruling.rung?.kind === 'bounds' && ruling.rung.min > 0 && window !== undefined && window <= shared.run.now) {
    const { min } = ruling.rung;
    const counts = window >= (ruledSince ?? 0) || late?.window === window;
    return counts ? { min, window, due: window } : undefined;
  }
  if (heldFrom === undefined) return undefined;
  // Nobody knew of it before: a start may take its time.
  return { min: Math.max(1, ruling.bounds?.min ?? 1), window: heldFrom, due: heldFrom + leadOf(shared, record) };
}

/** A scale-out of ours ends when the asked count serves: its length is a sample for later leads. */
export async function noteScaleOut({ ports, run }: RunShared, turn: Turn, observed: Observed): Promise<void> {
  const { raising, endpoint } = turn.record;
  if (raising === undefined) return;
  const arrived = observed.serving >= raising.to;
  const cut = isGivenUp(turn.record, observed, run.now);
  if (!arrived && !cut && run.now - raising.at < SAMPLE_LIMIT) return;
  turn.change(({ raising: _, ...record }) => record);
  if (!arrived) return;
  // SageMaker's own time of the last change is nearer than the tick that sees it.
  const at = observed.lastModifiedTime > raising.at ? Math.min(observed.lastModifiedTime, run.now) : run.now;
  const keys = observed.instanceType === undefined ? [endpoint] : [endpoint, observed.instanceType];
  await addScaleOut(ports, keys, at - raising.at);
  ports.log.count('TimeToReady', Math.round((at - raising.at) / SECOND));
}
