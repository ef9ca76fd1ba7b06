import { areDependent, type Footprint, footprintOf } from './footprint.ts';
import type { Lanes } from './lanes.ts';

/** A fresh account with its runs begun and every call of theirs held. */
export interface Start {
  readonly lanes: Lanes;
  /** After the last call: everything that must hold, as sentences about what does not. */
  finish(): Promise<readonly string[]>;
}

export interface Finding {
  /** The calls in their order: replays the finding. */
  readonly schedule: readonly string[];
  readonly problems: readonly string[];
}

export interface Exploration {
  /** Complete schedules: one for each class of interleavings that differ only in the order of calls that commute. */
  readonly schedules: number;
  /** Begun and given up: every way on had been tried. */
  readonly abandoned: number;
  readonly calls: number;
  /** False: the bound was reached first. */
  readonly exhaustive: boolean;
  readonly findings: readonly Finding[];
}

interface Node {
  readonly enabled: readonly string[];
  /** Calls whose schedules from here are known already, with what they touch. */
  readonly sleep: ReadonlyMap<string, Footprint>;
  readonly done: Map<string, Footprint>;
  readonly todo: Set<string>;
  chosen: string;
}

interface Made {
  readonly key: string;
  readonly lane: number;
  readonly begunAt: number;
  readonly footprint: Footprint;
  /** Indices of the calls that cannot come after it: what its run had seen, what it clashes with, and theirs. */
  readonly after: ReadonlySet<number>;
}

export interface ExploreOptions {
  readonly start: () => Promise<Start>;
  readonly most: number;
  /** Stop at the first finding. */
  readonly first?: boolean;
  /** Every interleaving, without reduction: what the reduced search is checked against. */
  readonly plain?: boolean;
}

/**
 * Dynamic partial-order reduction with source sets and sleep sets (Abdulla, Aronis, Jonsson, Sagonas: Optimal dynamic
 * partial order reduction, POPL 2014): depth first, each schedule replayed in an account of its own. A race seen in one
 * schedule is what makes another one worth a try.
 */
export async function explore(options: ExploreOptions): Promise<Exploration> {
  const stack: Node[] = [];
  const findings: Finding[] = [];
  let schedules = 0;
  let abandoned = 0;
  let calls = 0;
  for (;;) {
    const { made, problems } = await replay(options, stack);
    calls += made.length;
    if (problems === undefined) abandoned += 1;
    else {
      schedules += 1;
      if (problems.length > 0) findings.push({ schedule: made.map(({ key }) => key), problems });
      if (problems.length > 0 && options.first) return { schedules, abandoned, calls, exhaustive: false, findings };
    }
    if (!backtrack(stack)) return { schedules, abandoned, calls, exhaustive: true, findings };
    if (schedules >= options.most) return { schedules, abandoned, calls, exhaustive: false, findings };
  }
}

/** To the deepest place where something is left to be tried; false: nowhere. */
function backtrack(stack: Node[]): boolean {
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    const next = [...node.todo].find((key) => !node.done.has(key) && !node.sleep.has(key));
    if (next !== undefined) {
      node.chosen = next;
      return true;
    }
    stack.pop();
  }
  return false;
}

