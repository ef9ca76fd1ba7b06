import type { Observed } from '../../domain/record.ts';
import type { Ruling } from '../../domain/ruling.ts';
import { HOUR, type Instant, iso, SECOND } from '../../domain/time.ts';
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

/** A window or an `up` hold whose minimum does not serve is late: announced once, with its age told when it is over. */
export function judgeLateness(shared: RunShared, turn: Turn, ruling: Ruling, observed: Observed): void {
  const { ports, run } = shared;
  const { late } = turn.record;
  const promised = promisedBy(shared, turn, ruling);
  if (promised === undefined || observed.serving >= promised.min) {
    if (late === undefined) return;
    ports.log.count('ReadyLateness', Math.round((run.now - late.since) / SECOND));
    turn.change(({ late: _, ...record }) => record);
    return;
  }
  const { min, window, due } = promised;
  if (due > run.now) return;
  ports.log.count('LateEndpoints');
  if (late?.window === window) return;
  turn.change((record) => ({ ...record, late: { window, since: due } }));
  announce(ports, run, turn, 'Endpoint Late', {
    reason: ruling.reason,
    window: iso(window),
    lateSeconds: Math.round((run.now - due) / SECOND),
    serving: observed.serving,
    wanted: min,
  });
}

/** Undefined: nothing is. A window that began under another version of the policy promised nothing of this one. */
function promisedBy(shared: RunShared, turn: Turn, ruling: Ruling): Promised | undefined {
  const { window, heldFrom } = ruling;
  const { late, ruledSince } = turn.record;
  // Where changes are only reported, nobody was to raise it.
  if (ruling.want !== 'up' || ruling.reportOnly) return undefined;
  if (ruling.rung?.kind === 'bounds' && ruling.rung.min > 0 && window !== undefined && window <= shared.run.now) {
    const { min } = ruling.rung;
    const counts = window >= (ruledSince ?? 0) || late?.window === window;
    return counts ? { min, window, due: window } : undefined;
  }
  if (heldFrom === undefined) return undefined;
  // Nobody knew of it before: a start may take its time.
  return { min: Math.max(1, ruling.bounds?.min ?? 1), window: heldFrom, due: heldFrom + leadOf(shared, turn.record) };
}

/** A scale-out of ours ends when the asked count serves: its length is a sample for later leads. */
export async function noteScaleOut({ ports, run }: RunShared, turn: Turn, observed: Observed): Promise<void> {
  const { raising, endpoint } = turn.record;
  if (raising === undefined) return;
  const arrived = observed.serving >= raising.to;
  const cut = observed.status === 'InService' && observed.desired < raising.to;
  if (!arrived && !cut && run.now - raising.at < SAMPLE_LIMIT) return;
  turn.change(({ raising: _, ...record }) => record);
  if (!arrived) return;
  // SageMaker's own time of the last change is nearer than the tick that sees it.
  const at = observed.lastModifiedTime > raising.at ? Math.min(observed.lastModifiedTime, run.now) : run.now;
  const keys = observed.instanceType === undefined ? [endpoint] : [endpoint, observed.instanceType];
  await addScaleOut(ports, keys, at - raising.at);
  ports.log.count('TimeToReady', Math.round((at - raising.at) / SECOND));
}
