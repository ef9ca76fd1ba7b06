import { type RehearsalResult, rehearse } from '../rehearsal/index.ts';
import { scenarioFrom } from './fleets.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-03-02T00:00:00Z');
const PER_INSTANCE = 10;
export const MAX = 8;
const ENDPOINT = 'queue';

export interface Workload {
  readonly name: string;
  readonly hours: number;
  /** Requests by minute from the start. */
  readonly arrivals: readonly number[];
  readonly seconds: number;
  readonly requestTtl: string;
}

export interface Woken {
  readonly workload: string;
  readonly wake: 'step-policy' | 'function';
  readonly wakes: number;
  /** From the first queued request until there were instances for all that waited when the first one served. */
  readonly medianMinutes: number | undefined;
  readonly longestMinutes: number | undefined;
  /** The queue was empty, or expired, before that. */
  readonly never: number;
  readonly expired: number;
  readonly requests: number;
  readonly instanceHours: number;
}

/** Eighty requests at once, twice, each forty seconds of work, that live for half an hour. */
export function syntheticBursts(): Workload {
  const hours = 6;
  const arrivals = new Array<number>(hours * 60).fill(0);
  for (const hour of [1, 4]) arrivals[hour * 60] = 80;
  return { name: 'bursts of 80', hours, arrivals, seconds: 40, requestTtl: '30m' };
}

const TRACKING = {
  kind: 'target-tracking',
  metric: 'ApproximateBacklogSizePerInstance',
  target: PER_INSTANCE,
  scaleOutCooldown: '60s',
};

/** One run for each way to wake; all else is the same. */
export async function compareWakes(workload: Workload): Promise<readonly Woken[]> {
  const rows: Woken[] = [];
  for (const by of ['step-policy', 'function'] as const) {
    const { hours, arrivals, seconds, requestTtl } = workload;
    const scenario = scenarioFrom({
      start: new Date(START).toISOString(),
      for: `${hours}h`,
      policies: {
        wakes: {
          otherwise: { min: 0, max: MAX },
          wake: { on: ['backlog'], by, backlogPerInstance: PER_INSTANCE, requestTtl },
          scaling: [TRACKING],
        },
      },
      endpoints: {
        [ENDPOINT]: {
          kind: 'async',
          policy: 'wakes',
          instanceType: 'ml.g5.xlarge',
          startsIn: '6m',
          serves: { concurrent: 1, in: `${Math.round(seconds * 1000)}ms` },
          requestTtl,
          traffic: stretches(arrivals),
        },
      },
    });
    const { result } = await rehearse(scenario);
    rows.push({ workload: workload.name, wake: by, ...measure(result, workload) });
  }
  return rows;
}

function stretches(arrivals: readonly number[]) {
  return arrivals.flatMap((perMinute, minute) =>
    perMinute === 0 ? [] : [{ from: `+${minute}m`, to: `+${minute + 1}m`, perMinute }],
  );
}

function measure(result: RehearsalResult, { arrivals }: Workload): Omit<Woken, 'workload' | 'wake'> {
  const endpoint = result.endpoints[ENDPOINT];
  if (endpoint === undefined) throw new Error('bench: no endpoint in the result');
  const spans = endpoint.spans.map(({ from, to, desired, serving }) => ({
    from: (Date.parse(from) - START) / MINUTE,
    to: (Date.parse(to) - START) / MINUTE,
    desired,
    serving,
  }));
  const waits: (number | undefined)[] = [];
  for (let index = 0; index < spans.length; index += 1) {
    const span = spans[index]!;
    if (span.desired > 0 || span.serving > 0) continue;
    const rest = spans.slice(index);
    const served = rest.find(({ serving }) => serving > 0);
    if (served === undefined) break;
    const begins = arrivals.findIndex((count, minute) => count > 0 && minute >= Math.floor(span.from));
    const backlog = arrivals.slice(begins, Math.floor(served.from)).reduce((sum, count) => sum + count, 0);
    const needed = Math.min(MAX, Math.ceil(backlog / PER_INSTANCE));
    const later = rest.filter(({ from }) => from >= served.from);
    const ends = later.find(({ desired }) => desired === 0)?.from ?? Number.POSITIVE_INFINITY;
    const reached = later.find(({ from, serving }) => serving >= needed && from < ends);
    waits.push(reached === undefined ? undefined : reached.from - begins);
    index = spans.indexOf(served);
  }
  const met = waits.filter((wait) => wait !== undefined).sort((a, b) => a - b);
  const { total, expired } = endpoint.requests;
  return {
    wakes: waits.length,
    medianMinutes: met[Math.floor(met.length / 2)],
    longestMinutes: met.at(-1),
    never: waits.length - met.length,
    expired,
    requests: total,
    instanceHours: endpoint.instanceHours.paid,
  };
}

/** A row of the table, as the bench prints it and the pages have it. */
export function rowOf(woken: Woken): Readonly<Record<string, string | number>> {
  const minutes = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(0));
  return {
    workload: woken.workload,
    'wake.by': woken.wake,
    wakes: woken.wakes,
    'median, minutes': minutes(woken.medianMinutes),
    'longest, minutes': minutes(woken.longestMinutes),
    never: woken.never,
    'expired of': `${woken.expired} of ${woken.requests}`,
    'instance h': woken.instanceHours.toFixed(1),
  };
}
