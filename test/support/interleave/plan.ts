import { type Exploration, explore, sample } from './explore.ts';
import { HANDS } from './hands.ts';
import { MEANWHILE, thawed, together } from './pairs.ts';
import { STATES } from './states.ts';

export interface Pair {
  readonly state: string;
  readonly hands: readonly [string, string];
}

export interface Thaw {
  readonly state: string;
  readonly hand: 'idle-windows' | 'scheduled-scaling';
  readonly meanwhile: string;
  readonly second: string;
}

/** Every state with every pair of runs of which one may create or delete, and a second scheduled-scaling. */
export const ALL_PAIRS: readonly Pair[] = Object.keys(STATES).flatMap((state) => [
  ...Object.keys(HANDS).map((second): Pair => ({ state, hands: ['idle-windows', second] })),
  { state, hands: ['scheduled-scaling', 'scheduled-scaling'] },
]);

/** Where it hurts most, small enough for every build. */
export const BUILD_PAIRS: readonly Pair[] = [
  { state: 'not enrolled yet', hands: ['scheduled-scaling', 'scheduled-scaling'] },
  { state: 'up, about to park', hands: ['idle-windows', 'scheduled-scaling'] },
  { state: 'parking, second run', hands: ['idle-windows', 'idle-windows'] },
  { state: 'parking, second run', hands: ['idle-windows', 'scheduled-scaling'] },
  { state: 'parking, second run', hands: ['idle-windows', 'hold up'] },
  { state: 'parking, second run', hands: ['idle-windows', 'person puts a scaling policy'] },
  { state: 'parking, second run', hands: ['idle-windows', 'person takes the tag off'] },
  { state: 'parked with demand', hands: ['idle-windows', 'idle-windows'] },
  { state: 'waking, failed', hands: ['idle-windows', 'idle-windows'] },
];

export const ALL_THAWS: readonly Thaw[] = (
  [
    ['up, about to park', 'scheduled-scaling'],
    ['up, about to park', 'idle-windows'],
    ['parking, second run', 'idle-windows'],
    ['parked with demand', 'idle-windows'],
    ['waking, in service', 'idle-windows'],
    ['waking, failed', 'idle-windows'],
  ] as const
).flatMap(([state, hand]) =>
  Object.keys(MEANWHILE).flatMap((meanwhile) =>
    (meanwhile === 'its time is nearly over'
      ? ['idle-windows, 10 s ahead', 'idle-windows, 10 s behind']
      : ['idle-windows']
    ).map((second): Thaw => ({ state, hand, meanwhile, second })),
  ),
);

export const BUILD_THAWS: readonly Thaw[] = [
  {
    state: 'up, about to park',
    hand: 'scheduled-scaling',
    meanwhile: 'a park is begun and due',
    second: 'idle-windows',
  },
  {
    state: 'parking, second run',
    hand: 'idle-windows',
    meanwhile: 'others park and wake it',
    second: 'idle-windows',
  },
];

export const explorePair = ({ state, hands }: Pair, most: number): Promise<Exploration> =>
  explore({ start: together(state, hands), most });

/** A run that hangs after each of its calls in turn. */
export async function exploreThaw({ state, second, ...freeze }: Thaw, most: number): Promise<Exploration> {
  const all: Exploration[] = [];
  for (let calls = 1; ; calls += 1) {
    const start = await thawed(state, freeze, calls, second);
    if (start === undefined) break;
    all.push(await explore({ start, most }));
  }
  const sum = (of: (one: Exploration) => number) => all.reduce((total, one) => total + of(one), 0);
  return {
    schedules: sum(({ schedules }) => schedules),
    abandoned: sum(({ abandoned }) => abandoned),
    calls: sum(({ calls }) => calls),
    exhaustive: all.length > 0 && all.every(({ exhaustive }) => exhaustive),
    findings: all.flatMap(({ findings }) => findings),
  };
}

/** Three at once, in orders drawn by seed. */
export function sampleThree(state: string, count: number, random: () => number): Promise<Exploration> {
  return sample(together(state, ['idle-windows', 'idle-windows', 'scheduled-scaling']), count, random);
}
