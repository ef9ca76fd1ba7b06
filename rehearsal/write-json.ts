const FACTOR = 1e6;

/** Numbers to 6 decimals, keys sorted: the same result is the same bytes. */
function tidy(value: unknown): unknown {
  if (typeof value === 'number') {
    const rounded = Math.round(value * FACTOR) / FACTOR;
    return rounded === 0 ? 0 : rounded;
  }
  if (Array.isArray(value)) return value.map(tidy);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  const sorted: [string, unknown][] = [];
  for (const key of Object.keys(value).sort()) {
    const part = (value as Record<string, unknown>)[key];
    if (part !== undefined) sorted.push([key, tidy(part)]);
  }
  return Object.fromEntries(sorted);
}

/** A result as text: what `--json` writes. */
export function writeJson(value: unknown): string {
  return `${JSON.stringify(tidy(value), null, 2)}\n`;
}
