/** A fixed slice of what `npm run soak` runs: every seed is a fleet with faults that every invariant has to survive. */
import { describe, expect, it } from 'vitest';
import { generate } from '../../rehearsal/soak/generate.ts';
import { soakSeed } from '../../rehearsal/soak/soak-seed.ts';

const SLICE = Array.from({ length: 24 }, (_, seed) => seed);
/** Simulated days of each: faults for the first half, rest for the second. */
const DAYS = 1;

describe('a slice of the soak', () => {
  it('holds every kind of endpoint, and alarms of their owners', () => {
    const documents = SLICE.map((seed) => generate(seed, { days: DAYS }).document);
    const kinds = documents.flatMap(({ endpoints }) => Object.values(endpoints).map(({ kind }) => kind));
    expect([...new Set(kinds)].sort()).toEqual(['async', 'components', 'real-time', 'serverless']);
    expect(documents.filter(({ happens }) => JSON.stringify(happens).includes('-owners-')).length).toBeGreaterThan(3);
  });

  it.each(SLICE)('seed %d', async (seed) => {
    const { findings, checked } = await soakSeed(seed, { days: DAYS, shrinks: false });
    expect(findings, `npm run soak -- --from ${seed} --seeds 1 --days ${DAYS} shrinks it`).toEqual([]);
    expect(checked).toBeGreaterThan(0);
  });
});
