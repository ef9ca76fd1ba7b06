import type { EndpointResult, RehearsalResult } from './result.ts';

const HEAD = [
  'endpoint',
  'paid h',
  'always-on h',
  'paid',
  'requests',
  'cold',
  'failed',
  'parks',
  'wakes',
  'late',
  'USD',
  'USD always-on',
];

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(2)} %`;
}

function money(amount: number | null): string {
  return amount === null ? '?' : amount.toFixed(2);
}

function rowOf(name: string, endpoint: EndpointResult, result: RehearsalResult): string[] {
  const { paid, alwaysOn } = endpoint.instanceHours;
  const { total, cold, failed, expired } = endpoint.requests;
  const late = endpoint.windows.filter(({ lateSeconds }) => lateSeconds > 0).length;
  const bill = result.bill.endpoints[name];
  return [
    name,
    paid.toFixed(1),
    alwaysOn.toFixed(1),
    percent(paid, alwaysOn),
    String(total),
    percent(cold, total),
    String(failed + expired),
    String(endpoint.parks),
    String(endpoint.wakes),
    endpoint.windows.length === 0 ? '-' : `${late} of ${endpoint.windows.length}`,
    money(bill?.paid ?? null),
    money(bill?.alwaysOn ?? null),
  ];
}

/** The result as a person reads it: one line for each endpoint, then money and what went wrong. */
export function formatTable(result: RehearsalResult): string {
  const rows = [HEAD, ...Object.entries(result.endpoints).map(([name, endpoint]) => rowOf(name, endpoint, result))];
  const widths = HEAD.map((_head, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  const { saved, scaler, pricesAsOf } = result.bill;
  lines.push(
    '',
    `saved ${money(saved)} USD; the scaler itself ${money(scaler)} USD (list prices of ${pricesAsOf}, before savings plans)`,
  );
  const { checked, violations } = result.invariants;
  lines.push(`invariants: ${checked} checks, ${violations.length} violated`);
  for (const { at, invariant, endpoint, what } of violations) {
    lines.push(`  ${at}  invariant ${invariant}  ${endpoint ?? '-'}: ${what}`);
  }
  return `${lines.join('\n')}\n`;
}