async function replay(
  { start, plain }: ExploreOptions,
  stack: Node[],
): Promise<{ readonly made: readonly Made[]; readonly problems: readonly string[] | undefined }> {
  const { lanes, finish } = await start();
  await lanes.settle();
  const made: Made[] = [];
  let sleep: ReadonlyMap<string, Footprint> = new Map();
  for (;;) {
    // The first run of a process loads code, and its calls may come in another order.
    const enabled = [...lanes.pending.keys()].sort();
    if (enabled.length === 0) return { made, problems: await finish() };
    let node = stack[made.length];
    if (node === undefined) {
      const last = made.at(-1)?.lane;
      const awake = enabled.filter((key) => !sleep.has(key));
      const chosen = awake.find((key) => lanes.pending.get(key)?.lane === last) ?? awake[0];
      if (chosen === undefined) return { made, problems: undefined };
      node = { enabled, sleep, done: new Map(), todo: new Set(plain ? enabled : [chosen]), chosen };
      stack.push(node);
    } else if (node.enabled.join() !== enabled.join()) {
      throw new Error(`not deterministic: ${enabled.join()} after ${made.length} calls, before ${node.enabled.join()}`);
    }
    const step = await take(lanes, node, made);
    if (!plain) noteRaces(stack, made, step);
    made.push(step);
    const untouched = plain
      ? []
      : [...node.sleep, ...node.done].filter(
          ([key, footprint]) => key !== step.key && !areDependent(footprint, step.footprint),
        );
    node.done.set(step.key, step.footprint);
    sleep = new Map(untouched);
  }
}

async function take(lanes: Lanes, node: Node, made: readonly Made[]): Promise<Made> {
  const { key, lane, begunAt, record } = await lanes.make(node.chosen);
  const footprint = footprintOf(record);
  const after = new Set<number>();
  made.forEach((earlier, index) => {
    const isSeen = earlier.lane === lane && index < begunAt;
    if (!isSeen && !areDependent(earlier.footprint, footprint)) return;
    after.add(index);
    for (const before of earlier.after) after.add(before);
  });
  return { key, lane, begunAt, footprint, after };
}

/** Every earlier call that could as well have come after this one: the other order is to be tried there. */
function noteRaces(stack: readonly Node[], made: readonly Made[], step: Made): void {
  made.forEach((earlier, index) => {
    if (!step.after.has(index) || !areDependent(earlier.footprint, step.footprint)) return;
    // Its run had the answer before it began this call: there is no other order.
    if (earlier.lane === step.lane && index < step.begunAt) return;
    const between = [...step.after].some((other) => other !== index && made[other]?.after.has(index));
    if (between) return;
    const node = stack[index]!;
    // What does not depend on the earlier call can be made without it, and then this one: any beginning of that will do.
    const without = [...made.keys()].filter((other) => other > index && !made[other]?.after.has(index));
    const rest = [...without.map((other) => made[other]!), step];
    const firsts = rest.filter(({ after }) => !without.some((other) => after.has(other)));
    const keys = firsts.map(({ key }) => key).filter((key) => node.enabled.includes(key));
    if (keys.some((key) => node.todo.has(key))) return;
    if (keys[0] !== undefined) node.todo.add(keys[0]);
  });
}

/** Schedules drawn at random, each call from all that are pending: for more runs than can be tried in every order. */
export async function sample(
  start: ExploreOptions['start'],
  count: number,
  random: () => number,
): Promise<Exploration> {
  const findings: Finding[] = [];
  let calls = 0;
  for (let drawn = 0; drawn < count; drawn += 1) {
    const { lanes, finish } = await start();
    await lanes.settle();
    while (lanes.pending.size > 0) {
      const keys = [...lanes.pending.keys()];
      await lanes.make(keys[Math.floor(random() * keys.length)]!);
    }
    calls += lanes.made.length;
    const problems = await finish();
    if (problems.length > 0) findings.push({ schedule: lanes.made.map(({ key }) => key), problems });
  }
  return { schedules: count, abandoned: 0, calls, exhaustive: false, findings };
}

/** One schedule: whatever is named next of the pending calls. */
export async function follow(
  start: ExploreOptions['start'],
  next: (pending: readonly string[], made: readonly string[]) => string | undefined,
): Promise<readonly string[]> {
  const { lanes, finish } = await start();
  await lanes.settle();
  while (lanes.pending.size > 0) {
    const pending = [...lanes.pending.keys()];
    const made = lanes.made.map(({ key }) => key);
    await lanes.make(next(pending, made) ?? pending[0]!);
  }
  return finish();
}
