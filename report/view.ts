import type { EndpointResult, RehearsalResult, Span } from '../rehearsal/result.ts';
import type { EndpointSeries, FleetSeries, Mark, PageData, Step, Stretch, WindowShade } from './page-data.ts';
import { listDays } from './zone.ts';

const HOUR = 3_600_000;
const BANDS = 8;

export interface Totals {
  readonly paid: number;
  readonly alwaysOn: number;
  readonly requests: number;
  readonly cold: number;
  readonly failed: number;
  readonly expired: number;
  readonly parks: number;
  readonly wakes: number;
  readonly windows: number;
  readonly lateWindows: number;
  /** Seconds of the worst late window. */
  readonly worstLate: number;
}

/** What is counted and paid by the hour, in words. */
export function unitsOf(result: RehearsalResult): { readonly counts: string; readonly hours: string } {
  const kinds = Object.values(result.endpoints).map(({ kind }) => kind === 'serverless');
  if (!kinds.includes(true)) return { counts: 'instances', hours: 'instance hours' };
  if (!kinds.includes(false)) return { counts: 'provisioned concurrency', hours: 'hours of provisioned concurrency' };
  return {
    counts: 'instances and provisioned concurrency',
    hours: 'hours of instances and provisioned concurrency',
  };
}

export function sumTotals(endpoints: readonly EndpointResult[]): Totals {
  const sum = (read: (endpoint: EndpointResult) => number): number =>
    endpoints.reduce((total, endpoint) => total + read(endpoint), 0);
  const windows = endpoints.flatMap((endpoint) => endpoint.windows);
  return {
    paid: sum((endpoint) => endpoint.instanceHours.paid),
    alwaysOn: sum((endpoint) => endpoint.instanceHours.alwaysOn),
    requests: sum((endpoint) => endpoint.requests.total),
    cold: sum((endpoint) => endpoint.requests.cold),
    failed: sum((endpoint) => endpoint.requests.failed),
    expired: sum((endpoint) => endpoint.requests.expired),
    parks: sum((endpoint) => endpoint.parks),
    wakes: sum((endpoint) => endpoint.wakes),
    windows: windows.length,
    lateWindows: windows.filter((window) => window.lateSeconds > 0).length,
    worstLate: windows.reduce((worst, window) => Math.max(worst, window.lateSeconds), 0),
  };
}

const STARTING = new Set(['Creating', 'Updating', 'SystemUpdating', 'RollingBack']);

/** Whether the start that this span belongs to comes into service: a start that fails is not paid. */
function startWorks(spans: readonly Span[], index: number): boolean {
  const end = spans.slice(index).find((span) => !STARTING.has(span.status));
  return end === undefined || end.status === 'InService';
}

/** Instances that are paid for in each stretch: those in service, and those of a start that works. */
export function listPaidInstances(spans: readonly Span[]): (Stretch & { readonly instances: number })[] {
  return spans.map((span, index) => {
    const starting = STARTING.has(span.status) && startWorks(spans, index);
    const asked = starting ? Math.max(span.desired, span.serving) : span.serving;
    return { from: Date.parse(span.from), to: Date.parse(span.to), instances: asked };
  });
}

export function sumByHour(spans: readonly Span[], from: number, to: number): number[] {
  const hours = Array.from({ length: Math.ceil((to - from) / HOUR) }, () => 0);
  for (const stretch of listPaidInstances(spans)) {
    const first = Math.max(0, Math.floor((stretch.from - from) / HOUR));
    for (let hour = first; hour < hours.length && from + hour * HOUR < stretch.to; hour += 1) {
      const begin = from + hour * HOUR;
      const overlap = Math.min(stretch.to, begin + HOUR) - Math.max(stretch.from, begin);
      hours[hour] = (hours[hour] ?? 0) + (Math.max(0, overlap) / HOUR) * stretch.instances;
    }
  }
  return hours.map((value) => Math.round(value * 1000) / 1000);
}

function buildFleet(result: RehearsalResult, from: number, to: number): FleetSeries {
  const bands = Object.entries(result.endpoints)
    .map(([name, endpoint]) => ({
      name,
      paid: endpoint.instanceHours.paid,
      hourly: sumByHour(endpoint.spans, from, to),
    }))
    .sort((a, b) => b.paid - a.paid || (a.name < b.name ? -1 : 1));
  const alwaysOn = sumTotals(Object.values(result.endpoints)).alwaysOn / ((to - from) / HOUR);
  const own = bands.slice(0, bands.length > BANDS ? BANDS - 1 : BANDS).map(({ name, hourly }) => ({ name, hourly }));
  const rest = bands.slice(own.length);
  const { counts } = unitsOf(result);
  if (rest.length === 0) return { bands: own, alwaysOn, counts };
  const hourly = rest.reduce<number[]>((sum, band) => band.hourly.map((value, hour) => value + (sum[hour] ?? 0)), []);
  return { bands: [...own, { name: `${rest.length} smaller endpoints`, hourly }], alwaysOn, counts };
}

function toSteps(spans: readonly Span[]): Step[] {
  return spans.map((span) => ({
    at: Date.parse(span.from),
    desired: span.status === 'Absent' ? 0 : span.desired,
    serving: span.serving,
    status: span.status,
  }));
}

export function listAbsences(spans: readonly Span[]): Stretch[] {
  const stretches: { from: number; to: number }[] = [];
  for (const span of spans) {
    if (span.status !== 'Absent') continue;
    const from = Date.parse(span.from);
    const last = stretches.at(-1);
    if (last?.to === from) last.to = Date.parse(span.to);
    else stretches.push({ from, to: Date.parse(span.to) });
  }
  return stretches;
}

/** Windows to shade. What holds outside all schedules is shown only where it was late: shading it would shade all. */
export function listWindows(endpoint: EndpointResult): WindowShade[] {
  return endpoint.windows.flatMap((window) => {
    if (window.during === 'otherwise' && window.lateSeconds === 0) return [];
    const from = Date.parse(window.begins);
    const to = Date.parse(window.ends);
    return [{ from, to, during: window.during, lateTo: Math.min(to, from + window.lateSeconds * 1000) }];
  });
}

function toMarks(endpoint: EndpointResult): Mark[] {
  return endpoint.decisions.map((decision) => ({
    ...decision,
    at: Date.parse(decision.at),
    until: Date.parse(decision.until),
  }));
}

export function buildPageData(result: RehearsalResult): PageData {
  const from = Date.parse(result.from);
  const to = Date.parse(result.to);
  const timezone = result.timezone ?? 'UTC';
  const endpoints = Object.entries(result.endpoints).map(
    ([name, endpoint]): EndpointSeries => ({
      name,
      steps: toSteps(endpoint.spans),
      absences: listAbsences(endpoint.spans),
      windows: listWindows(endpoint),
      counts: endpoint.kind === 'serverless' ? 'provisioned concurrency' : 'instances',
      requestsByHour: endpoint.requestsByHour,
      decisions: toMarks(endpoint),
    }),
  );
  return { from, to, timezone, days: listDays(from, to, timezone), fleet: buildFleet(result, from, to), endpoints };
}
