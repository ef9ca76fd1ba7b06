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
  readonly windows: number;
  /** Changes of the instances asked for, parks and wakes included. */
  readonly changes: number;
}

export function compareRow(policy: string, name: string, result: RehearsalResult): ComparisonRow {
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
    changes: countChanges(endpoint),
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
const NUMBERS = HEAD.map((_, column) => column).slice(1);

/** One table for each endpoint, the policies in the order in which they were named. */
export function formatComparison(rows: readonly ComparisonRow[]): string {
  const names = [...new Set(rows.map(({ endpoint }) => endpoint))];
  return names
    .map((name) => {
      const own = rows.filter(({ endpoint }) => endpoint === name);
      return `${name}, ${own[0]?.requests ?? 0} requests\n${formatTable([HEAD, ...own.map(cellsOf)], NUMBERS)}`;
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
    row.windows === 0 ? '-' : `${row.lateWindows} of ${row.windows}`,
    String(row.changes),
  ];
}

/** The words beside a picture's panel. */
export function summarise(row: ComparisonRow): string {
  const money = row.money === null ? '' : `  ·  ${row.money.toFixed(0)} USD`;
  const latency =
    row.worstHour === null ? '' : `  ·  p95 ${seconds(row.p95)} s, ${seconds(row.worstHour)} s in the worst hour`;
  return `${row.instanceHours.toFixed(0)} instance hours${money}${latency}  ·  ${percent(row.unanswered, row.requests)} unanswered`;
}

function seconds(value: number | null): string {
  if (value === null) return '-';
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(2)} %`;
}
