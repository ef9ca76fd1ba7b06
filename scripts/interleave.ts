/**
 * `npm run interleave [-- --only TEXT] [--most 2000] [--thaws-most 200] [--three 200]`: every pair of runs in every state,
 * call by call in every order; runs that hang after each of their calls; three at once, sampled. Prints schedules.
 */
import { parseArgs } from 'node:util';
import { createRandomStreams } from '../simulator/random.ts';
import type { Exploration } from '../test/support/interleave/explore.ts';
import { ALL_PAIRS, ALL_THAWS, explorePair, exploreThaw, sampleThree } from '../test/support/interleave/plan.ts';
import { STATES } from '../test/support/interleave/states.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    most: { type: 'string', default: '2000' },
    'thaws-most': { type: 'string', default: '200' },
    three: { type: 'string', default: '50' },
  },
});

let schedules = 0;
let unfinished = 0;
let failed = 0;

async function show(title: string, work: () => Promise<Exploration>, isSampled = false): Promise<void> {
  if (!title.includes(values.only)) return;
  const began = performance.now();
  const found = await work();
  schedules += found.schedules;
  failed += found.findings.length;
  if (!found.exhaustive && !isSampled) unfinished += 1;
  const extent = isSampled ? 'sampled' : found.exhaustive ? 'all' : 'bounded';
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${title}: ${found.schedules} schedules (${extent}), ${found.calls} calls, ${seconds} s`);
  const told = new Set<string>();
  for (const { problems, schedule } of found.findings) {
    const text = problems.join('; ');
    if (told.has(text)) continue;
    told.add(text);
    console.log(`  ${text}\n    ${schedule.join(' ')}`);
  }
}

for (const pair of ALL_PAIRS)
  await show(`${pair.state}: ${pair.hands.join(' beside ')}`, () => explorePair(pair, Number(values.most)));
for (const thaw of ALL_THAWS) {
  const title = `${thaw.state}: ${thaw.hand} hangs, ${thaw.meanwhile}, beside ${thaw.second}`;
  await show(title, () => exploreThaw(thaw, Number(values['thaws-most'])));
}
const random = createRandomStreams(1).random('three');
for (const state of Object.keys(STATES))
  await show(`${state}: three runs`, () => sampleThree(state, Number(values.three), random), true);
console.log(`${schedules} schedules, ${unfinished} searches bounded before their end, ${failed} findings`);
process.exitCode = failed === 0 && schedules > 0 ? 0 : 1;
