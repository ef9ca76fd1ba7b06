/** What stories ask of a result, in minutes from the scenario's start. */
import { expect } from 'vitest';
import type { EndpointResult, EventResult, RehearsalResult, Span } from '../../rehearsal/result.ts';

const MINUTE = 60_000;

/** `3h2m`, `90m` or `1d` → minutes. */
export function minutes(duration: string): number {
  const parts = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?$/.exec(duration);
  if (parts === null || duration === '') throw new Error(`not a duration: ${duration}`);
  return Number(parts[1] ?? 0) * 1440 + Number(parts[2] ?? 0) * 60 + Number(parts[3] ?? 0);
}

/** Minutes from the start of the run to an instant of its result. */
export function since(result: RehearsalResult, instant: string): number {
  return (Date.parse(instant) - Date.parse(result.from)) / MINUTE;
}

export function endpointOf(result: RehearsalResult, name: string): EndpointResult {
  const endpoint = result.endpoints[name];
  if (endpoint === undefined) throw new Error(`no endpoint ${name} in the result: ${Object.keys(result.endpoints)}`);
  return endpoint;
}

export function spanAt(result: RehearsalResult, name: string, offset: string): Span {
  const at = minutes(offset);
  const found = endpointOf(result, name).spans.find(
    (span) => since(result, span.from) <= at && at < since(result, span.to),
  );
  if (found === undefined) throw new Error(`no span of ${name} at +${offset}`);
  return found;
}

const isGone = (span: Span): boolean => span.status === 'Deleting' || span.status === 'Absent';

function beginnings(result: RehearsalResult, name: string, is: (span: Span, before: Span) => boolean): number[] {
  const { spans } = endpointOf(result, name);
  return spans.flatMap((span, index) => {
    const before = spans[index - 1];
    return before !== undefined && is(span, before) ? [since(result, span.from)] : [];
  });
}

/** When it was deleted, each time. */
export const deletions = (result: RehearsalResult, name: string): number[] =>
  beginnings(result, name, (span, before) => isGone(span) && !isGone(before));

/** When it was created, each time. */
export const creations = (result: RehearsalResult, name: string): number[] =>
  beginnings(result, name, (span, before) => span.status === 'Creating' && before.status !== 'Creating');

/** When it came into service after a creation, each time. */
export const arrivals = (result: RehearsalResult, name: string): number[] =>
  beginnings(result, name, (span, before) => span.status === 'InService' && before.status === 'Creating');

/** Desired counts in their order, each change once. */
export function desiredSteps(result: RehearsalResult, name: string): number[] {
  const steps: number[] = [];
  for (const span of endpointOf(result, name).spans) if (steps.at(-1) !== span.desired) steps.push(span.desired);
  return steps;
}

/** When the desired count first was at least `count`, at or after `from`. */
export function desiredReached(result: RehearsalResult, name: string, count: number, from = '0m'): number | undefined {
  const found = endpointOf(result, name).spans.find(
    (span) => span.desired >= count && since(result, span.to) > minutes(from),
  );
  return found === undefined ? undefined : Math.max(minutes(from), since(result, found.from));
}

export function spansWithin(result: RehearsalResult, name: string, from: string, to: string): Span[] {
  return endpointOf(result, name).spans.filter(
    (span) => since(result, span.to) > minutes(from) && since(result, span.from) < minutes(to),
  );
}

/** Up and untouched from `from` to `to`: in service with at least one instance, all the time. */
export function expectUp(result: RehearsalResult, name: string, from: string, to: string, why: string): void {
  const lacking = spansWithin(result, name, from, to).filter((span) => isGone(span) || span.serving === 0);
  expect(lacking, `${name} must be up from +${from} to +${to}: ${why}`).toEqual([]);
}

export function expectAway(result: RehearsalResult, name: string, from: string, to: string, why: string): void {
  const present = spansWithin(result, name, from, to).filter((span) => !isGone(span));
  expect(present, `${name} must be away from +${from} to +${to}: ${why}`).toEqual([]);
}

export function expectBetween(value: number | undefined, low: string, high: string, why: string): void {
  const text = value === undefined ? 'never' : `+${Math.round(value * 100) / 100}m`;
  expect(
    value !== undefined && value >= minutes(low) && value <= minutes(high),
    `${why}: expected +${minutes(low)}m … +${minutes(high)}m, was ${text}`,
  ).toBe(true);
}

/** Nothing of it ever changed. */
export function expectUntouched(result: RehearsalResult, name: string, why: string): void {
  const { spans } = endpointOf(result, name);
  expect(spans.length, `${name} must never change: ${why}\n${JSON.stringify(spans, null, 1)}`).toBe(1);
}

export function eventsOf(result: RehearsalResult, detailType: string, endpoint?: string): EventResult[] {
  return result.events.filter(
    (event) => event.detailType === detailType && (endpoint === undefined || event.detail['endpoint'] === endpoint),
  );
}

/** Answer of the scripted call whose `what` mentions every word. */
// biome-ignore lint/suspicious/noExplicitAny: any AWS operation's answer
export function answers(result: RehearsalResult, ...words: string[]): any[] {
  return result.happens
    .filter((entry) => words.every((word) => entry.what.includes(word)))
    .map((entry) => entry.answer);
}

/** What holds after every run: no invariant broken, and every request accounted for. */
export function expectSound(result: RehearsalResult): void {
  expect(result.invariants.violations, 'section 10: no invariant may be broken').toEqual([]);
  expect(result.invariants.checked, 'section 10: invariants are checked after every step').toBeGreaterThan(0);
  for (const [name, endpoint] of Object.entries(result.endpoints)) {
    const { total, served, failed, expired, pending } = endpoint.requests;
    expect(
      served + failed + expired + pending,
      `section 8: total = served + failed + expired + pending (${name})`,
    ).toBe(total);
  }
}
