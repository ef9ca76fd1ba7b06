import type { Evidence, ReasonCode } from './decision.ts';
import { demandThatCounts, minOf, parks, type ResolvedRung, resolveRung, zeroBy } from './kinds.ts';
import type { Agenda, Bounds, CompiledPolicy, Rung } from './policy.ts';
import type { Demand, Hold } from './record.ts';
import type { DecideRuling, Ruling, RulingInput } from './ruling.ts';
import { DAY, type Instant, iso, MINUTE } from './time.ts';

type Verdict = Pick<Ruling, 'want' | 'reason'> &
  Partial<Pick<Ruling, 'bounds' | 'desired' | 'rung' | 'window' | 'heldFrom'>>;
type LadderLine = Ruling['ladder'][number];

/** The part of the agenda that counts now: the rung in force, or the coming one whose lead has begun. */
interface Calendar {
  readonly rung: Rung;
  readonly resolved: ResolvedRung;
  readonly index: number;
  /** Begin of the rung's window: past for the rung in force, ahead for one whose lead has begun. */
  readonly since: Instant;
  readonly lead: boolean;
}

/**
 * The one ladder of precedence: mode, protection, hold, demand, rungs of the agenda. All functions ask it, so that
 * none undoes what another one did.
 */
export const decideRuling: DecideRuling = (input) => {
  const hold = holdInForce(input.hold, input.now);
  const calendar = calendarNow(input, hold);
  const demand = demandThatCounts(input.kind, input.policy, input.demand);
  const verdict = bringBack(input, climb(input, hold, demand, calendar));
  return {
    ...verdict,
    mayLower: mayLower(input, verdict),
    reportOnly: input.mode === 'dry-run',
    until: nextChange(input, hold),
    ladder: explain(input, hold, demand, calendar, verdict),
    evidence: evidenceOf(input, hold, demand, calendar),
  };
};

function climb(
  input: RulingInput,
  hold: Hold | undefined,
  demand: readonly Demand[],
  calendar: Calendar | undefined,
): Verdict {
  if (input.mode === 'off') return { want: 'hands-off', reason: 'mode-off' };
  if (hold?.mode === 'hands-off') return { want: 'hands-off', reason: 'hold-hands-off' };
  if (input.giveBack || (hold?.mode !== 'down' && policyForbidsZero(input))) return giveBack(input);
  if (input.policy === undefined) return { want: 'leave', reason: 'policy-invalid' };
  if (hold?.mode === 'up') return heldUp(input, input.policy, calendar, hold.from);
  if (hold?.mode === 'down' && calendar?.lead !== true && hasZero(input))
    return heldDown(input, input.policy, calendar);
  if (demand.length > 0 && hold?.mode !== 'down' && !keepsItUp(calendar)) {
    return lifted(input, input.policy, demand, calendar);
  }
  return byCalendar(input, input.policy, calendar);
}

/** We took it away to see it come back: whatever lets it stay away waits until it has. */
function bringBack(input: RulingInput, verdict: Verdict): Verdict {
  if (input.bringBack === undefined || verdict.want === 'up' || verdict.want === 'hands-off') return verdict;
  return {
    want: 'up',
    reason: input.bringBack,
    desired: capped(Math.max(1, input.recipeDesired ?? 1), input.policy?.highestMax),
  };
}

/** Holds begin when they are set. One that seems to begin a moment from now was set by a clock that runs ahead of ours. */
export function holdInForce(hold: Hold | undefined, now: Instant): Hold | undefined {
  return hold !== undefined && hold.from - MINUTE <= now && now < hold.until ? hold : undefined;
}

/** A valid policy that no longer allows the zero that the endpoint is in; one that leaves it there allows it. */
function policyForbidsZero({ phase, invalid, policy, kind }: RulingInput): boolean {
  const deleted = phase === 'parked' || phase === 'waking';
  if (!deleted || invalid || policy === undefined) return false;
  return !parks(kind, policy) || !(policy.mayBeZero || policy.mayLeave === true);
}

/** Whether a `down` hold has anything to bring it to: deleting is opt-in, a hold is not the opting. */
function hasZero({ kind, policy }: RulingInput): boolean {
  return policy !== undefined && zeroBy(kind, policy) !== undefined;
}

/** What is up already is left as it is: nothing of it is ours to decide any more. */
function giveBack({ phase, recipeDesired }: RulingInput): Verdict {
  if (phase === 'up') return { want: 'leave', reason: 'give-back' };
  return { want: 'up', reason: 'give-back', desired: Math.max(1, recipeDesired ?? 1) };
}

