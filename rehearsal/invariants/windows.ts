import { minimumOf } from '../../shared/domain/agenda.ts';
import { type Check, type CheckContext, FOUND_MS, HOUR_MS, MINUTE_MS } from './context.ts';
import {
  currentRung,
  isExcused,
  leftToOthers,
  longestLead,
  nextEdge,
  partsOf,
  rungSince,
  windowSince,
} from './promises.ts';
import type { EndpointState } from './world-state.ts';

const LATE_EVENTS: ReadonlySet<string> = new Set([
  'Endpoint Late',
  'Wake Failed',
  'Endpoint Orphaned',
  'Decision Refused',
]);
const UNDERWAY: ReadonlySet<string> = new Set(['Creating', 'Updating', 'RollingBack', 'SystemUpdating']);
const BROKEN: ReadonlySet<string> = new Set(['Failed', 'OutOfService', 'UpdateRollbackFailed']);
/** A shortage may show late, is tried again within 15 minutes, and the next start takes its time too. */
const RECOVERY_MS = 45 * MINUTE_MS;

/** What the product said of endpoints, lower-cased. */
interface Announcements {
  /** Last announcement of lateness that speaks of it; -Infinity: there was none. */
  lateAt(state: Pick<EndpointState, 'name' | 'component'>): number;
  /** Taken away within its window to come back on its own config: from then on it has to. */
  readonly returned: Map<string, number>;
  /** Config or model gone, or given up as broken, and said so: it is not recreated until somebody puts that right. */
  readonly orphaned: Set<string>;
  /** Takes in what was said since the last time. */
  read(): void;
}

function readAnnouncements({ run, state: world }: CheckContext): Announcements {
  const late = new Map<string, number>();
  const returned = new Map<string, number>();
  const orphaned = new Set<string>();
  let seen = 0;
  return {
    lateAt({ name, component }) {
      const whole = late.get(name.toLowerCase()) ?? Number.NEGATIVE_INFINITY;
      if (component === undefined) return whole;
      return Math.max(whole, late.get(`${name.toLowerCase()}/${component}`) ?? Number.NEGATIVE_INFINITY);
    },
    returned,
    orphaned,
    read() {
      const { events } = run.observer;
      for (; seen < events.length; seen += 1) {
        const { detailType, detail, at } = events[seen]!;
        const target = String(detail['target']);
        const endpoint = String(detail['endpoint']).toLowerCase();
        // What is said of one component says nothing of the others.
        const said = world.component(target) === undefined ? endpoint : `${endpoint}/${target}`;
        const gaveUp = detail['reason'] === 'wake-gave-up' && world.wasSick(endpoint, Date.parse(at));
        if (detailType === 'Endpoint Orphaned' || gaveUp) orphaned.add(endpoint);
        const isReturn = detailType === 'Endpoint Parked' && detail['return'] === true;
        if (isReturn) returned.set(endpoint, Date.parse(at));
        if (isReturn || LATE_EVENTS.has(detailType)) late.set(said, Date.parse(at));
      }
    },
  };
}

