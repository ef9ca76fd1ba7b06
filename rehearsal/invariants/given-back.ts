import type { Rules } from '../rulebook.ts';
import { type Check, type CheckContext, HOUR_MS, MINUTE_MS } from './context.ts';
import { isExcused } from './promises.ts';
import type { EndpointState } from './world-state.ts';

/** A shortage may show late, is tried again within 15 minutes, and the next start takes its time too. */
const RECOVERY_MS = 45 * MINUTE_MS;

/** 4, of what is given back: woken first, then forgotten; nothing else is asked of it. */
export function checkGivenBack(context: CheckContext): Check {
  const { run, rulebook, state: world } = context;
  /** Deleted by the product, and not in service since. */
  const away = new Set<string>();

  function judge(state: EndpointState, rules: Rules, at: number): void {
    const hold = world.holdOf(state.name, at);
    const free = Math.max(rules.from, world.lastOrderChange(state.name, at));
    const overdue = at - free > RECOVERY_MS + 2 * state.longestStartMs;
    const hindered =
      world.mode() === 'off' ||
      hold?.mode === 'hands-off' ||
      isExcused(context, state, at, RECOVERY_MS + 2 * state.longestStartMs);
    context.judge(
      !overdue || hindered || isOrphaned(state.name),
      4,
      state.name,
      'given back, and not woken although nothing stands in its way',
    );
    context.wakeAt(at + 5 * MINUTE_MS);
  }

  /** Its config or model is gone, and that was said. */
  function isOrphaned(name: string): boolean {
    return run.observer.events.some(
      ({ detailType, detail }) =>
        detailType === 'Endpoint Orphaned' && String(detail['endpoint']).toLowerCase() === name.toLowerCase(),
    );
  }

  return {
    call({ service, operation, caller, input, error }) {
      if (service !== 'SageMaker' || operation !== 'DeleteEndpoint' || error !== undefined) return;
      const name = world.endpoint(String(input?.EndpointName))?.name;
      if (name === undefined) return;
      if (caller.kind === 'product') away.add(name);
      else away.delete(name);
    },
    change({ endpoint, status }) {
      if (status === 'InService') away.delete(endpoint);
    },
    step(at) {
      for (const name of away) {
        const rules = rulebook.rulesOf(name);
        const state = world.endpoint(name);
        if (state !== undefined && rules?.givenBack === true) judge(state, rules, at);
      }
      if (away.size > 0) context.wakeAt(at + HOUR_MS);
    },
  };
}