function heldUp(
  input: RulingInput,
  policy: CompiledPolicy,
  calendar: Calendar | undefined,
  heldFrom: Instant,
): Verdict {
  if (policy.upBounds !== undefined) {
    const bounds = notBelowCalendar(policy.upBounds, calendar);
    return { want: 'up', reason: 'hold-up', heldFrom, bounds, ...placeOf(calendar) };
  }
  const desired = capped(Math.max(1, input.recipeDesired ?? 1), policy.highestMax);
  const bounds = nativeBounds(input, 1, Math.max(desired, policy.highestMax ?? desired));
  return { want: 'up', reason: 'hold-up', heldFrom, desired, ...bounds, ...placeOf(calendar) };
}

/** A hold that keeps up takes nothing away that the calendar gives by itself. */
function notBelowCalendar(up: Bounds, calendar: Calendar | undefined): Bounds {
  if (calendar?.resolved.kind !== 'bounds') return up;
  const { min, max } = calendar.resolved;
  return { min: Math.max(up.min, min), max: Math.max(up.max, max) };
}

/** While it is let down, nothing scales it above what the calendar gives by itself. */
function heldDown(input: RulingInput, policy: CompiledPolicy, calendar: Calendar | undefined): Verdict {
  const most =
    calendar?.resolved.kind === 'bounds' && calendar.resolved.max > 0 ? calendar.resolved.max : policy.highestMax;
  return { want: 'zero', reason: 'hold-down', ...nativeBounds(input, 0, most) };
}

/** Demand lifts from zero only: a rung with a minimum keeps the endpoint up by itself. */
function keepsItUp(calendar: Calendar | undefined): boolean {
  return calendar !== undefined && minOf(calendar.resolved) >= 1;
}

function lifted(
  input: RulingInput,
  policy: CompiledPolicy,
  demand: readonly Demand[],
  calendar: Calendar | undefined,
): Verdict {
  const place = placeOf(calendar);
  const asked = Math.max(0, ...demand.map(({ count }) => count ?? 0));
  const wanted = Math.max(1, asked > 0 ? asked : (input.recipeDesired ?? 1));
  const reason = demandReason(demand);
  const resolved = calendar?.resolved;
  if (resolved?.kind === 'bounds') {
    if (resolved.max === 0) return byCalendar(input, policy, calendar);
    const bounds = { min: Math.max(resolved.min, leastDemanded(input)), max: resolved.max };
    return { want: 'up', reason, bounds, desired: Math.min(wanted, resolved.max), ...place };
  }
  const desired = capped(wanted, policy.highestMax);
  if (resolved?.kind !== 'zero') return { want: 'up', reason, desired, ...place };
  if (policy.highestMax === undefined) return { want: 'up', reason, desired, ...place };
  return { want: 'up', reason, desired, bounds: { min: leastDemanded(input), max: policy.highestMax }, ...place };
}

/**
 * Instances that go to zero natively do so by their queue. Copies would be taken away again as soon as they came: the
 * alarm that scales them in still rests on the minutes before they went.
 */
function leastDemanded({ kind }: RulingInput): number {
  return kind === 'async' ? 0 : 1;
}

function demandReason(demand: readonly Demand[]): ReasonCode {
  if (demand.some(({ source }) => source === 'backlog')) return 'demand-backlog';
  return demand.some(({ source }) => source === 'request') ? 'demand-request' : 'demand-alarm';
}

function byCalendar(input: RulingInput, policy: CompiledPolicy, calendar: Calendar | undefined): Verdict {
  if (calendar === undefined) {
    if (input.phase === 'up') return { want: 'leave', reason: 'agenda-ended' };
    return {
      want: 'up',
      reason: 'agenda-ended',
      desired: capped(Math.max(1, input.recipeDesired ?? 1), policy.highestMax),
    };
  }
  const { resolved } = calendar;
  const place = placeOf(calendar);
  switch (resolved.kind) {
    case 'leave':
      return { want: 'leave', reason: 'leave', ...place };
    case 'bounds':
      return { want: 'up', reason: calendarReason(calendar), bounds: boundsOf(resolved), ...place };
    case 'zero':
      // A zero that the kind cannot reach is an error of this endpoint: it is left as it is.
      if (!hasZero(input)) {
        return { want: 'leave', reason: 'policy-invalid', ...place };
      }
      return { want: 'zero', reason: calendarReason(calendar), ...nativeBounds(input, 0, resolved.max), ...place };
    default:
      return resolved satisfies never;
  }
}

