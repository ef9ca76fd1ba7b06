import type { Observed } from '../../domain/record.ts';
import type { Ruling } from '../../domain/ruling.ts';
import { HOUR, iso, SECOND } from '../../domain/time.ts';
import type { RunShared, Turn } from './ports.ts';
import { announce } from './report.ts';

/** A raise that has not come by then teaches nothing about leads any more. */
const SAMPLE_LIMIT = 6 * HOUR;

/** A window whose minimum does not serve is late: announced once, with its age told when it is over. */
export function judgeLateness({ ports, run }: RunShared, turn: Turn, ruling: Ruling, observed: Observed): void {
  const { window } = ruling;
  const { late, ruledSince } = turn.record;
  const min = ruling.want === 'up' && ruling.rung?.kind === 'bounds' ? ruling.rung.min : 0;
  const begun = window !== undefined && window <= run.now && window >= (ruledSince ?? 0);
  if (min === 0 || observed.serving >= min) {
    if (late === undefined) return;
    ports.log.count('ReadyLateness', Math.round((run.now - late.window) / SECOND));
    turn.change(({ late: _, ...record }) => record);
    return;
  }
  if (!begun) return;
  ports.log.count('LateEndpoints');
  if (late?.window === window) return;
  turn.change((record) => ({ ...record, late: { window, since: run.now } }));
  announce(ports, run, turn, 'Endpoint Late', {
    reason: ruling.reason,
    window: iso(window),
    lateSeconds: Math.round((run.now - window) / SECOND),
    serving: observed.serving,
    wanted: min,
  });
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
  await ports.fleet.addSample(keys, 'scaleOuts', at - raising.at);
  ports.log.count('TimeToReady', Math.round((at - raising.at) / SECOND));
}
