import { describe, expect, it } from 'vitest';
import { createRandomStreams } from '../../simulator/random.ts';
import { type Exploration, explore, follow } from '../support/interleave/explore.ts';
import type { Lanes } from '../support/interleave/lanes.ts';
import { together } from '../support/interleave/pairs.ts';
import { BUILD_PAIRS, BUILD_THAWS, explorePair, exploreThaw, sampleThree } from '../support/interleave/plan.ts';

const MOST = 2_000;

function expectNothing({ findings, schedules }: Exploration, title: string): void {
  console.log(`${title}: ${schedules} schedules`);
  expect(findings.slice(0, 3)).toEqual([]);
  expect(schedules).toBeGreaterThan(1);
}

describe('one owner, whatever the order of calls', () => {
  it.each(BUILD_PAIRS)('$state: $hands', async (pair) => {
    const found = await explorePair(pair, MOST);
    expectNothing(found, `${pair.state}: ${pair.hands.join(' beside ')}`);
    expect(found.exhaustive).toBe(true);
  });

  it.each(BUILD_THAWS)('$state: $hand hangs, $meanwhile, and goes on beside $second', async (thaw) => {
    const found = await exploreThaw(thaw, MOST);
    expectNothing(found, `${thaw.state}: ${thaw.hand} thaws (${thaw.meanwhile})`);
    expect(found.exhaustive).toBe(true);
  });

  it('three runs at once, in orders drawn by seed', async () => {
    const random = createRandomStreams(1).random('three');
    expectNothing(await sampleThree('parking, second run', 20, random), 'three runs');
  });
});

describe('schedules that were found', () => {
  /** The second run's calls come as soon as the first has made this one. */
  const after = (call: string) => (pending: readonly string[], made: readonly string[]) =>
    pending.find((key) => key.startsWith(made.includes(call) ? '1:' : '0:'));

  it('a scaling policy that a person puts after the recipe was read back is not lost with the endpoint', async () => {
    const start = together('parking, second run', ['idle-windows', 'person puts a scaling policy']);
    expect(await follow(start, after('0:DynamoDB.GetItem#1'))).toEqual([]);
  });
});

describe('the search', () => {
  it('leaves nothing out: every order without reduction comes to the same ends', async () => {
    const ends = async (plain: boolean): Promise<{ readonly ends: Set<string>; readonly schedules: number }> => {
      const seen = new Set<string>();
      const begin = together('parked, recreated by a person', ['idle-windows', 'idle-windows']);
      const start = async () => {
        const { lanes } = await begin();
        return { lanes, finish: () => Promise.resolve(endOf(lanes, seen)) };
      };
      const { schedules, exhaustive } = await explore({ start, most: 3_000, plain });
      expect(exhaustive).toBe(true);
      return { ends: seen, schedules };
    };
    const reduced = await ends(false);
    const all = await ends(true);
    console.log(`${all.schedules} orders in full, ${reduced.schedules} after reduction, ${all.ends.size} ends`);
    expect([...reduced.ends].sort()).toEqual([...all.ends].sort());
    expect(reduced.schedules).toBeLessThan(all.schedules);
  });
});

/** What each run was told and what it wrote, in its own order: all that can differ. */
function endOf(lanes: Lanes, seen: Set<string>): readonly string[] {
  const told = [0, 1].map((lane) =>
    lanes.made
      .filter((call) => call.lane === lane)
      .map(({ record: { operation, output, error } }) => JSON.stringify([operation, output, error?.code]))
      .sort(),
  );
  seen.add(JSON.stringify(told));
  return [];
}