function calendarReason({ lead, rung }: Calendar): ReasonCode {
  if (lead) return 'lead';
  return rung.during === undefined ? 'otherwise' : 'window';
}

function placeOf(calendar: Calendar | undefined): Pick<Verdict, 'rung' | 'window'> {
  if (calendar === undefined) return {};
  return { rung: calendar.rung, window: calendar.since };
}

function boundsOf({ min, max }: Bounds): Bounds {
  return { min, max };
}

/** Bounds of an endpoint that has a zero of its own; a parked one has none, and no maximum means no bounds. */
function nativeBounds({ kind }: RulingInput, min: number, max: number | undefined): { readonly bounds?: Bounds } {
  return kind === 'real-time' || max === undefined ? {} : { bounds: { min, max } };
}

function capped(count: number, max: number | undefined): number {
  return max === undefined ? count : Math.min(count, max);
}

function mayLower(input: RulingInput, verdict: Verdict): boolean {
  if (input.mode === 'off' || input.mode === 'wake-only') return false;
  if (input.protected || input.invalid || input.policy === undefined) return false;
  return !['agenda-ended', 'give-back', 'policy-invalid', 'hold-hands-off'].includes(verdict.reason);
}

/** Index of the step in force at an instant; -1 before the first step. */
function stepAt({ steps }: Agenda, at: Instant): number {
  let index = -1;
  while (index + 1 < steps.length && (steps[index + 1]?.[0] ?? Number.POSITIVE_INFINITY) <= at) index += 1;
  return index;
}

function calendarAt(input: RulingInput, step: number, lead: boolean): Calendar | undefined {
  const { agenda, policy, kind } = input;
  const entry = agenda?.steps[step];
  const rung = entry === undefined ? undefined : agenda?.rungs[entry[1]];
  if (entry === undefined || rung === undefined || policy === undefined) return undefined;
  const since = step === 0 ? (agenda?.began ?? entry[0]) : entry[0];
  return { rung, resolved: resolveRung(rung, kind, policy), index: entry[1], since, lead };
}

/**
 * From `begin − lead` on a coming rung with a higher minimum counts as begun; of several, the highest. Under a `down`
 * hold the raise comes with the hold's end at the earliest.
 */
function calendarNow(input: RulingInput, hold: Hold | undefined): Calendar | undefined {
  const { agenda, now, leadMs, leadBegunFor } = input;
  if (agenda === undefined || now < agenda.from || now >= agenda.until) return undefined;
  const current = stepAt(agenda, now);
  const heldUntil = hold?.mode === 'down' ? hold.until : undefined;
  let best = calendarAt(input, current, false);
  if (best === undefined) return undefined;
  let highest = heldUntil === undefined ? minOf(best.resolved) : 0;
  const candidates: [Instant, number][] =
    heldUntil === undefined || heldUntil >= agenda.until ? [] : [[heldUntil, stepAt(agenda, heldUntil)]];
  for (let step = current + 1; step < agenda.steps.length; step += 1) {
    const begin = agenda.steps[step]?.[0] ?? Number.POSITIVE_INFINITY;
    if (heldUntil === undefined || begin > heldUntil) candidates.push([begin, step]);
  }
  for (const [begin, step] of candidates) {
    if (begin - leadMs > now && begin !== leadBegunFor) continue;
    const coming = calendarAt(input, step, true);
    if (coming === undefined || minOf(coming.resolved) <= highest) continue;
    best = { ...coming, since: begin };
    highest = minOf(coming.resolved);
  }
  return best;
}

/** The earliest edge, begin of a possible lead, or end of a hold after now. Too early costs a look, too late a window. */
function nextChange(input: RulingInput, hold: Hold | undefined): Instant {
  const { now, agenda, leadMs } = input;
  const ahead: Instant[] = [];
  const consider = (at: Instant) => {
    if (at > now) ahead.push(at);
  };
  if (hold !== undefined) {
    consider(hold.until);
    if (hold.mode === 'down') consider(hold.until - leadMs);
  } else if (input.hold !== undefined) {
    consider(input.hold.from - MINUTE);
  }
  for (const [begin] of agenda?.steps ?? []) {
    consider(begin);
    consider(begin - leadMs);
  }
  consider(agenda?.until ?? now + DAY);
  return ahead.length === 0 ? now + DAY : Math.min(...ahead);
}

