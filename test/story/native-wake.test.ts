import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compareWakes, rowOf, syntheticBursts } from '../../bench/native-wake.ts';

it('docs/choosing-a-policy.md has the rows of the bench', { timeout: 300_000 }, async () => {
  const page = readFileSync('docs/choosing-a-policy.md', 'utf8');
  const rows = await compareWakes(syntheticBursts());
  for (const row of rows) expect(page).toContain(`| ${Object.values(rowOf(row)).join(' | ')} |`);
  const [native, sized] = rows;
  expect(sized?.medianMinutes, 'one start instead of two').toBeLessThan(native?.medianMinutes ?? 0);
});
