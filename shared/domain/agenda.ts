import type { Agenda, Rung } from './policy.ts';
import type { Instant } from './time.ts';

/** One stretch of an agenda: `rung` is in force in [from, until). */
export interface AgendaSpan {
  readonly from: Instant;
  readonly until: Instant;
  readonly rung: Rung;
}

/** A known raise of a minimum: what a lead is counted back from. */
export interface Raise {
  readonly at: Instant;
  readonly rung: Rung;
  /** Minimum before and after; zero and leave promise none, so they count as 0. */
  readonly from: number;
  readonly to: number;
}

/** The instances a rung promises at least. */
export function minimumOf(rung: Rung): number {
  return rung.kind === 'bounds' ? rung.min : 0;
}

/** Index of the step in force at `instant`, -1 before the first. */
function stepIndexAt(agenda: Agenda, instant: Instant): number {
  let low = 0;
  let high = agenda.steps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (agenda.steps[middle]![0] <= instant) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function covers(agenda: Agenda, instant: Instant): boolean {
  return instant >= agenda.from && instant < agenda.until;
}

function rungOfStep(agenda: Agenda, step: number): Rung {
  const rung = agenda.rungs[agenda.steps[step]![1]];
  if (rung === undefined) throw new RangeError(`agenda: step ${step} names a rung that does not exist`);
  return rung;
}

/** The rung in force; undefined outside [from, until), where the agenda says nothing. */
export function rungAt(agenda: Agenda, instant: Instant): Rung | undefined {
  if (!covers(agenda, instant)) return undefined;
  const step = stepIndexAt(agenda, instant);
  return step < 0 ? undefined : rungOfStep(agenda, step);
}

/** The next instant after `instant` at which the rung can change: the next step or the agenda's end; undefined past it. */
export function nextChange(agenda: Agenda, instant: Instant): Instant | undefined {
  if (instant >= agenda.until) return undefined;
  return agenda.steps[stepIndexAt(agenda, instant) + 1]?.[0] ?? agenda.until;
}

/** The spans from `instant` on, the first one clipped to it; empty past the end. */
export function stepsFrom(agenda: Agenda, instant: Instant): readonly AgendaSpan[] {
  const spans: AgendaSpan[] = [];
  for (let step = Math.max(0, stepIndexAt(agenda, instant)); step < agenda.steps.length; step += 1) {
    const until = agenda.steps[step + 1]?.[0] ?? agenda.until;
    if (until <= instant) continue;
    spans.push({ from: Math.max(instant, agenda.steps[step]![0]), until, rung: rungOfStep(agenda, step) });
  }
  return spans;
}

/** When the rung in force at `instant` came into force; undefined outside the agenda and where that is too long ago. */
export function currentWindowBegin(agenda: Agenda, instant: Instant): Instant | undefined {
  if (!covers(agenda, instant)) return undefined;
  const step = stepIndexAt(agenda, instant);
  if (step < 0) return undefined;
  return step === 0 ? agenda.began : agenda.steps[step]![0];
}

/** The first step after `instant` whose minimum is above that of the step before it. */
export function nextRaise(agenda: Agenda, instant: Instant): Raise | undefined {
  for (let step = Math.max(1, stepIndexAt(agenda, instant) + 1); step < agenda.steps.length; step += 1) {
    const rung = rungOfStep(agenda, step);
    const from = minimumOf(rungOfStep(agenda, step - 1));
    const to = minimumOf(rung);
    if (to > from) return { at: agenda.steps[step]![0], rung, from, to };
  }
  return undefined;
}

/** What the agenda costs in a record that is kept as JSON. */
export function agendaBytes(agenda: Agenda): number {
  return new TextEncoder().encode(JSON.stringify(agenda)).byteLength;
}

/** The same agenda with an earlier end; the end never moves outwards. */
export function trimAgenda(agenda: Agenda, until: Instant): Agenda {
  if (until >= agenda.until) return agenda;
  const end = Math.max(until, agenda.from);
  const within = (steps: Agenda['steps']) => steps.filter(([at], index) => index === 0 || at < end);
  const weights = agenda.weights && within(agenda.weights);
  return { ...agenda, until: end, steps: within(agenda.steps), ...(weights && { weights }) };
}

/**
 * The longest agenda that needs at most `maxBytes`, in whole steps, but never shorter than `atLeast` (the caller then
 * decides what else to leave out).
 */
export function fitAgenda(agenda: Agenda, maxBytes: number, atLeast: Instant): Agenda {
  let fitted = agenda;
  while (agendaBytes(fitted) > maxBytes && fitted.steps.length > 1) {
    const last = fitted.steps.at(-1)![0];
    if (last <= atLeast) return trimAgenda(fitted, atLeast);
    fitted = trimAgenda(fitted, last);
  }
  return fitted;
}
