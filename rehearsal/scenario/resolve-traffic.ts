import type { Path } from '../../shared/documents/problem.ts';
import { countDiurnal } from '../traffic/diurnal.ts';
import { countConstant, countStretches } from '../traffic/plan.ts';
import { fitTrace, parseTrace } from '../traffic/trace.ts';
import type { MinuteCounts } from '../traffic/traffic.ts';
import type { ResolveContext } from './context.ts';
import type { TrafficDocument } from './traffic.ts';

/** Whose traffic it is: where it stands in the document, and the name of its stream of random numbers. */
interface Place {
  readonly path: Path;
  readonly stream: string;
}

/** Requests by minute; none where the traffic has problems, which are noted. */
export function resolveTraffic(
  context: ResolveContext,
  place: Place,
  traffic: TrafficDocument | undefined,
  minutes: number,
): MinuteCounts {
  if (traffic === undefined) return new Int32Array(minutes);
  const { start, seed } = context;
  switch (traffic.form) {
    case 'constant':
      return countConstant(traffic.perMinute, minutes);
    case 'plan':
      return countStretches(traffic.stretches, minutes);
    case 'diurnal':
      return countDiurnal(traffic.diurnal, { start, minutes, seed, stream: place.stream });
    case 'trace':
      return readTrace(context, place, traffic.file, minutes);
  }
}

function readTrace(context: ResolveContext, { path }: Place, name: string, minutes: number): MinuteCounts {
  const nothing = new Int32Array(minutes);
  const found = context.read(name, [...path, 'traffic', 'trace']);
  if (found === undefined) return nothing;
  const trace = parseTrace(found.text);
  if (!trace.ok) {
    for (const { line, column, field, value, allowed } of trace.problems) {
      context.problems.push({ file: found.file, line, col: column, field, value, allowed });
    }
    return nothing;
  }
  const { counts, missing } = fitTrace(trace.counts, minutes);
  if (missing > 0) {
    context.warnings.push(`${found.file}: ${missing} minutes shorter than the run: no requests in these`);
  }
  return counts;
}
