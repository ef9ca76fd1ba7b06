import type { EndpointResult, RehearsalResult } from '../rehearsal/result.ts';
import { formatTable } from './output.ts';

/** How one policy fared on one endpoint. Money and seconds are null where nobody knows them. */
export interface ComparisonRow {
  readonly endpoint: string;
  readonly policy: string;
  readonly instanceHours: number;
  readonly money: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  /** The p95 of the hour in which it was highest. */
  readonly worstHour: number | null;
  /** Failed or expired: never answered. */
  readonly unanswered: number;
  readonly cold: number;
  readonly requests: number;
  readonly lateWindows: number;
  /** By how much the latest of them was late. */
  readonly latest: number;
  readonly windows: number;
  /** Changes of the instances asked for, parks and wakes included. */
  readonly changes: number;
  /** Tags and scaling policies that it no longer had when it was last seen; absent: nobody looked. */
  readonly lost?: { readonly tags: number; readonly scalingPolicies: number };
}

export function compareRow(
  policy: string,
  name: string,
  result: RehearsalResult,
  lost?: ComparisonRow['lost'],
): ComparisonRow {
  const endpoint = result.endpoints[name];
  if (endpoint === undefined) throw new Error(`no endpoint ${name} in the result`);
  const { requests, windows, latency } = endpoint;
  return {
    endpoint: name,
    policy,
    instanceHours: endpoint.instanceHours.paid,
    money: result.bill.endpoints[name]?.paid ?? null,
    p50: latency?.p50 ?? null,
    p95: latency?.p95 ?? null,
    worstHour: latency?.worstHourP95 ?? null,
    unanswered: requests.failed + requests.expired,
    cold: requests.cold,
    requests: requests.total,
    lateWindows: windows.filter(({ lateSeconds }) => lateSeconds > 0).length,
    windows: windows.length,
    latest: Math.max(0, ...windows.map(({ lateSeconds }) => lateSeconds)),
    changes: countChanges(endpoint),
    ...(lost === undefined ? {} : { lost }),
  };
}

function countChanges({ spans }: EndpointResult): number {
  // A deleted endpoint asks for nothing.
  const asked = spans.map(({ status, desired }) => (status === 'Absent' ? 0 : desired));
  return asked.slice(1).filter((count, index) => count !== asked[index]).length;
}

const HEAD = [
  'policy',
  'instance h',
  'USD',
  'p50 s',
  'p95 s',
  'worst hour',
  'unanswered',
  'cold',
  'late windows',
  'changes',
];
const LOST = 'lost';

/** One table for each endpoint, the policies in the order in which they were named. */
export function formatComparison(rows: readonly ComparisonRow[]): string {
  const names = [...new Set(rows.map(({ endpoint }) => endpoint))];
  return names
    .map((name) => {
      const own = rows.filter(({ endpoint }) => endpoint === name);
      const wasLookedAt = own.some(({ lost }) => lost !== undefined);
      const table = wasLookedAt
        ? [[...HEAD, LOST], ...own.map((row) => [...cellsOf(row), lostOf(row)])]
        : [HEAD, ...own.map(cellsOf)];
      const numbers = HEAD.map((_, column) => column).slice(1);
      return `${name}, ${own[0]?.requests ?? 0} requests\n${formatTable(table, numbers)}`;
    })
    .join('\n');
}

function cellsOf(row: ComparisonRow): string[] {
  return [
    row.policy,
    row.instanceHours.toFixed(1),
    row.money === null ? '?' : row.money.toFixed(2),
    seconds(row.p50),
    seconds(row.p95),
    seconds(row.worstHour),
    percent(row.unanswered, row.requests),
    percent(row.cold, row.requests),
    lateOf(row),
    String(row.changes),
  ];
}

function lateOf({ windows, lateWindows, latest }: ComparisonRow): string {
  if (windows === 0) return '-';
  const most = latest === 0 ? '' : `, up to ${duration(latest)}`;
  return `${lateWindows} of ${windows}${most}`;
}

function lostOf({ lost }: ComparisonRow): string {
  if (lost === undefined) return '-';
  const parts = [
    [lost.tags, 'tag'],
    [lost.scalingPolicies, 'scaling policy'],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${plural(count, word)}`);
  return told.length === 0 ? 'nothing' : told.join(', ');
}

function plural(count: number, word: string): string {
  return count === 1 ? word : word.replace(/y$/, 'ie').concat('s');
}

/** The words beside a picture's panel. */
export function summarise(row: ComparisonRow): string {
  const money = row.money === null ? '' : `  ·  ${row.money.toFixed(0)} USD`;
  const latency =
    row.worstHour === null ? '' : `  ·  p95 ${seconds(row.p95)} s, ${seconds(row.worstHour)} s in the worst hour`;
  return `${row.instanceHours.toFixed(0)} instance hours${money}${latency}  ·  ${percent(row.unanswered, row.requests)} unanswered`;
}

function duration(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes}m` : `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}

function seconds(value: number | null): string {
  if (value === null) return '-';
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(2)} %`;
}
