import type { Rules } from '../rulebook.ts';
import { type Check, type CheckContext, FOUND_MS, HOUR_MS, MINUTE_MS } from './context.ts';
import {
  admittedBounds,
  changeableSince,
  currentRung,
  currentShares,
  isExcused,
  isQueueing,
  isSettled,
  leftToOthers,
  type Part,
  partsOf,
  ruledSince,
  rungSince,
} from './promises.ts';
import { type EndpointState, labelOf } from './world-state.ts';

/** A drain is forced after an hour, or when the policy says, and then takes its scale-in. */
function drainMs({ policy }: Rules): number {
  const limit = policy?.scaleIn === undefined ? HOUR_MS : (policy.scaleIn.atMost ?? Number.POSITIVE_INFINITY);
  return limit + 15 * MINUTE_MS;
}

/** Of an endpoint's instances, or of a component's copies. */
interface SizeChange {
  readonly at: number;
  readonly endpoint: string;
  readonly status: string;
  readonly desired: number;
  readonly variants?: EndpointState['variants'];
}

/** Answers whether it is to be looked at again soon. */
function judgePart(
  context: CheckContext,
  state: EndpointState,
  { variant, desired, rules }: Part,
  at: number,
): boolean {
  const bounds = admittedBounds(context, state, rules, at);
  if (bounds === undefined) return false;
  const of = variant === undefined ? '' : `${variant}: `;
  const ordered = context.state.lastOrderChange(state.name, at);
  const since = Math.max(rungSince(rules, at), changeableSince(context, state), ordered);
  // What provisioned concurrency no longer bears is served all the same: a maximum falls at once.
  const drains = context.run.scenario.endpoints.find(({ name }) => name === state.name)?.kind !== 'serverless';
  const draining = drains && at - since < drainMs(rules);
  const excused = isExcused(context, state, at, 0);
  const left = leftToOthers(context, state, rules, at);
  context.judge(desired <= bounds.max || left.max || draining || excused || rules.protected, 3, state.name, () => {
    const rung = currentRung(rules, at);
    return `${of}desired ${desired} is above max ${bounds.max} of ${rung?.during ?? 'otherwise'}, and no drain explains it`;
  });
  const lowered = context.state.mode() === 'dry-run';
  context.judge(
    desired >= bounds.min || left.min || excused || lowered || isBound(context, state, rules, at),
    3,
    state.name,
    () => {
      const rung = currentRung(rules, at);
      return `${of}desired ${desired} is below min ${bounds.min} of ${rung?.during ?? 'otherwise'}`;
    },
  );
  return desired > bounds.max && !left.max;
}

/** It has been updated, with too little between for a run, since before the rung began: nobody could raise its minimum. */
function isBound({ graceMs }: CheckContext, { busy }: EndpointState, rules: Rules, at: number): boolean {
  return at - busy.until < graceMs && busy.since <= rungSince(rules, at);
}

/** Traffic goes where a rule says. Answers whether it is too early to tell. */
function judgeShares(context: CheckContext, state: EndpointState, rules: Rules, at: number): boolean {
  const shares = currentShares(rules, at);
  if (shares === undefined || context.state.mode() === 'dry-run') return false;
  if (context.state.holdOf(state.name, at)?.mode === 'hands-off') return false;
  if (at - ruledSince(rules, at) < context.graceMs) return true;
  const wrong = (state.variants ?? []).filter(({ name, weight }) => Math.fround(weight) !== Math.fround(shares[name]!));
  context.judge(wrong.length === 0 || isExcused(context, state, at, 0), 3, state.name, () => {
    const has = wrong.map(({ name, weight }) => `${name} has weight ${weight}, not ${shares[name]}`);
    return `traffic is not shared as the policy says: ${has.join('; ')}`;
  });
  return false;
}

