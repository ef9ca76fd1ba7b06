/** A fixed slice of what `npm run soak` runs: every seed is a fleet with faults that every invariant has to survive. */
import { describe, expect, it } from 'vitest';
import { soakSeed } from '../../rehearsal/soak/soak-seed.ts';

const SEEDS = 24;
/** Simulated days of each: faults for the first half, rest for the second. */
const DAYS = 1;

describe('a slice of the soak', () => {
  it.each(Array.from({ length: SEEDS }, (_, seed) => seed))('seed %d', async (seed) => {
    const { findings, checked } = await soakSeed(seed, { days: DAYS, shrinks: false });
    expect(findings, `npm run soak -- --from ${seed} --seeds 1 --days ${DAYS} shrinks it`).toEqual([]);
    expect(checked).toBeGreaterThan(0);
  });
});