function evidenceOf(
  { mode, phase, leadMs, agenda, policy, recipeDesired }: RulingInput,
  hold: Hold | undefined,
  demand: readonly Demand[],
  calendar: Calendar | undefined,
): Evidence {
  return {
    mode,
    phase,
    policy: policy?.name ?? null,
    policyVersion: policy?.version ?? null,
    ...(hold && { hold: hold.mode, holdUntil: iso(hold.until), holdBy: hold.by }),
    ...(demand.length > 0 && {
      demand: demand.map(({ source }) => source).join(','),
      demandSince: iso(firstSince(demand)),
    }),
    ...(calendar && { during: calendar.rung.during ?? 'otherwise', window: iso(calendar.since) }),
    ...(calendar?.lead && { leadSeconds: Math.round(leadMs / 1000) }),
    ...(calendar === undefined && agenda && { agendaUntil: iso(agenda.until) }),
    ...(recipeDesired !== undefined && { recipeDesired }),
  };
}

function firstSince(demand: readonly Demand[]): Instant {
  return Math.min(...demand.map(({ since }) => since));
}

/** Every rule from the top with what it says now; exactly one decides, restrictions above it may apply beside it. */
function explain(
  input: RulingInput,
  hold: Hold | undefined,
  demand: readonly Demand[],
  calendar: Calendar | undefined,
  verdict: Verdict,
): readonly LadderLine[] {
  const line = (rule: string, applies: boolean, why: string): LadderLine => ({ rule, applies, why });
  const demandWon = verdict.reason.startsWith('demand-');
  const calendarWon = ['window', 'lead', 'otherwise', 'leave'].includes(verdict.reason);
  const lines = [
    line('mode', input.mode !== 'on', `the mode is ${input.mode}`),
    line(
      'protected',
      input.protected,
      input.protected ? 'the protect tag is set: nothing is lowered' : 'no protect tag',
    ),
    line('documents', input.invalid || input.policy === undefined, documentsWhy(input)),
    line(
      'give-back',
      verdict.reason === 'give-back',
      verdict.reason === 'give-back' ? 'the endpoint is given back' : 'not asked for',
    ),
    ...(input.bringBack === undefined
      ? []
      : [line(input.bringBack, verdict.reason === input.bringBack, 'it was parked in order to come back at once')]),
    line('hold', verdict.reason.startsWith('hold-'), holdWhy(input, hold)),
    line('demand', demandWon, demandWhy(demand, demandWon, hold, calendar)),
  ];
  for (const [index, rung] of (input.agenda?.rungs ?? []).entries()) {
    const inForce = calendar?.index === index;
    const name = rung.during === undefined ? 'otherwise' : `during ${rung.during}`;
    const when = calendar?.lead
      ? `its lead has begun for ${iso(calendar.since)}`
      : `in force since ${iso(calendar?.since ?? 0)}`;
    const why = inForce ? (calendarWon ? when : `${when}, outranked by ${verdict.reason}`) : 'not now';
    lines.push(line(name, inForce && calendarWon, why));
  }
  if (calendar === undefined && input.policy !== undefined) {
    lines.push(line('agenda-ended', verdict.reason === 'agenda-ended', 'the agenda says nothing about this instant'));
  }
  return lines;
}

function documentsWhy({ invalid, policy }: RulingInput): string {
  if (policy === undefined) return 'no valid policy was ever seen: nothing is done';
  return invalid ? 'the documents are invalid: nothing is lowered' : 'valid';
}

function holdWhy({ hold: stored }: RulingInput, hold: Hold | undefined): string {
  if (hold !== undefined) return `${hold.mode} until ${iso(hold.until)} by ${hold.by}: ${hold.why}`;
  return stored === undefined ? 'no hold' : `expired at ${iso(stored.until)}`;
}

function demandWhy(
  demand: readonly Demand[],
  won: boolean,
  hold: Hold | undefined,
  calendar: Calendar | undefined,
): string {
  if (demand.length === 0) return 'nobody asks';
  const sources = demand.map(({ source }) => source).join(', ');
  if (won) return `asked by ${sources}`;
  if (hold !== undefined) return `asked by ${sources}, outranked by the hold`;
  return keepsItUp(calendar)
    ? `asked by ${sources}, and the calendar keeps it up anyway`
    : `asked by ${sources}, outranked`;
}
