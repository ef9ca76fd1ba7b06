import { minimumOf } from '../../shared/domain/agenda.ts';
import { type Check, type CheckContext, FOUND_MS, HOUR_MS, MINUTE_MS } from './context.ts';
import { currentRung, isExcused, longestLead, nextEdge, rungSince } from './promises.ts';
import type { EndpointState } from './world-state.ts';

const LATE_EVENTS: ReadonlySet<string> = new Set([
  'Endpoint Late',
  'Wake Failed',
  'Endpoint Orphaned',
  'Decision Refused',
]);
const UNDERWAY: ReadonlySet<string> = new Set(['Creating', 'Updating', 'RollingBack', 'SystemUpdating']);
/** A shortage may show late, is tried again within 15 minutes, and the next start takes its time too. */
const RECOVERY_MS = 45 * MINUTE_MS;

/** 4: inside a window the endpoint is up, waking, or announced as late; with capacity it becomes ready by itself. */
export function checkWindows(context: CheckContext): Check {
  const { run, rulebook, state: world } = context;
  /** Last announcement of lateness by endpoint, lower-cased. */
  const announced = new Map<string, number>();
  /** Config or model gone, or given up as broken, and said so: it is not recreated until somebody puts that right. */
  const orphaned = new Set<string>();
  let seenEvents = 0;

  function readEvents(): void {
    const { events } = run.observer;
    for (; seenEvents < events.length; seenEvents += 1) {
      const { detailType, detail, at } = events[seenEvents]!;
      const endpoint = String(detail['endpoint']).toLowerCase();
      const gaveUp = detail['reason'] === 'wake-gave-up' && world.wasSick(endpoint, Date.parse(at));
      if (detailType === 'Endpoint Orphaned' || gaveUp) orphaned.add(endpoint);
      if (LATE_EVENTS.has(detailType)) announced.set(endpoint, Date.parse(at));
    }
  }

  function judge(state: EndpointState, at: number): void {
    const rules = rulebook.rulesOf(state.name);
    if (rules?.policyName === undefined || rules.agenda === undefined || !rules.valid) return;
    wakeForNext(state, at);
    if (world.toldInvalid(state.name, rules.from)) return;
    const rung = currentRung(rules, at);
    if (rung === undefined || world.mode() === 'off') return;
    // A dry run raises nothing; what was parked before still wakes.
    if (world.mode() === 'dry-run' && state.status !== 'Absent') return;
    if (world.ticksLost(at - 2 * context.graceMs, at)) return;
    const min = minimumOf(rung);
    const since = rungSince(rules, at);
    if (min < 1 || at - since < context.graceMs) return;
    if (at - state.touchedAt < FOUND_MS) {
      context.wakeAt(state.touchedAt + FOUND_MS);
      return;
    }
    const hold = world.holdOf(state.name, at);
    if (hold?.mode === 'down' || hold?.mode === 'hands-off' || world.orderChanged(state.name, at, 2 * context.graceMs))
      return;
    if (state.serving >= min) {
      context.judge(true, 4, state.name, '');
      return;
    }
    const lead = longestLead(context, state, rules);
    if (orphaned.has(state.name.toLowerCase())) return;
    const told = (announced.get(state.name.toLowerCase()) ?? Number.NEGATIVE_INFINITY) >= since - lead - RECOVERY_MS;
    const underway = UNDERWAY.has(state.status) || state.desired >= min || at - state.changedAt < context.graceMs;
    context.judge(told || underway, 4, state.name, () =>
      describe(state, min, rung.during, 'nor waking, nor announced as late'),
    );
    const recovery = RECOVERY_MS + 2 * state.longestStartMs;
    const free = Math.max(since, rules.from, state.touchedAt, world.lastOrderChange(state.name, at));
    const overdue = at - free > recovery && !isExcused(context, state, at);
    context.judge(!overdue, 4, state.name, () =>
      describe(state, min, rung.during, 'although nothing has stood in its way for long'),
    );
    context.wakeAt(at + 5 * MINUTE_MS);
  }

  /** The next edge of the calendar, once its grace is over. */
  function wakeForNext(state: EndpointState, at: number): void {
    const rules = rulebook.rulesOf(state.name);
    const edge = rules === undefined ? undefined : nextEdge(rules, at);
    if (edge !== undefined) context.wakeAt(edge + context.graceMs);
  }

  return {
    change({ endpoint, status }) {
      if (status === 'Creating' || status === 'InService') orphaned.delete(endpoint.toLowerCase());
    },
    step(at) {
      readEvents();
      for (const state of world.endpoints()) judge(state, at);
      context.wakeAt(at + HOUR_MS);
    },
  };
}

function describe(state: EndpointState, min: number, during: string | undefined, why: string): string {
  return `${state.serving} of ${min} instances serve during ${during ?? 'otherwise'} (${state.status}), ${why}`;
}
