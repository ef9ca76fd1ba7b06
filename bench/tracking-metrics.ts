import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { parseScenario, rehearse } from '../rehearsal/index.ts';
import type { EndpointResult } from '../rehearsal/result.ts';

const DEMO = 'rehearsal/demo/';
const ENDPOINT = 'checkout';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Of the demo's two weeks the Thursday with a promotion at six in the evening. */
const DAY = { start: '2026-03-26T00:00:00+01:00', after: 72, rush: 18 };

export interface Tracked {
  readonly policy: string;
  readonly metric: string;
  readonly target: number;
  readonly instanceHours: number;
  readonly p95: number;
  readonly p99: number;
  readonly worstHour: number;
  readonly failed: number;
  readonly requests: number;
  /** From the promotion's begin until more instances were asked for; undefined: in that hour nothing more was. */
  readonly reactionMinutes: number | undefined;
}

interface Demo {
  readonly seed: number;
  readonly region: string;
  readonly schedules: Readonly<Record<string, string>>;
  readonly endpoints: Readonly<Record<string, DemoEndpoint>>;
}

interface DemoEndpoint {
  readonly serves: { readonly concurrent: number; readonly in: string };
  readonly traffic: { readonly diurnal: { readonly burst: readonly Burst[] } };
}

interface Burst {
  readonly at: string;
}

interface Policy {
  readonly scaling: readonly { readonly metric: string; readonly target: number }[];
  readonly otherwise: { readonly min: number; readonly max: number };
}

/** Both metrics with the same room: the demo's own policy, and what target tracking does without its calendar. */
export async function compareMetrics(): Promise<readonly Tracked[]> {
  const demo = readYaml<Demo>('fleet.yaml');
  const endpoint = demo.endpoints[ENDPOINT];
  const policy = readYaml<Policy>(`policies/${ENDPOINT}.yaml`);
  const [own] = policy.scaling;
  if (endpoint === undefined || own === undefined) throw new Error(`bench: the demo has no ${ENDPOINT} that scales`);
  const perMinute = (own.target * MINUTE) / milliseconds(endpoint.serves.in);
  const alone = { otherwise: { min: 1, max: 24 } };
  const rows: Tracked[] = [];
  for (const [name, bounds] of [
    ['target tracking alone', alone],
    ['with the calendar', policy],
  ] as const) {
    for (const [metric, target] of [
      ['ConcurrentRequestsPerModel', own.target],
      ['InvocationsPerInstance', perMinute],
    ] as const) {
      const result = await rehearseDay(demo, endpoint, { ...bounds, scaling: [{ ...own, metric, target }] });
      rows.push({ policy: name, metric, target, ...measure(result) });
    }
  }
  return rows;
}

async function rehearseDay(demo: Demo, endpoint: DemoEndpoint, policy: object): Promise<EndpointResult> {
  const { diurnal } = endpoint.traffic;
  const burst = diurnal.burst
    .map(({ at, ...rest }) => ({ ...rest, hour: Number(/^\+(\d+)h$/.exec(at)?.[1]) - DAY.after }))
    .filter(({ hour }) => hour >= 0 && hour < 24)
    .map(({ hour, ...rest }) => ({ ...rest, at: `+${hour}h` }));
  if (burst[0]?.at !== `+${DAY.rush}h`) throw new Error('bench: the demo has no promotion at that hour');
  const document = {
    start: DAY.start,
    for: '24h',
    seed: demo.seed,
    region: demo.region,
    schedules: demo.schedules,
    policies: { [ENDPOINT]: policy },
    endpoints: { [ENDPOINT]: { ...endpoint, traffic: { diurnal: { ...diurnal, burst } } } },
  };
  const parsed = parseScenario(JSON.stringify(document), `${DEMO}fleet.yaml`, (path) => readFileSync(path, 'utf8'));
  if (!parsed.ok) throw new Error(`bench: ${JSON.stringify(parsed.problems)}`);
  const { result } = await rehearse(parsed.scenario);
  const own = result.endpoints[ENDPOINT];
  if (own === undefined) throw new Error('bench: no endpoint in the result');
  return own;
}

function measure({ spans, latency, requests, instanceHours }: EndpointResult) {
  if (latency === null) throw new Error('bench: no request was answered');
  const rush = Date.parse(DAY.start) + DAY.rush * HOUR;
  const before = spans.findLast(({ from }) => Date.parse(from) <= rush)?.desired ?? 0;
  const more = spans.find(({ from, desired }) => Date.parse(from) > rush && desired > before);
  const minutes = more === undefined ? Number.POSITIVE_INFINITY : (Date.parse(more.from) - rush) / MINUTE;
  return {
    instanceHours: instanceHours.paid,
    p95: latency.p95,
    p99: latency.p99,
    worstHour: latency.worstHourP95,
    failed: requests.failed,
    requests: requests.total,
    reactionMinutes: minutes < 60 ? minutes : undefined,
  };
}

function readYaml<T>(path: string): T {
  return parse(readFileSync(DEMO + path, 'utf8')) as T;
}

function milliseconds(text: string): number {
  const value = /^(\d+)ms$/.exec(text)?.[1];
  if (value === undefined) throw new Error(`bench: ${text}: a service time in milliseconds`);
  return Number(value);
}

/** A row of the table, as the bench prints it and docs/benchmarks.md has it. */
export function rowOfTracked(row: Tracked): Readonly<Record<string, string | number>> {
  return {
    policy: row.policy,
    metric: row.metric,
    target: row.target,
    'instance h': row.instanceHours.toFixed(1),
    'p95 s': row.p95.toFixed(2),
    'p99 s': row.p99.toFixed(2),
    'p95 of the worst hour, s': row.worstHour.toFixed(2),
    'failed of': `${row.failed} of ${row.requests}`,
    'first instance more, minutes': row.reactionMinutes === undefined ? '-' : row.reactionMinutes.toFixed(1),
  };
}