/** 3: min ≤ desired ≤ max of what won, or draining; never above the policy's highest max. */
export function checkBounds(context: CheckContext): Check {
  /** Endpoints that changed, or were not settled or above their bounds when they were last looked at. */
  const open = new Set<string>();
  /** The rung that each endpoint was last judged by, as its begin. */
  const judgedFor = new Map<string, number>();
  const rises = followRises(context);

  function lookAgain(state: EndpointState, at: number): void {
    open.add(labelOf(state));
    context.wakeAt(at);
  }

  function judge(state: EndpointState, at: number): void {
    const rules = context.rulebook.rulesOf(state.name, state.component);
    if (rules?.policyName === undefined || rules.policy === undefined) return;
    if (!rules.valid || context.state.toldInvalid(state.name, rules.policyFrom)) return;
    if (state.status !== 'InService' && state.status !== 'Updating') return;
    const waits = !isSettled(context, state, rules, at) || isQueueing(context, state, rules, at);
    if (waits || context.state.mode() === 'off') {
      lookAgain(state, at + MINUTE_MS);
      return;
    }
    open.delete(labelOf(state));
    judgedFor.set(labelOf(state), ruledSince(rules, at));
    if (judgeShares(context, state, rules, at)) lookAgain(state, at + MINUTE_MS);
    for (const part of partsOf(state, rules)) {
      if (judgePart(context, state, part, at)) lookAgain(state, at + 5 * MINUTE_MS);
    }
  }

  return {
    change(change, before) {
      const state = context.state.endpoint(change.endpoint)!;
      // Bounds speak of copies where there are components; their instances are SageMaker's business.
      if (context.state.isHost(state.name)) return;
      rises.note(change, before, state);
      open.add(labelOf(state));
    },
    changeComponent(change, before) {
      const state = context.state.component(change.component)!;
      rises.note(change, before, state);
      open.add(labelOf(state));
    },
    step(at) {
      rises.judge();
      for (const state of context.state.scaled()) {
        const rules = context.rulebook.rulesOf(state.name, state.component);
        if (rules === undefined) continue;
        if (open.has(labelOf(state)) || judgedFor.get(labelOf(state)) !== ruledSince(rules, at)) judge(state, at);
      }
    },
  };
}

/** When a run could last find what others set, and make of it what the policy says: one that is being updated waits. */
function lastLook({ graceMs }: CheckContext, { busy }: EndpointState, at: number): number {
  return (at - busy.until < graceMs ? Math.min(at, busy.since) : at) - graceMs;
}

/** Rises of one instant: whose they are shows once the call that made them is over. */
function followRises(context: CheckContext) {
  let rises: {
    readonly change: SizeChange;
    readonly state: EndpointState;
    readonly settled: boolean;
    readonly desired: number;
    readonly highest: number;
  }[] = [];
  return {
    note(change: SizeChange, before: EndpointState, state: EndpointState): void {
      const rules = context.rulebook.rulesOf(change.endpoint, before.component);
      if (rules?.policyName === undefined) return;
      // A recreated endpoint has the count of its config before anything can change it.
      if (change.status === 'Creating' || before.status === 'Creating' || before.status === 'Absent') return;
      const settled = change.at - rules.from >= context.graceMs;
      const earlier = partsOf(before, rules);
      partsOf({ serving: 0, variants: undefined, ...change }, rules).forEach(
        ({ desired, rules: { policy } }, index) => {
          const highest = policy?.highestMax;
          if (highest === undefined || desired <= (earlier[index]?.desired ?? 0)) return;
          const isLeft = leftToOthers(context, state, rules, lastLook(context, before, change.at)).max;
          if (!isLeft) rises.push({ change, state, desired, highest, settled });
        },
      );
    },
    judge(): void {
      for (const { change, state, desired, settled, highest } of rises) {
        // Another config brings its own count, others' bounds hold until they are found; asking for too many is a mistake.
        const isOthers = change.at - state.touchedAt < FOUND_MS && state.scaledAt !== change.at;
        context.judge(
          desired <= highest || !settled || isOthers,
          3,
          change.endpoint,
          () => `desired rose to ${desired}, above the policy's highest max ${highest}`,
        );
      }
      rises = [];
    },
  };
}
