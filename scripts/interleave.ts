/**
 * `npm run interleave`: every pair of runs in every state, call by call in every order; runs that hang after each of their
 * calls; three at once, sampled. Prints schedules.
 */
import { createRandomStreams } from '../simulator/random.ts';
import type { Exploration } from '../test/support/interleave/explore.ts';
import type { Pair, Thaw } from '../test/support/interleave/plan.ts';
import { ALL_PAIRS, ALL_THAWS, explorePair, exploreThaw, sampleThree } from '../test/support/interleave/plan.ts';
import { STATES } from '../test/support/interleave/states.ts';
import { partOf, readArguments, whole } from './arguments.ts';

const titleOfPair = ({ state, hands }: Pair): string => `${state}: ${hands.join(' beside ')}`;
const titleOfThaw = ({ state, hand, meanwhile, second }: Thaw): string =>
  `${state}: ${hand} hangs, ${meanwhile}, beside ${second}`;
const titleOfThree = (state: string): string => `${state}: three runs`;

const states = Object.keys(STATES);
const titles = [...ALL_PAIRS.map(titleOfPair), ...ALL_THAWS.map(titleOfThaw), ...states.map(titleOfThree)];

const { values } = readArguments({
  name: 'interleave',
  about: 'Runs that meet in every state, call by call in every order; runs that hang; three at once, sampled.',
  options: {
    only: partOf(
      'those with this text in their title',
      titles,
      `a part of a title, like "${titles[0]}"; the states are\n  ${states.join('\n  ')}`,
    ),
    most: whole(1, 'schedules of a pair before its search is given up', 2000),
    'thaws-most': whole(1, 'the same for each call after which a run hangs', 200),
    three: whole(1, 'schedules of three runs for each state', 50),
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

for (const pair of ALL_PAIRS) await show(titleOfPair(pair), () => explorePair(pair, values.most));
for (const thaw of ALL_THAWS) await show(titleOfThaw(thaw), () => exploreThaw(thaw, values['thaws-most']));
const random = createRandomStreams(1).random('three');
for (const state of states) await show(titleOfThree(state), () => sampleThree(state, values.three, random), true);
console.log(`${schedules} schedules, ${unfinished} searches bounded before their end, ${failed} findings`);
process.exitCode = failed === 0 && schedules > 0 ? 0 : 1;
