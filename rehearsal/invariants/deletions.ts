import { rungAt } from '../../shared/domain/agenda.ts';
import type { CallRecord } from '../../simulator/contract.ts';
import type { Rules } from '../rulebook.ts';
import { type Callers, callersOf, requestsBetween } from './callers.ts';
import { type Check, type CheckContext, MINUTE_MS } from './context.ts';
import type { EndpointState } from './world-state.ts';

/** A run reads directly before it deletes; it lives no longer than this. */
const SAME_RUN_MS = MINUTE_MS;
/** Metrics of a minute can be seen when it has been over for this long. */
const METRIC_DELAY_MS = 2 * MINUTE_MS;
const DEFAULT_IDLE_MS = 30 * MINUTE_MS;

/** What documents asked for lately: a run that read them before they changed is over after two ticks. */
function recentRules(context: CheckContext, state: EndpointState, rules: Rules, at: number): readonly Rules[] {
  const history = context.rulebook.historyOf(state.name);
  const recent = history.filter((_, index) => (history[index + 1]?.from ?? at) > at - context.graceMs);
  return recent.filter(({ policyName }) => policyName === rules.policyName);
}

function saysPark({ policy }: Rules): boolean {
  return policy?.zero?.by === 'park';
}

/** Zero by the calendar at any instant at which the run may have looked; nothing known forbids nothing. */
function allowsZero({ agenda }: Rules, at: number): boolean {
  if (agenda === undefined) return true;
  return [at, at - SAME_RUN_MS].some((instant) => {
    const rung = rungAt(agenda, Math.max(instant, agenda.from));
    return rung === undefined || rung.kind === 'zero' || (rung.kind === 'bounds' && rung.min === 0);
  });
}

/** On another config than its own, where its policy says that a quiet moment is used to come back. */
function mayReturn({ policy }: Rules, { name, config }: EndpointState): boolean {
  return policy?.wake.returnToPreferred === true && config !== name;
}

function whyNot(context: CheckContext, state: EndpointState, rules: Rules | undefined, at: number): string[] {
  const { scenario } = context.run;
  const reasons: string[] = [];
  const recently = (instant: number | undefined): boolean => instant !== undefined && at - instant <= SAME_RUN_MS;
  const callers = callersOf(scenario, state);
  if (rules?.policyName === undefined) reasons.push('it is not enrolled');
  if (rules?.policyName !== undefined && !recentRules(context, state, rules, at).some(saysPark))
    reasons.push('its policy does not say zero: { by: park }');
  if (rules?.protected === true) reasons.push('it is protected');
  if (context.state.mode() !== 'on') reasons.push(`the mode is ${context.state.mode()}`);
  if (!recently(state.recipeReadAt)) reasons.push('no recipe of it was read back in this run');
  if (!recently(state.describedAt)) reasons.push('the run did not look at the endpoint before');
  if (state.describedAt !== undefined && state.createdAt !== undefined && state.describedAt < state.createdAt) {
    reasons.push('the run had looked at an earlier incarnation');
  }
  const hold = context.state.holdOf(state.name, at);
  if (hold?.mode !== 'down' && rules !== undefined) {
    const asked = recentRules(context, state, rules, at).filter(saysPark);
    const zero = asked.length === 0 || asked.some((recent) => allowsZero(recent, at) || mayReturn(recent, state));
    if (!zero) reasons.push('its calendar does not say zero');
  }
  if (hold !== undefined && hold.mode !== 'down') reasons.push(`a hold ${hold.mode} forbids it`);
  if (callers !== undefined) reasons.push(...activity(context, state, callers, rules, at));
  return reasons;
}

/** Active, or unknown because nobody could see the metrics, as CloudWatch could show it. */
function activity(
  context: CheckContext,
  state: EndpointState,
  callers: Callers,
  rules: Rules | undefined,
  at: number,
): string[] {
  const idleFor = rules?.policy?.zero?.idleFor ?? DEFAULT_IDLE_MS;
  const until = at - METRIC_DELAY_MS;
  const since = until - idleFor;
  const reasons: string[] = [];
  // Requests from before it was in service were nobody's to count.
  const counted = requestsBetween(context.run.scenario, callers, Math.max(since, state.inServiceSince ?? since), until);
  if (counted > 0) reasons.push(`${counted} requests came in the ${idleFor / MINUTE_MS} minutes before`);
  if (context.state.metricsHidden(state.name, since, at)) reasons.push('its metrics were missing');
  if (state.metricsReadAt === undefined || at - state.metricsReadAt > SAME_RUN_MS) {
    reasons.push('the run did not read its metrics directly before');
  }
  return reasons;
}

/** 1: what a delete needs. 5: no flapping. 6: one create or delete at a time. 8: not because of a broken document. */
export function checkDeletions(context: CheckContext): Check {
  const { state: world, rulebook } = context;
  const parks = new Map<string, number>();
  const wakes = new Map<string, number>();

  function judgePace(name: string, what: string, since: number | undefined, at: number): void {
    const minUp = rulebook.rulesOf(name)?.policy?.zero?.minUp ?? 0;
    context.judge(since === undefined || at - since >= minUp, 5, name, () => {
      const minutes = Math.round((at - since!) / MINUTE_MS);
      return `${what} within ${minutes} minutes; minUp is ${minUp / MINUTE_MS} minutes`;
    });
  }

  function judgeDelete(before: EndpointState, at: number): void {
    const { name } = before;
    if (before.status === 'Failed' && before.ownTry) return;
    const rules = rulebook.rulesOf(name);
    const reasons = whyNot(context, before, rules, at);
    context.judge(reasons.length === 0, 1, name, () => `deleted although ${reasons.join('; ')}`);
    const valid =
      rules?.policyName === undefined || recentRules(context, before, rules, at).some((recent) => recent.valid);
    context.judge(valid, 8, name, 'deleted while its documents are invalid');
    judgePace(name, 'parked after a wake', wakes.get(name), at);
    judgePace(name, 'parked twice', parks.get(name), at);
    parks.set(name, at);
  }

  return {
    call({ service, operation, caller, input, error, at }: CallRecord) {
      if (service !== 'SageMaker' || (operation !== 'DeleteEndpoint' && operation !== 'CreateEndpoint')) return;
      const before = world.beforeCall(String(input?.EndpointName));
      if (caller.kind !== 'product' || before === undefined) return;
      const { name, status, ownTry } = before;
      const doubled = operation === 'DeleteEndpoint' ? status === 'Deleting' : ownTry && status === 'Creating';
      context.judge(!doubled, 6, name, `${operation} while the endpoint is ${status} by an earlier call`);
      if (operation === 'DeleteEndpoint' && error === undefined) judgeDelete(before, at);
    },
    change({ endpoint, status, at }, before) {
      if (status !== 'InService' || before.status !== 'Creating') return;
      if (before.ownTry) judgePace(endpoint, 'woken twice', wakes.get(endpoint), at);
      wakes.set(endpoint, at);
    },
  };
}
