import { rehearse } from '../rehearsal/index.ts';
import { scenarioFrom } from './fleets.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.parse('2026-03-02T00:00:00Z');
const OPENS = 8;
const STARTS_IN_MINUTES = 8;
/** Two weeks and the Monday on which the second weekend's shortage ends. */
const DAYS = 15;
const SATURDAY = 5;

interface Shortage {
  readonly name: string;
  readonly kind: 'real-time' | 'async';
  readonly instanceType: string;
  readonly what: Readonly<Record<string, string>>;
}

const SHORTAGES: readonly Shortage[] = [
  { name: 'no capacity, told after 30 minutes', verb: 'noCapacity', more: { failsAfter: '30m' } },
  { name: 'no capacity, told after 1 minute', verb: 'noCapacity', more: { failsAfter: '1m' } },
  { name: 'no quota, told at once', verb: 'noQuota', more: {} },
].flatMap(({ name, verb, more }, index) =>
  (['real-time', 'async'] as const).map((kind) => {
    const instanceType = `ml.${kind === 'async' ? 'g5' : 'g6'}.${2 ** index * 2}xlarge`;
    return { name: `${kind}: ${name}`, kind, instanceType, what: { [verb]: instanceType, ...more } };
  }),
);

export interface Recovery {
  readonly name: string;
  readonly shortages: number;
  /** Windows that were open when capacity came back and were never served. */
  readonly missed: number;
  /** From the end of the shortage until it was in service. */
  readonly longestMs: number;
  readonly medianMs: number;
}

/** Hours from an hour before the window on: from one and a half to twelve, at weekends over two nights. */
function lengthOf(day: number): number {
  return 1.5 * HOUR + ((day * 37) % 106) * 6 * MINUTE + (day % 7 === SATURDAY ? 2 * DAY : 0);
}

/** Every day begins with a shortage that outlasts the begin of a window: how long after its end is the endpoint there? */
export async function recover(): Promise<readonly Recovery[]> {
  const spells = Array.from({ length: DAYS }, (_, day) => day)
    // What begins on a Saturday lasts until Monday: another one meanwhile would only make it longer.
    .filter((day) => day % 7 <= SATURDAY && (day === 0 || day % 7 > 0))
    .map((day) => {
      const from = START + day * DAY + (OPENS - 1) * HOUR;
      return { from, until: from + lengthOf(day) };
    });
  const scenario = scenarioFrom({
    start: new Date(START).toISOString(),
    for: `${DAYS}d`,
    schedules: { day: { timezone: 'UTC', open: [{ from: '08:00', to: '22:00' }] } },
    policies: {
      parked: { capacity: [{ during: 'day', min: 1, max: 1 }], otherwise: 'zero', zero: { by: 'park' } },
      asleep: { capacity: [{ during: 'day', min: 1, max: 1 }], otherwise: { min: 0, max: 1 } },
    },
    endpoints: Object.fromEntries(
      SHORTAGES.map(({ kind, instanceType }, index) => [
        `${kind}-${index}`,
        {
          kind,
          policy: kind === 'async' ? 'asleep' : 'parked',
          instanceType,
          startsIn: `${STARTS_IN_MINUTES}m`,
          deletesIn: '2m',
        },
      ]),
    ),
    happens: spells.flatMap(({ from, until }) =>
      SHORTAGES.map(({ what }) => ({
        at: new Date(from).toISOString(),
        for: `${Math.round((until - from) / MINUTE)}m`,
        ...what,
      })),
    ),
  });
  const { result } = await rehearse(scenario);
  return SHORTAGES.map(({ name, kind }, index) => {
    const { spans } = result.endpoints[`${kind}-${index}`]!;
    const waits = spells.map(({ until }) => {
      const served = spans.find((span) => Date.parse(span.to) > until && span.serving > 0);
      return served === undefined ? undefined : Math.max(0, Date.parse(served.from) - until);
    });
    const met = waits.filter((wait) => wait !== undefined && wait < 12 * HOUR).sort((a, b) => a! - b!) as number[];
    return {
      name,
      shortages: spells.length,
      missed: waits.length - met.length,
      longestMs: met.at(-1) ?? 0,
      medianMs: met[Math.floor(met.length / 2)] ?? 0,
    };
  });
}
