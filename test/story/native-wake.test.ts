import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compareWakes, rowOf, syntheticBursts } from '../../bench/native-wake.ts';
import { realTraces, whyNoTraces, workloadOf } from '../../bench/real-traces.ts';

it('docs/choosing-a-policy.md has the rows of the bench', { timeout: 300_000 }, async () => {
  const page = readFileSync('docs/choosing-a-policy.md', 'utf8');
  const rows = await compareWakes(syntheticBursts());
  for (const row of rows) expect(page).toContain(`| ${Object.values(rowOf(row)).join(' | ')} |`);
  const [native, sized] = rows;
  expect(sized?.medianMinutes, 'one start instead of two').toBeLessThan(native?.medianMinutes ?? 0);
});

const missing = whyNoTraces();
if (missing !== undefined) process.stderr.write(`skipped: the traces of docs/benchmarks.md: ${missing}\n`);

it.skipIf(missing !== undefined)(
  'docs/benchmarks.md has the rows of every trace, those of one to the figure',
  {
    timeout: 300_000,
  },
  async () => {
    const page = readFileSync('docs/benchmarks.md', 'utf8');
    const traces = realTraces();
    expect(traces.length).toBeGreaterThan(1);
    for (const { name } of traces) expect(page).toContain(`| ${name} | function |`);
    const [chosen] = traces.filter(({ name }) => name.startsWith('servegen-nightly-idle'));
    if (chosen === undefined) throw new Error('no trace servegen-nightly-idle');
    const rows = await compareWakes(chosen);
    for (const row of rows) expect(page).toContain(`| ${Object.values(rowOf(row)).join(' | ')} |`);
    const [native, sized] = rows;
    expect(sized?.expired, 'nothing waits too long').toBe(0);
    expect(native?.expired).toBeGreaterThan(0);
  },
);

describe('a trace', () => {
  const csv = (counts: readonly number[]) =>
    ['minute_index,count', ...counts.map((count, minute) => `${minute},${count}`)].join('\n');
  const DAY = 1440;

  it('begins with the day of its first request, and takes as long as eight instances bear in its busiest hour', () => {
    const counts = new Array<number>(5 * DAY).fill(0);
    counts[2 * DAY + 90] = 400;
    counts[2 * DAY + 100] = 200;
    counts[3 * DAY] = 50;
    const { hours, arrivals, seconds } = workloadOf('campaign', csv(counts));
    expect({ hours, seconds, requests: arrivals.reduce((sum, count) => sum + count, 0) }).toEqual({
      hours: 48,
      seconds: 38.4,
      requests: 650,
    });
    expect(arrivals[90]).toBe(400);
  });

  it('of less than an hour gets time to be worked off', () => {
    expect(workloadOf('short', csv(new Array<number>(58).fill(3)))).toMatchObject({ hours: 2 });
  });

  it('that is none is refused with its line', () => {
    expect(() => workloadOf('broken', 'minute_index,count\n0,1\n2,1\n')).toThrow(
      'bench: broken: line 3: minute_index 2: must be 1: one row a minute from 0',
    );
    expect(() => workloadOf('silent', csv([0, 0]))).toThrow('bench: silent: no request in it');
  });

  it('is left out with a reason where the folder is missing', () => {
    expect(whyNoTraces('test/story/no-such-folder')).toContain('../shared/traces');
  });
});
