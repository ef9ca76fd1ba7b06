import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compareMetrics, rowOfTracked } from '../../bench/tracking-metrics.ts';

it('docs/benchmarks.md has the rows of the bench', { timeout: 300_000 }, async () => {
  const page = readFileSync('docs/benchmarks.md', 'utf8');
  const rows = await compareMetrics();
  for (const row of rows) expect(page).toContain(`| ${Object.values(rowOfTracked(row)).join(' | ')} |`);
  const [concurrency, invocations, planned, plannedToo] = rows;
  expect(concurrency?.failed).toBe(0);
  expect(invocations?.failed, 'three minutes later').toBeGreaterThan(0);
  expect((invocations?.reactionMinutes ?? 0) - (concurrency?.reactionMinutes ?? 0)).toBeGreaterThan(3);
  for (const row of [planned, plannedToo]) expect(row?.worstHour, row?.metric).toBeLessThan(1);
});
