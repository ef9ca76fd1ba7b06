import { nextChange, rungAt } from '../../shared/domain/agenda.ts';
import type { Agenda, Bounds, Rung } from '../../shared/domain/policy.ts';
import { weightRuleAt } from '../../shared/domain/weights.ts';
import type { Rules } from '../rulebook.ts';
import { type CheckContext, FOUND_MS, HOUR_MS, MINUTE_MS } from './context.ts';
import type { EndpointState } from './world-state.ts';

/** Leads begin with 10 minutes, are learned from starts, and carry 10 %, a tick and a little on top. */
const FIRST_LEAD_MS = 15 * MINUTE_MS;

/** What is judged by itself: an endpoint, or one of its variants where there are several. */
export interface Part {
  readonly variant?: string;
  readonly desired: number;
  readonly serving: number;
  readonly rules: Rules;
}

export function partsOf(state: Pick<EndpointState, 'desired' | 'serving' | 'variants'>, rules: Rules): readonly Part[] {
  if (rules.variants === undefined) return [{ desired: state.desired, serving: state.serving, rules }];
  return [...rules.variants].map(([variant, { policy, agenda }]) => {
    const { desired = 0, serving = 0 } = state.variants?.find(({ name }) => name === variant) ?? {};
    return { variant, desired, serving, rules: { ...rules, policy, agenda } };
  });
}

/** The longest lead that a coming raise of this endpoint may have; variants are raised one after the other. */
export function longestLead(context: CheckContext, state: EndpointState, rules: Rules): number {
  const lead = rules.policy?.wake.lead;
  const times = Math.max(1, rules.variants?.size ?? 1);
  if (typeof lead === 'number') return times * lead + context.graceMs;
  return times * Math.max(FIRST_LEAD_MS, 1.3 * state.longestStartMs + 2 * MINUTE_MS) + context.graceMs / 2;
}

/** Of several variants all but one wait while AWS changes that one, and then for a run. */
export function isQueueing(context: CheckContext, { status, busy }: EndpointState, rules: Rules, at: number): boolean {
  if (rules.variants === undefined) return false;
  return status !== 'InService' || at - busy.until < context.graceMs;
}

/** The rung in force; past the end of the agenda none. */
export function currentRung(rules: Rules, at: number): Rung | undefined {
  return rules.agenda === undefined ? undefined : rungAt(rules.agenda, at);
}

/** Rungs in force at some time in [at, until], one after the other. */
function* rungsUntil(agenda: Agenda, at: number, until: number): Generator<Rung> {
  for (let from: number | undefined = at; from !== undefined && from <= until; from = nextChange(agenda, from)) {
    const rung = rungAt(agenda, from);
    if (rung === undefined) return;
    yield rung;
  }
}

/** The next edge of the calendar after `at`. */
export function nextEdge(rules: Rules, at: number): number | undefined {
  return rules.agenda === undefined ? undefined : nextChange(rules.agenda, at);
}

/** Shares of the traffic that a rule of the policy asks for now. */
export function currentShares({ policy, agenda }: Rules, at: number): Readonly<Record<string, number>> | undefined {
  return policy === undefined || agenda === undefined ? undefined : weightRuleAt(policy, agenda, at)?.share;
}

/** Begin of what is in force: the rung, or the rule of the weights if that began later. */
export function ruledSince(rules: Rules, at: number): number {
  const begun = (rules.agenda?.weights ?? []).findLast(([step]) => step <= at)?.[0] ?? rules.from;
  return Math.max(rungSince(rules, at), begun);
}

/** Begin of the rung in force, at the earliest that of the rules themselves. */
export function rungSince(rules: Rules, at: number): number {
  return Math.max(rules.from, windowSince(rules, at));
}

/** Begin of the rung in force by the calendar alone, whenever the rules came to be the endpoint's. */
export function windowSince({ agenda }: Rules, at: number): number {
  let since = Number.NEGATIVE_INFINITY;
  for (const [step] of agenda?.steps ?? []) {
    if (step > at) break;
    since = step;
  }
  return since;
}

