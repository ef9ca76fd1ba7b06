import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fitTrace, parseTrace } from '../rehearsal/traffic/trace.ts';
import { MAX, type Workload } from './native-wake.ts';

/** Beside the clone: counts of real services by minute are not ours to ship. */
export const TRACES = fileURLToPath(new URL('../../shared/traces/', import.meta.url));
const HOUR = 60;
const DAY = 24 * HOUR;
const DAYS = 2;
/** Of what the busiest hour would keep busy at the maximum. */
const LOAD = 0.8;

/** Why they cannot be had; undefined: they are there. */
export function whyNoTraces(folder = TRACES): string | undefined {
  const isThere = existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.csv'));
  return isThere ? undefined : `no folder ../shared/traces with files of minute_index,count beside this clone`;
}

/** Two days of each trace, from midnight of the first day that has a request. */
export function realTraces(folder = TRACES): readonly Workload[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.csv'));
  return names.sort().map((name) => workloadOf(name.replace('.csv', ''), readFileSync(`${folder}/${name}`, 'utf8')));
}

/** The traces tell how many requests there were and not how long each took: so long that the maximum bears the busiest hour. */
export function workloadOf(name: string, text: string): Workload {
  const parsed = parseTrace(text);
  if (!parsed.ok) {
    const [problem] = parsed.problems;
    throw new Error(`bench: ${name}: line ${problem?.line}: ${problem?.field} ${problem?.value}: ${problem?.allowed}`);
  }
  const first = parsed.counts.findIndex((count) => count > 0);
  if (first < 0) throw new Error(`bench: ${name}: no request in it`);
  const own = parsed.counts.slice(Math.floor(first / DAY) * DAY);
  // A trace of an hour gets a second one, in which what it left is worked off.
  const minutes = Math.min(DAYS * DAY, Math.ceil(own.length / HOUR + 1) * HOUR);
  const arrivals = [...fitTrace(own, minutes).counts];
  const byHour = Array.from({ length: minutes / HOUR }, (_, hour) =>
    arrivals.slice(hour * HOUR, (hour + 1) * HOUR).reduce((sum, count) => sum + count, 0),
  );
  const seconds = Math.max(0.1, Math.floor((LOAD * MAX * 36_000) / Math.max(...byHour)) / 10);
  return { name: `${name}, ${seconds} s each`, hours: minutes / HOUR, arrivals, seconds, requestTtl: '30m' };
}