/** 4: inside a window the endpoint is up, waking, or announced as late; with capacity it becomes ready by itself. */
export function checkWindows(context: CheckContext): Check {
  const { rulebook, state: world } = context;
  const told = readAnnouncements(context);

  function judge(state: EndpointState, at: number): void {
    const rules = rulebook.rulesOf(state.name, state.component);
    if (rules?.policyName === undefined || rules.agenda === undefined || !rules.valid) return;
    wakeForNext(state, at);
    if (world.toldInvalid(state.name, rules.policyFrom)) return;
    const rung = currentRung(rules, at);
    if (rung === undefined || world.mode() === 'off') return;
    // A dry run raises nothing; what was parked before still wakes.
    if (world.mode() === 'dry-run' && state.status !== 'Absent') return;
    if (world.ticksLost(at - 2 * context.graceMs, at)) return;
    const min = minimumOf(rung);
    const since = rungSince(rules, at);
    if (at - state.touchedAt < FOUND_MS) context.wakeAt(state.touchedAt + FOUND_MS);
    if (min < 1 || at - since < context.graceMs || at - state.touchedAt < FOUND_MS) return;
    const hold = world.holdOf(state.name, at);
    if (hold?.mode === 'down' || hold?.mode === 'hands-off' || world.orderChanged(state.name, at, 2 * context.graceMs))
      return;
    if (leftToOthers(context, state, rules, at).min) return;
    const lacks = partsOf(state, rules).filter(
      (part) => part.serving < minimumOf(currentRung(part.rules, at) ?? { kind: 'leave' }),
    );
    if (lacks.length === 0) {
      context.judge(true, 4, state.name, '');
      return;
    }
    const wanted = lacks.every((part) => part.desired >= minimumOf(currentRung(part.rules, at) ?? { kind: 'leave' }));
    const lead = longestLead(context, state, rules);
    if (told.orphaned.has(state.name.toLowerCase())) return;
    const toldAt = told.lateAt(state);
    // Each variant has windows of its own, which another one's do not begin anew.
    const began = Math.max(...lacks.map((part) => windowSince(part.rules, at)));
    const isTold = stillStands(toldAt, state.changedAt, { began, ruledFrom: rules.from, lead });
    // That it was broken before it was enrolled is found by the full re-check, as no event tells of it.
    if (BROKEN.has(state.status) && at - rules.from < FOUND_MS) return;
    const underway = UNDERWAY.has(state.status) || wanted || at - state.changedAt < context.graceMs;
    // Nobody whose own calls fail can say anything.
    const isMute = world.isDisturbed(at - 2 * context.graceMs, at);
    context.judge(isTold || underway || isMute, 4, state.name, () =>
      describe(state, min, rung.during, 'nor waking, nor announced as late'),
    );
    const recovery = (RECOVERY_MS + 2 * state.longestStartMs) * Math.max(1, lacks.length);
    const free = Math.max(
      since,
      rules.from,
      state.touchedAt,
      world.lastOrderChange(state.name, at),
      told.returned.get(state.name.toLowerCase()) ?? 0,
    );
    // What somebody else's hand left broken is his to mend; it was announced.
    const isBroken = BROKEN.has(state.status) && !state.ownTry;
    const overdue = at - free > recovery && !isBroken && !isExcused(context, state, at, recovery);
    context.judge(!overdue, 4, state.name, () =>
      describe(state, min, rung.during, 'although nothing has stood in its way for long'),
    );
    context.wakeAt(at + 5 * MINUTE_MS);
  }

  /** The next edge of the calendar, once its grace is over. */
  function wakeForNext(state: EndpointState, at: number): void {
    const rules = rulebook.rulesOf(state.name, state.component);
    const edge = rules === undefined ? undefined : nextEdge(rules, at);
    if (edge !== undefined) context.wakeAt(edge + context.graceMs);
  }

  return {
    change({ endpoint, status }) {
      if (status === 'Creating' || status === 'InService') told.orphaned.delete(endpoint.toLowerCase());
    },
    step(at) {
      told.read();
      for (const state of world.scaled()) judge(state, at);
      context.wakeAt(at + HOUR_MS);
    },
  };
}

/** Whether what was told is told of this window. A protection that came and went within it makes nothing of it untold. */
function stillStands(
  toldAt: number,
  changedAt: number,
  { began, ruledFrom, lead }: { readonly began: number; readonly ruledFrom: number; readonly lead: number },
): boolean {
  const reaches = (since: number): boolean => toldAt >= since - lead - RECOVERY_MS;
  return (toldAt >= changedAt && reaches(began)) || reaches(Math.max(ruledFrom, began));
}

function describe(state: EndpointState, min: number, during: string | undefined, why: string): string {
  const what = state.component === undefined ? 'instances' : `copies of ${state.component}`;
  return `${state.serving} of ${min} ${what} serve during ${during ?? 'otherwise'} (${state.status}), ${why}`;
}