/** Bounds that may be in force now: the rung's own, and those of the next ones whose lead may have begun. */
export function admittedBounds(
  context: CheckContext,
  state: EndpointState,
  rules: Rules,
  at: number,
): Bounds | undefined {
  const { agenda, policy } = rules;
  if (agenda === undefined || policy === undefined) return undefined;
  const hold = context.state.holdOf(state.name, at);
  if (hold?.mode === 'hands-off') return undefined;
  const admitted: Bounds[] = [];
  const parks = policy.zero?.by === 'park';
  const until = at + longestLead(context, state, rules);
  for (const rung of rungsUntil(agenda, at, until)) {
    // What somebody else makes of an endpoint that is left as it is, or goes as a whole, is his; rises are judged apart.
    const goes = parks && (rung.kind === 'zero' || (rung.kind === 'bounds' && rung.min === 0));
    if (rung.kind === 'leave' || goes) return { min: 0, max: Number.POSITIVE_INFINITY };
    // Zero says nothing of counts: a demand brings what it asks for, within the highest max.
    if (rung.kind === 'zero' || rung.max === 0) return { min: 0, max: policy.highestMax ?? Number.POSITIVE_INFINITY };
    admitted.push(rung);
  }
  if (hold?.mode === 'up' && policy.upBounds !== undefined) admitted.push(policy.upBounds);
  if (hold?.mode === 'down') admitted.push({ min: 0, max: 0 });
  if (admitted.length === 0) return undefined;
  return {
    min: Math.min(...admitted.map(({ min }) => min)),
    max: Math.max(...admitted.map(({ max }) => max)),
  };
}

/**
 * Limits that somebody set and that the policy leaves to him (`onDrift`), as long as it says so at most: another rung's
 * limits are the policy's again under `respect`, its minimum under `announce`; an endpoint made anew is as the policy says.
 */
export function leftToOthers(
  { graceMs }: CheckContext,
  { touchedAt, createdAt = Number.NEGATIVE_INFINITY }: EndpointState,
  rules: Rules,
  at: number,
): { readonly min: boolean; readonly max: boolean } {
  const onDrift = rules.policy?.onDrift;
  if (onDrift === undefined || createdAt > touchedAt || touchedAt < rules.from - graceMs) return NOTHING_LEFT;
  const sameRung = touchedAt >= rungSince(rules, at) - graceMs;
  if (onDrift === 'respect') return { min: sameRung, max: sameRung };
  const isThatRung = JSON.stringify(currentRung(rules, touchedAt)) === JSON.stringify(currentRung(rules, at));
  return { min: sameRung || isThatRung, max: true };
}

const NOTHING_LEFT = { min: false, max: false } as const;

/** From when on what somebody else changed could be changed back: an update in which he did so has to end first. */
export function changeableSince({ graceMs }: CheckContext, { touchedAt, busy }: EndpointState): number {
  return touchedAt >= busy.since - graceMs ? Math.max(touchedAt, busy.until) : touchedAt;
}

/** Everything has been as it is for two ticks: documents, tags, holds, calendar and the endpoint's own being in service. */
export function isSettled(context: CheckContext, state: EndpointState, rules: Rules, at: number): boolean {
  if (state.inServiceSince === undefined || at - state.inServiceSince < context.graceMs) return false;
  if (at - rungSince(rules, at) < context.graceMs || at - state.touchedAt < FOUND_MS) return false;
  if (at - changeableSince(context, state) < context.graceMs) return false;
  return !context.state.orderChanged(state.name, at, context.graceMs);
}

/** A refusal is asked for again after a quarter of an hour at the latest; the run that does so takes a tick or two. */
const AGAIN_MS = 20 * MINUTE_MS;
/** A run that died is followed by Lambda's retries and by the next ticks. */
const FOLLOWED_MS = 10 * MINUTE_MS;

/**
 * Faults that explain why the product could not do yet what it should, each for as long as it can: until what failed is
 * asked for again, and `takes` more for what then has to happen (a start, where one is needed).
 */
export function isExcused(context: CheckContext, state: EndpointState, at: number, takes: number): boolean {
  const { state: world, graceMs, run } = context;
  const since = at - takes - graceMs;
  if (world.isRefused(since - AGAIN_MS, at) || world.hasDied(since - FOLLOWED_MS, at)) return true;
  if (world.ticksLost(since - graceMs, at) || world.isAskingInVain(state, at)) return true;
  // A shortage or a sickness may show only at the end of a start that was begun in it.
  const ailing = at - HOUR_MS - state.longestStartMs;
  if (world.isAiling(state.name, ailing, at)) return true;
  const type = run.scenario.endpoints.find(({ name }) => name === state.name)?.instanceType;
  return type !== undefined && world.isShort(type, ailing, at);
}
