import { checkBounds } from './invariants/bounds.ts';
import type { Check, CheckContext, InvariantChecker } from './invariants/context.ts';
import { isChecker } from './invariants/context.ts';
import { checkDeletions } from './invariants/deletions.ts';
import { checkGivenBack } from './invariants/given-back.ts';
import { checkLowering } from './invariants/lowering.ts';
import { checkQueues } from './invariants/queues.ts';
import { checkRecords } from './invariants/records.ts';
import { checkRestores } from './invariants/restores.ts';
import { checkStrangers } from './invariants/strangers.ts';
import { checkWindows } from './invariants/windows.ts';
import { WorldState } from './invariants/world-state.ts';
import { toIso } from './observe.ts';
import type { Violation } from './result.ts';
import type { Rulebook } from './rulebook.ts';
import type { Run } from './run.ts';

/** One that lasts is one violation; a flood of different ones says no more than the first hundred. */
const MAXIMUM_VIOLATIONS = 100;

const CHECKS: readonly ((context: CheckContext) => Check)[] = [
  checkDeletions,
  checkBounds,
  checkWindows,
  checkGivenBack,
  checkQueues,
  checkLowering,
  checkRecords,
  checkStrangers,
  checkRestores,
];

/**
 * Watches simulated AWS and the documents for the whole run. Steps are looked at only when a call, a change or a wanted
 * instant made one worth it: most ticks change nothing.
 */
export function createInvariantChecker(run: Run, rulebook: Rulebook): InvariantChecker {
  const { aws, observer } = run;
  const state = new WorldState(run);
  const violations: Violation[] = [];
  const known = new Set<string>();
  let checked = 0;
  let dirty = true;
  let nextWake = Number.POSITIVE_INFINITY;
  const wanted = new Set<number>();

  const context: CheckContext = {
    run,
    rulebook,
    state,
    get graceMs() {
      return 2 * tickOf(run);
    },
    judge(holds, invariant, endpoint, what) {
      checked += 1;
      if (holds) return;
      const text = typeof what === 'string' ? what : what();
      const key = `${invariant} ${endpoint} ${text.replace(/\d+(?:\.\d+)?/g, '#')}`;
      if (known.has(key) || violations.length >= MAXIMUM_VIOLATIONS) return;
      known.add(key);
      violations.push({ at: toIso(aws.clock.now()), invariant, endpoint, what: text });
    },
    wakeAt(instant) {
      wanted.add(instant);
      if (instant < nextWake) nextWake = instant;
    },
  };
  const checks = CHECKS.map((create) => create(context));

  follow(context, checks, () => {
    dirty = true;
  });
  observer.onDecision((decision) => {
    for (const check of checks) check.decision?.(decision);
  });
  rulebook.onChange(() => {
    dirty = true;
  });
  const step = (at: number): void => {
    dirty = false;
    nextWake = Number.POSITIVE_INFINITY;
    for (const instant of wanted) {
      if (instant <= at) wanted.delete(instant);
      else if (instant < nextWake) nextWake = instant;
    }
    for (const check of checks) check.step?.(at);
  };
  aws.onStep((at) => {
    if (dirty || at >= nextWake) step(at);
  });
  return {
    finish() {
      step(aws.clock.now());
      for (const check of checks) check.finish?.(aws.clock.now());
      return { checked, violations };
    },
  };
}

/** Tells the checks of every call and change, with the state that was before it. */
function follow({ run, state }: CheckContext, checks: readonly Check[], changed: () => void): void {
  const { aws, observer } = run;
  observer.onCallBegin(() => state.callBegins());
  aws.world.onEndpointChange((change) => {
    changed();
    const before = state.change(change);
    for (const check of checks) check.change?.(change, before);
  });
  aws.world.onComponentChange((change) => {
    const before = state.changeComponent(change);
    if (before === undefined) return;
    changed();
    for (const check of checks) check.changeComponent?.(change, before);
  });
  aws.onCall((record) => {
    if (isChecker(record.caller)) return;
    if (record.mutating && record.service !== 'DynamoDB' && record.service !== 'EventBridge') changed();
    state.call(record);
    for (const check of checks) check.call?.(record);
  });
}

function tickOf({ deployment }: Run): number {
  const seconds = Number(deployment.functions[0]?.environment['TICK_SECONDS']);
  if (!(seconds > 0)) throw new Error(`template: Environment: TICK_SECONDS: ${seconds}: must be above 0`);
  return seconds * 1_000;
}
